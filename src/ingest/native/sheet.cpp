// SPDX-License-Identifier: Apache-2.0
//
// Reading one value of our own YAML, and saying what is wrong with it where it is not right.
#include "ingest/native/sheet.hpp"

#include <fmt/format.h>

namespace attncalc::native {
namespace {

// Keys that count tokens (or rows of a vocabulary), not the width of something.
constexpr std::string_view token_keys[] = {"window",        "chunk",          "sink_tokens",
                                           "vocab_size",    "max_positions",  "positions",
                                           "global_tokens", "encoder_tokens", "extra_parameters"};

std::string shown(const Node& node) {
  const bool is_scalar = node.kind != NodeKind::list && node.kind != NodeKind::map;
  if (!is_scalar) return std::string(kind_name(node.kind));
  return node.kind == NodeKind::string ? fmt::format("'{}'", node.text) : node.text;
}

}  // namespace

std::int64_t largest(std::string_view key) {
  const bool tokens =
      std::find(std::begin(token_keys), std::end(token_keys), key) != std::end(token_keys);
  return tokens ? largest_tokens : largest_width;
}

void Sheet::wrong(const Node& at, std::string message, std::string hint) {
  Problem problem = document_.problem(at, std::move(message), std::move(hint));
  if (at.line == 0) problem.at.file = "--set";  // it does not stand in the file
  problems_.push_back(std::move(problem));
}

std::string Sheet::place(const Node& node) const {
  if (node.line == 0) return fmt::format("--set {}", node.key);
  return fmt::format("{}:{}:{} {}", document_.file, node.line, node.column, node.key);
}

Origin Sheet::origin(const Node& node) {
  if (model_.origins.empty()) model_.origins.emplace_back();  // [0] is for Origin::none
  model_.origins.push_back(place(node));
  return static_cast<Origin>(model_.origins.size() - 1);
}

void Sheet::not_what_it_must_be(const Node& node, std::string_view wanted) {
  const std::string_view name = node.key.empty() ? "this" : std::string_view(node.key);
  wrong(node, fmt::format("{} is {}; it must be {}", name, shown(node), wanted));
}

std::optional<std::int64_t> Sheet::number(const Node& node, std::int64_t least, std::int64_t most) {
  const std::optional<std::int64_t> value = node.as_integer();
  if (!value && node.kind != NodeKind::integer) {
    not_what_it_must_be(node, "a whole number");
    return std::nullopt;
  }
  if (!value || *value > most || *value < least) {  // no value: beyond 64 bits
    not_what_it_must_be(node, fmt::format("from {} to {}", least, most));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> Sheet::truth(const Node& node) {
  const std::optional<bool> value = node.as_boolean();
  if (!value) not_what_it_must_be(node, "true or false");
  return value;
}

std::optional<std::string> Sheet::text(const Node& node) {
  const bool is_text = node.kind == NodeKind::string || node.kind == NodeKind::integer ||
                       node.kind == NodeKind::real;
  if (is_text) return node.text;
  not_what_it_must_be(node, "text");
  return std::nullopt;
}

std::optional<std::string> Sheet::word(const Node& node,
                                       const std::vector<std::string_view>& words) {
  if (node.kind == NodeKind::string &&
      std::find(words.begin(), words.end(), node.text) != words.end()) {
    return node.text;
  }
  not_what_it_must_be(node, fmt::format("one of {}", fmt::join(words, ", ")));
  return std::nullopt;
}

std::optional<Format> Sheet::format(const Node& node) {
  const std::optional<std::string> name = text(node);
  if (!name) return std::nullopt;
  Result<Format> found = find_format(*name);
  if (found) return *found;
  for (const Problem& problem : found.problems()) wrong(node, problem.message, problem.hint);
  return std::nullopt;
}

bool Sheet::is(const Node& node, NodeKind kind, std::string_view wanted) {
  if (node.kind == kind) return true;
  not_what_it_must_be(node, wanted);
  return false;
}

void Sheet::refuse_unknown(const Node& map, std::string_view what,
                           const std::vector<std::string_view>& known) {
  for (const Node& child : map.children) {
    if (std::find(known.begin(), known.end(), child.key) != known.end()) continue;
    const std::string guess = did_you_mean(child.key, known);
    wrong(child, fmt::format("{} has no key '{}'", what, child.key),
          guess.empty() ? fmt::format("it has {}", fmt::join(known, ", ")) : guess);
  }
}

std::optional<NormParameters> norm(Sheet& sheet, const Node& node) {
  const std::optional<std::string> word = sheet.word(node, {"rms", "layer", "none"});
  if (!word) return std::nullopt;
  if (*word == "none") return NormParameters::none;
  return *word == "rms" ? NormParameters::scale : NormParameters::scale_and_bias;
}

void place_faults(Sheet& sheet, const Node& map, std::string_view what,
                  const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) {
    const std::string key = fault.substr(0, fault.find(' '));
    if (const Node* node = map.find(key)) {
      sheet.wrong(*node, fault);
    } else if (fault.starts_with(key + " is 0;")) {
      sheet.wrong(map, fmt::format("{} needs {}", what, key));
    } else {
      sheet.wrong(map, fmt::format("{}: {}", what, fault));
    }
  }
}

}  // namespace attncalc::native
