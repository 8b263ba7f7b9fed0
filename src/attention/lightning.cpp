// SPDX-License-Identifier: Apache-2.0
//
// Tensors of lightning attention, as in transformers' MiniMaxLightningAttention (vLLM's
// MiniMaxText01LinearAttention) and SGLang's BailingMoELinearAttention. The decay of a head follows
// from its number and the layer's; it is not learnt.
#include "attention/lightning.hpp"

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

}  // namespace attncalc
