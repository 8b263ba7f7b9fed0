// SPDX-License-Identifier: Apache-2.0
//
// The nestings that real files have, docs/model.md, "Where the language model is".
#include "ingest/hf/language_map.hpp"

#include <utility>

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

namespace {

// T5Gemma describes its stacks in two maps. What the encoder's says is laid into the decoder's
// under the names that other encoder-decoder configs have.
Node* decoder_beside_encoder(Node& root) {
  constexpr std::pair<std::string_view, std::string_view> names[] = {
      {"num_hidden_layers", "encoder_layers"},
      {"num_attention_heads", "encoder_attention_heads"},
      {"num_key_value_heads", "encoder_num_key_value_heads"},
      {"head_dim", "encoder_head_dim"},
      {"intermediate_size", "encoder_ffn_dim"},
      {"hidden_size", "encoder_hidden_size"}};
  const Node* encoder = root.find("encoder");
  Node* decoder = root.find("decoder");
  const bool maps = encoder && decoder && encoder->kind == NodeKind::map &&
                    decoder->kind == NodeKind::map && decoder->find("num_hidden_layers");
  if (!maps) return nullptr;
  for (const auto& [own, laid] : names) {
    const Node* node = encoder->find(own);
    if (node == nullptr || decoder->find(laid)) continue;
    decoder->children.push_back(*node);
    decoder->children.back().key = std::string(laid);
  }
  if (const Node* both = root.find("is_encoder_decoder"); both && !decoder->find(both->key))
    decoder->children.push_back(*both);
  return decoder;
}

}  // namespace

std::vector<Node*> path_to_language(Node& root) {
  if (Node* decoder = decoder_beside_encoder(root)) return {&root, decoder};
  std::vector<Node*> path;
  for (Node* map = &root; map; map = nested_in(*map)) path.push_back(map);
  return path;
}

}  // namespace attncalc::hf
