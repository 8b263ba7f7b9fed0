// SPDX-License-Identifier: Apache-2.0
//
// The gated delta rule (Gated DeltaNet, arXiv:2412.06464, eq. 10): a token first decays the state,
// then replaces what the state answers to its key by its own value, β of the way.
//
//   S ← α S        S ← S + β k (v − Sᵀ k)ᵀ        o = Sᵀ q
//
// In chunks: with g_t the product of the α up to t within the chunk, the corrected values u of a
// chunk solve a triangular system (the UT transform, §3.3 there),
//
//   u_t = β_t (v_t − g_t Sᵀ k_t − Σ_{j<t} (g_t / g_j) (k_j · k_t) u_j)
//   o_t = g_t Sᵀ q_t + Σ_{j≤t} (g_t / g_j) (k_j · q_t) u_j
//   S  ← g_C S + Σ_j (g_C / g_j) k_j u_jᵀ
//
// See docs/model.md, "Gated delta". KDA is the same with an α a channel; "KDA" there.
#pragma once

#include "kernels/reference/matrix.hpp"

namespace attncalc::reference {

struct DeltaInputs {
  Matrix q, k, v;      // a row a token
  Vector alpha, beta;  // one number a token
};

// `state` is key_dim × value_dim, left as it is after the last token.
Matrix delta_recurrent(const DeltaInputs& in, Matrix& state);
Matrix delta_chunked(const DeltaInputs& in, std::size_t chunk, Matrix& state);

}  // namespace attncalc::reference
