// SPDX-License-Identifier: Apache-2.0
//
// What only some families have, each found by its keys and read in a function of its own: facts
// that a key switches, searched architectures, per-layer inputs, encoders.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

// --- Nemotron-NAS (DeciLM): block_configs ------------------------------------------------------

// The MLP's width: ffn_mult × 2/3 of 4 × hidden … as the model's configuration code has it,
// 2 × ffn_mult × hidden / 3 rounded up to 256.
Dim searched_width(Config& config, const Node& ffn) {
  constexpr std::int64_t multiple = 256;
  const Node* mult = ffn.find("ffn_mult");
  if (!mult || !mult->as_real()) {
    config.problem(ffn, "ffn_mult is missing; it says how wide this layer's MLP is");
    return 1;
  }
  const auto width = static_cast<std::int64_t>(2 * *mult->as_real() *
                                               static_cast<double>(config.model().hidden) / 3);
  return config.dim(*mult, "ffn_mult", (width + multiple - 1) / multiple * multiple);
}

bool is_on(const Node& block, std::string_view key) {
  const Node* node = block.find(key);
  return node && node->as_boolean() == true;
}

// No attention: the layer has no input norm either. A linear layer in its place caches nothing.
void add_searched_attention(Config& config, const ClassFacts& facts, const Node& block,
                            Layer& layer) {
  if (is_on(block, "no_op")) return;
  add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
  if (is_on(block, "replace_with_linear")) {
    layer.extra.push_back(
        {.role = "out_proj", .rows = config.model().hidden, .cols = config.model().hidden});
    return;
  }
  Softmax s;
  s.heads = config.need({"num_attention_heads"});
  const Node* group = block.find("n_heads_in_group");
  const std::int64_t size =
      group && group->as_integer() ? std::max<std::int64_t>(1, *group->as_integer()) : 1;
  s.kv_heads = group ? config.dim(*group, "n_heads_in_group", s.heads / size) : s.heads;
  const Node* window = block.find("window_length");
  if (window && !window->is_null()) s.window = config.whole(*window, "window_length", 1);
  s.complete(config.model().hidden);
  layer.mixers.push_back(s);
}

void add_searched_channel(Config& config, const ClassFacts& facts, const Node& block,
                          Layer& layer) {
  if (is_on(block, "no_op")) return;
  add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
  if (is_on(block, "replace_with_linear")) {
    layer.extra.push_back(
        {.role = "down_proj", .rows = config.model().hidden, .cols = config.model().hidden});
    return;
  }
  layer.channel = Dense{.intermediate = searched_width(config, block)};
}

// --- Gemma 3n and 4 ----------------------------------------------------------------------------

// Per-layer inputs: a gate down to the small width, a projection back, a norm
// (Gemma4TextDecoderLayer, Gemma3nTextDecoderLayer).
void add_per_layer_input(Config& config, const ClassFacts& facts, Layer& layer) {
  const Dim width = config.integer({"hidden_size_per_layer_input"}).value_or(Dim(0));
  if (width < 1) return;
  const Dim hidden = config.model().hidden;
  layer.extra.push_back({.role = "per_layer_gate", .rows = width, .cols = hidden});
  layer.extra.push_back({.role = "per_layer_proj", .rows = hidden, .cols = width});
  add_norm(layer.extra, "norm", hidden, facts.norm);
}

// AltUp: four streams predicted and corrected a layer; LAuReL: a low-rank residual beside attention
// (Gemma3nTextAltUp, Gemma3nTextLaurelBlock).
void add_altup(Config& config, const ClassFacts& facts, Layer& layer) {
  const Dim hidden = config.model().hidden;
  if (const auto rank = config.positive({"laurel_rank"})) {
    layer.extra.push_back({.role = "laurel_down", .rows = *rank, .cols = hidden});
    layer.extra.push_back({.role = "laurel_up", .rows = hidden, .cols = *rank});
    add_norm(layer.extra, "norm", hidden, facts.norm);
  }
  const auto streams = config.positive({"altup_num_inputs"});
  if (!streams) return;
  layer.extra.push_back({.role = "altup_predict", .rows = *streams * *streams, .cols = *streams});
  layer.extra.push_back({.role = "altup_correct", .rows = *streams, .cols = *streams});
  layer.extra.push_back({.role = "altup_router", .rows = *streams, .cols = hidden});
  layer.extra.push_back({.role = "altup_scale", .rows = hidden});
  add_norm(layer.extra, "norm", hidden, facts.norm);
}

// Layers that read another's cache have no projections for keys and values of their own.
void drop_shared_projections(Layer& layer) {
  if (!layer.cache_of) return;
  for (Kind& kind : layer.mixers) {
    if (Softmax* softmax = std::get_if<Softmax>(&kind)) softmax->projects_kv = false;
  }
}

// Gemma 4's experts stand beside a dense MLP, with three more norms, a scale on the router's input
// and one on each expert. Every layer of Gemma 4 has a learnt scalar.
void add_gemma4(Config& config, const ClassFacts& facts, Layer& layer) {
  if (!config.has({"global_head_dim"})) return;
  layer.extra.push_back({.role = "layer_scalar", .rows = 1});
  Moe* moe = std::get_if<Moe>(&layer.channel);
  if (!moe) return;
  moe->dense_beside = config.need({"intermediate_size"});
  const Dim hidden = config.model().hidden;
  layer.extra.push_back({.role = "router_scale", .rows = hidden});
  layer.extra.push_back({.role = "expert_scale", .rows = moe->experts});
  for (int n = 0; n < 3; ++n) add_norm(layer.extra, "norm", hidden, facts.norm);
}

// Layers that read another's cache are twice as wide where the key says so.
void widen_shared_layers(Config& config, Layer& layer) {
  if (!config.flag({"use_double_wide_mlp"}, false) || !layer.cache_of) return;
  if (Dense* dense = std::get_if<Dense>(&layer.channel)) dense->intermediate.value *= 2;
}

// --- Kimi-K3, mllama -----------------------------------------------------------------------------

// Attention residuals: two norms and two vectors a layer over what earlier blocks wrote; a norm on
// the experts' narrow width.
void add_kimi(Config& config, const ClassFacts& facts, Layer& layer) {
  const Dim hidden = config.model().hidden;
  if (config.integer({"attn_res_block_size"}).value_or(Dim(0)) > 0) {
    for (int n = 0; n < 2; ++n) {
      add_norm(layer.extra, "norm", hidden, facts.norm);
      layer.extra.push_back({.role = "residual_query", .rows = hidden});
    }
  }
  const Moe* moe = std::get_if<Moe>(&layer.channel);
  if (moe && config.flag({"latent_moe_use_norm"}, false))
    add_norm(layer.extra, "norm", moe->latent, facts.norm);
}

// A cross layer's MLP has a scalar gate too.
void add_mllama(const LayerPlan& plan, std::size_t index, Layer& layer) {
  if (plan.roles[index] == Role::cross) layer.extra.push_back({.role = "gates", .rows = 1});
}

// --- BitNet, Apertus, Arctic
// -----------------------------------------------------------------------

void add_sub_norms(Config& config, const ClassFacts& facts, Layer& layer) {
  const Dense* dense = std::get_if<Dense>(&layer.channel);
  if (!facts.sub_norms || !dense) return;
  add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
  add_norm(layer.extra, "norm", dense->intermediate, facts.norm);
}

// xIELU learns the slopes of its two halves.
void add_activation(Config& config, Layer& layer) {
  if (config.word({"hidden_act", "hidden_activation"}) == "xielu")
    layer.extra.push_back({.role = "act_slopes", .rows = 2});
}

// Arctic: beside the experts stands a dense MLP as wide as the residual, behind a norm of its own
// (ArcticMLP, is_residual_mlp).
void add_residual_mlp(Config& config, const ClassFacts& facts, Layer& layer) {
  Moe* moe = std::get_if<Moe>(&layer.channel);
  if (!config.flag({"parallel_attn_mlp_res"}, false) || !moe) return;
  moe->dense_beside = config.model().hidden;
  add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
}

// --- encoders ------------------------------------------------------------------------------------

// BERT: a table of token types, and the pooler that BertModel has on top.
void add_bert(Config& config, const ClassFacts& facts) {
  const auto types = config.integer({"type_vocab_size"});
  if (!facts.bidirectional || !types) return;
  Embedding& e = config.model().embedding;
  const Dim hidden = config.model().hidden;
  e.extra.push_back({.role = "token_types", .rows = *types, .cols = hidden});
  if (e.has_head) return;
  e.extra.push_back({.role = "pooler", .rows = hidden, .cols = hidden});
  e.extra.push_back({.role = "bias", .rows = hidden});
}

// SambaY: what two attentions are weighed by (four vectors and a norm over a pair of heads), and in
// place of a late state space a unit that gates the memory of the last one.
void add_sambay(Config& config, const LayerPlan& plan, std::size_t index, Layer& layer) {
  if (!config.has({"mb_per_layer"})) return;
  const Dim hidden = config.model().hidden;
  if (const Softmax* s = layer.mixers.empty() ? nullptr : std::get_if<Softmax>(&layer.mixers[0])) {
    layer.extra.push_back({.role = "head_lambda", .rows = 4 * s->head_dim});
    layer.extra.push_back({.role = "norm", .rows = 2 * s->head_dim});
  }
  if (plan.roles[index] != Role::none) return;
  const Dim inner = config.positive({"mamba_expand"}).value_or(Dim(2)) * hidden;
  layer.extra.push_back({.role = "in_proj", .rows = inner, .cols = hidden});
  layer.extra.push_back({.role = "out_proj", .rows = hidden, .cols = inner});
}

// Baichuan-M1 mixes each key and value with the one before, by one number a head and step. What it
// remembers for that, one token's keys and values, is not a part of the cache's rows.
void add_key_convolution(Config& config, Layer& layer) {
  const auto window = config.positive({"conv_window"});
  const Softmax* s = layer.mixers.empty() ? nullptr : std::get_if<Softmax>(&layer.mixers[0]);
  if (!window || s == nullptr) return;
  layer.extra.push_back({.role = "key_conv", .rows = s->kv_heads, .cols = *window});
  layer.extra.push_back({.role = "value_conv", .rows = s->kv_heads, .cols = *window});
  config.assume("conv_window", "no state",
                "the last keys and values before their convolution are not counted");
}

}  // namespace

ClassFacts facts_for(Config& config, const Node& root, ClassFacts facts) {
  if (facts.no_bias_key && config.flag({"no_bias"}, true)) {
    facts.qkv_bias = facts.o_bias = facts.mlp_bias = false;
    facts.norm = NormParameters::scale;
  }
  config.understand({"no_bias"});
  // Falcon's old architecture runs attention and MLP behind one norm.
  const Node* two_norms = config.find({"new_decoder_architecture"});
  if (two_norms && two_norms->as_boolean() == false && config.flag({"parallel_attn"}, false))
    facts.norms = 1;
  // ChatGLM's first version is another model: biases, LayerNorms, an MLP without a gate.
  if (config.has({"inner_hidden_size"})) {
    facts.qkv_bias = facts.o_bias = facts.mlp_bias = facts.tied = true;
    facts.gated_mlp = false;
    facts.norm = NormParameters::scale_and_bias;
  }
  if (facts.one_norm_if_parallel && config.flag({"use_parallel_residual"}, false)) facts.norms = 1;
  return facts_of_encoders(config, root, facts);
}

std::optional<Layer> read_searched_layer(Config& config, const ClassFacts& facts,
                                         std::size_t layer) {
  const Node* blocks = config.find({"block_configs"});
  if (!blocks || blocks->kind != NodeKind::list || layer >= blocks->children.size())
    return std::nullopt;
  config.understand({"num_key_value_heads", "intermediate_size"});
  const Node* attention = blocks->children[layer].find("attention");
  const Node* ffn = blocks->children[layer].find("ffn");
  if (!attention || !ffn) {
    config.problem(blocks->children[layer], "a block needs both attention and ffn");
    return Layer{};
  }
  Layer out;
  add_searched_attention(config, facts, *attention, out);
  add_searched_channel(config, facts, *ffn, out);
  return out;
}

void add_layer_extras(Config& config, const ClassFacts& facts, const LayerPlan& plan,
                      std::size_t index, Layer& layer) {
  add_per_layer_input(config, facts, layer);
  add_altup(config, facts, layer);
  drop_shared_projections(layer);
  add_gemma4(config, facts, layer);
  widen_shared_layers(config, layer);
  add_kimi(config, facts, layer);
  add_mllama(plan, index, layer);
  add_sub_norms(config, facts, layer);
  add_activation(config, layer);
  add_residual_mlp(config, facts, layer);
  add_hyper_connections(config, layer);
  drop_bias_of_hash_layers(config, index, layer);
  add_channel_mixing(config, facts, layer);
  add_call_of_shared_block(config, plan, index, layer);
  add_sambay(config, plan, index, layer);
  add_key_convolution(config, layer);
  add_cross_attention(config, facts, layer);
}

// The table of per-layer inputs (vocabulary × layers × width), its projection from the embedding
// and a norm (Gemma4TextModel).
void add_model_extras(Config& config, const ClassFacts& facts) {
  add_bert(config, facts);
  add_stream_head(config, config.model().embedding.extra);
  if (config.integer({"attn_res_block_size"}).value_or(Dim(0)) >
      0) {  // Kimi-K3: one pair at the end
    add_norm(config.model().embedding.extra, "norm", config.model().hidden, facts.norm);
    config.model().embedding.extra.push_back(
        {.role = "residual_query", .rows = config.model().hidden});
  }
  if (config.has({"cross_attention_layers"})) {  // mllama: eight more rows, input side only
    config.model().embedding.extra.push_back(
        {.role = "extra_embed", .rows = 8, .cols = config.model().hidden});
  }
  Embedding& e = config.model().embedding;
  if (const auto streams =
          config.positive({"altup_num_inputs"})) {  // into and out of the other streams
    const Dim others = *streams - 1;
    e.extra.push_back({.role = "altup_proj",
                       .rows = 2 * others * config.model().hidden,
                       .cols = config.model().hidden});
  }
  const Dim width = config.integer({"hidden_size_per_layer_input"}).value_or(Dim(0));
  if (width < 1) return;
  const Dim rows = config.positive({"vocab_size_per_layer_input"}).value_or(e.vocabulary);
  const auto layers = static_cast<std::int64_t>(config.model().decoder.depth());
  e.extra.push_back({.role = "per_layer_embed", .rows = rows, .cols = layers * width});
  e.extra.push_back(
      {.role = "per_layer_model_proj", .rows = layers * width, .cols = config.model().hidden});
  add_norm(e.extra, "norm", width, facts.norm);
}

}  // namespace attncalc::hf
