// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a Mamba-2 mixer, as in transformers' Mamba2Mixer, BambaMixer, Zamba2MambaMixer,
// NemotronHMamba2Mixer and FalconH1Mixer, which agree in all but biases and the norm.
#include "attention/state_space2.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

void StateSpace2::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, heads, head_dim, conv_kernel, Split::heads);
  add_conv_state(out, groups, 2 * state_dim, conv_kernel, Split::groups);
  out.push_back({.component = Component::ssm_state,
                 .heads = heads,
                 .width = head_dim * state_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

// A checkpoint holds in_proj as one matrix with the rows z, x, B, C, dt. It is two here because a
// rank takes its share of z, x and dt by heads, of B and C by groups; so is the convolution.
void StateSpace2::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim by_heads = 2 * inner() + heads;
  const Dim by_groups = shared_channels();
  out.push_back({.role = "in_proj", .rows = by_heads, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "in_proj", .rows = by_groups, .cols = hidden, .split = Split::groups});
  if (in_bias) {
    out.push_back({.role = "in_bias", .rows = by_heads, .split = Split::heads});
    out.push_back({.role = "in_bias", .rows = by_groups, .split = Split::groups});
  }
  add_conv_weights(out, inner(), conv_kernel, conv_bias, Split::heads);
  add_conv_weights(out, by_groups, conv_kernel, conv_bias, Split::groups);
  out.push_back({.role = "dt_bias", .rows = heads, .split = Split::heads});
  out.push_back({.role = "a_log", .rows = heads, .split = Split::heads});
  out.push_back({.role = "d_skip", .rows = heads, .split = Split::heads});
  if (norm) out.push_back({.role = "state_norm", .rows = inner(), .split = Split::heads});
  out.push_back({.role = "out_proj", .rows = hidden, .cols = inner(), .split = Split::heads});
  if (out_bias) out.push_back({.role = "out_bias", .rows = hidden});
}

std::vector<std::string> StateSpace2::faults() const {
  std::vector<std::string> faults = faults_below_one(
      {{"heads", heads}, {"head_dim", head_dim}, {"groups", groups}, {"state_dim", state_dim}});
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  if (auto fault = fault_unless_divides({"groups", groups}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// A step decays the state, adds x ⊗ B to it and reads it with C. A chunk (state space duality, §6)
// scores C·B once a group, weighs x with the scores, and moves through the state once a token.
template <class N>
void StateSpace2::ops(OpRows<N>& out) const {
  constexpr std::int64_t chunk = 256;  // chunk_size of Mamba2Config
  const N h = factor<N>("heads", heads);
  const N p = factor<N>("head_dim", head_dim);
  const N g = factor<N>("groups", groups);
  const N n = factor<N>("state_dim", state_dim);
  const N state = h * p * n;
  add_convolution(out, inner() + shared_channels(), conv_kernel);
  add_state(
      out, StateWork<N>{.state_bytes = state_row(out, state_format, Component::ssm_state, h, p * n),
                        .update = state,
                        .update_vector = plain<N>(vector_work::multiply) * state,
                        .read = state,
                        .io = h * p + g * n + g * n + h * p,
                        .chunk = chunk,
                        .per_pair = g * n + h * p,
                        .per_token = state + state});
  if (norm) add_elementwise(out, OpName::norm, vector_work::norm, h * p);
  add_output_gate(out, h * p);
}
template void StateSpace2::ops(OpRows<double>&) const;
template void StateSpace2::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
