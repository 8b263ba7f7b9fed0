// SPDX-License-Identifier: Apache-2.0
//
// From tensor names and shapes to the fields of a layer. ggml counts dimensions from the fastest,
// so a matrix that maps a to b has the shape {a, b}.
#include "ingest/gguf/tensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace attncalc::gguf {
namespace {

// "blk.17.attn_q.weight" is part "attn_q.weight" of layer 17.
struct InLayer {
  std::size_t layer;
  std::string_view part;
};
std::optional<InLayer> place_of(std::string_view name) {
  constexpr std::string_view prefix = "blk.";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::size_t layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  if (error != std::errc() || end == name.data() + name.size() || *end != '.') return std::nullopt;
  return InLayer{layer, std::string_view(end + 1, name.data() + name.size())};
}

Dim dimension(const Tensor* tensor, std::size_t at) {
  return tensor != nullptr && at < tensor->shape.size() ? Dim(tensor->shape[at]) : Dim(0);
}

// The tensors of one layer, and the shapes in them.
struct Parts {
  const Tensors& tensors;
  std::size_t layer;

  bool has(std::string_view part) const { return tensors.has(layer, part); }
  bool either(std::string_view a, std::string_view b) const { return has(a) || has(b); }
  Dim inputs(std::string_view part) const { return dimension(tensors.find(layer, part), 0); }
  Dim outputs(std::string_view part) const { return dimension(tensors.find(layer, part), 1); }
  Dim copies(std::string_view part) const { return dimension(tensors.find(layer, part), 2); }
};

// --- token mixers --------------------------------------------------------------------------------

void refine(const Parts& parts, Softmax& s) {
  s.q_bias = parts.either("attn_q.bias", "attn_qkv.bias");
  s.k_bias = parts.either("attn_k.bias", "attn_qkv.bias");
  s.v_bias = parts.either("attn_v.bias", "attn_qkv.bias");
  s.o_bias = parts.has("attn_output.bias");
  s.learnt_sinks = parts.has("attn_sinks.weight");
  s.projects_kv = parts.either("attn_k.weight", "attn_qkv.weight");
  s.value_is_key = parts.has("attn_k.weight") && !parts.has("attn_v.weight");
  s.output_gate = parts.outputs("attn_q.weight") == Dim(2 * s.heads * s.head_dim) ||
                  parts.outputs("attn_gate.weight") == Dim(s.heads * s.value_dim);
  s.gate_per_head = !s.output_gate && parts.outputs("attn_gate.weight") == s.heads ? 1 : 0;
  if (!parts.has("attn_q_norm.weight")) return;
  s.qk_norm =
      parts.inputs("attn_q_norm.weight") == s.head_dim ? QkNorm::per_head : QkNorm::all_heads;
  s.qk_norm_parameters =
      parts.has("attn_q_norm.bias") ? NormParameters::scale_and_bias : NormParameters::scale;
}

void refine(const Parts& parts, Sparse& s) {
  if (parts.has("attn_q_norm.weight")) {
    s.qk_norm =
        parts.inputs("attn_q_norm.weight") == s.head_dim ? QkNorm::per_head : QkNorm::all_heads;
  }
}

void refine(const Parts& parts, StateSpace1& s) {
  s.conv_bias = parts.has("ssm_conv1d.bias");
  s.norms = parts.has("ssm_dt_norm.weight");
}

void refine(const Parts& parts, StateSpace2& s) {
  s.in_bias = parts.has("ssm_in.bias");
  s.conv_bias = parts.has("ssm_conv1d.bias");
  s.out_bias = parts.has("ssm_out.bias");
  s.norm = parts.has("ssm_norm.weight");
}

void refine(const Parts&, auto&) {}

// --- channel mixers ------------------------------------------------------------------------------

Moe refine_moe(const Parts& parts, Moe m) {
  const bool fused = parts.has("ffn_gate_up_exps.weight");
  m.experts = parts.copies("ffn_down_exps.weight");
  m.intermediate = parts.inputs("ffn_down_exps.weight");
  m.gated = fused || parts.has("ffn_gate_exps.weight");
  m.expert_bias = parts.has("ffn_down_exps.bias");
  m.router_bias = parts.has("ffn_gate_inp.bias");
  m.correction_bias =
      parts.either("exp_probs_b.bias", "exp_probs_b.weight") || parts.has("exp_probs_b");
  m.shared_intermediate = parts.inputs("ffn_down_shexp.weight");
  m.shared_gated = parts.has("ffn_gate_shexp.weight");
  m.shared_gate = parts.has("ffn_gate_inp_shexp.weight");
  m.dense_beside = parts.inputs("ffn_down.weight");
  return m;
}

// A gate may be stored in one matrix with the up projection (Phi-3, GLM-4).
Dense refine_dense(const Parts& parts, Dense d) {
  d.intermediate = parts.inputs("ffn_down.weight");
  d.gated =
      parts.has("ffn_gate.weight") || parts.outputs("ffn_up.weight") == Dim(2 * d.intermediate);
  d.up_bias = parts.has("ffn_up.bias");
  d.down_bias = parts.has("ffn_down.bias");
  return d;
}

ChannelMixer refine_channel(Keys& keys, const ArchRules& rules, const Parts& parts) {
  if (parts.has("ffn_down_exps.weight"))
    return refine_moe(parts, read_moe(keys, rules, parts.layer));
  if (parts.has("ffn_down.weight"))
    return refine_dense(parts, read_dense(keys, rules, parts.layer));
  return NoChannelMixer{};
}

// --- norms and the rest --------------------------------------------------------------------------

// A norm over the hidden width; norms of queries, keys and states belong to the kinds.
bool is_layer_norm(std::string_view part, const Tensor& tensor, Dim hidden) {
  constexpr std::string_view of_kinds[] = {
      "attn_q_norm", "attn_k_norm", "attn_q_a_norm", "attn_kv_a_norm", "ssm_", "indexer", "nextn"};
  const bool of_a_kind =
      std::ranges::any_of(of_kinds, [&](std::string_view k) { return part.starts_with(k); });
  return !of_a_kind && part.find("norm") != std::string_view::npos && tensor.shape.size() == 1 &&
         Dim(tensor.shape.front()) == hidden;
}

void add_layer_norms(const Tensors& tensors, std::size_t index, Dim hidden, Layer& layer) {
  layer.extra.clear();
  for (const Tensor* tensor : tensors.in_layer(index)) {
    const std::string_view part = place_of(tensor->name)->part;
    if (!is_layer_norm(part, *tensor, hidden)) continue;
    layer.extra.push_back({.role = part.ends_with(".bias") ? "bias" : "norm", .rows = hidden});
  }
}

Count layer_elements(const Layer& layer, Dim hidden) {
  Stack alone;
  alone.append(layer);
  return parameters_of(alone, hidden).value;
}

void add_rest(const Tensors& tensors, std::size_t index, Dim hidden, Layer& layer) {
  Count stored = 0;
  for (const Tensor* tensor : tensors.in_layer(index)) {
    if (!is_buffer(*tensor)) stored += tensor->elements.value;
  }
  const Count ours = layer_elements(layer, hidden);
  if (stored > ours) layer.extra.push_back({.role = "other", .rows = (stored - ours).value});
}

}  // namespace

Tensors::Tensors(const Header& header, std::size_t layers) : header_(header), layers_(layers) {
  for (const Tensor& tensor : header.tensors) {
    const std::optional<InLayer> place = place_of(tensor.name);
    auto& list = place && place->layer < layers ? layers_[place->layer] : outside_;
    list.push_back(&tensor);
  }
}

const Tensor* Tensors::find(std::size_t layer, std::string_view part) const {
  for (const Tensor* tensor : layers_[layer]) {
    if (place_of(tensor->name)->part == part) return tensor;
  }
  return nullptr;
}

const Tensor* Tensors::outside(std::string_view name) const {
  const auto at =
      std::ranges::find(outside_, name, [](const Tensor* t) { return std::string_view(t->name); });
  return at == outside_.end() ? nullptr : *at;
}

bool is_buffer(const Tensor& tensor) {
  return tensor.name.find("rope_freqs") != std::string::npos ||
         tensor.name.find("rope_factors") != std::string::npos;
}

void refine_layer(Keys& keys, const ArchRules& rules, const Tensors& tensors, std::size_t index,
                  Layer& layer) {
  const Parts parts{tensors, index};
  const Dim hidden = keys.model().hidden;
  for (Kind& kind : layer.mixers) std::visit([&](auto& k) { refine(parts, k); }, kind);
  layer.channel = refine_channel(keys, rules, parts);
  add_layer_norms(tensors, index, hidden, layer);
  add_rest(tensors, index, hidden, layer);
}

void refine_embedding(const Tensors& tensors, Dim hidden, Embedding& e) {
  const Tensor* embed = tensors.outside("token_embd.weight");
  if (embed != nullptr) {
    e.vocabulary = dimension(embed, 1);
    if (dimension(embed, 0) != hidden) e.width = dimension(embed, 0);
  }
  e.tied = tensors.outside("output.weight") == nullptr;
  e.has_head = embed != nullptr;
  e.head_bias = tensors.outside("output.bias") != nullptr;
  e.positions = dimension(tensors.outside("position_embd.weight"), 1);
  e.extra.clear();
  constexpr std::string_view told[] = {"token_embd.weight", "output.weight", "output.bias",
                                       "position_embd.weight"};
  for (const Tensor* tensor : tensors.outside_layers()) {
    if (is_buffer(*tensor) || std::ranges::find(told, tensor->name) != std::end(told)) continue;
    const bool norm = tensor->name.find("norm") != std::string::npos;
    e.extra.push_back({.role = norm ? "norm" : "other", .rows = tensor->elements.value.value});
  }
}

HeaderWeights header_weights(const Header& header) {
  HeaderWeights out;
  out.source = fmt::format("{}: {} tensors", header.file, header.tensors.size());
  for (const Tensor& tensor : header.tensors) {
    auto at = std::ranges::find(out.formats, tensor.type->name, &HeaderFormat::name);
    if (at == out.formats.end())
      at = out.formats.insert(
          at, {.name = std::string(tensor.type->name), .tensors = 0, .elements = {}, .bytes = {}});
    ++at->tensors;
    at->elements += tensor.elements;
    at->bytes += tensor.bytes;
    out.elements += tensor.elements;
    out.bytes += tensor.bytes;
  }
  std::ranges::stable_sort(out.formats, std::ranges::greater(), &HeaderFormat::bytes);
  return out;
}

}  // namespace attncalc::gguf
