// SPDX-License-Identifier: Apache-2.0
//
// A bare key is set where it stands, from the language model's own map outwards, else in that map;
// a dotted one exactly where it says, and the maps on its way are made if they are absent.
#include "ingest/overrides.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/nearest.hpp"
#include "ingest/hf/language_map.hpp"

namespace attncalc {
namespace {

Node& child_of(Node& map, std::string_view key) {
  if (Node* known = map.find(key)) return *known;
  Node& added = map.children.emplace_back();
  added.key = std::string(key);
  return added;
}

void put(Node& at, Node value) {
  value.key = at.key;
  at = std::move(value);
}

// --- bare keys -----------------------------------------------------------------------------------

std::string nearest_key(const std::vector<Node*>& maps, std::string_view typed) {
  std::vector<std::string_view> keys;
  for (const Node* map : maps) {
    for (const Node& child : map->children) keys.push_back(child.key);
  }
  return did_you_mean(typed, keys);
}

void set_bare(Document& document, const Override& wanted, Node value, OverrideNotes& notes) {
  const std::vector<Node*> maps = hf::path_to_language(document.root);
  for (auto map = maps.rbegin(); map != maps.rend(); ++map) {
    if (Node* known = (*map)->find(wanted.key)) return put(*known, std::move(value));
  }
  std::string text = fmt::format("--set {} adds a key that the config does not have", wanted.key);
  const std::string near = nearest_key(maps, wanted.key);
  notes.warnings.push_back({"set_adds_key", near.empty() ? text : text + "; " + near});
  put(child_of(*maps.back(), wanted.key), std::move(value));
}

// --- dotted paths --------------------------------------------------------------------------------

// The element of a list that a part of a path counts from 0; null pointer if there is none.
Node* element_of(Node& list, std::string_view part) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool whole = error == std::errc() && end == part.data() + part.size();
  return whole && index < list.children.size() ? &list.children[index] : nullptr;
}

Problem no_such_place(const Override& wanted, std::string_view part, const Node& in) {
  const std::string_view kind = kind_name(in.kind);
  return usage_problem(
      in.kind == NodeKind::list
          ? fmt::format("--set {}: the list has {} elements, none is '{}'", wanted.key,
                        in.children.size(), part)
          : fmt::format("--set {}: '{}' would be in {}, not in a map", wanted.key, part, kind));
}

std::optional<Problem> set_dotted(Document& document, const Override& wanted, Node value) {
  Node* at = &document.root;
  std::string_view rest = wanted.key;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    if (at->is_null()) at->kind = NodeKind::map;
    Node* next = at->kind == NodeKind::map    ? &child_of(*at, part)
                 : at->kind == NodeKind::list ? element_of(*at, part)
                                              : nullptr;
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
    } else if (auto problem = set_dotted(document, wanted, *std::move(value))) {
      problems.push_back(*std::move(problem));
    }
  }
  if (!problems.empty()) return problems;
  return notes;
}

}  // namespace attncalc
