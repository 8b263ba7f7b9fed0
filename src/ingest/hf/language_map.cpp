// SPDX-License-Identifier: Apache-2.0
//
// The nestings that real files have, docs/model.md, "Where the language model is".
#include "ingest/hf/language_map.hpp"

namespace attncalc::hf {
namespace {

constexpr std::string_view nestings[] = {"text_config", "llm_config", "llm_cfg", "language_config",
                                         "thinker_config"};

Node* nested_in(Node& map) {
  for (const std::string_view name : nestings) {
    Node* inner = map.find(name);
    if (inner && inner->kind == NodeKind::map) return inner;
  }
  return nullptr;
}

}  // namespace

std::vector<Node*> path_to_language(Node& root) {
  std::vector<Node*> path;
  for (Node* map = &root; map; map = nested_in(*map)) path.push_back(map);
  return path;
}

}  // namespace attncalc::hf
