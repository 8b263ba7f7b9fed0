// SPDX-License-Identifier: Apache-2.0
//
// Tensors of Kimi Delta Attention, as in vLLM's KimiDeltaAttention (layers/kda.py), Ling 3.0's
// BailingMoeV3KimiDeltaAttention and the checkpoints themselves. Kimi-K3 stores A_log with 128
// elements for its 96 heads; the last 32 are zero padding and no parameters.
#include "attention/kda.hpp"

#include "attention/gated_delta.hpp"
#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

// hidden → heads × head_dim, at once or through head_dim elements that every rank computes.
void add_gate(const Kda& k, bool full_rank, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim wide = k.heads * k.head_dim;
  if (!full_rank) out.push_back({.role = "gates", .rows = k.head_dim, .cols = hidden});
  const Dim input = full_rank ? hidden : k.head_dim;
  out.push_back({.role = "gates", .rows = wide, .cols = input, .split = Split::heads});
}

}  // namespace

void Kda::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, 3 * heads, head_dim, conv_kernel, Split::heads);
  out.push_back({.component = Component::linear_state,
                 .heads = heads,
                 .width = head_dim * head_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void Kda::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim wide = heads * head_dim;
  out.push_back({.role = "q_proj", .rows = wide, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = wide, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "v_proj", .rows = wide, .cols = hidden, .split = Split::heads});
  add_conv_weights(out, 3 * wide, conv_kernel, false, Split::heads);
  add_gate(*this, full_rank_decay, hidden, out);
  out.push_back({.role = "a_log", .rows = heads, .split = Split::heads});
  out.push_back({.role = "dt_bias", .rows = wide, .split = Split::heads});
  out.push_back({.role = "gates", .rows = heads, .cols = hidden, .split = Split::heads});  // β
  add_gate(*this, full_rank_gate, hidden, out);
  out.push_back({.role = "state_norm", .rows = head_dim});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = wide, .split = Split::heads});
}

std::vector<std::string> Kda::faults() const {
  std::vector<std::string> faults = faults_below_one({{"heads", heads}, {"head_dim", head_dim}});
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

template <class N>
void Kda::ops(OpRows<N>& out) const {
  const N wide = factor<N>("heads", heads) * factor<N>("head_dim", head_dim);
  add_convolution(out, 3 * heads * head_dim, conv_kernel);
  add_delta_state(out, DeltaShape{heads, head_dim, head_dim, state_format});
  add_elementwise(out, OpName::norm, vector_work::norm, wide);
  add_output_gate(out, wide);
}
template void Kda::ops(OpRows<double>&) const;
template void Kda::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
