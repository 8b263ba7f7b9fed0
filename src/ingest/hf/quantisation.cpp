// SPDX-License-Identifier: Apache-2.0
//
// Where a checkpoint says how it is quantised, and what it says about the cache. The map stands in
// config.json, there also inside of the language model's part, or in hf_quant_config.json beside
// it; many NVIDIA repositories leave config.json as it was and say it only there.
#include "ingest/hf/quantisation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

constexpr std::string_view assumed_key = "quantization_config";

// --- the cache (five places, docs/model.md "KV formats")
// ------------------------------------------

std::string cache_name(std::string_view stated) {
  if (stated == "FP8" || stated == "fp8" || stated == "fp8_e4m3" || stated == "fp8_e5m2") {
    return "fp8";
  }
  if (stated == "NVFP4" || stated == "nvfp4") return "nvfp4";
  if (stated == "INT8" || stated == "int8") return "int8";
  return {};
}

// compressed-tensors and newer modelopt: {num_bits: 8, type: float}.
std::string cache_of_scheme(const Node& scheme) {
  if (scheme.kind == NodeKind::string) return cache_name(scheme.text);
  const Node* bits = Quantisation::find(scheme, "num_bits");
  const Node* type = Quantisation::find(scheme, "type");
  if (!bits || !type) return {};
  if (bits->as_integer() == 8) return type->text == "int" ? "int8" : "fp8";
  return bits->as_integer() == 4 && type->text == "float" ? "nvfp4" : "";
}

// quark: the projections whose outputs are stored, and the dtype of these outputs.
std::string cache_of_quark(const Node& map) {
  const Node* exported = map.find("export");
  const Node* group = exported ? Quantisation::find(*exported, "kv_cache_group") : nullptr;
  const Node* layers = map.find("layer_quant_config");
  if (!group || group->children.empty() || !layers) return {};
  const Node* layer = layers->find(group->children.front().text);
  const Node* outputs = layer ? Quantisation::find(*layer, "output_tensors") : nullptr;
  const Node* dtype = outputs ? Quantisation::find(*outputs, "dtype") : nullptr;
  return dtype ? cache_name(dtype->text) : std::string();
}

void set_cache(Quantisation& q, const Node& at, std::string_view key, const std::string& name) {
  Dtypes& d = q.config().model().dtypes;
  if (!d.cache.empty()) return;
  if (name.empty()) {
    return q.problem(at, fmt::format("{} is not understood", key),
                     "give --kv-dtype, and pass --assume quantization_config");
  }
  d.cache = name;
  d.cache_source = q.place(at, key);
}

void read_cache(Quantisation& q) {
  if (const Node* scheme = q.find("kv_cache_scheme")) {
    set_cache(q, *scheme, "kv_cache_scheme", cache_of_scheme(*scheme));
  }
  if (const Node* algorithm = q.find("kv_cache_quant_algo")) {
    set_cache(q, *algorithm, "kv_cache_quant_algo", cache_name(algorithm->text));
  }
  if (q.find("export")) {
    const std::string name = cache_of_quark(q.map());
    if (!name.empty()) set_cache(q, *q.find("export"), "export.kv_cache_group", name);
  }
}

// --- the weights ---------------------------------------------------------------------------------

bool is_assumed(const LoadOptions& options) {
  return std::ranges::find(options.assume, assumed_key) != options.assume.end();
}

// modelopt's files may leave the method out; its algorithm says it all.
std::string method_of(const Quantisation& q) {
  const std::string method = q.word("quant_method");
  if (!method.empty()) return method;
  return q.find("quant_algo") ? "modelopt" : std::string();
}

void read_weights(Quantisation& q) {
  Model& model = q.config().model();
  const Result<Format> plain = find_format(model.dtypes.activations);
  if (plain) q.formats().formats.front() = *plain;
  const std::string method = method_of(q);
  if (method.empty()) {
    return q.problem(q.map(), "quantization_config has no quant_method",
                     "to leave it aside, pass --assume quantization_config");
  }
  read_method(q, method);
  model.dtypes.weights = q.formats().name();
  const Node* stated = q.find("quant_method");
  if (!stated) stated = q.find("quant_algo");
  model.dtypes.weights_source = q.place(*stated, "quantization_config." + stated->key);
  model.weight_formats = std::move(q.formats());
}

void read_map(Config& config, const Document& document, const Node& map,
              const LoadOptions& options) {
  Quantisation q(config, document, map);
  if (is_assumed(options)) q.overlook_problems();
  read_cache(q);
  if (!is_assumed(options)) return read_weights(q);
  config.assume(std::string(assumed_key), "ignored", "--assume quantization_config");
}

const Node* map_of(const Node* node) {
  return node && node->kind == NodeKind::map && !node->children.empty() ? node : nullptr;
}

}  // namespace

void read_quantisation(Config& config, const SideFiles& side, const LoadOptions& options) {
  const Node* own = map_of(config.find_anywhere({"quantization_config", "compression_config"}));
  const Node* beside = side.quantisation ? &side.quantisation->root : nullptr;
  if (beside) beside = map_of(beside->find("quantization"));
  if (own) read_map(config, config.document(), *own, options);
  if (!beside) return;
  if (!own) return read_map(config, *side.quantisation, *beside, options);
  Quantisation rest(config, *side.quantisation, *beside);
  if (is_assumed(options)) rest.overlook_problems();
  read_cache(rest);  // only where config.json does not say it
}

// --- one quantisation config ---------------------------------------------------------------------

const Node* Quantisation::find(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node && !node->is_null() ? node : nullptr;
}

std::int64_t Quantisation::whole(const Node& map, std::string_view key, std::int64_t otherwise) {
  const Node* node = find(map, key);
  if (!node) return otherwise;
  if (const auto value = node->as_integer()) return *value;
  problem(*node, fmt::format("{} is {}; it must be a whole number", key, kind_name(node->kind)));
  return otherwise;
}

bool Quantisation::flag(std::string_view key, bool otherwise) const {
  const Node* node = find(key);
  return node ? node->as_boolean().value_or(otherwise) : otherwise;
}

std::string Quantisation::word(std::string_view key) const {
  const Node* node = find(key);
  return node && node->kind == NodeKind::string ? node->text : std::string();
}

void Quantisation::spare(std::initializer_list<std::string_view> lists) {
  for (const std::string_view name : lists) {
    if (const Node* list = find(name)) spare_all_of(*list);
  }
}

void Quantisation::spare_all_of(const Node& list) {
  for (const Node& entry : list.children) {
    if (entry.kind == NodeKind::string) add_rule(entry, entry.text, plain());
  }
}

void Quantisation::add_rule(const Node& at, std::string_view pattern, const Format& format) {
  Result<ModulePattern> modules = ModulePattern::parse(pattern);
  if (!modules) return problem(at, modules.problems().front().message);
  formats_.rules.push_back({*std::move(modules), formats_.add(format)});
}

void Quantisation::problem(const Node& at, std::string message, std::string hint) {
  if (overlooks_) return;
  if (hint.empty()) hint = "to leave it aside, pass --assume quantization_config";
  config_->problems().push_back(document_->problem(at, std::move(message), std::move(hint)));
}

std::string Quantisation::place(const Node& at, std::string_view key) const {
  return fmt::format("{}:{}:{} {}", document_->file, at.line, at.column, key);
}

}  // namespace attncalc::hf
