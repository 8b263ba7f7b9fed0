// SPDX-License-Identifier: Apache-2.0
//
// Reading a step's groups; every problem of the file is found in one run, at its place.
#include "ingest/scenario.hpp"

#include <fmt/format.h>

#include "base/unit_text.hpp"
#include "ingest/native/sheet.hpp"

namespace attncalc {
namespace {

using native::Sheet;

const std::vector<std::string_view> scenario_keys = {"name", "groups"};
const std::vector<std::string_view> group_keys = {"count",         "new",    "cached",
                                                  "shared_prefix", "family", "phase"};

class GroupReader {
 public:
  GroupReader(Sheet& sheet, const Node& map) : sheet_(sheet), map_(map) {}

  SequenceGroup read() {
    SequenceGroup g;
    sheet_.refuse_unknown(map_, "a group", group_keys);
    read_phase(g);
    read_tokens("count", 1, g.count);
    read_tokens("new", 1, g.new_tokens);
    read_tokens("cached", 0, g.cached);
    read_tokens("shared_prefix", 0, g.shared_prefix);
    read_tokens("family", 1, g.family);
    if (g.phase == Phase::prefill && map_.find("new") == nullptr) {
      sheet_.wrong(map_, "a group of prompts needs new: how many of their tokens are computed");
    }
    if (g.shared_prefix > g.cached) {
      sheet_.wrong(*map_.find("shared_prefix"),
                   fmt::format("shared_prefix is {}; only {} tokens are cached before the step",
                               g.shared_prefix.value, g.cached.value));
    }
    return g;
  }

 private:
  void read_phase(SequenceGroup& g) {
    const Node* node = map_.find("phase");
    if (node == nullptr) return;
    const auto word = sheet_.word(*node, {"prefill", "decode"});
    if (word) g.phase = *word == "prefill" ? Phase::prefill : Phase::decode;
  }

  // A whole number, or as on the command line: 4k.
  void read_tokens(std::string_view key, std::int64_t least, Dim& into) {
    const Node* node = map_.find(key);
    if (node == nullptr) return;
    if (node->kind != NodeKind::string) {
      const auto value = sheet_.number(*node, least, native::largest_tokens);
      if (value) into = Dim(*value, sheet_.origin(*node));
      return;
    }
    const Result<std::int64_t> value = parse_tokens(node->text, key);
    if (value) {
      into = Dim(*value, sheet_.origin(*node));
    } else {
      sheet_.wrong(*node, value.problems().front().message, value.problems().front().hint);
    }
  }

  Sheet& sheet_;
  const Node& map_;
};

std::vector<SequenceGroup> read_groups(Sheet& sheet, const Node& root) {
  std::vector<SequenceGroup> groups;
  if (!sheet.is(root, NodeKind::map, "a map with groups")) return groups;
  sheet.refuse_unknown(root, "a scenario", scenario_keys);
  const Node* list = root.find("groups");
  if (list == nullptr) {
    sheet.wrong(root, "a scenario needs groups");
    return groups;
  }
  if (!sheet.is(*list, NodeKind::list, "a list of groups")) return groups;
  if (list->children.empty()) sheet.wrong(*list, "groups is empty; a step computes something");
  for (const Node& node : list->children) {
    if (sheet.is(node, NodeKind::map, "a map: {count: 8, cached: 4095}"))
      groups.push_back(GroupReader(sheet, node).read());
  }
  return groups;
}

}  // namespace

Result<std::vector<SequenceGroup>> read_scenario_file(const std::string& path, Model& model) {
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  const Result<Document> document = parse_yaml(path, *std::move(text));
  if (!document) return document.problems();
  Sheet sheet(*document, model);
  std::vector<SequenceGroup> groups = read_groups(sheet, document->root);
  if (!sheet.sound()) return sheet.take_problems();
  return groups;
}

}  // namespace attncalc
