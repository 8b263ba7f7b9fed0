// SPDX-License-Identifier: Apache-2.0
//
// The two lists of the gated delta rule: its state and convolution for one sequence, and its
// projections. What they mean is in the header.
#include "attention/gated_delta.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

void GatedDelta::cache_tensors(std::vector<CacheTensor>& out) const {
  const Dim kept = conv_kernel - 1;
  if (kept > 0) {
    out.push_back({.component = Component::conv_state,
                   .heads = 2 * key_heads,
                   .width = key_dim * kept,
                   .slots = Fixed{},
                   .split = Split::heads,
                   .own_format = {}});
    out.push_back({.component = Component::conv_state,
                   .heads = value_heads,
                   .width = value_dim * kept,
                   .slots = Fixed{},
                   .split = Split::heads,
                   .own_format = {}});
  }
  out.push_back({.component = Component::linear_state,
                 .heads = value_heads,
                 .width = key_dim * value_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

// Roles as in transformers' Qwen3NextGatedDeltaNet: one projection makes q, k, v and the output
// gate z, another b and a (write strength and decay); A_log and dt_bias are one value a head.
void GatedDelta::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim keys = key_heads * key_dim;
  const Dim values = value_heads * value_dim;
  out.push_back(
      {.role = "in_proj", .rows = 2 * keys + 2 * values, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "gates", .rows = 2 * value_heads, .cols = hidden, .split = Split::heads});
  if (conv_kernel > 0) {
    out.push_back(
        {.role = "conv", .rows = 2 * keys + values, .cols = conv_kernel, .split = Split::heads});
  }
  out.push_back({.role = "dt_bias", .rows = value_heads, .split = Split::heads});
  out.push_back({.role = "a_log", .rows = value_heads, .split = Split::heads});
  out.push_back({.role = "state_norm", .rows = value_dim});
  out.push_back({.role = "out_proj", .rows = hidden, .cols = values, .split = Split::heads});
}

void GatedDelta::complete(Dim) {
  if (value_heads == Dim(0)) value_heads = key_heads;
  if (value_dim == Dim(0)) value_dim = key_dim;
}

std::vector<std::string> GatedDelta::faults() const {
  std::vector<std::string> faults = faults_below_one({{"key_heads", key_heads},
                                                      {"value_heads", value_heads},
                                                      {"key_dim", key_dim},
                                                      {"value_dim", value_dim}});
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  if (auto fault = fault_unless_divides({"key_heads", key_heads}, {"value_heads", value_heads})) {
    faults.push_back(*fault);
  }
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// One step (Yang et al., arXiv:2412.06464): decay S, read what it says of the key (d_k × d_v),
// write the corrected value (d_k × d_v), answer the query (d_k × d_v). A chunk of C tokens does the
// same with matrices: q·k and k·k of every pair, the inverse of a C × C triangle, W and U, the
// answers within the chunk; and for each token W·S, q·S and k·v (flash-linear-attention, C = 64).
template <class N>
void add_delta_state(OpRows<N>& out, const DeltaShape& d) {
  constexpr std::int64_t chunk = 64;
  const N heads = factor<N>("value_heads", d.heads);
  const N k = factor<N>("key_dim", d.key_dim);
  const N v = factor<N>("value_dim", d.value_dim);
  const N state = heads * k * v;
  add_state(out, StateWork<N>{
                     .state_bytes = state_row(out, d.format, Component::linear_state, heads, k * v),
                     .update = state + state,
                     .update_vector = plain<N>(vector_work::multiply) * state,
                     .read = state,
                     .io = heads * (k + k + v + v),
                     .chunk = chunk,
                     .per_pair = heads * (k + k + k + v + v),
                     .per_token = plain<N>(3) * state,
                     .per_chunk = heads * plain<N>(chunk * chunk * chunk / 6)});
}
template void add_delta_state(OpRows<double>&, const DeltaShape&);
template void add_delta_state(OpRows<TracedReal>&, const DeltaShape&);

template <class N>
void GatedDelta::ops(OpRows<N>& out) const {
  const N values = factor<N>("value_heads", value_heads) * factor<N>("value_dim", value_dim);
  add_convolution(out, 2 * key_heads * key_dim + value_heads * value_dim, conv_kernel);
  add_delta_state(out, DeltaShape{value_heads, key_dim, value_dim, state_format});
  add_elementwise(out, OpName::norm, vector_work::norm, values);
  add_output_gate(out, values);
}
template void GatedDelta::ops(OpRows<double>&) const;
template void GatedDelta::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
