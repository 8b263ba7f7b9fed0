// SPDX-License-Identifier: Apache-2.0
//
// Looking up keys of a GGUF header, and changing them from the command line.
#include "ingest/gguf/keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace attncalc::gguf {
namespace {

constexpr std::string_view token_keys[] = {"vocab_size", "context_length",
                                           "attention.sliding_window"};

bool is_general(std::string_view name) {
  constexpr std::string_view families[] = {"general.", "tokenizer.", "split."};
  return std::ranges::any_of(families, [&](std::string_view f) { return name.starts_with(f); });
}

}  // namespace

std::int64_t largest(std::string_view name) {
  const bool tokens = std::ranges::find(token_keys, name) != std::end(token_keys);
  return tokens ? units::tebi : units::mebi;
}

Keys::Keys(const Header& header, Model& model) : header_(header), model_(model) {
  if (const Key* key = header.find("general.architecture")) arch_ = key->value.text;
  if (model.origins.empty()) model.origins.emplace_back();  // [0] is for Origin::none
}

const Key* Keys::find(std::string_view name) const {
  const std::string in_full =
      is_general(name) ? std::string(name) : fmt::format("{}.{}", arch_, name);
  return ignored_.contains(in_full) ? nullptr : header_.find(in_full);
}

bool Keys::is_array(std::string_view name) const {
  const Key* key = find(name);
  return key != nullptr && key->value.is_array;
}

std::string Keys::text(std::string_view name) const {
  const Key* key = find(name);
  return key == nullptr ? std::string() : key->value.text;
}

std::optional<Dim> Keys::element(const Key& key, std::size_t index) {
  const Value& value = key.value;
  const std::size_t at = value.is_array ? index : 0;
  if (at >= value.integers.size()) {
    if (!complained_.insert(key.name).second) return std::nullopt;
    const bool whole = value.is_array && value.reals.empty() && value.type != ValueType::text;
    problem(key, whole ? fmt::format("{} has {} elements; layer {} has none", key.name, value.count,
                                     index)
                       : fmt::format("{} must be a whole number", key.name));
    return std::nullopt;
  }
  const std::int64_t number = value.integers[at];
  const std::int64_t most = largest(key.name.substr(std::min(key.name.size(), arch_.size() + 1)));
  if (number < 0 || number > most) {
    if (complained_.insert(key.name).second) {
      problem(key, fmt::format("{} is {}; it must be from 0 to {}", key.name, number, most));
    }
    return std::nullopt;
  }
  const std::string which = value.is_array ? fmt::format("[{}]", at) : std::string();
  return Dim(number, origin(fmt::format("{} {}{}", header_.file, key.name, which)));
}

Origin Keys::origin(std::string place) {
  const auto [at, is_new] = origins_.try_emplace(place, static_cast<Origin>(model_.origins.size()));
  if (is_new) model_.origins.push_back(std::move(place));
  return at->second;
}

std::optional<Dim> Keys::number(std::string_view name) { return of_layer(name, 0); }

Dim Keys::number_or(std::string_view name, std::int64_t otherwise) {
  return number(name).value_or(Dim(otherwise));
}

Dim Keys::need(std::string_view name) {
  const Key* key = find(name);
  if (key == nullptr) {
    missing(name);
    return 0;
  }
  const std::optional<Dim> value = number(name);
  if (value && *value < 1) problem(*key, fmt::format("{} is 0; it must be at least 1", key->name));
  return value.value_or(Dim(0));
}

std::optional<Dim> Keys::of_layer(std::string_view name, std::size_t layer) {
  const Key* key = find(name);
  return key == nullptr ? std::nullopt : element(*key, layer);
}

void Keys::problem(const Key& at, std::string message, std::string hint) {
  if (at.value.at == 0) {  // it does not stand in the file
    problems_.push_back({.at = {.file = "--set"},
                         .message = std::move(message),
                         .hint = std::move(hint),
                         .source_line = {}});
  } else {
    problems_.push_back(
        byte_problem(header_.file, at.value.at, std::move(message), std::move(hint)));
  }
}

void Keys::problem(std::string message, std::string hint) {
  problems_.push_back({.at = {.file = header_.file},
                       .message = std::move(message),
                       .hint = std::move(hint),
                       .source_line = {}});
}

void Keys::missing(std::string_view name) {
  problem(fmt::format("the header has no key {}.{}", arch_, name));
}

void Keys::assume(std::string name, std::string value, std::string source) {
  Assumption assumption{std::move(name), std::move(value), std::move(source)};
  if (std::ranges::find(model_.assumptions, assumption) == model_.assumptions.end()) {
    model_.assumptions.push_back(std::move(assumption));
  }
}

void Keys::warn(std::string code, std::string text) {
  Warning warning{std::move(code), std::move(text)};
  if (std::ranges::find(model_.warnings, warning) == model_.warnings.end()) {
    model_.warnings.push_back(std::move(warning));
  }
}

// --- --set ---------------------------------------------------------------------------------------

namespace {

std::optional<std::int64_t> whole_or_truth(const Node& node) {
  if (const auto flag = node.as_boolean()) return *flag ? 1 : 0;
  return node.as_integer();
}

// A value as the header would have held it; nothing if it can be no key's value.
std::optional<Value> header_value(const Node& node) {
  Value value;
  value.type = ValueType::i64;
  if (const auto whole = whole_or_truth(node)) {
    value.integers = {*whole};
  } else if (const auto real = node.as_real()) {
    value.type = ValueType::f64;
    value.reals = {*real};
  } else if (node.kind == NodeKind::string) {
    value.type = ValueType::text;
    value.text = node.text;
  } else if (node.kind == NodeKind::list) {
    value.is_array = true;
    value.count = node.children.size();
    for (const Node& child : node.children) {
      const auto element = whole_or_truth(child);
      if (!element) return std::nullopt;
      value.integers.push_back(*element);
    }
  } else {
    return std::nullopt;
  }
  return value;
}

std::optional<Problem> override_one(Header& header, const Override& set) {
  const Result<Node> node = parse_value(set.value);
  if (!node) return node.problems().front();
  std::optional<Value> value = header_value(*node);
  if (!value) {
    return usage_problem(
        fmt::format("--set {}={}: a key of a GGUF file is a number, true or false, "
                    "text or a list of whole numbers",
                    set.key, set.value));
  }
  const Key* arch = header.find("general.architecture");
  const std::string prefix = arch == nullptr ? std::string() : arch->value.text + ".";
  const bool in_full = header.find(set.key) != nullptr || is_general(set.key) ||
                       (prefix.size() > 1 && set.key.starts_with(prefix));
  const std::string name = in_full ? set.key : prefix + set.key;
  const auto at = std::ranges::find(header.keys, name, &Key::name);
  Key& key = at == header.keys.end() ? header.keys.emplace_back() : *at;
  key = {.name = name, .value = std::move(*value)};
  return std::nullopt;
}

}  // namespace

Problems apply_overrides(Header& header, const std::vector<Override>& overrides, Model& model) {
  Problems problems;
  for (const Override& set : overrides) {
    if (auto problem = override_one(header, set)) {
      problems.push_back(std::move(*problem));
    } else {
      model.assumptions.push_back({set.key, set.value, "--set"});
    }
  }
  return problems;
}

}  // namespace attncalc::gguf
