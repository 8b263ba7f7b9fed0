// SPDX-License-Identifier: Apache-2.0
//
// Mamba-2's scan of one head (arXiv:2405.21060, §6): a state H (head_dim × state_dim), decayed by
// exp(Δ a) before each token,
//
//   H ← exp(Δ_t a) H + Δ_t x_t B_tᵀ        y_t = H C_t + D x_t
//
// and its dual form in chunks, where what passes within a chunk is attention with scores C_t · B_j
// and weights exp(a Σ Δ) in place of a softmax. See docs/model.md, "Mamba-2".
#pragma once

#include "kernels/reference/matrix.hpp"

namespace attncalc::reference {

struct ScanInputs {
  Matrix x, b, c;  // a row a token
  Vector delta;    // one number a token, positive
  double a = -1;   // negative
  double d = 0;    // of the way around the state
};

Matrix scan_recurrent(const ScanInputs& in, Matrix& state);
Matrix scan_chunked(const ScanInputs& in, std::size_t chunk, Matrix& state);

}  // namespace attncalc::reference
