// SPDX-License-Identifier: Apache-2.0
//
// What the devices of a placement send one another in a pass, as operators: the bytes that one rank
// sends and the steps that follow one another. docs/model.md, "Collectives".
//
//   ring all-reduce of M bytes on n ranks: 2 (n − 1) / n × M bytes, 2 (n − 1) steps
//   all-gather, reduce-scatter of M in all: (n − 1) / n × M bytes, n − 1 steps
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/cost.hpp"

namespace attncalc {

inline constexpr std::string_view comm_group = "comm";

// Steps of one call, that cannot overlap with one another.
std::int64_t collective_steps(OpName name, const Placement& placement);

// The rows of a plan's rank; `pass` is what its replica computes.
void add_collectives(const CostPlan& plan, const Pass& pass, const CostFormats& formats,
                     std::vector<Op>& ops);

}  // namespace attncalc
