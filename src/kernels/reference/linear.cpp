// SPDX-License-Identifier: Apache-2.0
//
// The recurrence token by token, and the same sums chunk by chunk, for the tests to compare.
#include "kernels/reference/linear.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc::reference {
namespace {

void normalise(std::span<double> o, double sum, const LinearOptions& options) {
  if (options.normalise) scale(o, 1 / sum);
}

}  // namespace

Matrix linear_recurrent(const Matrix& q, const Matrix& k, const Matrix& v, LinearState& state,
                        const LinearOptions& options) {
  Matrix o(q.rows(), v.cols());
  for (std::size_t t = 0; t < q.rows(); ++t) {
    scale(state.s.values(), options.decay);
    scale(state.z, options.decay);
    add_outer(state.s, 1, k.row(t), v.row(t));
    add_scaled(state.z, 1, k.row(t));
    std::ranges::copy(times(q.row(t), state.s), o.row(t).begin());
    normalise(o.row(t), dot(q.row(t), state.z), options);
  }
  return o;
}

Matrix linear_chunked(const Matrix& q, const Matrix& k, const Matrix& v, std::size_t chunk,
                      LinearState& state, const LinearOptions& options) {
  Matrix o(q.rows(), v.cols());
  const auto decay = [&](std::size_t tokens) {
    return std::pow(options.decay, static_cast<double>(tokens));
  };
  for (std::size_t first = 0; first < q.rows(); first += chunk) {
    const std::size_t last = std::min(q.rows(), first + chunk);
    for (std::size_t t = first; t < last; ++t) {
      const double old = decay(t + 1 - first);  // of what came before the chunk
      add_scaled(o.row(t), old, times(q.row(t), state.s));
      double sum = old * dot(q.row(t), state.z);
      for (std::size_t j = first; j <= t; ++j) {
        const double weight = decay(t - j) * dot(q.row(t), k.row(j));
        sum += weight;
        add_scaled(o.row(t), weight, v.row(j));
      }
      normalise(o.row(t), sum, options);
    }
    scale(state.s.values(), decay(last - first));
    scale(state.z, decay(last - first));
    for (std::size_t j = first; j < last; ++j) {
      add_outer(state.s, decay(last - 1 - j), k.row(j), v.row(j));
      add_scaled(state.z, decay(last - 1 - j), k.row(j));
    }
  }
  return o;
}

}  // namespace attncalc::reference
