// SPDX-License-Identifier: Apache-2.0
//
// Softmax attention, the definition: of one query head over the keys that it sees,
//
//   s_j = scale × q · k_j        p_j = exp(s_j − max s) / Σ exp(s_j − max s)        o = Σ p_j v_j
//
// with one KV head for every `heads / kv_heads` query heads. A query that sees nothing answers 0.
// A NaN among the scores makes the answer NaN; so does +∞, whose weight would be ∞ / ∞; −∞ is a
// weight of 0. See docs/model.md, "Softmax", "Sparse" and "Masks".
#pragma once

#include <optional>
#include <vector>

#include "kernels/reference/masks.hpp"
#include "kernels/reference/matrix.hpp"

namespace attncalc::reference {

struct SoftmaxOptions {
  double scale = 1;
  std::size_t cached = 0;                 // query i stands at position cached + i
  std::optional<std::size_t> top_k = {};  // of the keys that are seen, the best so many
  std::optional<double> sink_logit = {};  // a learnt sink: a score that has no value (gpt-oss)
};

// One head. Keys and values: a row a token.
Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v, const Sees& sees,
                 const SoftmaxOptions& options = {});

// Many heads; query head h reads KV head h × kv_heads / heads.
std::vector<Matrix> attention(const std::vector<Matrix>& q, const std::vector<Matrix>& k,
                              const std::vector<Matrix>& v, const Sees& sees,
                              const SoftmaxOptions& options = {});

// The same in blocks of keys, with a running maximum m, sum l and answer o that each block rescales
// (online softmax, arXiv:1805.02867; FlashAttention, arXiv:2205.14135).
Matrix online_attention(const Matrix& q, const Matrix& k, const Matrix& v, const Sees& sees,
                        std::size_t block, const SoftmaxOptions& options = {});

}  // namespace attncalc::reference
