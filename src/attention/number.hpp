// SPDX-License-Identifier: Apache-2.0
//
// One formula, two readings. Every formula for a figure is a template on its number type N:
//   - with Count it is plain checked arithmetic (a million evaluations a second);
//   - with Traced it is the same arithmetic that also writes itself down, so that `--explain` can
//     never disagree with the figure that it explains.
// A formula names its inputs with factor<N>("kv_heads", dim) and then only adds and multiplies.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "attention/dim.hpp"
#include "base/units.hpp"

namespace attncalc {

// A named input of a formula.
struct Factor {
  std::string name;
  std::int64_t value = 0;
  Origin origin = Origin::none;
  bool operator==(const Factor&) const = default;
};

// A number that remembers its formula. `symbols` reads "kv_heads × head_dim × 2 B", `numbers`
// "8 × 128 × 2".
struct Traced {
  Count value;
  std::string symbols;
  std::string numbers;
  bool is_sum = false;  // needs brackets when multiplied
  std::vector<Factor> factors;

  Traced() : Traced(Count(0)) {}
  Traced(Count v) : value(v), symbols(std::to_string(v.value)), numbers(symbols) {}  // NOLINT
};

Traced operator+(const Traced& a, const Traced& b);
Traced operator*(const Traced& a, const Traced& b);
Traced ceil_div(const Traced& a, const Traced& b);
Traced floor_div(const Traced& a, const Traced& b);
Traced least(const Traced& a, const Traced& b);

inline Count least(Count a, Count b) { return std::min(a, b); }

template <class N>
N factor(std::string_view name, Dim dim);

template <>
inline Count factor<Count>(std::string_view, Dim dim) {
  return dim.value;
}
template <>
Traced factor<Traced>(std::string_view name, Dim dim);

}  // namespace attncalc
