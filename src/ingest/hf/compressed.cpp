// SPDX-License-Identifier: Apache-2.0
//
// What DeepSeek-V4 adds, found by its keys: layers that keep summaries of a group of tokens
// (`compress_ratios`), residual streams side by side that every block mixes (`hc_mult`), and layers
// whose experts a fixed table chooses (`num_hash_layers`). Source: the inference code published
// with the weights (Attention, Compressor, Indexer, Block.hc_*, Gate, ParallelHead, MTPBlock).
#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

// The published code looks one group back and has an indexer where the ratio is this one.
constexpr std::int64_t indexed_ratio = 4;

// A hyper-connection mixes `streams` copies of the residual: one matrix over all of them makes the
// weights to read, to write and to mix them; a base for each weight, and three scales.
void add_hyper_connection(Dim streams, Dim hidden, Layer& layer) {
  const Dim weights = (2 + streams) * streams;
  layer.extra.push_back({.role = "stream_mix", .rows = weights, .cols = streams * hidden});
  layer.extra.push_back({.role = "stream_base", .rows = weights});
  layer.extra.push_back({.role = "stream_scale", .rows = 3});
}

// A list of ratios, or, as transformers writes it, a ratio for each type of layer.
Dim ratio_of(Config& config, std::size_t layer) {
  std::optional<Config> rates = config.within("compress_rates");
  const Node* types = config.find({"layer_types"});
  if (!rates || !types || config.has({"compress_ratios"}))
    return config.of_layer({"compress_ratios"}, layer).value_or(Dim(0));
  if (layer >= types->children.size()) return 0;
  const std::string& type = types->children[layer].text;
  if (type == "compressed_sparse_attention") return rates->need({"compressed_sparse_attention"});
  if (type == "heavily_compressed_attention") return rates->need({"heavily_compressed_attention"});
  return 0;
}

// Layers whose experts a table chooses: so many first ones, or where the list says it.
bool is_hashed(Config& config, std::size_t layer) {
  const Node* types = config.find({"mlp_layer_types"});
  if (types && layer < types->children.size()) return types->children[layer].text == "hash_moe";
  return static_cast<std::int64_t>(layer) <
         config.integer({"num_hash_layers"}).value_or(Dim(0)).value;
}

}  // namespace

Kind read_compressed(Config& config, std::size_t layer) {
  Compressed c;
  c.heads = config.need({"num_attention_heads"});
  c.head_dim = config.need({"head_dim"});
  c.rope_dim = config.integer({"qk_rope_head_dim"}).value_or(Dim(0));
  c.q_lora_rank = config.need({"q_lora_rank"});
  c.o_groups = config.need({"o_groups"});
  c.o_lora_rank = config.need({"o_lora_rank"});
  c.window = config.need({"sliding_window"});
  c.ratio = ratio_of(config, layer);
  c.overlap = c.ratio == Dim(indexed_ratio);
  if (c.overlap) {
    c.index_heads = config.need({"index_n_heads"});
    c.index_head_dim = config.need({"index_head_dim"});
    c.index_topk = config.integer({"index_topk"}).value_or(Dim(0));
  }
  // One latent serves all heads, whatever is said about KV heads.
  config.understand({"num_key_value_heads", "index_n_heads", "index_head_dim", "index_topk",
                     "qk_nope_head_dim", "v_head_dim"});
  return c;
}

// The draft layer's own entry follows those of the decoder's layers; without one it is a window.
Kind read_compressed_draft(Config& config) {
  const std::size_t layers = config.model().decoder.depth();
  if (config.integers({"compress_ratios"}).size() > layers) return read_compressed(config, layers);
  Compressed c = std::get<Compressed>(read_compressed(config, 0));
  c.ratio = c.index_heads = 0;
  c.overlap = false;
  return c;
}

// Once around the attention, once around the experts.
void add_hyper_connections(Config& config, Layer& layer) {
  const auto streams = config.positive({"hc_mult"});
  if (!streams) return;
  for (int n = 0; n < 2; ++n) add_hyper_connection(*streams, config.model().hidden, layer);
}

// In front of the head: a matrix that weighs the streams, their bases, one scale.
void add_stream_head(Config& config, std::vector<WeightTensor>& out) {
  const auto streams = config.positive({"hc_mult"});
  if (!streams) return;
  out.push_back({.role = "stream_mix", .rows = *streams, .cols = *streams * config.model().hidden});
  out.push_back({.role = "stream_base", .rows = *streams});
  out.push_back({.role = "stream_scale", .rows = 1});
}

// The first layers look a token's experts up in a frozen table: nothing is balanced there. The
// table is no parameter.
void drop_bias_of_hash_layers(Config& config, std::size_t index, Layer& layer) {
  Moe* moe = std::get_if<Moe>(&layer.channel);
  if (moe && is_hashed(config, index)) moe->correction_bias = false;
}

}  // namespace attncalc::hf
