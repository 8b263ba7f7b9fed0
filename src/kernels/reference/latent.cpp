// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention as softmax attention over what its two forms make of the cache.
#include "kernels/reference/latent.hpp"

namespace attncalc::reference {
namespace {

// [a ; b], row by row.
Matrix beside(const Matrix& a, const Matrix& b) {
  Matrix out(a.rows(), a.cols() + b.cols());
  for (std::size_t r = 0; r < a.rows(); ++r) {
    for (std::size_t c = 0; c < a.cols(); ++c) out(r, c) = a(r, c);
    for (std::size_t c = 0; c < b.cols(); ++c) out(r, a.cols() + c) = b(r, c);
  }
  return out;
}

// Each row x becomes M x.
Matrix map_rows(const Matrix& m, const Matrix& rows) {
  Matrix out(rows.rows(), m.rows());
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const Vector y = times(m, rows.row(r));
    for (std::size_t c = 0; c < y.size(); ++c) out(r, c) = y[c];
  }
  return out;
}

// [Uᵀ q_nope ; q_rope]
Matrix absorb(const Matrix& q, const Matrix& key_up) {
  const std::size_t nope = key_up.rows();
  Matrix out(q.rows(), key_up.cols() + q.cols() - nope);
  for (std::size_t r = 0; r < q.rows(); ++r) {
    const Vector through = times(q.row(r).first(nope), key_up);
    for (std::size_t c = 0; c < through.size(); ++c) out(r, c) = through[c];
    for (std::size_t c = nope; c < q.cols(); ++c) out(r, through.size() + c - nope) = q(r, c);
  }
  return out;
}

}  // namespace

Matrix expanded_attention(const Matrix& q, const LatentHead& head, const LatentCache& cache,
                          const Sees& sees, const SoftmaxOptions& options) {
  const Matrix keys = beside(map_rows(head.key_up, cache.latent), cache.rope);
  return attention(q, keys, map_rows(head.value_up, cache.latent), sees, options);
}

Matrix absorbed_attention(const Matrix& q, const LatentHead& head, const LatentCache& cache,
                          const Sees& sees, const SoftmaxOptions& options) {
  const Matrix rows = beside(cache.latent, cache.rope);
  const Matrix mixed = attention(absorb(q, head.key_up), rows, cache.latent, sees, options);
  return map_rows(head.value_up, mixed);
}

}  // namespace attncalc::reference
