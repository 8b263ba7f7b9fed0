// SPDX-License-Identifier: Apache-2.0
//
// Linear attention over features: a state S (features × value_dim) and a normaliser z instead of a
// cache that grows.
//
//   S ← γ S + φ(k) vᵀ      z ← γ z + φ(k)      o = φ(q)ᵀ S / φ(q)ᵀ z
//
// γ is 1 (Linear Transformer, Performer, RFA) or a decay a head (retention, lightning). In chunks
// of C tokens the same sums are two products of matrices: what came before the chunk through S,
// and pairs within it under the causal mask. See docs/model.md, "Linear", "Lightning" and
// "Retention".
#pragma once

#include "kernels/reference/matrix.hpp"

namespace attncalc::reference {

struct LinearState {
  Matrix s;
  Vector z;
  LinearState(std::size_t features, std::size_t value_dim) : s(features, value_dim), z(features) {}
};
struct LinearOptions {
  double decay = 1;
  bool normalise = true;
};

// `q` and `k` are features already. The state is left as it is after the last token.
Matrix linear_recurrent(const Matrix& q, const Matrix& k, const Matrix& v, LinearState& state,
                        const LinearOptions& options = {});
Matrix linear_chunked(const Matrix& q, const Matrix& k, const Matrix& v, std::size_t chunk,
                      LinearState& state, const LinearOptions& options = {});

}  // namespace attncalc::reference
