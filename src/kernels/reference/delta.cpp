// SPDX-License-Identifier: Apache-2.0
//
// The delta rule token by token, and in chunks by forward substitution of the corrected values.
#include "kernels/reference/delta.hpp"

#include <algorithm>

namespace attncalc::reference {
namespace {

// g_t: what is left, after token t of the chunk, of what was there before its first one.
Vector decays(const DeltaInputs& in, std::size_t first, std::size_t last) {
  Vector g;
  double product = 1;
  for (std::size_t t = first; t < last; ++t) g.push_back(product *= in.alpha[t]);
  return g;
}

void set_row(Matrix& m, std::size_t r, const Vector& values) {
  std::ranges::copy(values, m.row(r).begin());
}

}  // namespace

Matrix delta_recurrent(const DeltaInputs& in, Matrix& state) {
  Matrix o(in.q.rows(), in.v.cols());
  for (std::size_t t = 0; t < in.q.rows(); ++t) {
    scale(state.values(), in.alpha[t]);
    Vector correction(in.v.row(t).begin(), in.v.row(t).end());
    add_scaled(correction, -1, times(in.k.row(t), state));
    add_outer(state, in.beta[t], in.k.row(t), correction);
    set_row(o, t, times(in.q.row(t), state));
  }
  return o;
}

Matrix delta_chunked(const DeltaInputs& in, std::size_t chunk, Matrix& state) {
  Matrix o(in.q.rows(), in.v.cols());
  for (std::size_t first = 0; first < in.q.rows(); first += chunk) {
    const std::size_t last = std::min(in.q.rows(), first + chunk);
    const Vector g = decays(in, first, last);
    Matrix u(last - first, in.v.cols());
    for (std::size_t t = first; t < last; ++t) {
      const std::size_t i = t - first;
      Vector value(in.v.row(t).begin(), in.v.row(t).end());
      add_scaled(value, -g[i], times(in.k.row(t), state));
      for (std::size_t j = 0; j < i; ++j) {
        add_scaled(value, -g[i] / g[j] * dot(in.k.row(first + j), in.k.row(t)), u.row(j));
      }
      scale(value, in.beta[t]);
      set_row(u, i, value);
      add_scaled(o.row(t), g[i], times(in.q.row(t), state));
      for (std::size_t j = 0; j <= i; ++j) {
        add_scaled(o.row(t), g[i] / g[j] * dot(in.k.row(first + j), in.q.row(t)), u.row(j));
      }
    }
    scale(state.values(), g.back());
    for (std::size_t j = 0; j < u.rows(); ++j) {
      add_outer(state, g.back() / g[j], in.k.row(first + j), u.row(j));
    }
  }
  return o;
}

}  // namespace attncalc::reference
