// SPDX-License-Identifier: Apache-2.0
//
// What stands in which layer, from the keys and the architecture's row of rules (docs/gguf.md).
#include <fmt/format.h>

#include <algorithm>

#include "ingest/gguf/reader.hpp"

namespace attncalc::gguf {
namespace {

constexpr std::int64_t most_layers = 10'000;

// --- an architecture that we know nothing about --------------------------------------------------

// Keys that say that there is more to the cache than keys and values, but not, without the code of
// the architecture, what.
constexpr std::string_view telling[] = {"attention.sliding_window",
                                        "attention.key_length_swa",
                                        "attention.key_length_mla",
                                        "attention.kv_lora_rank",
                                        "attention.indexer.",
                                        "attention.compress_ratios",
                                        "attention.recurrent_layers",
                                        "attention.shared_kv_layers",
                                        "full_attention_interval",
                                        "ssm.",
                                        "wkv.",
                                        "shortconv.",
                                        "kda.",
                                        "token_shift_count"};

bool may_pass(const Key& key, const LoadOptions& options) {
  return std::ranges::any_of(options.assume, [&](const std::string& name) {
    return key.name == name || key.name.ends_with("." + name);
  });
}

bool is_zero(const Value& value) {
  return !value.integers.empty() &&
         std::ranges::all_of(value.integers, [](std::int64_t v) { return v == 0; });
}

void refuse_ambiguous(Keys& keys, const LoadOptions& options) {
  const std::string prefix = keys.arch() + ".";
  for (const Key& key : keys.header().keys) {
    if (!key.name.starts_with(prefix) || is_zero(key.value)) continue;
    const std::string_view name = std::string_view(key.name).substr(prefix.size());
    const bool tells =
        std::ranges::any_of(telling, [&](std::string_view t) { return name.starts_with(t); });
    if (!tells) continue;
    if (may_pass(key, options)) {
      keys.ignore(key);
      keys.assume(key.name, "ignored", "--assume");
    } else {
      keys.problem(
          key,
          fmt::format("architecture '{}' is not known, so what {} means for its cache is not",
                      keys.arch(), key.name),
          fmt::format("--assume {} lets it pass as if it were not there", key.name));
    }
  }
}

// --- windows -------------------------------------------------------------------------------------

std::optional<Dim> read_window(Keys& keys, const ArchRules& rules, std::size_t trunk) {
  constexpr std::string_view name = "attention.sliding_window";
  const std::optional<Dim> key = keys.number(name);
  const bool asked = key && *key > 0;
  if (rules.windows == Windows::none) {
    if (asked) {
      keys.warn("window_ignored",
                fmt::format("{}.{} is {}, and models of this architecture have no window",
                            keys.arch(), name, key->value));
    }
    return std::nullopt;
  }
  if (rules.window_only_at != 0 && trunk != static_cast<std::size_t>(rules.window_only_at))
    return std::nullopt;
  if (key && !asked) return std::nullopt;
  if (!key && rules.window_otherwise == 0) return std::nullopt;
  const Dim fixed = rules.window_always;
  if (key) return fixed > 0 ? fixed : *key;
  keys.assume(fmt::format("{}.{}", keys.arch(), name), fmt::format("{}", rules.window_otherwise),
              fmt::format("default of architecture {}", keys.arch()));
  return Dim(rules.window_otherwise);
}

bool by_period(Windows windows, std::int64_t period, std::size_t layer) {
  if (windows == Windows::every_layer || period == 0) return true;
  const std::int64_t at = static_cast<std::int64_t>(layer) % period;
  return windows == Windows::full_first ? at != 0 : at < period - 1;
}

bool has_window(Keys& keys, const ArchRules& rules, const ModelShape& shape, std::size_t layer) {
  constexpr std::string_view pattern = "attention.sliding_window_pattern";
  if (!shape.window || layer >= shape.trunk) return false;
  if (keys.is_array(pattern)) return keys.of_layer(pattern, layer).value_or(Dim(0)) > 0;
  if (const std::optional<Dim> period = keys.number(pattern)) {
    const bool first = rules.windows == Windows::full_first;
    return by_period(first ? Windows::full_first : Windows::full_last, *period, layer);
  }
  if (rules.windows != Windows::listed) return by_period(rules.windows, rules.period, layer);
  if (layer == 0) keys.missing(pattern);
  return false;
}

// --- recurrent layers and layers without attention -----------------------------------------------

Dim kv_heads(Keys& keys, std::size_t layer) {
  constexpr std::string_view own = "attention.head_count_kv";
  const std::string_view name = keys.has(own) ? own : std::string_view("attention.head_count");
  return keys.of_layer(name, layer).value_or(Dim(0));
}

Dim mlp_width(Keys& keys, std::size_t layer) {
  return keys.of_layer("feed_forward_length", layer).value_or(Dim(0));
}

bool recurrent_by_interval(Keys& keys, const ArchRules& rules, std::size_t layer) {
  constexpr std::string_view list = "attention.recurrent_layers";
  constexpr std::string_view interval = "full_attention_interval";
  if (keys.has(list)) return keys.of_layer(list, layer).value_or(Dim(0)) > 0;
  if (!keys.has(interval)) {
    keys.assume(fmt::format("{}.{}", keys.arch(), interval), fmt::format("{}", rules.interval),
                fmt::format("default of architecture {}", keys.arch()));
  }
  const std::int64_t every = std::max<std::int64_t>(keys.number_or(interval, rules.interval), 1);
  return static_cast<std::int64_t>(layer + 1) % every != 0;
}

void read_roles(Keys& keys, const ArchRules& rules, std::size_t layer, LayerShape& out) {
  switch (rules.recurrent) {
    case RecurrentWhere::nowhere:
      out.attention = kv_heads(keys, layer) > 0;
      break;
    case RecurrentWhere::every_layer:
      out.recurrent = true;
      out.attention = false;
      break;
    case RecurrentWhere::beside_attention:
      out.recurrent = out.attention = true;
      break;
    case RecurrentWhere::no_kv_heads:
      out.attention = kv_heads(keys, layer) > 0;
      out.recurrent = !out.attention;
      break;
    case RecurrentWhere::no_kv_heads_no_mlp:
      out.attention = kv_heads(keys, layer) > 0 && mlp_width(keys, layer) == Dim(0);
      out.recurrent = kv_heads(keys, layer) == Dim(0) && mlp_width(keys, layer) == Dim(0);
      break;
    case RecurrentWhere::interval:
      out.recurrent = recurrent_by_interval(keys, rules, layer);
      out.attention = !out.recurrent;
      break;
  }
}

// --- indexers ------------------------------------------------------------------------------------

// GLM-5.2 leaves the list out of its GGUF files: short-context models choose in every layer, others
// in the first three and then in every fourth.
bool glm_indexer(Keys& keys, std::size_t layer) {
  const bool everywhere = keys.number_or("context_length", 0) < units::mebi;
  return everywhere || layer < 2 || (layer - 2) % 4 == 0;
}

bool has_own_indexer(Keys& keys, const ArchRules& rules, const LayerShape& shape,
                     std::size_t layer) {
  constexpr std::string_view types = "attention.indexer.types";
  if (keys.number_or("attention.indexer.head_count", 0) == Dim(0)) return false;
  if (keys.number_or("attention.indexer.top_k", 0) == Dim(0)) return false;  // full attention
  switch (rules.indexer) {
    case Indexer::none:
      return false;
    case Indexer::every_layer:
      return true;
    case Indexer::attention_layers:
      return shape.attention;
    case Indexer::moe_layers:
      return static_cast<std::int64_t>(layer) >= keys.number_or("leading_dense_block_count", 0);
    case Indexer::listed:
      if (keys.has(types)) return keys.of_layer(types, layer).value_or(Dim(0)) > 0;
      return glm_indexer(keys, layer);
  }
  return false;
}

// --- layers that read another's cache ------------------------------------------------------------

// The last of the first `own` layers that sees as much as this one (transformers' Gemma 3n).
std::optional<std::uint32_t> owner_of(const ModelShape& shape, std::size_t own, std::size_t layer) {
  for (std::size_t i = own; i-- > 0;) {
    if (shape.layer[i].window == shape.layer[layer].window) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

void read_sharing(Keys& keys, const ArchRules& rules, ModelShape& shape) {
  std::size_t own = shape.trunk;
  if (rules.own_kv_layers > 0) own = std::min(own, static_cast<std::size_t>(rules.own_kv_layers));
  const auto shared =
      static_cast<std::size_t>(keys.number_or("attention.shared_kv_layers", 0).value);
  if (shared > 0 && shared >= shape.trunk) {
    return keys.problem(
        *keys.find("attention.shared_kv_layers"),
        fmt::format("{} layers share a cache; the model has {}", shared, shape.trunk));
  }
  own = std::min(own, shape.trunk - shared);
  for (std::size_t i = own; i < shape.trunk; ++i) shape.layer[i].cache_of = owner_of(shape, own, i);
}

std::size_t read_layer_count(Keys& keys) {
  const Dim layers = keys.need("block_count");
  if (layers <= most_layers) return static_cast<std::size_t>(layers.value);
  keys.problem(
      *keys.find("block_count"),
      fmt::format("the model would have {} layers; the most is {}", layers.value, most_layers));
  return 0;
}

std::size_t read_trunk(Keys& keys, std::size_t layers) {
  const auto drafts = static_cast<std::size_t>(keys.number_or("nextn_predict_layers", 0).value);
  if (drafts == 0 || drafts < layers) return layers - drafts;
  keys.problem(
      *keys.find("nextn_predict_layers"),
      fmt::format("{} of {} layers are draft layers; none is left for the model", drafts, layers));
  return layers;
}

}  // namespace

ModelShape read_shape(Keys& keys, const ArchRules& rules, const LoadOptions& options) {
  ModelShape shape;
  if (arch_rules(keys.arch()) == nullptr) refuse_ambiguous(keys, options);
  if (rules.recurrent == RecurrentWhere::nowhere && !keys.has("attention.head_count")) {
    keys.missing("attention.head_count");
  }
  shape.layers = read_layer_count(keys);
  shape.trunk = read_trunk(keys, shape.layers);
  shape.latent = rules.latent && keys.number_or("attention.kv_lora_rank", 0) > 0;
  shape.window = read_window(keys, rules, shape.trunk);
  for (std::size_t i = 0; i < shape.layers && keys.sound(); ++i) {
    LayerShape layer;
    if (i < shape.trunk) read_roles(keys, rules, i, layer);
    layer.window = has_window(keys, rules, shape, i);
    layer.own_indexer = i < shape.trunk && has_own_indexer(keys, rules, layer, i);
    shape.layer.push_back(layer);
  }
  if (keys.sound()) read_sharing(keys, rules, shape);
  return shape;
}

}  // namespace attncalc::gguf
