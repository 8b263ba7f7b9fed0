// SPDX-License-Identifier: Apache-2.0
//
// The lists of softmax attention: keys and values of the slots that its window or chunk leaves, and
// the four projections with their biases and norms.
#include "attention/softmax.hpp"

#include <fmt/format.h>

#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

Slots slots_of(const Softmax& s) {
  if (s.window) return Window{.tokens = *s.window, .sinks = s.sink_tokens};
  if (s.chunk) return Chunk{*s.chunk};
  return PerToken{};
}

void add_query(const Softmax& s, Dim input, std::vector<WeightTensor>& out) {
  const Dim q = s.heads * s.head_dim;
  if (s.q_lora_rank) {
    out.push_back({.role = "q_down", .rows = *s.q_lora_rank, .cols = input});
    out.push_back({.role = "q_down_norm", .rows = *s.q_lora_rank});
  }
  out.push_back({.role = s.q_lora_rank ? "q_up" : "q_proj",
                 .rows = q,
                 .cols = s.q_lora_rank.value_or(input),
                 .split = Split::heads});
}

void add_projections(const Softmax& s, Dim input, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim o = s.heads * s.value_dim;
  const auto add = [&](std::string_view role, Dim rows, Dim cols, Split split) {
    out.push_back({.role = role, .rows = rows, .cols = cols, .split = split});
  };
  add_query(s, input, out);
  if (s.output_gate) add("gates", o, input, Split::heads);
  if (s.gate_per_head > 0) add("gates", s.heads * s.gate_per_head, input, Split::heads);
  if (s.projects_kv) add("k_proj", s.kv_heads * s.head_dim, input, Split::kv_heads);
  if (s.projects_kv && !s.value_is_key)
    add("v_proj", s.kv_heads * s.value_dim, input, Split::kv_heads);
  add("o_proj", hidden, o, Split::heads);
}

void add_biases(const Softmax& s, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim k = s.kv_heads * s.head_dim;
  const Dim v = s.kv_heads * s.value_dim;
  if (s.q_bias)
    out.push_back({.role = "q_bias", .rows = s.heads * s.head_dim, .split = Split::heads});
  if (s.k_bias && s.projects_kv)
    out.push_back({.role = "k_bias", .rows = k, .split = Split::kv_heads});
  if (s.v_bias && s.projects_kv)
    out.push_back({.role = "v_bias", .rows = v, .split = Split::kv_heads});
  if (s.o_bias) out.push_back({.role = "o_bias", .rows = hidden});
}

void add_qk_norms(const Softmax& s, std::vector<WeightTensor>& out) {
  if (s.qk_norm == QkNorm::none) return;
  const bool per_head = s.qk_norm == QkNorm::per_head;
  add_norm(out, "q_norm", per_head ? s.head_dim : Dim(s.heads * s.head_dim), s.qk_norm_parameters);
  if (!s.projects_kv) return;
  add_norm(out, "k_norm", per_head ? s.head_dim : Dim(s.kv_heads * s.head_dim),
           s.qk_norm_parameters);
}

}  // namespace

std::string_view head_sharing(Dim heads, Dim kv_heads) {
  if (kv_heads == heads) return "mha";
  return kv_heads == Dim(1) ? "mqa" : "gqa";
}

std::string Softmax::label() const {
  const std::string_view sharing = head_sharing(heads, kv_heads);
  if (window) return fmt::format("{}:{}", sharing, window->value);
  if (chunk) return fmt::format("{}:chunk{}", sharing, chunk->value);
  return std::string(sharing);
}

void Softmax::cache_tensors(std::vector<CacheTensor>& out) const {
  out.push_back({.component = Component::key,
                 .heads = kv_heads,
                 .width = head_dim,
                 .slots = slots_of(*this),
                 .split = Split::kv_heads,
                 .own_format = {}});
  out.push_back({.component = Component::value,
                 .heads = kv_heads,
                 .width = value_dim,
                 .slots = slots_of(*this),
                 .split = Split::kv_heads,
                 .own_format = {}});
}

void Softmax::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  add_projections(*this, input_width > 0 ? input_width : hidden, hidden, out);
  add_biases(*this, hidden, out);
  if (learnt_sinks) out.push_back({.role = "sinks", .rows = heads, .split = Split::heads});
  add_qk_norms(*this, out);
}

void Softmax::complete(Dim hidden) {
  if (kv_heads == Dim(0)) kv_heads = heads;
  if (head_dim == Dim(0) && heads > 0) head_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = head_dim;
}

std::vector<std::string> Softmax::faults() const {
  std::vector<std::string> faults = faults_below_one(
      {{"heads", heads}, {"kv_heads", kv_heads}, {"head_dim", head_dim}, {"value_dim", value_dim}});
  if (auto fault = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  if (window && *window < 1)
    faults.push_back("window must be at least 1 token; leave it out for full attention");
  if (chunk && *chunk < 1)
    faults.push_back("chunk must be at least 1 token; leave it out for full attention");
  if (window && chunk) faults.push_back("a layer has a window or a chunk, not both");
  return faults;
}

// --- operators (docs/model.md, "Operators": softmax) ---------------------------------------------

Mask Softmax::mask() const {
  if (window) return Mask::window(*window, sink_tokens);
  if (chunk) return Mask::chunk(*chunk);
  return Mask::causal();
}

template <class N>
void Softmax::ops(OpRows<N>& out) const {
  const N q_heads = factor<N>("heads", heads);
  const N k_heads = factor<N>("kv_heads", kv_heads);
  const N k_width = factor<N>("head_dim", head_dim);
  const N v_width = factor<N>("value_dim", value_dim);
  const N key_row = out.cache_row(Component::key, k_heads, k_width);
  const N value_row = out.cache_row(Component::value, k_heads, v_width);
  if (out.layer().owns_cache) {
    out.add(OpName::k_proj, {.kv_write = out.tokens() * key_row});
    out.add(OpName::v_proj, {.kv_write = out.tokens() * value_row});
  }
  const N rotated = q_heads * k_width + (out.layer().owns_cache ? k_heads * k_width : plain<N>(0));
  if (q_lora_rank) {
    add_elementwise(out, OpName::qk_norm, vector_work::norm,
                    factor<N>("q_lora_rank", *q_lora_rank));
  }
  if (qk_norm != QkNorm::none) add_elementwise(out, OpName::qk_norm, vector_work::norm, rotated);
  if (out.layer().rotary) add_elementwise(out, OpName::rope, vector_work::rope, rotated);
  const N rows = out.rows_read(mask());
  add_scores(out, Scores<N>{.heads = q_heads,
                            .kv_heads = k_heads,
                            .key_dim = k_width,
                            .value_dim = v_width,
                            .pairs = out.pairs(mask()),
                            .square = square_of(out, mask()),
                            .key_bytes = rows * key_row,
                            .value_bytes = rows * value_row,
                            .key_activations = repeated(out, q_heads, k_heads, k_width, rows),
                            .value_activations = repeated(out, q_heads, k_heads, v_width, rows)});
  if (output_gate || gate_per_head > 0) add_output_gate(out, q_heads * v_width);
}
template void Softmax::ops(OpRows<double>&) const;
template void Softmax::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
