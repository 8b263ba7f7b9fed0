// SPDX-License-Identifier: Apache-2.0
//
// The dimensions of a layer's token mixers, from keys.
#include <fmt/format.h>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

// Null, absent, or `use_mla: false`: keys that are there but off do not make a layer latent.
bool is_latent(Config& config) {
  const bool off = !config.flag({"use_mla"}, true);
  return config.integer({"kv_lora_rank"}).value_or(Dim(0)) > 0 && !off;
}

bool bias_flag(Config& config, bool otherwise) {
  return config.flag({"attention_bias", "qkv_bias", "use_qkv_bias", "add_qkv_bias"}, otherwise);
}

// KV heads where no key says: as many as heads, but for the old multi-query flags.
Dim kv_heads(Config& config, Dim heads, std::size_t layer) {
  if (auto stated = config.of_layer({"num_key_value_heads", "n_kv_heads", "multi_query_group_num",
                                     "num_query_groups", "n_head_kv"}, layer)) {
    return *stated;
  }
  return heads;
}

// A stated count of KV heads must be sound where it stands; the layer's own check has no place.
void check_heads(Config& config, const Softmax& s) {
  const Node* node = config.find({"num_key_value_heads"});
  if (!node || s.heads < 1) return;
  const bool divides = s.kv_heads >= 1 && s.heads % s.kv_heads == 0;
  if (divides) return;
  config.problem(*node, fmt::format("num_key_value_heads is {}; it must divide num_attention_heads, {}",
                                    s.kv_heads.value, s.heads.value));
}

void read_reach(Config& config, Role role, Softmax& s) {
  if (role == Role::window) s.window = config.need({"sliding_window", "sliding_window_size", "attention_window_size"});
  if (role == Role::chunk) s.chunk = config.need({"attention_chunk_size"});
}

Softmax read_softmax(Config& config, const ClassFacts& facts, Role role, std::size_t layer) {
  Softmax s;
  s.heads = config.of_layer({"num_attention_heads", "n_head", "n_heads", "num_heads",
                             "num_attention_heads_per_layer"}, layer)
                .value_or(Dim(0));
  if (s.heads < 1) s.heads = config.need({"num_attention_heads", "n_head", "n_heads", "num_heads"});
  s.kv_heads = kv_heads(config, s.heads, layer);
  s.head_dim = config.positive({"head_dim", "kv_channels", "attention_head_dim"}).value_or(Dim(0));
  s.value_dim = config.positive({"v_head_dim"}).value_or(Dim(0));
  read_reach(config, role, s);
  const bool qkv_bias = bias_flag(config, facts.qkv_bias);
  s.q_bias = s.k_bias = s.v_bias = qkv_bias;
  s.o_bias = config.map().find("attention_bias") ? qkv_bias && facts.o_bias : facts.o_bias;
  s.qk_norm = facts.qk_norm;
  s.qk_norm_parameters = facts.norm;
  s.learnt_sinks = facts.learnt_sinks;
  s.output_gate = config.flag({"attn_output_gate"}, facts.output_gate);
  check_heads(config, s);
  s.complete(config.model().hidden);
  return s;
}

// GLM-5.2's list says which layers choose for themselves and which reuse an earlier choice.
bool shares_indexer(Config& config, std::size_t layer) {
  const Node* types = config.find({"indexer_types"});
  if (!types || layer >= types->children.size()) return false;
  const Node& word = types->children[layer];
  if (word.text != "full" && word.text != "shared") {
    config.problem(word, fmt::format("indexer type '{}' is not understood: full or shared", word.text));
  }
  return word.text == "shared";
}

Latent read_latent(Config& config, const ClassFacts&, Role role, std::size_t layer) {
  Latent l;
  l.heads = config.need({"num_attention_heads"});
  l.kv_lora_rank = config.need({"kv_lora_rank"});
  l.rope_dim = config.integer({"qk_rope_head_dim"}).value_or(Dim(0));
  l.nope_dim = config.need({"qk_nope_head_dim"});
  l.value_dim = config.positive({"v_head_dim"}).value_or(Dim(0));
  l.q_lora_rank = config.positive({"q_lora_rank"});
  if (role == Role::window) l.window = config.need({"sliding_window"});
  l.index_heads = config.integer({"index_n_heads"}).value_or(Dim(0));
  l.index_head_dim = config.integer({"index_head_dim"}).value_or(Dim(0));
  l.index_topk = config.integer({"index_topk"}).value_or(Dim(0));
  l.shares_indexer = shares_indexer(config, layer);
  l.bias = config.flag({"attention_bias"}, false);
  // MLA files carry KV heads and a head_dim that mean nothing to the cache.
  config.understand({"num_key_value_heads", "head_dim", "qk_head_dim"});
  l.complete(config.model().hidden);
  return l;
}

std::optional<Format> read_state_format(Config& config) {
  const auto word = config.word({"mamba_ssm_dtype", "mamba_ssm_cache_dtype"});
  if (!word) return std::nullopt;
  Result<Format> format = find_format(*word);
  if (!format) {
    config.problem(*config.find({"mamba_ssm_dtype", "mamba_ssm_cache_dtype"}), format.problems()[0].message);
    return std::nullopt;
  }
  return *format;
}

GatedDelta read_gated_delta(Config& config) {
  GatedDelta d;
  d.key_heads = config.need({"linear_num_key_heads"});
  d.value_heads = config.positive({"linear_num_value_heads"}).value_or(Dim(0));
  d.key_dim = config.need({"linear_key_head_dim"});
  d.value_dim = config.positive({"linear_value_head_dim"}).value_or(Dim(0));
  d.conv_kernel = config.or_default({"linear_conv_kernel_dim"}, 4, "class default of Qwen3-Next");
  d.state_format = read_state_format(config);
  d.complete(config.model().hidden);
  return d;
}

Kind read_attention(Config& config, const ClassFacts& facts, Role role, std::size_t layer) {
  if (is_latent(config)) return read_latent(config, facts, role, layer);
  return read_softmax(config, facts, role, layer);
}

}  // namespace

std::vector<Kind> read_mixers(Config& config, const ClassFacts& facts, Role role, std::size_t layer) {
  switch (role) {
    case Role::attention:
    case Role::window:
    case Role::chunk: return {read_attention(config, facts, role, layer)};
    case Role::linear: return {read_gated_delta(config)};
    case Role::none: return {};
    default: break;
  }
  config.problem(config.map(), fmt::format("layer {} is of a kind that is not read yet", layer));
  return {};
}

}  // namespace attncalc::hf
