// SPDX-License-Identifier: Apache-2.0
//
// The three feature maps, as their papers print them; nothing is rearranged for speed.
#include "kernels/reference/features.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc::reference {

Vector elu_plus_one(std::span<const double> x) {
  Vector out;
  for (const double value : x) out.push_back(value > 0 ? value + 1 : std::exp(value));
  return out;
}

Vector favor(std::span<const double> x, const Matrix& projections) {
  Vector out = times(projections, x);
  const double half_norm = dot(x, x) / 2;
  const double root = std::sqrt(static_cast<double>(projections.rows()));
  for (double& value : out) value = std::exp(value - half_norm) / root;
  return out;
}

Vector random_fourier(std::span<const double> x, const Matrix& projections) {
  const Vector angles = times(projections, x);
  const double length = std::exp(dot(x, x) / 2);
  const double root = std::sqrt(static_cast<double>(projections.rows()));
  Vector out;
  for (const double angle : angles) out.push_back(length * std::sin(angle) / root);
  for (const double angle : angles) out.push_back(length * std::cos(angle) / root);
  return out;
}

Matrix features(const Matrix& rows, const std::function<Vector(std::span<const double>)>& map) {
  Matrix out;
  for (std::size_t r = 0; r < rows.rows(); ++r) {
    const Vector mapped = map(rows.row(r));
    if (r == 0) out = Matrix(rows.rows(), mapped.size());
    std::ranges::copy(mapped, out.row(r).begin());
  }
  return out;
}

}  // namespace attncalc::reference
