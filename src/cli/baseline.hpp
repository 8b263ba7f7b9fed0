// SPDX-License-Identifier: Apache-2.0
//
// An earlier answer of `attncalc check --json` to compare with: what has changed, and whether it
// got worse by more than is allowed.
#pragma once

#include <string>
#include <vector>

#include "report/budget_report.hpp"

namespace attncalc {

struct Baselined {
  std::string scenario;
  std::string metric;
  LimitSide bound = LimitSide::none;
  std::optional<MetricValue> value;
};

// Errors: no such file, not the JSON of `attncalc check`, with line and column.
Result<std::vector<Baselined>> read_baseline(const std::string& path);

// Worse is more, or less where the budget is a minimum, or either way where it is `equals`. What is
// new or gone is listed and fails nothing.
Comparison compare(const std::vector<CheckedBudget>& checks, const std::vector<Baselined>& baseline,
                   double tolerance);

}  // namespace attncalc
