// SPDX-License-Identifier: Apache-2.0
//
// Three numbers that bring an estimate to what an engine reaches on a device: how much longer
// memory traffic takes than the table of coefficients says, how much longer products take, and how
// much longer what lies between operators takes. Fitted to the least mean error of logarithms, so
// that a half and a double count alike and no outlier decides.
#pragma once

#include <array>
#include <vector>

#include "validation/work.hpp"

namespace attncalc::validation {

// A case whose rows are timed, and how long it took.
struct Sample {
  TimedWork work;
  EstimateCoefficients table;
  double measured = 0;

  double estimated(const Adjustment& a) const;
};

// Where there are few samples, or none that a number matters to, it stays near the start.
Adjustment fitted(const std::vector<const Sample*>& samples, const Adjustment& start = {});

// Mean |log(estimate / measured)|, pulled slightly to `start`.
double misfit(const std::vector<const Sample*>& samples, const Adjustment& a,
              const Adjustment& start);

}  // namespace attncalc::validation
