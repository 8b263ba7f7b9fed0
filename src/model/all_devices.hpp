// SPDX-License-Identifier: Apache-2.0
//
// What all devices of a placement do together, rank by rank, and how much of it only because there
// are several: docs/model.md, "Placement of operators".
//
//   Σ over ranks = the whole + Σ copies, row by row
#pragma once

#include <functional>
#include <vector>

#include "model/cost.hpp"

namespace attncalc {

using CostOfPlan = std::function<Result<CostFigures>(const CostPlan&)>;

// The rows of all ranks added up. Ranks that hold alike parts are evaluated once.
Result<CostFigures> all_devices_cost(const Model& model, const WeightFormats& weights,
                                     const Placement& placement, const Pass& pass,
                                     const CostOfPlan& cost_of);

// The rows in which all devices together differ from one device that does everything: what is
// computed, read or written more than once, and what is sent.
std::vector<Op> copies_of(const std::vector<Op>& all, const std::vector<std::string>& all_groups,
                          const std::vector<Op>& whole,
                          const std::vector<std::string>& whole_groups);

// The fullest stage of a pipeline: whose first rank moves the most bytes.
Result<std::int64_t> fullest_stage(const Model& model, const WeightFormats& weights,
                                   const Placement& placement, const CostOfPlan& cost_of);

// Ranks are walked one by one.
inline constexpr std::int64_t most_devices = 65'536;

}  // namespace attncalc
