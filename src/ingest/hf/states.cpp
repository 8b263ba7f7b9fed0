// SPDX-License-Identifier: Apache-2.0
//
// The dimensions of recurrent token mixers, from keys: state spaces, delta rules, convolutions.
#include <fmt/format.h>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

std::optional<Format> read_state_format(Config& config) {
  const Names names = {"mamba_ssm_dtype", "mamba_ssm_cache_dtype", "state_dtype"};
  const auto word = config.word(names);
  if (!word) return std::nullopt;
  Result<Format> format = find_format(*word);
  if (format) return *format;
  config.problem(*config.find(names), format.problems()[0].message, format.problems()[0].hint);
  return std::nullopt;
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

// The head count of a Mamba-2 layer: stated, or what the expansion makes of the hidden width.
Dim mamba_heads(Config& config, Dim head_dim) {
  if (auto stated =
          config.positive({"mamba_num_heads", "mamba_n_heads", "n_mamba_heads", "num_heads"})) {
    return *stated;
  }
  const Dim expand = config.or_default({"mamba_expand", "expand", "expansion_factor"}, 2,
                                       "class default of Mamba-2");
  return head_dim > 0 ? expand * config.model().hidden / head_dim : 0;
}

// Spellings: Nemotron-H; Bamba, Granite, Falcon-H1; Mamba-2; Zamba2.
StateSpace2 read_mamba2(Config& config, const ClassFacts&) {
  StateSpace2 m;
  m.head_dim = config.positive({"mamba_head_dim", "mamba_d_head", "mamba_headdim", "head_dim"})
                   .value_or(Dim(64));
  m.heads = mamba_heads(config, m.head_dim);
  m.groups = config.or_default({"mamba_n_groups", "mamba_ngroups", "n_groups"}, 1,
                               "class default of Mamba-2");
  m.state_dim = config.need({"ssm_state_size", "mamba_d_state", "state_size"});
  m.conv_kernel = config.or_default({"conv_kernel", "mamba_d_conv", "conv_dimension"}, 4,
                                    "class default of Mamba-2");
  m.in_bias = m.out_bias = config.flag({"mamba_proj_bias", "use_bias", "add_bias_linear"}, false);
  m.conv_bias = config.flag({"use_conv_bias", "mamba_conv_bias"}, true);
  m.norm = config.flag({"mamba_rms_norm"}, true);
  m.state_format = read_state_format(config);
  // The expansion decides nothing where heads and their width are stated.
  config.understand({"expand", "mamba_expand", "expansion_factor", "mamba_chunk_size",
                     "time_step_rank", "mamba_use_mlp", "mamba_dt_rank", "mamba_hidden_act",
                     "mamba_d_ssm", "mamba_head_dim", "kv_channels", "mamba_step_rank"});
  m.complete(config.model().hidden);
  return m;
}

// Mamba-1 has no heads: Jamba, Mamba, Falcon-Mamba (Zamba's n_mamba_heads only group the work).
bool is_mamba2(const Config& config) {
  for (const std::string_view key : {"mamba_num_heads", "mamba_n_heads", "mamba_headdim",
                                     "mamba_ngroups", "n_groups", "ssm_state_size"}) {
    if (config.map().find(key)) return true;
  }
  return false;
}

// The inner width: Jamba expands the hidden width; Mamba states it (falcon-mamba's `expand` is 16
// and unused beside an intermediate_size of twice hidden).
Dim mamba1_inner(Config& config) {
  if (config.has({"mamba_step"}))
    return config.need({"mamba_num_heads"}) * config.need({"hidden_size_per_head"});
  if (auto expand = config.positive({"mamba_expand"}))
    return {*expand * config.model().hidden, expand->origin};
  config.understand({"expand"});
  if (auto stated = config.positive({"intermediate_size", "d_inner"})) return *stated;
  return config.or_default({"expand"}, 2, "class default of Mamba") * config.model().hidden;
}

StateSpace1 read_mamba1(Config& config, const ClassFacts& facts) {
  StateSpace1 m;
  m.inner = mamba1_inner(config);
  m.state_dim =
      config.or_default({"mamba_d_state", "state_size", "d_state"}, 16, "class default of Mamba");
  m.conv_kernel =
      config.or_default({"mamba_d_conv", "conv_kernel", "d_conv"}, 4, "class default of Mamba");
  const Node* rank = config.find({"mamba_dt_rank", "time_step_rank"});
  if (rank && rank->as_integer()) m.dt_rank = config.dim(*rank, rank->key, *rank->as_integer());
  m.bias = config.flag({"mamba_proj_bias", "use_bias"}, false);
  m.conv_bias = config.flag({"mamba_conv_bias", "use_conv_bias"}, true);
  m.norms = facts.state_norms;
  m.state_format = read_state_format(config);
  config.understand(
      {"mamba_inner_layernorms", "use_mamba_kernels", "n_mamba_heads", "hidden_mamba_act"});
  m.complete(config.model().hidden);
  return m;
}

// PLaMo-2 decays by heads like Mamba-2, but convolves and keeps its state by channels like Mamba-1,
// and makes its time steps from max(64, hidden / 16) numbers (modeling_plamo.py, Mamba).
StateSpace1 read_plamo2(Config& config, const ClassFacts& facts) {
  constexpr std::int64_t least_rank = 64, per_rank = 16;
  StateSpace1 m = read_mamba1(config, facts);
  m.dt_rank = std::max<std::int64_t>(least_rank, config.model().hidden / per_rank);
  m.conv_bias = false;
  config.understand({"mamba_chunk_size"});
  config.assume("a_log, d_skip, dt_proj", "one a channel",
                "PLaMo-2 has one a head: some parameters too many, the state is the same");
  return m;
}

Kind read_mamba(Config& config, const ClassFacts& facts) {
  if (config.has({"mamba_step"})) return read_plamo2(config, facts);
  if (is_mamba2(config)) return read_mamba2(config, facts);
  return read_mamba1(config, facts);
}

ShortConv read_short_conv(Config& config) {
  ShortConv c;
  c.channels = config.positive({"conv_dim"}).value_or(Dim(0));
  c.conv_kernel = config.or_default({"conv_L_cache"}, 3, "class default of Lfm2Config");
  c.bias = config.flag({"conv_bias"}, false);
  config.understand({"conv_dim_out", "block_dim", "block_ff_dim", "num_heads"});
  c.complete(config.model().hidden);
  return c;
}

Kda read_kda(Config& inner) {
  Kda k;
  k.heads = inner.need({"num_heads"});
  k.head_dim = inner.need({"head_dim"});
  k.conv_kernel = inner.or_default({"short_conv_kernel_size"}, 4, "class default of Kimi-Linear");
  k.full_rank_gate = inner.flag({"use_full_rank_gate"}, false);
  return k;
}

Lightning read_lightning(Config& config) {
  Lightning l;
  l.heads = config.need({"num_attention_heads"});
  l.head_dim = config.positive({"head_dim"}).value_or(Dim(0));
  // Ring: keys and values of linear layers are as many as queries, or this is another kind.
  const Node* keys = config.map().find("num_kv_heads_for_linear_attn");
  if (keys && keys->as_integer() == l.heads.value) config.understand({keys->key});
  l.qk_norm = config.flag({"use_qk_norm"}, false);  // Ling and Ring linear
  l.qkv_bias = config.flag({"use_qkv_bias"}, false);
  l.complete(config.model().hidden);
  return l;
}

// Which linear attention the config describes.
Kind read_linear(Config& config) {
  if (std::optional<Config> inner = config.within("linear_attn_config")) return read_kda(*inner);
  if (config.has({"linear_num_key_heads", "linear_key_head_dim"})) return read_gated_delta(config);
  if (has_decaying_attention(config)) return read_decaying_attention(config);
  return read_lightning(config);
}

// mllama's cross layers: the decoder's own heads, norms over each head's width, one scalar gate.
Cross read_cross(Config& config) {
  Cross c;
  c.heads = config.need({"num_attention_heads"});
  c.kv_heads = config.positive({"num_key_value_heads"}).value_or(Dim(0));
  c.qk_norm = c.gate = true;
  c.complete(config.model().hidden);
  return c;
}

}  // namespace

std::vector<Kind> read_states(Config& config, const ClassFacts& facts, Role role,
                              std::size_t layer) {
  switch (role) {
    case Role::linear:
      return {read_linear(config)};
    case Role::mamba:
    case Role::shared_then_mamba:
      return {read_mamba(config, facts)};
    case Role::parallel_mamba:
      return {read_attention(config, facts, Role::attention, layer), read_mamba(config, facts)};
    case Role::conv:
      return {read_short_conv(config)};
    case Role::cross:
      return {read_cross(config)};
    case Role::recurrent:
      if (facts.rwkv_version > 0) return {read_rwkv(config, facts, layer)};
      return {read_gated_recurrence(config)};
    case Role::compressed:
      return {read_compressed(config, layer)};
    default:
      break;
  }
  config.problem(config.map(), fmt::format("layer {} is of a kind that is not read", layer));
  return {};
}

}  // namespace attncalc::hf
