// SPDX-License-Identifier: Apache-2.0
//
// Zamba and Zamba2: a few transformer blocks are called again and again in front of some of the
// Mamba layers, on the residual stream beside the embedding, hence twice as wide. Every call writes
// a cache of its own; the weights are shared, but for a matrix back to the stream and, in Zamba2,
// low-rank adapters, which each call has for itself. Source: transformers' ZambaHybridLayer,
// Zamba2HybridLayer, Zamba2Attention and Zamba2MLP.
//
//   stack   mamba … mamba [block A] mamba+ … [block B] mamba+ … [block A] mamba+ …
//
// The stack says it in layers: each call is a layer of its own with the block's `weight_set`, and
// what belongs to the call stands with the Mamba layer after it.
#include <fmt/format.h>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

// How many calls stand before this layer.
std::int64_t calls_before(const LayerPlan& plan, std::size_t index) {
  std::int64_t calls = 0;
  for (std::size_t i = 0; i < index; ++i) calls += plan.roles[i] == Role::shared_then_mamba;
  return calls;
}

Softmax read_shared_attention(Config& config) {
  Softmax s;
  s.heads = config.need({"num_attention_heads"});
  s.kv_heads = config.positive({"num_key_value_heads", "num_query_groups"}).value_or(Dim(0));
  s.input_width = config.positive({"attention_hidden_size"}).value_or(2 * config.model().hidden);
  s.head_dim =
      config.positive({"attention_head_dim"}).value_or(s.heads > 0 ? s.input_width / s.heads : 0);
  config.understand({"kv_channels", "num_query_groups"});  // kv_channels: half of the real width
  s.complete(config.model().hidden);
  return s;
}

// hidden → rank → made.
void add_adapter(Dim input, Dim rank, Dim made, Layer& layer) {
  layer.extra.push_back({.role = "adapter_down", .rows = rank, .cols = input});
  layer.extra.push_back({.role = "adapter_up", .rows = made, .cols = rank});
}

void add_adapters(Config& config, Layer& layer) {
  const Dim hidden = config.model().hidden;
  const auto rank = config.positive({"adapter_rank", "lora_rank"});
  const Dim mlp = config.need({"intermediate_size", "ffn_hidden_size"});
  const Dim wide = config.positive({"attention_hidden_size"}).value_or(2 * hidden);
  if (!rank) return;
  if (config.flag({"use_shared_block_lora", "use_shared_mlp_adapter"}, true))
    add_adapter(hidden, *rank, 2 * mlp, layer);
  if (!config.flag({"use_shared_attention_adapter", "use_shared_attention_lora"}, false)) return;
  for (int n = 0; n < 3; ++n) add_adapter(wide, *rank, wide, layer);  // queries, keys, values
}

}  // namespace

bool has_shared_blocks(const Config& config) {
  return config.map().find("num_mem_blocks") || config.map().find("attention_hidden_size");
}

std::optional<Layer> read_shared_block(Config& config, const ClassFacts& facts,
                                       const LayerPlan& plan, std::size_t index) {
  if (plan.roles[index] != Role::shared_then_mamba) return std::nullopt;
  const Dim blocks = config.or_default({"num_mem_blocks"}, 1, "class default of Zamba");
  const Softmax attention = read_shared_attention(config);
  Layer layer;
  layer.mixers = {attention};
  layer.channel = read_channel(config, facts, Channel::dense, index);
  add_norm(layer.extra, "norm", attention.input_width, facts.norm);
  add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
  layer.weight_set =
      static_cast<std::uint32_t>(calls_before(plan, index) % std::max<std::int64_t>(blocks, 1));
  config.assume("shared blocks", fmt::format("{}", blocks.value),
                "each call is counted as a layer before the Mamba layer that it feeds; weights "
                "once a block, a cache each call");
  return layer;
}

void add_call_of_shared_block(Config& config, const LayerPlan& plan, std::size_t index,
                              Layer& layer) {
  if (plan.roles[index] != Role::shared_then_mamba) return;
  const Dim hidden = config.model().hidden;
  layer.extra.push_back({.role = "out_proj", .rows = hidden, .cols = hidden});
  add_adapters(config, layer);
}

}  // namespace attncalc::hf
