// SPDX-License-Identifier: Apache-2.0
//
// The kinds of a layer and their dimensions, from keys. Key and value widths are per head, as
// llama.cpp resolves them: the key, else embedding_length / head_count of layer 0.
#include <fmt/format.h>

#include "ingest/gguf/reader.hpp"

namespace attncalc::gguf {
namespace {

// Kinds are read the same way whether in the trunk or in a draft layer.
struct At {
  Keys& keys;
  const ArchRules& rules;
  const ModelShape& shape;
  std::size_t layer;

  const LayerShape& own() const { return shape.layer[layer]; }
};

Dim heads(const At& at) {
  return at.keys.of_layer("attention.head_count", at.layer).value_or(Dim(0));
}

Dim kv_heads(const At& at) {
  const auto own = at.keys.of_layer("attention.head_count_kv", at.layer);
  return own ? *own : heads(at);
}

// NAS models have layers without heads; the first that has some gives the width.
Dim first_head_count(Keys& keys, std::size_t layers) {
  for (std::size_t i = 0; i < layers; ++i) {
    const Dim count = keys.of_layer("attention.head_count", i).value_or(Dim(0));
    if (count > 0) return count;
    if (!keys.is_array("attention.head_count")) break;
  }
  return 1;
}

Dim width(const At& at, std::string_view name) {
  const std::string of_windows = fmt::format("{}_swa", name);
  if (at.own().window && at.keys.has(of_windows)) return at.keys.need(of_windows);
  if (at.keys.has(name)) return at.keys.need(name);
  return at.keys.need("embedding_length") / first_head_count(at.keys, at.shape.layers);
}

Softmax softmax(const At& at) {
  Softmax s;
  s.heads = heads(at);
  s.kv_heads = kv_heads(at);
  s.head_dim = width(at, "attention.key_length");
  s.value_dim = width(at, "attention.value_length");
  if (at.own().window && at.rules.chunks) s.chunk = at.shape.window;
  if (at.own().window && !at.rules.chunks) s.window = at.shape.window;
  s.learnt_sinks = at.rules.learnt_sinks;
  s.projects_kv = !at.own().cache_of;
  return s;
}

// Block-sparse attention with an indexer (MiniMax-M3): whole blocks are chosen.
Sparse indexed(const At& at) {
  const Softmax full = softmax(at);
  Sparse s;
  s.heads = full.heads;
  s.kv_heads = full.kv_heads;
  s.head_dim = full.head_dim;
  s.value_dim = full.value_dim;
  const Dim block = at.keys.number_or("attention.indexer.block_size", 1);
  s.topk = at.keys.need("attention.indexer.top_k") * std::max<std::int64_t>(block, 1);
  s.index_heads = at.keys.need("attention.indexer.head_count");
  s.index_head_dim = at.keys.need("attention.indexer.key_length");
  return s;
}

void read_latent_widths(const At& at, Latent& l) {
  const bool per_head = at.keys.number_or("attention.key_length_mla", 0) > 0;
  const Dim key =
      per_head ? at.keys.need("attention.key_length_mla") : width(at, "attention.key_length");
  l.value_dim =
      per_head ? at.keys.need("attention.value_length_mla") : width(at, "attention.value_length");
  l.rope_dim = at.keys.number_or("rope.dimension_count", 0);
  if (l.rope_dim >= key) {
    return at.keys.problem(
        fmt::format("keys of {} elements a head have {} rotated; the part that comes from the "
                    "latent is missing",
                    key.value, l.rope_dim.value));
  }
  l.nope_dim = Dim(key - l.rope_dim, key.origin);
}

Latent latent(const At& at) {
  Latent l;
  l.heads = heads(at);
  l.kv_lora_rank = at.keys.need("attention.kv_lora_rank");
  read_latent_widths(at, l);
  const Dim q = at.keys.number_or("attention.q_lora_rank", 0);
  if (q > 0) l.q_lora_rank = q;
  if (at.own().window) l.window = at.shape.window;
  if (at.rules.indexer != Indexer::none && at.keys.has("attention.indexer.key_length")) {
    l.index_heads = at.keys.number_or("attention.indexer.head_count", 0);
    l.index_head_dim = at.keys.number_or("attention.indexer.key_length", 0);
    l.index_topk = at.keys.number_or("attention.indexer.top_k", 0);
    l.shares_indexer = !at.own().own_indexer;
  }
  return l;
}

// DeepSeek-V4: groups of 4 overlap and have an indexer, others have neither (published code).
Compressed compressed(const At& at) {
  constexpr std::int64_t overlapping = 4;
  Compressed c;
  c.heads = heads(at);
  c.head_dim = at.keys.need("attention.key_length");
  c.rope_dim = at.keys.number_or("rope.dimension_count", 0);
  c.q_lora_rank = at.keys.need("attention.q_lora_rank");
  c.o_groups = at.keys.need("attention.output_group_count");
  c.o_lora_rank = at.keys.need("attention.output_lora_rank");
  c.window = at.keys.need("attention.sliding_window");
  c.ratio = at.keys.of_layer("attention.compress_ratios", at.layer).value_or(Dim(0));
  c.overlap = c.ratio == Dim(overlapping);
  if (c.overlap) {
    c.index_heads = at.keys.need("attention.indexer.head_count");
    c.index_head_dim = at.keys.need("attention.indexer.key_length");
    c.index_topk = at.keys.number_or("attention.indexer.top_k", 0);
  }
  return c;
}

Kind attention(const At& at) {
  if (at.keys.has("attention.compress_ratios")) return compressed(at);
  if (at.shape.latent) return latent(at);
  const bool sparse = at.own().own_indexer && at.rules.indexer != Indexer::listed;
  return sparse ? Kind(indexed(at)) : Kind(softmax(at));
}

// --- recurrent kinds -----------------------------------------------------------------------------

StateSpace1 mamba1(const At& at) {
  StateSpace1 s;
  s.inner = at.keys.need("ssm.inner_size");
  s.state_dim = at.keys.need("ssm.state_size");
  s.conv_kernel = at.keys.need("ssm.conv_kernel");
  s.dt_rank = at.keys.need("ssm.time_step_rank");
  s.norms =
      at.rules.recurrent == RecurrentWhere::no_kv_heads;  // Jamba's; Falcon-Mamba's learn nothing
  return s;
}

// The time steps of Mamba-2 and of the gated delta rule are one a head.
Dim heads_of(const At& at, Dim inner) {
  const Dim heads = at.keys.need("ssm.time_step_rank");
  if (heads < 1 || inner % heads == 0) return heads;
  at.keys.problem(
      *at.keys.find("ssm.time_step_rank"),
      fmt::format("{} heads do not divide ssm.inner_size, {}", heads.value, inner.value));
  return 0;
}

StateSpace2 mamba2(const At& at) {
  StateSpace2 s;
  const Dim inner = at.keys.need("ssm.inner_size");
  s.heads = heads_of(at, inner);
  s.head_dim = s.heads > 0 ? Dim(inner / s.heads, inner.origin) : Dim(0);
  s.groups = at.keys.need("ssm.group_count");
  s.state_dim = at.keys.need("ssm.state_size");
  s.conv_kernel = at.keys.need("ssm.conv_kernel");
  return s;
}

GatedDelta gated_delta(const At& at) {
  GatedDelta g;
  const Dim inner = at.keys.need("ssm.inner_size");
  g.key_heads = at.keys.need("ssm.group_count");
  g.value_heads = heads_of(at, inner);
  g.key_dim = at.keys.need("ssm.state_size");
  g.value_dim = g.value_heads > 0 ? Dim(inner / g.value_heads, inner.origin) : Dim(0);
  g.conv_kernel = at.keys.need("ssm.conv_kernel");
  return g;
}

Kda kda(const At& at) {
  Kda k;
  k.heads = at.keys.need("attention.head_count");
  k.head_dim = at.keys.need("kda.head_dim");
  k.conv_kernel = at.keys.need("ssm.conv_kernel");
  return k;
}

Lightning lightning(const At& at) {
  Lightning l;
  l.heads = heads(at);
  l.head_dim = width(at, "attention.key_length");
  return l;
}

ShortConv short_conv(const At& at) {
  ShortConv s;
  s.channels = at.keys.need("embedding_length");
  s.conv_kernel = at.keys.need("shortconv.l_cache");
  return s;
}

Rwkv rwkv(const At& at, std::int64_t version) {
  Rwkv r;
  r.version = version;
  r.head_dim = at.keys.need("wkv.head_size");
  r.shifts = at.keys.number_or("token_shift_count", 2);
  r.mix_rank = at.keys.number_or("time_mix_extra_dim", 0);
  r.decay_rank =
      at.keys.number_or(version == 6 ? "time_decay_extra_dim" : "attention.decay_lora_rank", 0);
  r.rate_rank = at.keys.number_or("attention.iclr_lora_rank", 0);
  r.gate_rank = at.keys.number_or("attention.gate_lora_rank", 0);
  r.value_rank =
      at.layer == 0 ? Dim(0) : at.keys.number_or("attention.value_residual_mix_lora_rank", 0);
  return r;
}

Kind recurrent(const At& at) {
  switch (at.rules.recurrence) {
    case Recurrence::mamba1:
      return mamba1(at);
    case Recurrence::mamba2:
      return mamba2(at);
    case Recurrence::gated_delta:
      return gated_delta(at);
    case Recurrence::kda:
      return kda(at);
    case Recurrence::lightning:
      return lightning(at);
    case Recurrence::short_conv:
      return short_conv(at);
    case Recurrence::rwkv6:
      return rwkv(at, 6);
    case Recurrence::rwkv7:
      return rwkv(at, 7);
    case Recurrence::none:
      break;
  }
  return softmax(at);
}

// --- channel mixers ------------------------------------------------------------------------------

// Experts stand behind the leading dense layers, and in Llama 4 and ERNIE only in every n-th layer.
bool has_experts(const At& at) {
  if (at.keys.number_or("expert_count", 0) == Dim(0)) return false;
  const auto layer = static_cast<std::int64_t>(at.layer);
  if (layer < at.keys.number_or("leading_dense_block_count", 0)) return false;
  const std::int64_t every = at.keys.number_or("interleave_moe_layer_step", 1);
  return every < 2 || (layer + 1) % every == 0;
}

}  // namespace

std::vector<Kind> read_mixers(Keys& keys, const ArchRules& rules, const ModelShape& shape,
                              std::size_t layer) {
  const At at{keys, rules, shape, layer};
  std::vector<Kind> mixers;
  if (at.own().attention) mixers.push_back(attention(at));
  if (at.own().recurrent) mixers.push_back(recurrent(at));
  for (Kind& kind : mixers) {
    const Dim hidden = keys.model().hidden;
    std::visit([&](auto& k) { k.complete(hidden); }, kind);
  }
  return mixers;
}

Dense read_dense(Keys& keys, const ArchRules& rules, std::size_t layer) {
  return {.intermediate = keys.of_layer("feed_forward_length", layer).value_or(Dim(0)),
          .gated = rules.gated_mlp};
}

Moe read_moe(Keys& keys, const ArchRules& rules, std::size_t layer) {
  Moe m;
  m.experts = keys.need("expert_count");
  m.experts_per_token = keys.need("expert_used_count");
  m.intermediate = keys.has("expert_feed_forward_length")
                       ? keys.need("expert_feed_forward_length")
                       : read_dense(keys, rules, layer).intermediate;
  m.gated = m.shared_gated = rules.gated_mlp;
  const Dim shared = keys.number_or("expert_shared_count", 0);
  m.shared_intermediate =
      keys.number_or("expert_shared_feed_forward_length", shared * m.intermediate);
  m.latent = keys.number_or("moe_latent_size", 0);
  constexpr std::int64_t sigmoid =
      2;  // DeepSeek-V3's routing, which balances with a bias an expert
  m.correction_bias = keys.number_or("expert_gating_func", 0) == Dim(sigmoid);
  return m;
}

ChannelMixer read_channel(Keys& keys, const ArchRules& rules, const ModelShape& shape,
                          std::size_t layer) {
  const At at{keys, rules, shape, layer};
  const bool alone = rules.recurrent == RecurrentWhere::no_kv_heads_no_mlp;
  if (alone && (at.own().attention || at.own().recurrent)) return NoChannelMixer{};
  if (has_experts(at)) return read_moe(keys, rules, layer);
  const Dense dense = read_dense(keys, rules, layer);
  return dense.intermediate > 0 ? ChannelMixer(dense) : NoChannelMixer{};
}

}  // namespace attncalc::gguf
