// SPDX-License-Identifier: Apache-2.0
//
// The channel mixer of a layer: dense, or experts where the keys put them. `intermediate_size` means
// different things in different families (facts in docs/model.md, "Channel mixers"): the expert
// width where no moe_intermediate_size is given, the dense width otherwise.
#include <fmt/format.h>

#include <algorithm>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

const Names expert_count = {"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"};
const Names experts_chosen = {"num_experts_per_tok", "num_experts_per_token", "experts_per_token",
                                  "moe_topk", "moe_top_k", "moe_k", "top_k_experts"};
const Names expert_width = {"moe_intermediate_size", "expert_intermediate_size", "moe_ffn_hidden_size"};
const Names dense_width = {"intermediate_size", "ffn_hidden_size", "n_inner", "ffn_dim", "d_ff",
                               "decoder_ffn_dim"};

bool listed(const std::vector<std::int64_t>& layers, std::size_t layer) {
  return std::find(layers.begin(), layers.end(), static_cast<std::int64_t>(layer)) != layers.end();
}

// Whether a layer has experts, where the model has any. Each key is optional; all must agree.
bool has_experts(Config& config, std::size_t layer) {
  const auto index = static_cast<std::int64_t>(layer);
  if (const Node* types = config.find({"mlp_layer_types"})) {
    return layer < types->children.size() && types->children[layer].text != "dense";
  }
  const Node* freq = config.find({"moe_layer_freq"});
  if (freq && freq->kind == NodeKind::list) return config.of_layer({"moe_layer_freq"}, layer).value_or(Dim(0)) > 0;
  if (index < config.integer({"first_k_dense_replace", "moe_layer_start_index"}).value_or(Dim(0))) return false;
  if (freq && index % std::max<std::int64_t>(1, config.positive({"moe_layer_freq"}).value_or(Dim(1))) != 0) return false;
  const std::int64_t step = config.positive({"decoder_sparse_step", "interleave_moe_layer_step"}).value_or(Dim(1));
  if ((index + 1) % step != 0) return false;
  return !listed(config.integers({"mlp_only_layers"}), layer);
}

Dim shared_width(Config& config, Dim expert) {
  if (auto stated = config.integer({"shared_expert_intermediate_size", "moe_shared_expert_intermediate_size"})) {
    return *stated;
  }
  const auto count = config.integer({"n_shared_experts", "num_shared_experts", "num_shared_expert"});
  return count ? Dim(*count * expert, count->origin) : Dim(0);
}

Moe read_moe(Config& config, const ClassFacts& facts, std::size_t layer) {
  Moe m;
  m.experts = config.of_layer(expert_count, layer).value_or(Dim(0));
  m.experts_per_token = config.of_layer(experts_chosen, layer).value_or(Dim(0));
  if (m.experts_per_token < 1) config.missing("num_experts_per_tok", "it says how many experts a token uses");
  m.intermediate = config.of_layer(expert_width, layer).value_or(Dim(0));
  if (m.intermediate < 1) m.intermediate = config.need({"intermediate_size", "ffn_hidden_size"});
  m.shared_intermediate = shared_width(config, m.intermediate);
  // Llama 4: the shared expert is as wide as a routed one, the dense layers have a key of their own.
  if (config.has({"intermediate_size_mlp"})) m.shared_intermediate = m.intermediate;
  m.gated = m.shared_gated = facts.gated_mlp;
  m.router_bias = facts.router_bias;
  m.expert_bias = facts.expert_bias;
  m.shared_gate = facts.shared_gate && m.shared_intermediate > 0;
  m.correction_bias = facts.correction_bias || config.word({"topk_method"}) == "noaux_tc";
  return m;
}

Dense read_dense(Config& config, const ClassFacts& facts) {
  Dense d;
  d.intermediate = config.positive({"intermediate_size_mlp"}).value_or(Dim(0));
  if (d.intermediate < 1) d.intermediate = config.positive(dense_width).value_or(Dim(0));
  if (d.intermediate < 1) d.intermediate = config.need({"intermediate_size"});
  d.gated = facts.gated_mlp;
  d.up_bias = d.down_bias = config.flag({"mlp_bias"}, facts.mlp_bias);
  return d;
}

}  // namespace

ChannelMixer read_channel(Config& config, const ClassFacts& facts, std::size_t layer) {
  const bool experts = config.of_layer(expert_count, layer).value_or(Dim(0)) > 0;
  // Both are read where the model has experts, so that every key counts as understood.
  if (experts && has_experts(config, layer)) return read_moe(config, facts, layer);
  return read_dense(config, facts);
}

}  // namespace attncalc::hf
