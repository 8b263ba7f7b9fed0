// SPDX-License-Identifier: Apache-2.0
//
// A search by doubling, then by halving.
#include "roofline/switch_points.hpp"

#include <algorithm>
#include <array>

namespace attncalc {
namespace {

using BoundAt = std::function<Result<Bound>(std::int64_t)>;

// The first value in (low, high] where it is no longer what it is at `low`.
std::int64_t first_change(std::int64_t low, std::int64_t high, Bound before,
                          const BoundAt& bound_at) {
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    const Result<Bound> there = bound_at(middle);
    (there && *there == before ? low : high) = middle;
  }
  return high;
}

}  // namespace

Bound longest_resource(const RooflineTimes& times) {
  std::array<Seconds, words(Bound{}).size()> sums;
  for (const RowTime& row : times.rows) {
    const std::array<Seconds, words(Bound{}).size()> of_row = {row.compute, row.vector, row.memory,
                                                               row.link, row.overhead};
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += of_row[i];
  }
  const auto memory = static_cast<std::size_t>(Bound::memory);
  const auto at = std::ranges::max_element(sums);
  return sums[memory] == *at ? Bound::memory : static_cast<Bound>(at - sums.begin());
}

std::vector<SwitchPoint> switch_points(std::string_view along, std::int64_t first,
                                       std::int64_t last, const BoundAt& bound_at) {
  std::vector<SwitchPoint> out;
  Result<Bound> before = bound_at(first);
  for (std::int64_t low = first; before && low < last;) {
    const std::int64_t high = std::min(2 * low, last);
    const Result<Bound> there = bound_at(high);
    if (!there) break;
    if (*there != *before) {
      out.push_back({along, first_change(low, high, *before, bound_at), *before, *there});
    }
    before = there;
    low = high;
  }
  return out;
}

}  // namespace attncalc
