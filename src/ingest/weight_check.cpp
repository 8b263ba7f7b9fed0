// SPDX-License-Identifier: Apache-2.0
//
// Sorting the tensors of a file by what they are to the language model, from their names, and
// finding what is on one side only.
#include "ingest/weight_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "ingest/gguf/tensors.hpp"

namespace attncalc {
namespace {

bool has(std::string_view name, std::string_view part) {
  return name.find(part) != std::string_view::npos;
}

bool has_any(std::string_view name, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return has(name, part); });
}

bool ends_with_any(std::string_view name, std::initializer_list<std::string_view> ends) {
  return std::ranges::any_of(ends, [&](std::string_view end) { return name.ends_with(end); });
}

bool begins_with_any(std::string_view name, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts,
                             [&](std::string_view start) { return name.starts_with(start); });
}

// --- what a name says ----------------------------------------------------------------------------

// Towers stand beside the language model under names of their own (transformers' model classes, and
// the remote code of InternVL, MiniCPM-V, Qwen-Omni, Phi-4).
bool is_vision(std::string_view name) {
  return has_any(name, {"vision_tower", "vision_model.", "vision_embed", "visual.",
                        "vision_encoder", "vision_backbone", "vision_proj", "image_newline",
                        "multi_modal_projector.", "mm_projector", "image_embed", "img_embed",
                        "embed_vision.", "patch_merger.", "vision_language_adapter.",
                        "view_seperator", "image_encoder", "pre_mm_projector"}) ||
         begins_with_any(name, {"vit.", "vpm.", "resampler.", "mlp1.", "aligner.", "projector.",
                                "model.connector.", "connector."});
}

bool is_audio(std::string_view name) {
  return has_any(name, {"audio_tower.", "audio_model.", "audio_embed", "embed_audio.",
                        "audio_projection", "audio_encoder", "speech_"}) ||
         begins_with_any(name, {"apm.", "talker.", "token2wav.", "code2wav.", "tts."});
}

// The names of a file, to ask what stands beside a tensor.
using Names = std::set<std::string_view>;

// Scales, offsets and orders of quantised matrices; one value a channel, group or tensor. A learnt
// scale (of a stream, of an expert) has the same ending and no matrix that it belongs to.
struct ScaleEnding {
  std::string_view ending;
  std::string_view matrix;  // what stands in its place on the matrix; with an empty one, nothing
};
constexpr ScaleEnding scale_endings[] = {
    {".weight_scale", ".weight"},
    {".weight_scale", ".weight_packed"},
    {".weight_scale_inv", ".weight"},
    {".weight_scale_2", ".weight"},
    {".weight_global_scale", ".weight_packed"},
    {".weight_zero_point", ".weight"},
    {".weight_zero_point", ".weight_packed"},
    {".weight_shape", ".weight_packed"},
    {".weight_g_idx", ".weight_packed"},
    {".input_scale", ".weight"},
    {".input_scale", ".weight_packed"},
    {".input_global_scale", ".weight_packed"},
    {".input_zero_point", ".weight"},
    {".output_scale", ".weight"},
    {".k_scale", ".weight"},
    {".v_scale", ".weight"},
    {".scale", ".weight"},
    {".qscale_weight", ".weight"},
    {".qscale_act", ".weight"},
    {".scales", ".qweight"},
    {".qzeros", ".qweight"},
    {".g_idx", ".qweight"},
    {".scales", ".weight"},
    {".biases", ".weight"},
    {".SCB", ".weight"},
    {".weight_format", ".weight"},
    {".weight.absmax", ".weight"},
    {".weight.nested_absmax", ".weight"},
    {".weight.quant_map", ".weight"},
    {".weight.nested_quant_map", ".weight"},
    {"_scales", "_blocks"},
    {"_scale", ""},
    {"_scale_inv", ""},
    {"_scale_2", ""},
    {"_input_scale", ""},
    {"_weight_scale", "_weight"},
};

bool is_scale(std::string_view name, const Names& all) {
  if (has(name, ".quant_state.") || ends_with_any(name, {"_amax", ".amax"})) return true;
  const auto belongs = [&](const ScaleEnding& s) {
    return name.ends_with(s.ending) &&
           all.contains(
               fmt::format("{}{}", name.substr(0, name.size() - s.ending.size()), s.matrix));
  };
  // The scales of a cache stand with the attention, not with one matrix.
  return std::ranges::any_of(scale_endings, belongs) ||
         ends_with_any(name, {"attn.k_scale", "attn.v_scale", "attn.q_scale", "attn.prob_scale",
                              "attn.kv_scale"});
}

// Tables that a class could compute and some checkpoints store.
bool is_buffer(std::string_view name) {
  return ends_with_any(name, {"inv_freq", "rotary_pos_emb.cos", "rotary_pos_emb.sin", "masked_bias",
                              "position_ids", "num_batches_tracked", "running_mean", "running_var",
                              "causal_mask", "cos_cached", "sin_cached"}) ||
         has_any(name, {"rope_freqs", "rope_factors"});
}

// GPT-2 stores its causal mask as `attn.bias`, a square with two dimensions of 1 before it.
bool is_mask(const FileTensor& tensor) {
  constexpr std::size_t batch_head_query_key = 4;
  return tensor.shape.size() == batch_head_query_key &&
         ends_with_any(tensor.name, {"attn.bias", "attention.bias"});
}

// Draft layers come after the model's own, or under a name of their own.
bool is_draft(std::string_view name, std::size_t depth) {
  if (name.starts_with("mtp.") ||
      has_any(name, {".mtp.", "mtp_block", ".mtp_", "nextn.", ".eh_proj"}))
    return true;
  const bool encoder = has_any(name, {"encoder."});
  const std::optional<std::size_t> layer = layer_number(name);
  return !encoder && layer && *layer >= depth;
}

// The head of a tied model, or the embedding once more under an encoder's or decoder's name (T5).
bool is_tied_copy(std::string_view name, const Names& all, const Model& model) {
  if (all.contains("shared.weight") || all.contains("model.shared.weight")) {
    if (ends_with_any(name, {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}))
      return true;
  }
  return model.embedding.tied &&
         ends_with_any(name, {"lm_head.weight", "embed_out.weight", "proj_out.weight"});
}

TensorUse use_of(const FileTensor& tensor, const Names& all, const Model& model) {
  const std::string_view name = tensor.name;
  if (is_vision(name)) return TensorUse::vision;
  if (is_audio(name)) return TensorUse::audio;
  if (is_draft(name, model.decoder.depth())) return TensorUse::draft;
  if (is_buffer(name) || is_mask(tensor)) return TensorUse::buffer;
  if (is_scale(name, all)) return TensorUse::scale;
  if (is_tied_copy(name, all, model)) return TensorUse::tied_copy;
  return TensorUse::parameter;
}

// --- words that hold several parameters ----------------------------------------------------------

using ByName = std::map<std::string_view, const safetensors::Tensor*>;

const safetensors::Tensor* sibling(const ByName& all, std::string_view name, std::string_view end,
                                   std::string_view other) {
  const auto at =
      all.find(std::string(name.substr(0, name.size() - end.size())) + std::string(other));
  return at == all.end() ? nullptr : at->second;
}

std::int64_t last(const safetensors::Tensor* tensor) {
  return tensor == nullptr || tensor->shape.empty() ? 0 : tensor->shape.back();
}

// GPTQ packs inputs into words and lists them (g_idx); AWQ packs outputs, of which scales have one
// a column; both know the other dimension from the words' own shape.
std::int64_t unpacked_qweight(const ByName& all, const safetensors::Tensor& words) {
  constexpr std::string_view end = ".qweight";
  const std::int64_t outputs = last(sibling(all, words.name, end, ".scales"));
  const std::int64_t inputs = last(sibling(all, words.name, end, ".g_idx"));
  if (words.shape.size() != 2 || outputs == 0) return words.elements.value.value;
  if (inputs > 0) return inputs * outputs;
  if (outputs != words.shape[1]) return words.shape[0] * outputs;
  // GPTQ without g_idx: as many words as inputs × bits / 32, and the zero points tell the bits.
  const std::int64_t zeros = last(sibling(all, words.name, end, ".qzeros"));
  return zeros == 0 ? words.elements.value.value : words.shape[0] * outputs * outputs / zeros;
}

// How many values of the quantised format stand in one value of the stored type.
std::int64_t values_a_word(const safetensors::Tensor& tensor, const Model& model) {
  const WeightFormats formats = checkpoint_formats(model);
  const Format& format = formats.formats[formats.linear];
  const std::int64_t bits =
      8 * format.block_bytes / std::max<std::int64_t>(format.block_elements, 1);
  const std::int64_t nibbles = 4;  // nothing else is packed into words today
  return tensor.type->bits / (bits > 0 && bits < tensor.type->bits ? bits : nibbles);
}

// A matrix of bytes with scales beside it holds two 4-bit values a byte (NVFP4, bitsandbytes NF4).
bool holds_nibbles(const ByName& all, const safetensors::Tensor& tensor) {
  const std::string_view type = tensor.type->name;
  if (type != "U8" && type != "I8") return false;
  constexpr std::string_view end = ".weight";
  if (!tensor.name.ends_with(end)) return ends_with_any(tensor.name, {"_blocks"});  // gpt-oss
  const safetensors::Tensor* scales = sibling(all, tensor.name, end, ".weight_scale");
  const bool block_scales = scales != nullptr && scales->shape.size() == 2 && last(scales) > 1;
  return block_scales || sibling(all, tensor.name, end, ".weight.absmax") != nullptr;
}

Elements unpacked(const ByName& all, const safetensors::Tensor& tensor, const Model& model) {
  if (tensor.name.ends_with(".qweight")) return Elements(Count(unpacked_qweight(all, tensor)));
  if (tensor.name.ends_with("_packed"))
    return tensor.elements * Count(values_a_word(tensor, model));
  if (holds_nibbles(all, tensor)) return tensor.elements * Count(2);
  return tensor.elements;
}

// --- totals --------------------------------------------------------------------------------------

void add_format(HeaderWeights& file, const FileTensor& tensor) {
  auto at = std::ranges::find(file.formats, tensor.format, &HeaderFormat::name);
  if (at == file.formats.end()) {
    at =
        file.formats.insert(at, {.name = tensor.format, .tensors = 0, .elements = {}, .bytes = {}});
  }
  ++at->tensors;
  at->elements += tensor.elements;
  at->bytes += tensor.bytes;
  file.elements += tensor.elements;
  file.bytes += tensor.bytes;
}

HeaderWeights totals_of(std::string source, const std::vector<FileTensor>& tensors) {
  HeaderWeights out;
  out.source = std::move(source);
  for (const FileTensor& tensor : tensors) add_format(out, tensor);
  std::ranges::stable_sort(out.formats, std::ranges::greater(), &HeaderFormat::bytes);
  return out;
}

void add_use(std::vector<UseTotal>& uses, const FileTensor& tensor) {
  auto at = std::ranges::find(uses, tensor.use, &UseTotal::use);
  if (at == uses.end()) {
    at = uses.insert(
        at,
        {.use = tensor.use, .tensors = 0, .parameters = {}, .bytes = {}, .example = tensor.name});
  }
  ++at->tensors;
  at->parameters += tensor.parameters;
  at->bytes += tensor.bytes;
}

// --- what is on one side only --------------------------------------------------------------------

// "model.layers.3.mlp.experts.7.w1" → "model.layers.*.mlp.experts.*.w1".
std::string pattern_of(std::string_view name) {
  std::string out;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    const bool number = !part.empty() && std::ranges::all_of(part, [](char c) {
      return std::isdigit(static_cast<unsigned char>(c)) != 0;
    });
    out += number ? std::string_view("*") : part;
    if (end < name.size()) out += '.';
    at = end + 1;
  }
  return out;
}

using Sized =
    std::map<std::int64_t, std::map<std::string, std::int64_t>>;  // each → what → how many

void drop_common(std::map<std::string, std::int64_t>& a, std::map<std::string, std::int64_t>& b) {
  for (auto& [name_a, count_a] : a) {
    for (auto& [name_b, count_b] : b) {
      const std::int64_t common = std::min(count_a, count_b);
      count_a -= common;
      count_b -= common;
    }
  }
}

std::vector<OneSided> remaining(const Sized& sized) {
  std::vector<OneSided> out;
  for (const auto& [each, names] : sized) {
    for (const auto& [what, tensors] : names) {
      if (tensors > 0) out.push_back({what, tensors, Elements(Count(each))});
    }
  }
  return out;
}

Sized model_tensors(const Model& model) {
  Sized out;
  for (const WeightLine& line : weight_lines(model)) {
    const WeightTensor& t = line.tensor;
    const Count each = Count(t.rows) * Count(t.cols);
    const Count count = Count(t.copies) * Count(line.layers);
    out[each.value][fmt::format("{} ({})", t.role, line.where)] += count.value;
  }
  return out;
}

}  // namespace

std::optional<std::size_t> layer_number(std::string_view name) {
  for (const std::string_view before : {".layers.", ".h.", "blk.", ".blocks.", "layers."}) {
    const std::size_t at = name.find(before);
    if (at == std::string_view::npos) continue;
    std::size_t layer = 0;
    const char* begin = name.data() + at + before.size();
    const auto [end, error] = std::from_chars(begin, name.data() + name.size(), layer);
    if (error == std::errc() && end != name.data() + name.size() && *end == '.') return layer;
  }
  return std::nullopt;
}

std::string_view use_name(TensorUse use) {
  switch (use) {
    case TensorUse::parameter:
      return "language model";
    case TensorUse::tied_copy:
      return "the tied head, stored a second time";
    case TensorUse::draft:
      return "multi-token prediction";
    case TensorUse::vision:
      return "vision";
    case TensorUse::audio:
      return "audio";
    case TensorUse::scale:
      return "scales of quantised matrices";
    case TensorUse::buffer:
      return "buffers";
  }
  return {};
}

std::vector<FileTensor> file_tensors(const safetensors::Weights& weights, const Model& model) {
  ByName all;
  Names names;
  for (const safetensors::Tensor& tensor : weights.tensors) {
    all.emplace(tensor.name, &tensor);
    names.insert(tensor.name);
  }
  std::vector<FileTensor> out;
  for (const safetensors::Tensor& tensor : weights.tensors) {
    FileTensor one{.name = tensor.name,
                   .format = std::string(tensor.type->name),
                   .shape = tensor.shape,
                   .elements = tensor.elements,
                   .parameters = unpacked(all, tensor, model),
                   .bytes = tensor.bytes};
    one.use = use_of(one, names, model);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<FileTensor> file_tensors(const gguf::Header& header, const Model& model) {
  std::vector<FileTensor> out;
  for (const gguf::Tensor& tensor : header.tensors) {
    FileTensor one{.name = tensor.name,
                   .format = std::string(tensor.type->name),
                   .shape = tensor.shape,
                   .elements = tensor.elements,
                   .parameters = tensor.elements,
                   .bytes = tensor.bytes};
    if (gguf::is_buffer(tensor)) {
      one.use = TensorUse::buffer;
    } else if (is_draft(one.name, model.decoder.depth())) {
      one.use = TensorUse::draft;
    }
    out.push_back(std::move(one));
  }
  return out;
}

WeightCheck check_weights(const Model& model, std::string source,
                          const std::vector<FileTensor>& tensors) {
  WeightCheck check;
  check.file = totals_of(std::move(source), tensors);
  check.parameters_of_model = parameters(model).total;
  check.bytes_of_model = weight_bytes(stored_weights(model, checkpoint_formats(model))).total();
  Sized in_file;
  for (const FileTensor& tensor : tensors) {
    add_use(check.uses, tensor);
    if (tensor.use == TensorUse::parameter || tensor.use == TensorUse::scale)
      check.bytes_in_file += tensor.bytes;
    if (tensor.use != TensorUse::parameter) continue;
    check.parameters_in_file += tensor.parameters;
    ++in_file[tensor.parameters.value.value][pattern_of(tensor.name)];
  }
  std::ranges::stable_sort(check.uses, {}, &UseTotal::use);
  if (check.agrees()) return check;
  Sized in_model = model_tensors(model);
  for (auto& [each, names] : in_file) {
    if (const auto at = in_model.find(each); at != in_model.end()) drop_common(names, at->second);
  }
  check.only_in_file = remaining(in_file);
  check.only_in_model = remaining(in_model);
  return check;
}

WeightCheck check_weights(const Model& model, const safetensors::Weights& weights) {
  WeightCheck check = check_weights(model, weights.source, file_tensors(weights, model));
  check.missing_shards = weights.missing_shards;
  check.stated_size = weights.total_size;
  return check;
}

}  // namespace attncalc
