// SPDX-License-Identifier: Apache-2.0
//
// Layers that keep a matrix a head or a number a channel in place of a cache: RWKV 4 to 7, the
// linear attention with decay of flash-linear-attention (GLA, RetNet), RecurrentGemma. Keys:
// transformers' RwkvConfig (4), the configurations in RWKV/rwkv-5-world-3b and RWKV/v6-Finch-*,
// fla's RWKV7Config, GLAConfig and RetNetConfig.
#include <fmt/format.h>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

// --- RWKV ----------------------------------------------------------------------------------------

// Version 6 has no keys for its thin matrices: the class makes them wider at hidden 4096
// (Rwkv6SelfAttention: TIME_MIX_EXTRA_DIM, TIME_DECAY_EXTRA_DIM).
void set_ranks_of_version_6(Config& config, Rwkv& r) {
  const bool wide = config.model().hidden == Dim(4096);
  const std::string_view why = "class default of Rwkv6SelfAttention";
  r.mix_rank = config.or_default({"time_mix_extra_dim"}, wide ? 64 : 32, why);
  r.decay_rank = config.or_default({"time_decay_extra_dim"}, wide ? 128 : 64, why);
}

void read_ranks_of_version_7(Config& config, Rwkv& r, std::size_t layer) {
  r.decay_rank = config.need({"decay_low_rank_dim"});
  r.rate_rank = config.need({"a_low_rank_dim"});
  r.gate_rank = config.need({"gate_low_rank_dim"});
  // The first layer's values are what the other layers take a share of.
  const Dim rank = config.need({"v_low_rank_dim"});
  r.value_rank = layer == 0 ? Dim(0) : rank;
}

// --- GLA and RetNet ------------------------------------------------------------------------------

// hidden × a ratio such as 0.5, cut off as the classes do.
Dim expanded(Config& config, std::string_view key, double otherwise, std::string_view why) {
  const Node* node = config.find({key});
  const std::optional<double> ratio = node ? node->as_real() : otherwise;
  // literal: no prefix, but a ratio that no model comes near
  constexpr double most = 100;  // a slip of the keyboard beyond
  if (!ratio || !(*ratio > 0) || *ratio > most) {
    config.problem(*node, fmt::format("{} must be a positive number of at most {}", key, most));
    return 1;
  }
  const auto width = static_cast<std::int64_t>(static_cast<double>(config.model().hidden) * *ratio);
  if (node) return config.dim(*node, key, width);
  config.assume(std::string(key), otherwise == 1.0 ? "1" : "0.5", std::string(why));
  return width;
}

}  // namespace

Kind read_rwkv(Config& config, const ClassFacts& facts, std::size_t layer) {
  Rwkv r;
  r.version = facts.rwkv_version;
  const Dim width = config.positive({"attention_hidden_size"}).value_or(config.model().hidden);
  // Version 4 has no heads: every channel is on its own.
  const bool channels = facts.rwkv_version == 4;
  r.head_dim = channels ? Dim(1)
                        : config.or_default({"head_size", "head_dim", "head_size_a"}, 64,
                                            "class default of RWKV");
  if (r.head_dim > 0) r.heads = {width / r.head_dim, width.origin};
  if (facts.rwkv_version == 6) set_ranks_of_version_6(config, r);
  if (facts.rwkv_version == 7) read_ranks_of_version_7(config, r, layer);
  config.understand({"num_heads", "num_attention_heads", "value_dim", "attn_mode",
                     "num_key_value_heads", "head_size_divisor"});
  r.complete(config.model().hidden);
  return r;
}

// Channel mixing is a Dense without a gate. It blends the token before in, and up to version 6
// gates its output with a matrix of its own.
void add_channel_mixing(Config& config, const ClassFacts& facts, Layer& layer) {
  if (facts.rwkv_version == 0) return;
  const Dim hidden = config.model().hidden;
  const bool gated = facts.rwkv_version < 7;
  layer.extra.push_back({.role = "shift_mix", .rows = (gated ? 2 : 1) * hidden});
  if (gated) layer.extra.push_back({.role = "gates", .rows = hidden, .cols = hidden});
}

// The width of RWKV's channel mixing where the file leaves it out.
std::int64_t channel_mixing_width(int version, std::int64_t hidden) {
  constexpr std::int64_t multiple = 32;
  const bool narrow = version == 5 || version == 6;  // 3.5 times, in steps of 32
  return narrow ? hidden * 7 / 2 / multiple * multiple : 4 * hidden;
}

Kind read_gated_recurrence(Config& config) {
  GatedRecurrence g;
  g.width = config.positive({"lru_width"}).value_or(Dim(0));
  g.heads = config.need({"num_attention_heads"});
  g.conv_kernel = config.or_default({"conv1d_width"}, 4, "class default of RecurrentGemma");
  g.complete(config.model().hidden);
  return g;
}

bool has_decaying_attention(const Config& config) {
  return config.map().find("use_gk") ||
         (config.map().find("expand_k") && config.map().find("expand_v") &&
          !config.map().find("use_beta"));
}

Kind read_decaying_attention(Config& config) {
  const bool gated = config.has({"use_gk"});  // GLA; RetNet's decay is fixed
  Retention r;
  r.heads = config.need({"num_heads", "num_attention_heads"});
  r.kv_heads = config.positive({"num_kv_heads", "num_key_value_heads"}).value_or(Dim(0));
  const Dim keys = expanded(config, "expand_k", gated ? 0.5 : 1.0, "class default of fla");
  const Dim values = expanded(config, "expand_v", 1.0, "class default of fla");
  r.key_dim = {keys / r.heads, keys.origin};
  r.value_dim = {values / r.heads, values.origin};
  r.decay = gated ? Decay::channel : Decay::fixed;
  if (gated) r.decay_rank = config.or_default({"gate_low_rank_dim"}, 16, "class default of fla");
  r.output_gate = config.flag({"use_output_gate"}, true);
  const Dim kernel = config.integer({"conv_size"}).value_or(Dim(4));
  if (config.flag({"use_short_conv"}, false)) r.conv_kernel = kernel;
  config.understand({"attn_mode", "feature_map", "use_gk", "use_gv", "conv_size"});
  if (config.flag({"use_gv"}, false))
    config.problem(*config.find({"use_gv"}), "use_gv: a decay of the values is not read");
  r.complete(config.model().hidden);
  return r;
}

}  // namespace attncalc::hf
