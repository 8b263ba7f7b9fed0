// SPDX-License-Identifier: Apache-2.0
//
// Tensors of lightning attention, as in transformers' MiniMaxLightningAttention (vLLM's
// MiniMaxText01LinearAttention) and SGLang's BailingMoELinearAttention. The decay of a head follows
// from its number and the layer's; it is not learnt.
#include "attention/lightning.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

void Lightning::cache_tensors(std::vector<CacheTensor>& out) const {
  out.push_back({.component = Component::linear_state,
                 .heads = heads,
                 .width = head_dim * head_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void Lightning::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim wide = heads * head_dim;
  out.push_back({.role = "q_proj", .rows = wide, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = wide, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "v_proj", .rows = wide, .cols = hidden, .split = Split::heads});
  if (qkv_bias) out.push_back({.role = "qkv_bias", .rows = 3 * wide, .split = Split::heads});
  if (qk_norm) {
    out.push_back({.role = "q_norm", .rows = head_dim});
    out.push_back({.role = "k_norm", .rows = head_dim});
  }
  out.push_back({.role = "gates", .rows = wide, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "state_norm", .rows = wide, .split = Split::heads});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = wide, .split = Split::heads});
  if (out_bias) out.push_back({.role = "o_bias", .rows = hidden});
}

void Lightning::complete(Dim hidden) {
  if (head_dim == Dim(0) && heads > 0) head_dim = hidden / heads;
}

std::vector<std::string> Lightning::faults() const {
  return faults_below_one({{"heads", heads}, {"head_dim", head_dim}});
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// A step decays the state, adds k vᵀ and answers q; a block of 256 tokens (the paper's kernel)
// scores its own pairs and passes the state once a token.
template <class N>
void Lightning::ops(OpRows<N>& out) const {
  constexpr std::int64_t block = 256;
  const N h = factor<N>("heads", heads);
  const N d = factor<N>("head_dim", head_dim);
  const N state = h * d * d;
  if (qk_norm) add_elementwise(out, OpName::qk_norm, vector_work::norm, h * d + h * d);
  add_state(out, StateWork<N>{
                     .state_bytes = state_row(out, state_format, Component::linear_state, h, d * d),
                     .update = state,
                     .update_vector = plain<N>(vector_work::multiply) * state,
                     .read = state,
                     .io = h * (d + d + d + d),
                     .chunk = block,
                     .per_pair = h * (d + d),
                     .per_token = state + state});
  add_elementwise(out, OpName::norm, vector_work::norm, h * d);
  add_output_gate(out, h * d);
}
template void Lightning::ops(OpRows<double>&) const;
template void Lightning::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
