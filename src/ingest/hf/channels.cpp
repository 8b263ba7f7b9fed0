// SPDX-License-Identifier: Apache-2.0
//
// The channel mixer of a layer: dense, or experts where the keys put them. `intermediate_size`
// means different things in different families (facts in docs/model.md, "Channel mixers"): the
// expert width where no moe_intermediate_size is given, the dense width otherwise.
#include <fmt/format.h>

#include <algorithm>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

const Names expert_count = {"num_experts", "num_local_experts", "n_routed_experts",
                            "moe_num_experts", "moe_num_primary_experts"};
const Names experts_chosen = {"num_experts_per_tok", "num_experts_per_token",
                              "experts_per_token",   "moe_topk",
                              "moe_top_k",           "moe_k",
                              "top_k_experts",       "moe_num_active_primary_experts"};
const Names expert_width = {"moe_intermediate_size", "expert_intermediate_size",
                            "moe_ffn_hidden_size", "expert_ffn_hidden_size"};
const Names dense_width = {"dense_intermediate_size",
                           "intermediate_size",
                           "hidden_dim",
                           "ffn_hidden_size",
                           "n_inner",
                           "ffn_dim",
                           "d_ff",
                           "dff",
                           "dim_ff",
                           "inner_hidden_size",
                           "decoder_ffn_dim",
                           "ff_intermediate_size",
                           "block_ff_dim"};

bool listed(const std::vector<std::int64_t>& layers, std::size_t layer) {
  return std::find(layers.begin(), layers.end(), static_cast<std::int64_t>(layer)) != layers.end();
}

// Step-3 lists its layers with experts in a text: "4,5,6".
bool enumerated(std::string_view numbers, std::size_t layer) {
  const std::string padded = fmt::format(",{},", numbers);
  return padded.find(fmt::format(",{},", layer)) != std::string::npos;
}

// Whether a layer has experts, where the model has any. Each key is optional; all must agree.
bool has_experts(Config& config, std::size_t layer) {
  config.understand({"mlp_layer_types", "moe_layer_freq", "first_k_dense_replace",
                     "moe_layer_start_index", "decoder_sparse_step", "interleave_moe_layer_step",
                     "mlp_only_layers", "is_moe_layer"});
  const auto index = static_cast<std::int64_t>(layer);
  if (const Node* types = config.find({"mlp_layer_types"})) {
    return layer < types->children.size() && types->children[layer].text != "dense";
  }
  config.understand(
      {"moe_layer_end_index", "moe_layer_interval", "expert_layer_period", "expert_layer_offset"});
  if (const Node* numbers = config.find({"moe_layers_enum"}))
    return enumerated(numbers->text, layer);
  if (auto period = config.positive({"expert_layer_period"})) {  // Jamba
    return index % period->value ==
           config.or_default({"expert_layer_offset"}, 1, "class default of Jamba").value;
  }
  if (auto last = config.integer({"moe_layer_end_index"}); last && index > *last)
    return false;  // ERNIE 4.5
  const Node* freq = config.find({"moe_layer_freq"});
  if (freq && freq->kind == NodeKind::list)
    return config.of_layer({"moe_layer_freq"}, layer).value_or(Dim(0)) > 0;
  if (const Node* layout =
          config.find({"is_moe_layer", "moe_layer_layout"})) {  // K-EXAONE, SmallThinker
    const std::vector<std::int64_t> bits = config.integers({"is_moe_layer", "moe_layer_layout"});
    if (layer >= bits.size())
      config.problem(*layout, fmt::format("{} has {} entries; there are more layers than that",
                                          layout->key, bits.size()));
    return layer < bits.size() && bits[layer] != 0;
  }
  if (index < config.integer({"first_k_dense_replace", "moe_layer_start_index", "num_dense_layers"})
                  .value_or(Dim(0)))
    return false;
  if (freq &&
      index % std::max<std::int64_t>(1, config.positive({"moe_layer_freq"}).value_or(Dim(1))) != 0)
    return false;
  const std::int64_t step = config
                                .positive({"decoder_sparse_step", "interleave_moe_layer_step",
                                           "moe_layer_interval", "moe_layer_frequency"})
                                .value_or(Dim(1));
  if ((index + 1) % step != 0) return false;
  return !listed(config.integers({"mlp_only_layers"}), layer);
}

Dim shared_width(Config& config, Dim expert, std::size_t layer) {
  const auto count = config.of_layer(
      {"n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"},
      layer);
  if (auto stated =
          config.integer({"shared_expert_intermediate_size", "moe_shared_expert_intermediate_size",
                          "share_expert_dim", "shared_intermediate_size"})) {
    return *stated;
  }
  return count ? Dim(*count * expert, count->origin) : Dim(0);
}

// DBRX keeps its experts in a map of their own.
Moe read_nested_moe(Config& inner) {
  Moe m;
  m.experts = inner.need({"moe_num_experts"});
  m.experts_per_token = inner.need({"moe_top_k"});
  m.intermediate = inner.need({"ffn_hidden_size"});
  return m;
}

Moe read_moe(Config& config, const ClassFacts& facts, std::size_t layer) {
  Moe m;
  m.experts = config.of_layer(expert_count, layer).value_or(Dim(0));
  m.experts_per_token = config.of_layer(experts_chosen, layer).value_or(Dim(0));
  if (m.experts_per_token < 1)
    config.missing("num_experts_per_tok", "it says how many experts a token uses");
  m.intermediate = config.of_layer(expert_width, layer).value_or(Dim(0));
  if (m.intermediate < 1) m.intermediate = config.need({"intermediate_size", "ffn_hidden_size"});
  m.shared_intermediate = shared_width(config, m.intermediate, layer);
  m.latent = config.integer({"moe_latent_size", "routed_expert_hidden_size"}).value_or(Dim(0));
  m.zero_experts = config.integer({"zero_expert_num"}).value_or(Dim(0));
  if (m.zero_experts > 0)
    m.dense_beside = 2 * config.need({"ffn_hidden_size"}).value;  // LongCat: one an attention block
  // Llama 4: the shared expert is as wide as a routed one, the dense layers have a key of their
  // own.
  if (config.has({"intermediate_size_mlp"})) m.shared_intermediate = m.intermediate;
  m.gated = m.shared_gated = facts.gated_mlp;
  m.router_bias = facts.router_bias;
  m.expert_bias = facts.expert_bias;
  m.shared_gate = facts.shared_gate && m.shared_intermediate > 0;
  m.correction_bias =
      config.flag({"use_routing_bias", "use_expert_bias", "use_moe_router_bias",
                   "moe_router_enable_expert_bias"},
                  facts.correction_bias || config.word({"topk_method"}) == "noaux_tc");
  if (config.flag({"residual_moe"}, false))  // Grok-2: a dense MLP beside the experts
    m.dense_beside = config.need({"intermediate_size"});
  return m;
}

// OpenELM: a factor each layer, rounded to the nearest multiple of the divisor, but never down by
// more than a tenth (make_divisible).
Dim multiplied_width(Config& config, std::size_t layer) {
  const Node* list = config.find({"ffn_multipliers"});
  constexpr double most = 100;  // times hidden: a slip of the keyboard beyond
  const Dim divisor = config.or_default({"ffn_dim_divisor"}, 256, "class default of OpenELM");
  const bool has = list->kind == NodeKind::list && layer < list->children.size();
  const std::optional<double> factor = has ? list->children[layer].as_real() : std::nullopt;
  if (!factor || !(*factor > 0) || *factor > most || divisor < 1) {
    config.problem(*list, "ffn_multipliers must hold a positive number for each layer");
    return 1;
  }
  const double wanted = *factor * static_cast<double>(config.model().hidden);
  const double step = static_cast<double>(divisor);
  std::int64_t steps =
      std::max<std::int64_t>(1, static_cast<std::int64_t>((wanted + step / 2) / step));
  if (static_cast<double>(steps) * step < 0.9 * wanted) ++steps;
  return config.dim(list->children[layer], list->key, steps * divisor);
}

// The width of a dense MLP: its own key, or a multiple of the hidden width that the class has.
Dim dense_intermediate(Config& config, const ClassFacts& facts, std::size_t layer) {
  if (config.has({"ffn_multipliers"})) return multiplied_width(config, layer);
  if (auto stated = config.positive({"intermediate_size_mlp"})) return *stated;
  // Granite without experts: the shared MLP is all there is.
  const bool no_experts = config.integer(expert_count).value_or(Dim(0)) == Dim(0);
  const std::optional<Dim> shared = config.positive({"shared_intermediate_size"});
  if (shared && no_experts) return *shared;
  if (const Node* widths = config.find(dense_width); widths && widths->kind == NodeKind::list)
    return config.of_layer(dense_width, layer).value_or(Dim(0));  // Gemma 3n
  if (auto stated = config.positive(dense_width))
    return {*stated / facts.mlp_width_over, stated->origin};
  if (facts.rwkv_version > 0) {
    const std::int64_t width = channel_mixing_width(facts.rwkv_version, config.model().hidden);
    config.assume("intermediate_size", fmt::format("{}", width),
                  fmt::format("class default of {}", facts.model_type));
    return width;
  }
  const Dim times =
      config.positive({"expansion_ratio", "hidden_ratio"}).value_or(Dim(facts.mlp_times_hidden));
  if (times < 1) return config.need({"intermediate_size"});
  config.assume(
      "intermediate_size", fmt::format("{}", times * config.model().hidden.value),
      fmt::format("{} × hidden_size, class default of {}", times.value, facts.model_type));
  return times * config.model().hidden;
}

// LFM2 states the width before its own adjustment: two thirds, rounded up (Lfm2MLP).
Dim adjusted(Config& config, Dim width) {
  if (!config.flag({"block_auto_adjust_ff_dim"}, false)) return width;
  const Dim multiple = config.or_default({"block_multiple_of"}, 256, "class default of Lfm2Config");
  const std::int64_t two_thirds = 2 * width.value / 3;
  return {(two_thirds + multiple - 1) / multiple * multiple, width.origin};
}

Dense read_dense(Config& config, const ClassFacts& facts, std::size_t layer) {
  Dense d;
  d.intermediate = adjusted(config, dense_intermediate(config, facts, layer));
  d.gated = facts.gated_mlp;
  const bool bias = facts.bias_key_covers_mlp && config.flag({"bias", "use_bias"}, facts.mlp_bias);
  d.up_bias = d.down_bias = config.flag({"mlp_bias"}, bias || facts.mlp_bias);
  return d;
}

}  // namespace

ChannelMixer read_channel(Config& config, const ClassFacts& facts, Channel channel,
                          std::size_t layer) {
  if (channel == Channel::none) return NoChannelMixer{};
  if (std::optional<Config> nested = config.within("ffn_config")) return read_nested_moe(*nested);
  // A single expert is a dense MLP without a router (Jamba 3B, Hunyuan 7B).
  const bool experts = config.of_layer(expert_count, layer).value_or(Dim(0)) > 1;
  const bool here =
      channel == Channel::experts || (channel == Channel::by_keys && has_experts(config, layer));
  if (experts && here) return read_moe(config, facts, layer);
  return read_dense(config, facts, layer);
}

}  // namespace attncalc::hf
