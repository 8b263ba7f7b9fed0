// SPDX-License-Identifier: Apache-2.0
//
// A dimension of a model and where it came from. The number is all that arithmetic uses; the origin
// is a handle into the model's list of origins ("config.json:12:24 num_key_value_heads"), which
// `--explain` prints. Two dimensions are equal when their numbers are: a layer read from another
// line of the file is still the same layer.
#pragma once

#include <cstdint>

namespace attncalc {

// 0 is "derived or set by the program"; others index Model::origins.
enum class Origin : std::uint32_t { none = 0 };

struct Dim {
  std::int64_t value = 0;
  Origin origin = Origin::none;

  constexpr Dim() = default;
  constexpr Dim(std::int64_t v) : value(v) {}  // NOLINT: a literal is a dimension
  constexpr Dim(std::int64_t v, Origin from) : value(v), origin(from) {}
  constexpr operator std::int64_t() const { return value; }  // NOLINT: and counts as one

  friend constexpr bool operator==(Dim a, Dim b) { return a.value == b.value; }
};

}  // namespace attncalc
