// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention, both forms (DeepSeek-V2, arXiv:2405.04434, §2.1). A token caches a
// latent c and a rotated key r that all heads share. Head h has matrices U_h (latent → key) and
// W_h (latent → value):
//
//   expanded   k_j = [U_h c_j ; r_j]       v_j = W_h c_j       then softmax attention
//   absorbed   q'  = [U_hᵀ q ; q_rope]     over rows [c_j ; r_j], values c_j, then W_h of the
//   answer
//
// Both are the same sums in another order. See docs/model.md, "Latent".
#pragma once

#include "kernels/reference/softmax.hpp"

namespace attncalc::reference {

struct LatentHead {
  Matrix key_up;    // nope × rank
  Matrix value_up;  // value × rank
};
struct LatentCache {
  Matrix latent;  // a row a token
  Matrix rope;
};

// `q` holds rows [nope ; rope] of one head.
Matrix expanded_attention(const Matrix& q, const LatentHead& head, const LatentCache& cache,
                          const Sees& sees, const SoftmaxOptions& options = {});
Matrix absorbed_attention(const Matrix& q, const LatentHead& head, const LatentCache& cache,
                          const Sees& sees, const SoftmaxOptions& options = {});

}  // namespace attncalc::reference
