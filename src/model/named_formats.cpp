// SPDX-License-Identifier: Apache-2.0
//
// The formats that `--weights-dtype NAME` stands for: number formats, the schemes of integer
// quantisers, and llama.cpp's file types.
//
// A file type is a recipe: llama-quantize gives a tensor its type by what it is and by how far up
// it stands. The recipes below follow llama_tensor_get_type_impl in llama.cpp's src/llama-quant.cpp
// (commit 007dbbf3, without an importance matrix), for layers of softmax attention with separate
// q, k and v; what is fused (attn_qkv), latent or recurrent has rules of its own there, and is
// refused here instead of approximated.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/nearest.hpp"
#include "model/model.hpp"
#include "model/module_names.hpp"
#include "model/weight_formats.hpp"

namespace attncalc {
namespace {

Format plain_format(const Model& model) {
  const Result<Format> stated = find_format(model.dtypes.activations);
  return stated ? *stated : Format{};
}

// Only names from format.cpp's own table.
Format known(std::string_view name) { return *find_format(name); }

ModulePattern literal(std::string_view name) { return *ModulePattern::parse(name); }

// --- number formats: every matrix ----------------------------------------------------------------

WeightFormats every_matrix(const Format& format, const Model& model) {
  WeightFormats out;
  out.formats.front() = plain_format(model);
  out.linear = out.add(format);
  out.linear_has_head = true;
  for (const std::string_view embedding : {"embed_tokens", "embeddings", "embed"}) {
    out.rules.push_back({literal(embedding), out.linear});
  }
  return out;
}

// A float as wide as norms are, or wider, holds for them too.
Result<WeightFormats> number_format(std::string_view name, const Model& model) {
  const Result<Format> format = find_format(name);
  if (!format) return format.problems();
  WeightFormats out = every_matrix(*format, model);
  const Format& plain = out.formats.front();
  const bool is_float = name == "fp32" || name == "fp16" || name == "bf16";
  if (is_float || format->block_bytes > plain.block_bytes * format->block_elements) {
    out = WeightFormats{};
    out.formats.front() = *format;
  }
  return out;
}

// --- schemes: the layers' matrices ---------------------------------------------------------------

constexpr std::string_view int4_scheme = "w4a16";

Result<WeightFormats> layers_only(const Format& format, const Model& model) {
  WeightFormats out;
  out.formats.front() = plain_format(model);
  out.linear = out.add(format);
  return out;
}

// GPTQ's and AWQ's precision: int4 with a half-precision scale a group of so many inputs.
Result<WeightFormats> int4_groups(std::string_view name, const Model& model) {
  constexpr std::int64_t usual = 128, scale = 2;
  std::int64_t group = usual;
  const std::string_view argument = name.substr(int4_scheme.size());
  if (!argument.empty()) {
    const bool marked = argument.starts_with(":g");
    const std::string_view digits = marked ? argument.substr(2) : std::string_view();
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, group);
    if (error != std::errc() || stop != end || group < 2 || group % 2 != 0) {
      return usage_problem(
          fmt::format("'{}' is not a format: w4a16:gN takes an even group size", name));
    }
  }
  Format format = known("int4");
  format.name = fmt::format("int4 g{}", group);
  format.scale_per = ScalePer::group;
  format.scale_elements = group;
  format.scale_bytes = scale;
  return layers_only(format, model);
}

// int8 with an fp32 scale a row, an output channel.
Result<WeightFormats> int8_rows(const Model& model) {
  Format format = known("int8");
  format.scale_per = ScalePer::row;
  format.scale_bytes = 4;
  return layers_only(format, model);
}

// --- llama.cpp's file types ----------------------------------------------------------------------

struct Mix {
  std::string_view name;
  std::string_view usual;  // what a tensor is unless a rule below says otherwise
  bool by_layer = false;   // its rules look at layers, so the model must be of a known make
};

constexpr Mix mixes[] = {
    {"q8_0", "q8_0"},         {"q4_0", "q4_0"},         {"q4_1", "q4_1"},
    {"q5_0", "q5_0"},         {"q5_1", "q5_1"},         {"q6_k", "q6_k"},
    {"q2_k", "q2_k", true},   {"q3_k_s", "q3_k", true}, {"q3_k_m", "q3_k", true},
    {"q3_k_l", "q3_k", true}, {"q4_k_s", "q4_k", true}, {"q4_k_m", "q4_k", true},
    {"q5_k_s", "q5_k", true}, {"q5_k_m", "q5_k", true},
};

// What the rules of one mix ask about the model.
struct MixModel {
  std::int64_t layers = 0;
  std::int64_t experts = 1;
  std::int64_t queries_per_kv = 1;
  bool is_70b = false;
};

// The first eighth, the last, and every third between.
bool more_bits(std::int64_t layer, std::int64_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

std::string_view value_type(const Mix& mix, std::int64_t layer, const MixModel& m) {
  std::string_view type = mix.usual;
  const bool rich = mix.name == "q4_k_m" || mix.name == "q5_k_m";
  if (mix.name == "q2_k") type = m.queries_per_kv >= 4 ? "q4_k" : "q3_k";
  if (mix.name == "q3_k_m") type = layer < 2 ? "q5_k" : "q4_k";
  if (mix.name == "q3_k_l") type = "q5_k";
  if (rich && more_bits(layer, m.layers)) type = "q6_k";
  if (mix.name == "q4_k_s" && layer < 4) type = "q5_k";
  if (m.is_70b && (type == "q3_k" || type == "q4_k")) type = "q5_k";
  return m.experts == 8 ? "q8_0" : type;
}

std::string_view down_type(const Mix& mix, std::int64_t layer, const MixModel& m) {
  const bool rich = mix.name == "q4_k_m" || mix.name == "q5_k_m";
  if (mix.name == "q2_k") return "q3_k";
  if (mix.name == "q3_k_m") return layer < m.layers / 16 ? "q5_k" : "q4_k";
  if (mix.name == "q3_k_l") return "q5_k";
  if (rich && more_bits(layer, m.layers)) return "q6_k";
  if (mix.name == "q4_k_s" && layer < m.layers / 8) return "q5_k";
  return mix.usual;
}

std::string_view output_type(const Mix& mix, const MixModel& m) {
  const bool small = mix.usual == "q2_k" || mix.usual == "q3_k" || mix.usual == "q4_k";
  if (m.experts == 8) return small && mix.name != "q3_k_l" ? "q5_k" : mix.usual;
  if (mix.name == "q2_k") return "q3_k";
  if (mix.name == "q3_k_m") return "q4_k";
  return mix.name == "q3_k_l" ? "q5_k" : mix.usual;
}

std::string_view layer_type(const Mix& mix, std::string_view role, std::int64_t layer,
                            const MixModel& m) {
  if (role == "v_proj") return value_type(mix, layer, m);
  if (role == "k_proj") return m.experts == 8 && mix.by_layer ? "q8_0" : mix.usual;
  if (role == "down_proj") return down_type(mix, layer, m);
  if (role == "o_proj") return output_type(mix, m);
  return mix.usual;
}

// Rows that do not fill the blocks of a type are stored in one with smaller blocks.
Format fitting(std::string_view type, std::int64_t cols) {
  constexpr std::pair<std::string_view, std::string_view> smaller[] = {
      {"q2_k", "q4_0"}, {"q3_k", "q4_0"}, {"q4_k", "q5_0"}, {"q5_k", "q5_1"}, {"q6_k", "q8_0"}};
  Format format = known(type);
  if (cols % format.scale_elements == 0) return format;
  for (const auto& [wide, narrow] : smaller) {
    if (wide == type) format = known(narrow);
  }
  return cols % format.scale_elements == 0 ? format : known("fp16");
}

// The output matrix (the embedding, where it serves as both) gets six bits or eight.
Format head_format(const Mix& mix, std::int64_t cols) {
  const Format usual = known(mix.usual);
  const bool eight = mix.usual == "q8_0" || cols % usual.scale_elements != 0;
  return fitting(eight ? "q8_0" : "q6_k", cols);
}

// Families that llama.cpp stores with one attn_qkv, which its recipes treat apart.
bool has_fused_queries(const Model& model) {
  constexpr std::string_view fused[] = {
      "gpt2", "gpt_neox", "bloom",     "falcon",      "mpt",  "phi3",    "qwen",
      "dbrx", "chatglm",  "codeshell", "gpt_bigcode", "jais", "phi-msft"};
  return std::ranges::find(fused, std::string_view(model.model_type)) != std::end(fused);
}

bool is_known_make(const Model& model) {
  const auto known_layer = [](const Layer& layer) {
    const bool softmax =
        layer.mixers.size() == 1 && std::holds_alternative<Softmax>(layer.mixers[0]);
    return softmax && !std::holds_alternative<NoChannelMixer>(layer.channel);
  };
  return model.beside.empty() && !has_fused_queries(model) &&
         std::ranges::all_of(model.decoder.distinct, known_layer);
}

MixModel facts_of(const Model& model) {
  MixModel m;
  m.layers = static_cast<std::int64_t>(model.decoder.depth());
  for (const Layer& layer : model.decoder.distinct) {
    if (const auto* moe = std::get_if<Moe>(&layer.channel)) m.experts = moe->experts;
    if (layer.mixers.empty()) continue;
    const auto* softmax = std::get_if<Softmax>(&layer.mixers.front());
    if (softmax && softmax->kv_heads > 0) m.queries_per_kv = softmax->heads / softmax->kv_heads;
  }
  // literal: llama.cpp calls a model of this depth "70B" if its queries share keys
  const bool deep = m.layers == 80 && m.queries_per_kv > 1;
  m.is_70b = deep && (model.model_type == "llama" || model.model_type == "qwen2");
  return m;
}

void add_layer_rules(const Mix& mix, const Model& model, WeightFormats& out) {
  const MixModel facts = facts_of(model);
  const ModuleSpelling spelling;
  std::vector<std::vector<NamedTensor>> named;
  for (const Layer& layer : model.decoder.distinct) {
    named.push_back(named_tensors(layer, model.hidden, spelling));
  }
  for (std::size_t i = 0; i < model.decoder.order.size(); ++i) {
    for (const NamedTensor& t : named[model.decoder.order[i]]) {
      if (t.reach != Reach::linear) continue;
      const auto layer = static_cast<std::int64_t>(i);
      const Format format = fitting(layer_type(mix, t.tensor.role, layer, facts), t.tensor.cols);
      const std::string name = fmt::format("{}{}.{}", spelling.layers, i, t.modules.front());
      out.rules.push_back({literal(name), out.add(format)});
    }
  }
}

// Vectors, routers and small matrices are fp32 in GGUF files.
Result<WeightFormats> llama_mix(const Mix& mix, const Model& model) {
  if (mix.by_layer && !is_known_make(model)) {
    return usage_problem(
        fmt::format("{} gives layers of this kind types that are not known here", mix.name),
        "give one type for all, such as q4_0 or q8_0, or the GGUF file itself");
  }
  const Embedding& e = model.embedding;
  const Dim width = e.width > 0 ? e.width : model.hidden;
  WeightFormats out;
  out.formats.front() = known("fp32");
  const Format head = head_format(mix, width);
  const bool serves_as_head = e.tied || !e.has_head;
  out.rules.push_back(
      {literal("embed"), out.add(serves_as_head ? head : fitting(mix.usual, width))});
  out.rules.push_back({literal("lm_head"), out.add(head)});
  if (mix.by_layer) {
    add_layer_rules(mix, model, out);
  } else {
    out.linear = out.add(known(mix.usual));
  }
  return out;
}

std::string_view without_case(std::string_view name, std::string& buffer) {
  buffer.assign(name);
  for (char& c : buffer) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return buffer;
}

}  // namespace

Result<WeightFormats> named_formats(std::string_view typed, const Model& model) {
  std::string buffer;
  const std::string_view name = without_case(typed, buffer);
  if (name.starts_with(int4_scheme)) return int4_groups(name, model);
  if (name == "w8a8") return int8_rows(model);
  const auto mix = std::ranges::find(mixes, name, &Mix::name);
  if (mix != std::end(mixes)) return llama_mix(*mix, model);
  Result<WeightFormats> format = number_format(name, model);
  if (format || name.starts_with("bits:")) return format;
  std::vector<std::string_view> names = format_names();
  names.insert(names.end(), {int4_scheme, "w8a8"});
  for (const Mix& known_mix : mixes) names.push_back(known_mix.name);
  return usage_problem(fmt::format("no format of weights is named '{}'", typed),
                       did_you_mean(name, names));
}

}  // namespace attncalc
