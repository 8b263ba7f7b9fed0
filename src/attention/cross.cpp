// SPDX-License-Identifier: Apache-2.0
//
// Tensors of cross-attention, as in transformers' T5Attention (has_relative_attention_bias false),
// WhisperAttention (k_proj without bias) and MllamaTextCrossAttention (norms on queries and keys;
// MllamaCrossAttentionDecoderLayer adds cross_attn_attn_gate).
#include "attention/cross.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

void add_cached(Component component, Dim heads, Dim width, std::vector<CacheTensor>& out) {
  out.push_back({.component = component,
                 .heads = heads,
                 .width = width,
                 .slots = PerEncoderToken{},
                 .split = Split::kv_heads,
                 .own_format = {}});
}

}  // namespace

void Cross::cache_tensors(std::vector<CacheTensor>& out) const {
  add_cached(Component::cross_key, kv_heads, head_dim, out);
  add_cached(Component::cross_value, kv_heads, value_dim, out);
}

void Cross::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim q = heads * head_dim;
  const Dim k = kv_heads * head_dim;
  const Dim v = kv_heads * value_dim;
  const Dim o = heads * value_dim;
  out.push_back({.role = "q_proj", .rows = q, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = k, .cols = encoder_width, .split = Split::kv_heads});
  out.push_back({.role = "v_proj", .rows = v, .cols = encoder_width, .split = Split::kv_heads});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = o, .split = Split::heads});
  if (q_bias) out.push_back({.role = "q_bias", .rows = q, .split = Split::heads});
  if (k_bias) out.push_back({.role = "k_bias", .rows = k, .split = Split::kv_heads});
  if (v_bias) out.push_back({.role = "v_bias", .rows = v, .split = Split::kv_heads});
  if (o_bias) out.push_back({.role = "o_bias", .rows = hidden});
  if (qk_norm) {
    out.push_back({.role = "q_norm", .rows = head_dim});
    out.push_back({.role = "k_norm", .rows = head_dim});
  }
  if (gate) out.push_back({.role = "gates", .rows = 1});
}

void Cross::complete(Dim hidden) {
  if (kv_heads == Dim(0)) kv_heads = heads;
  if (head_dim == Dim(0) && heads > 0) head_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = head_dim;
  if (encoder_width == Dim(0)) encoder_width = hidden;
}

std::vector<std::string> Cross::faults() const {
  std::vector<std::string> faults = faults_below_one({{"heads", heads},
                                                      {"kv_heads", kv_heads},
                                                      {"head_dim", head_dim},
                                                      {"value_dim", value_dim},
                                                      {"encoder_width", encoder_width}});
  if (auto fault = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  return faults;
}

// --- operators (docs/model.md, "Operators": cross) -----------------------------------------------

namespace {

// The pass that begins a sequence makes its keys and values, of every encoder token.
template <class N>
N encoded_tokens(const OpRows<N>& out) {
  return out.sum([&](const SequenceGroup& g) {
    const bool begins = g.phase == Phase::prefill && g.cached == Dim(0);
    return begins ? factor<N>("encoder_tokens", out.pass().encoder_tokens) : plain<N>(0);
  });
}

template <class N>
void add_encoded(OpRows<N>& out, OpName name, const N& rows, const N& cols, const N& cache_row) {
  const N tokens = encoded_tokens(out);
  if (value_of(tokens) == 0) return;
  out.add(
      name,
      {.unit = OpUnit::matrix,
       .operands = {Operand::activation, Operand::weight},
       .gemm = Gemm{.m = value_of(tokens), .n = value_of(rows), .k = value_of(cols), .count = 1},
       .weight_format = out.layer().own_weight_format},
      {.flops = flops_of(tokens * rows * cols),
       .weights = own_weight_bytes(out, rows, cols),
       .kv_write = tokens * cache_row,
       .activations = out.activation(tokens * cols)});
}

}  // namespace

template <class N>
void Cross::ops(OpRows<N>& out) const {
  const N h = factor<N>("heads", heads);
  const N kv = factor<N>("kv_heads", kv_heads);
  const N k = factor<N>("head_dim", head_dim);
  const N v = factor<N>("value_dim", value_dim);
  const N width = factor<N>("encoder_width", encoder_width);
  const N key_row = out.cache_row(Component::cross_key, kv, k);
  const N value_row = out.cache_row(Component::cross_value, kv, v);
  const N encoder = factor<N>("encoder_tokens", out.pass().encoder_tokens);
  add_encoded(out, OpName::k_proj, kv * k, width, key_row);
  add_encoded(out, OpName::v_proj, kv * v, width, value_row);
  if (qk_norm) add_elementwise(out, OpName::qk_norm, vector_work::norm, h * k);
  const N pairs = out.tokens() * encoder;
  const N rows = out.sequences() * encoder;
  if (value_of(rows) == 0) return;
  add_scores(out, Scores<N>{.heads = h,
                            .kv_heads = kv,
                            .key_dim = k,
                            .value_dim = v,
                            .pairs = pairs,
                            .square = pairs,
                            .key_bytes = rows * key_row,
                            .value_bytes = rows * value_row,
                            .key_activations = repeated(out, h, kv, k, rows),
                            .value_activations = repeated(out, h, kv, v, rows),
                            .names = {OpName::cross_qk_scores, OpName::cross_softmax,
                                      OpName::cross_attn_values}});
}
template void Cross::ops(OpRows<double>&) const;
template void Cross::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
