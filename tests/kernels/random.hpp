// SPDX-License-Identifier: Apache-2.0
//
// Random matrices for the tests of the kernels: the same on every run and with every compiler.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "kernels/reference/matrix.hpp"

namespace attncalc::test {

// splitmix64 (Steele, Lea and Flood 2014) and Box-Muller; the standard library's distributions
// differ from one compiler to the next.
class Random {
 public:
  explicit Random(std::uint64_t seed = 1) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;  // literal: splitmix64's own shifts
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  double uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * std::ldexp(1.0, -53); }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(bits() % n); }
  reference::Matrix matrix(std::size_t rows, std::size_t cols, double deviation = 1) {
    reference::Matrix m(rows, cols);
    for (double& value : m.values()) value = deviation * normal();
    return m;
  }
  reference::Vector vector(std::size_t n, double low, double high) {
    reference::Vector v(n);
    for (double& value : v) value = low + (high - low) * uniform();
    return v;
  }

 private:
  std::uint64_t state_;
};

// ‖a − b‖ / ‖b‖ over all elements; 0 where both are zero.
inline double relative_error(std::span<const double> a, std::span<const double> b) {
  double off = 0, whole = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    off += (a[i] - b[i]) * (a[i] - b[i]);
    whole += b[i] * b[i];
  }
  return off == 0 ? 0 : std::sqrt(off / whole);
}
inline double relative_error(const reference::Matrix& a, const reference::Matrix& b) {
  return relative_error(a.values(), b.values());
}

}  // namespace attncalc::test
