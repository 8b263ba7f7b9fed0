// SPDX-License-Identifier: Apache-2.0
//
// Mamba-2's recurrence, and its dual form in chunks, for the tests to compare.
#include "kernels/reference/scan.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc::reference {

Matrix scan_recurrent(const ScanInputs& in, Matrix& state) {
  Matrix y(in.x.rows(), in.x.cols());
  for (std::size_t t = 0; t < in.x.rows(); ++t) {
    scale(state.values(), std::exp(in.delta[t] * in.a));
    add_outer(state, in.delta[t], in.x.row(t), in.b.row(t));
    std::ranges::copy(times(state, in.c.row(t)), y.row(t).begin());
    add_scaled(y.row(t), in.d, in.x.row(t));
  }
  return y;
}

Matrix scan_chunked(const ScanInputs& in, std::size_t chunk, Matrix& state) {
  Matrix y(in.x.rows(), in.x.cols());
  for (std::size_t first = 0; first < in.x.rows(); first += chunk) {
    const std::size_t last = std::min(in.x.rows(), first + chunk);
    Vector time;  // Σ Δ from the chunk's beginning, token by token
    for (std::size_t t = first; t < last; ++t) {
      time.push_back((time.empty() ? 0 : time.back()) + in.delta[t]);
    }
    const auto weight = [&](double from, std::size_t to) {
      return std::exp(in.a * (time[to] - from));
    };
    for (std::size_t t = first; t < last; ++t) {
      add_scaled(y.row(t), weight(0, t - first), times(state, in.c.row(t)));
      for (std::size_t j = first; j <= t; ++j) {
        const double score = dot(in.c.row(t), in.b.row(j)) * in.delta[j];
        add_scaled(y.row(t), score * weight(time[j - first], t - first), in.x.row(j));
      }
      add_scaled(y.row(t), in.d, in.x.row(t));
    }
    scale(state.values(), weight(0, last - 1 - first));
    for (std::size_t j = first; j < last; ++j) {
      add_outer(state, in.delta[j] * weight(time[j - first], last - 1 - first), in.x.row(j),
                in.b.row(j));
    }
  }
  return y;
}

}  // namespace attncalc::reference
