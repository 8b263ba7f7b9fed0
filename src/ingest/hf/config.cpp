// SPDX-License-Identifier: Apache-2.0
//
// A config that remembers what was asked of it: every look-up by any of its spellings, with the
// origin of the value, and every problem collected instead of ending the reading.
#include "ingest/hf/config.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"

namespace attncalc::hf {
namespace {

// Keys that count tokens (or rows of a vocabulary), not the width of something.
constexpr std::string_view token_keys[] = {"vocab_size",
                                           "n_vocab",
                                           "padded_vocab_size",
                                           "vocab_size_per_layer_input",
                                           "context_length",
                                           "max_position_embeddings",
                                           "max_positions",
                                           "max_seq_len",
                                           "max_sequence_length",
                                           "max_source_positions",
                                           "max_target_positions",
                                           "model_max_length",
                                           "n_positions",
                                           "seq_length",
                                           "attention_chunk_size",
                                           "attention_window",
                                           "attention_window_size",
                                           "max_window_size",
                                           "sliding_window",
                                           "sliding_window_size",
                                           "window",
                                           "window_length",
                                           "window_size"};

// Widths and counts stay small enough that a product of three of them fits 64 bits, as in our own
// YAML; what is larger is a slip of the keyboard or worse.
struct Limit {
  std::int64_t most;
  std::string_view text;
};
Limit limit_of(std::string_view key) {
  const bool tokens = std::ranges::find(token_keys, key) != std::end(token_keys);
  return tokens ? Limit{units::tebi, "2^40"} : Limit{units::mebi, "2^20"};
}

// The spellings of a key but for the first, which is the common one.
std::string others(Names names) {
  return fmt::format("{}", fmt::join(std::next(names.begin()), names.end(), ", "));
}

}  // namespace

Config::Config(const Document& document, const Node& language, std::vector<const Node*> around,
               Model& model)
    : document_(&document),
      language_(&language),
      around_(std::move(around)),
      model_(&model),
      problems_(std::make_shared<Problems>()) {}

const Node* Config::find(Names names) {
  const Node* found = nullptr;
  for (const std::string_view name : names) {
    understand({name});
    const Node* node = language_->find(name);
    if (!found && node && !node->is_null()) found = node;
  }
  return found;
}

const Node* Config::find_anywhere(Names names) {
  if (const Node* node = find(names)) return node;
  for (const Node* map : around_) {
    for (const std::string_view name : names) {
      const Node* node = map->find(name);
      if (node && !node->is_null()) return node;
    }
  }
  return nullptr;
}

std::optional<Dim> Config::whole(const Node& node, std::string_view key, std::int64_t least) {
  const std::optional<std::int64_t> value = node.as_integer();
  const Limit limit = limit_of(key);
  if (!value && (node.kind == NodeKind::integer || node.kind == NodeKind::real)) {
    problem(node, fmt::format("{} is {}; it must be a whole number of at most {}", key, node.text,
                              limit.text));
    return std::nullopt;
  }
  if (!value) {
    problem(node, fmt::format("{} is {}; it must be a whole number", key, kind_name(node.kind)));
    return std::nullopt;
  }
  if (*value < least || *value > limit.most) {
    problem(node, fmt::format("{} is {}; it must be at least {} and at most {}", key, *value, least,
                              limit.text));
    return std::nullopt;
  }
  return dim(node, key, *value);
}

std::optional<Dim> Config::integer(Names names) {
  const Node* node = find(names);
  return node ? whole(*node, node->key, 0) : std::nullopt;
}

std::optional<Dim> Config::positive(Names names) {
  const Node* node = find(names);
  return node ? whole(*node, node->key, 1) : std::nullopt;
}

Dim Config::need(Names names) {
  const Node* node = find(names);
  if (!node) {
    missing(*names.begin(),
            names.size() > 1 ? fmt::format("other spellings: {}", others(names)) : "");
    return 1;
  }
  return whole(*node, node->key, 1).value_or(Dim(1));
}

Dim Config::or_default(Names names, std::int64_t value, std::string_view why) {
  if (const Node* node = find(names)) return whole(*node, node->key, 0).value_or(Dim(value));
  assume(std::string(*names.begin()), std::to_string(value), std::string(why));
  return value;
}

bool Config::flag(Names names, bool otherwise) {
  const Node* node = find(names);
  if (!node) return otherwise;
  if (const std::optional<bool> value = node->as_boolean()) return *value;
  problem(*node,
          fmt::format("{} is {}; it must be true or false", node->key, kind_name(node->kind)));
  return otherwise;
}

std::optional<std::string> Config::word(Names names) {
  const Node* node = find(names);
  if (!node) return std::nullopt;
  if (node->kind == NodeKind::string) return node->text;
  problem(*node, fmt::format("{} is {}; it must be text", node->key, kind_name(node->kind)));
  return std::nullopt;
}

std::optional<Dim> Config::of_layer(Names names, std::size_t layer) {
  const Node* node = find(names);
  if (!node) return std::nullopt;
  if (node->kind != NodeKind::list) return whole(*node, node->key, 0);
  if (layer >= node->children.size()) {
    if (layer == node->children.size()) {
      problem(*node,
              fmt::format("{} has {} {}; there are more layers than that", node->key,
                          node->children.size(), node->children.size() == 1 ? "entry" : "entries"));
    }
    return std::nullopt;
  }
  return whole(node->children[layer], node->key, 0);
}

std::vector<std::int64_t> Config::integers(Names names) {
  std::vector<std::int64_t> out;
  const Node* node = find(names);
  if (!node) return out;
  if (node->kind != NodeKind::list) {
    problem(*node, fmt::format("{} is {}; it must be a list", node->key, kind_name(node->kind)));
    return out;
  }
  for (const Node& child : node->children) {
    if (const std::optional<bool> truth = child.as_boolean()) {
      out.push_back(*truth ? 1 : 0);
    } else {
      out.push_back(whole(child, node->key, 0).value_or(Dim(0)));
    }
  }
  return out;
}

std::vector<std::string> Config::words(Names names) {
  std::vector<std::string> out;
  const Node* node = find(names);
  if (!node) return out;
  if (node->kind != NodeKind::list) {
    problem(*node,
            fmt::format("{} is {}; it must be a list of words", node->key, kind_name(node->kind)));
    return out;
  }
  for (const Node& child : node->children) {
    if (child.kind != NodeKind::string) {
      problem(child,
              fmt::format("{} holds {}; it must hold words", node->key, kind_name(child.kind)));
    }
    out.push_back(child.text);
  }
  return out;
}

std::optional<Config> Config::within(std::string_view name) {
  const Node* node = find({name});
  if (!node || node->kind != NodeKind::map) return std::nullopt;
  Config inner(*document_, *node, {}, *model_);
  inner.problems_ = problems_;
  return inner;
}

void Config::understand(Names names) {
  for (const std::string_view name : names) {
    // Each key is asked for once a layer; a string is made of it once.
    if (!understood_.contains(name)) understood_.emplace(name);
  }
}

Origin Config::origin(const Node& node, std::string_view key) {
  std::vector<std::string>& origins = model_->origins;
  if (origins.empty()) origins.emplace_back("derived");
  origins.push_back(node.line > 0
                        ? fmt::format("{}:{}:{} {}", document_->file, node.line, node.column, key)
                        : fmt::format("--set {}", key));
  return static_cast<Origin>(origins.size() - 1);
}

Dim Config::dim(const Node& node, std::string_view key, std::int64_t value) {
  return {value, origin(node, key)};
}

void Config::assume(std::string name, std::string value, std::string source) {
  Assumption assumption{std::move(name), std::move(value), std::move(source)};
  for (const Assumption& known : model_->assumptions) {
    if (known == assumption) return;
  }
  model_->assumptions.push_back(std::move(assumption));
}

void Config::warn(std::string code, std::string text) {
  model_->warnings.push_back({std::move(code), std::move(text)});
}

void Config::problem(const Node& at, std::string message, std::string hint) {
  Problem found = document_->problem(at, std::move(message), std::move(hint));
  for (const Problem& known : *problems_) {
    if (known.message == found.message && known.at.line == found.at.line) return;
  }
  problems_->push_back(std::move(found));
}

void Config::missing(std::string_view name, std::string hint) {
  problem(*language_, fmt::format("{} is missing", name), std::move(hint));
}

}  // namespace attncalc::hf
