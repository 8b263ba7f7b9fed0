// SPDX-License-Identifier: Apache-2.0
//
// Where the balance of a step tips: the smallest batch, or context, from which another resource
// takes longer, all rows together. docs/model.md, "Switch points".
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "roofline/roofline.hpp"

namespace attncalc {

// The resource whose times, added up over the rows, are the longest.
Bound longest_resource(const RooflineTimes& times);

struct SwitchPoint {
  std::string_view along;  // "batch", "context_tokens"
  std::int64_t at = 0;     // the first value at which it is `to`
  Bound from = Bound::memory;
  Bound to = Bound::memory;
};

// Looks at powers of two from `first` to `last` and halves the gaps where the answer changes. What
// tips twice between two powers of two is missed.
std::vector<SwitchPoint> switch_points(std::string_view along, std::int64_t first,
                                       std::int64_t last,
                                       const std::function<Result<Bound>(std::int64_t)>& bound_at);

}  // namespace attncalc
