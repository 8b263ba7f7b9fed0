// SPDX-License-Identifier: Apache-2.0
//
// A bare key is set where it stands, from the language model's own map outwards, else in that map;
// a dotted one exactly where it says, and only its last part may be new.
#include "ingest/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/nearest.hpp"
#include "ingest/hf/language_map.hpp"

namespace attncalc {
namespace {

void put(Node& at, Node value) {
  value.key = at.key;
  at = std::move(value);
}

std::string nearest_key(const std::vector<Node*>& maps, std::string_view typed) {
  std::vector<std::string_view> keys;
  for (const Node* map : maps) {
    for (const Node& child : map->children) keys.push_back(child.key);
  }
  return did_you_mean(typed, keys);
}

// Adds a key to the last of the maps, where the nearest in any of them may have been meant.
Node& add_key(const std::vector<Node*>& maps, const Override& wanted, std::string_view key,
              OverrideNotes& notes) {
  const std::string near = nearest_key(maps, key);
  std::string text = fmt::format("--set {} adds a key that the config does not have", wanted.key);
  notes.warnings.push_back({"set_adds_key", near.empty() ? text : text + "; " + near});
  Node& added = maps.back()->children.emplace_back();
  added.key = std::string(key);
  return added;
}

// --- bare keys -----------------------------------------------------------------------------------

void set_bare(Document& document, const Override& wanted, Node value, OverrideNotes& notes) {
  const std::vector<Node*> maps = hf::path_to_language(document.root);
  for (auto map = maps.rbegin(); map != maps.rend(); ++map) {
    if (Node* known = (*map)->find(wanted.key)) return put(*known, std::move(value));
  }
  put(add_key(maps, wanted, wanted.key, notes), std::move(value));
}

// --- dotted paths --------------------------------------------------------------------------------

// The element of a list that a part of a path counts from 0; null pointer if there is none.
Node* element_of(Node& list, std::string_view part) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool whole = error == std::errc() && end == part.data() + part.size();
  return whole && index < list.children.size() ? &list.children[index] : nullptr;
}

Problem no_such_place(const Override& wanted, std::string_view part, Node& in) {
  if (in.kind == NodeKind::map) {
    return usage_problem(fmt::format("--set {}: there is no '{}'", wanted.key, part),
                         nearest_key({&in}, part));
  }
  return usage_problem(in.kind == NodeKind::list
                           ? fmt::format("--set {}: '{}' is no element of a list of {}, from 0",
                                         wanted.key, part, in.children.size())
                           : fmt::format("--set {}: '{}' would be in {}, not in a map", wanted.key,
                                         part, kind_name(in.kind)));
}

Node* step_into(Node& at, std::string_view part) {
  return at.kind == NodeKind::list ? element_of(at, part) : at.find(part);
}

std::optional<Problem> set_dotted(Document& document, const Override& wanted, Node value,
                                  OverrideNotes& notes) {
  Node* at = &document.root;
  std::string_view rest = wanted.key;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    Node* next = step_into(*at, part);
    const bool may_add = rest.empty() && at->kind == NodeKind::map;
    if (!next && may_add) next = &add_key({at}, wanted, part, notes);
    if (!next) return no_such_place(wanted, part, *at);
    at = next;
  }
  put(*at, std::move(value));
  return std::nullopt;
}

}  // namespace

Result<OverrideNotes> apply_overrides(Document& document, const std::vector<Override>& overrides) {
  OverrideNotes notes;
  Problems problems;
  for (const Override& wanted : overrides) {
    Result<Node> value = parse_value(wanted.value);
    if (!value) {
      for (Problem problem : value.problems()) {
        problem.message = fmt::format("--set {}: {}", wanted.key, problem.message);
        problems.push_back(std::move(problem));
      }
      continue;
    }
    notes.assumptions.push_back({wanted.key, wanted.value, "--set"});
    if (wanted.key.find('.') == std::string::npos) {
      set_bare(document, wanted, *std::move(value), notes);
    } else if (auto problem = set_dotted(document, wanted, *std::move(value), notes)) {
      problems.push_back(*std::move(problem));
    }
  }
  if (!problems.empty()) return problems;
  return notes;
}

}  // namespace attncalc
