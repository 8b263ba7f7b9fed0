// SPDX-License-Identifier: Apache-2.0
//
// Tensors of linear attention with decay, as in fla's MultiScaleRetention,
// SimpleGatedLinearAttention and GatedLinearAttention.
#include "attention/retention.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

// hidden → the decay's numbers, at once or through decay_rank elements that every rank computes.
void add_decay(const Retention& r, Dim hidden, std::vector<WeightTensor>& out) {
  if (r.decay == Decay::fixed) return;
  const Dim made = r.decay == Decay::head ? r.heads : Dim(r.kv_heads * r.key_dim);
  const Split split = r.decay == Decay::head ? Split::heads : Split::kv_heads;
  const Dim input = r.decay_rank > 0 ? r.decay_rank : hidden;
  if (r.decay_rank > 0) out.push_back({.role = "gates", .rows = r.decay_rank, .cols = hidden});
  out.push_back({.role = "gates", .rows = made, .cols = input, .split = split});
  if (r.decay_bias) out.push_back({.role = "gate_bias", .rows = made, .split = split});
}

}  // namespace

void Retention::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, heads, key_dim, conv_kernel, Split::heads);
  add_conv_state(out, kv_heads, key_dim + value_dim, conv_kernel, Split::kv_heads);
  out.push_back({.component = Component::linear_state,
                 .heads = heads,
                 .width = key_dim * value_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void Retention::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim q = heads * key_dim;
  const Dim k = kv_heads * key_dim;
  const Dim v = kv_heads * value_dim;
  const Dim o = heads * value_dim;
  out.push_back({.role = "q_proj", .rows = q, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = k, .cols = hidden, .split = Split::kv_heads});
  out.push_back({.role = "v_proj", .rows = v, .cols = hidden, .split = Split::kv_heads});
  add_conv_weights(out, q, conv_kernel, false, Split::heads);
  add_conv_weights(out, k + v, conv_kernel, false, Split::kv_heads);
  add_decay(*this, hidden, out);
  if (output_gate) {
    out.push_back({.role = "gates", .rows = o, .cols = hidden, .split = Split::heads});
  }
  if (norm) out.push_back({.role = "state_norm", .rows = value_dim});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = o, .split = Split::heads});
}

void Retention::complete(Dim hidden) {
  if (kv_heads == Dim(0)) kv_heads = heads;
  if (key_dim == Dim(0) && heads > 0) key_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = key_dim;
}

std::vector<std::string> Retention::faults() const {
  std::vector<std::string> faults = faults_below_one(
      {{"heads", heads}, {"kv_heads", kv_heads}, {"key_dim", key_dim}, {"value_dim", value_dim}});
  if (auto fault = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  if (decay == Decay::fixed && decay_rank > 0) {
    faults.push_back(
        "decay_rank belongs to a decay that is made from the token, not to a fixed one");
  }
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// A step decays the state, adds k vᵀ and answers q; a chunk of 64 tokens (fla) scores its own pairs
// and passes the state once a token.
template <class N>
void Retention::ops(OpRows<N>& out) const {
  constexpr std::int64_t chunk = 64;
  const N h = factor<N>("heads", heads);
  const N k = factor<N>("key_dim", key_dim);
  const N v = factor<N>("value_dim", value_dim);
  const N state = h * k * v;
  add_convolution(out, heads * key_dim + kv_heads * (key_dim + value_dim), conv_kernel);
  add_state(out, StateWork<N>{
                     .state_bytes = state_row(out, state_format, Component::linear_state, h, k * v),
                     .update = state,
                     .update_vector = plain<N>(vector_work::multiply) * state,
                     .read = state,
                     .io = h * (k + k + v + v),
                     .chunk = chunk,
                     .per_pair = h * (k + v),
                     .per_token = state + state});
  if (norm) add_elementwise(out, OpName::norm, vector_work::norm, h * v);
  if (output_gate) add_output_gate(out, h * v);
}
template void Retention::ops(OpRows<double>&) const;
template void Retention::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
