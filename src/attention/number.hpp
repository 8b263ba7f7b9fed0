// SPDX-License-Identifier: Apache-2.0
//
// One formula, two readings. Every formula for a figure is a template on its number type N:
//   - with Count (bytes of a cache) or double (operators, whose FLOPs leave 64 bits) it is plain
//     arithmetic, a million evaluations a second;
//   - with Traced or TracedReal it is the same arithmetic that also writes itself down, so that
//     `--explain` can never disagree with the figure that it explains.
// A formula names its inputs with factor<N>("kv_heads", dim) and then only adds and multiplies.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "attention/dim.hpp"
#include "base/units.hpp"

namespace attncalc {

// What a named input of a formula over V is kept as: whole for counts.
template <class V>
struct FactorValue {
  using type = V;
};
template <>
struct FactorValue<Count> {
  using type = std::int64_t;
};

// A named input of a formula.
template <class V>
struct BasicFactor {
  std::string name;
  typename FactorValue<V>::type value = 0;
  Origin origin = Origin::none;
  bool operator==(const BasicFactor&) const = default;
};

// A number that remembers its formula. `symbols` reads "kv_heads × head_dim × 2 B", `numbers`
// "8 × 128 × 2".
template <class V>
struct BasicTraced {
  V value{};
  std::string symbols;
  std::string numbers;
  bool is_sum = false;  // needs brackets when multiplied
  std::vector<BasicFactor<V>> factors;

  BasicTraced() : BasicTraced(V(0)) {}
  BasicTraced(V v);  // NOLINT: a number is a formula
};

using Factor = BasicFactor<Count>;
using Traced = BasicTraced<Count>;
using TracedReal = BasicTraced<double>;

Traced operator+(const Traced& a, const Traced& b);
Traced operator*(const Traced& a, const Traced& b);
Traced ceil_div(const Traced& a, const Traced& b);
Traced floor_div(const Traced& a, const Traced& b);
Traced least(const Traced& a, const Traced& b);

TracedReal operator+(const TracedReal& a, const TracedReal& b);
TracedReal operator*(const TracedReal& a, const TracedReal& b);
TracedReal ceil_div(const TracedReal& a, const TracedReal& b);

inline Count least(Count a, Count b) { return std::min(a, b); }
inline double ceil_div(double a, double b) { return std::ceil(a / b); }

template <class N>
N factor(std::string_view name, Dim dim);

template <>
inline Count factor<Count>(std::string_view, Dim dim) {
  return dim.value;
}
template <>
inline double factor<double>(std::string_view, Dim dim) {
  return static_cast<double>(dim.value);
}
template <>
Traced factor<Traced>(std::string_view name, Dim dim);
template <>
TracedReal factor<TracedReal>(std::string_view name, Dim dim);

// A named input that need not be whole: the expected number of experts, pairs beyond 64 bits.
template <class N>
N real_factor(std::string_view name, double value);
template <>
inline double real_factor<double>(std::string_view, double value) {
  return value;
}
template <>
TracedReal real_factor<TracedReal>(std::string_view name, double value);

// A whole number that needs no name: bytes of a block, operations an element.
template <class N>
N plain(std::int64_t value) {
  return N(Count(value));
}
template <>
inline double plain<double>(std::int64_t value) {
  return static_cast<double>(value);
}
template <>
inline TracedReal plain<TracedReal>(std::int64_t value) {
  return TracedReal(static_cast<double>(value));
}

}  // namespace attncalc
