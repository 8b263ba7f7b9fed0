// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a Mamba-1 mixer, as in transformers' MambaMixer, FalconMambaMixer and JambaMambaMixer.
#include "attention/state_space1.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

void StateSpace1::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, inner, 1, conv_kernel, Split::heads);
  out.push_back({.component = Component::ssm_state,
                 .heads = inner,
                 .width = state_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

// in_proj makes the values and their gate; the first "gates" row (x_proj) makes the time steps'
// input, B and C of each token, the second (dt_proj, always with a bias) widens the time steps.
void StateSpace1::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim made = dt_rank + 2 * state_dim;
  out.push_back({.role = "in_proj", .rows = 2 * inner, .cols = hidden, .split = Split::heads});
  if (bias) out.push_back({.role = "in_bias", .rows = 2 * inner, .split = Split::heads});
  add_conv_weights(out, inner, conv_kernel, conv_bias, Split::heads);
  out.push_back({.role = "gates", .rows = made, .cols = inner, .split = Split::heads});
  out.push_back({.role = "gates", .rows = inner, .cols = dt_rank, .split = Split::heads});
  out.push_back({.role = "dt_bias", .rows = inner, .split = Split::heads});
  out.push_back({.role = "a_log", .rows = inner, .cols = state_dim, .split = Split::heads});
  out.push_back({.role = "d_skip", .rows = inner, .split = Split::heads});
  if (norms) out.push_back({.role = "state_norm", .rows = made});
  out.push_back({.role = "out_proj", .rows = hidden, .cols = inner, .split = Split::heads});
  if (bias) out.push_back({.role = "out_bias", .rows = hidden});
}

// The defaults of MambaConfig: expand 2, time_step_rank "auto".
void StateSpace1::complete(Dim hidden) {
  constexpr std::int64_t expand = 2;
  constexpr std::int64_t per_dt = 16;
  if (inner == Dim(0)) inner = expand * hidden;
  if (dt_rank == Dim(0)) dt_rank = (hidden + per_dt - 1) / per_dt;
}

std::vector<std::string> StateSpace1::faults() const {
  std::vector<std::string> faults =
      faults_below_one({{"inner", inner}, {"state_dim", state_dim}, {"dt_rank", dt_rank}});
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// A token's step: exp(Δ A) and its product with h, Δ x B added to it (Gu and Dao 2023, algorithm
// 2), and C·h. Every channel decays by itself, so there is no matrix form: a scan takes the same
// steps.
template <class N>
void StateSpace1::ops(OpRows<N>& out) const {
  const N channels = factor<N>("inner", inner);
  const N n = factor<N>("state_dim", state_dim);
  const N state = channels * n;
  add_convolution(out, inner, conv_kernel);
  add_state(out, StateWork<N>{
                     .state_bytes = state_row(out, state_format, Component::ssm_state, channels, n),
                     .update = state,
                     .update_vector =
                         plain<N>(vector_work::exponential + 3 * vector_work::multiply) * state,
                     .read = state,
                     .io = channels + channels + channels + n + n});
  add_output_gate(out, channels);
}
template void StateSpace1::ops(OpRows<double>&) const;
template void StateSpace1::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
