// SPDX-License-Identifier: Apache-2.0
//
// Failures as GitHub shows them in the lines of a pull request: workflow commands, which its runner
// reads from what a step prints on either stream.
#pragma once

#include <string>

#include "base/result.hpp"
#include "report/budget_report.hpp"

namespace attncalc {

std::string annotations(const BudgetAnswer& answer);
std::string annotations(const Problems& problems);

}  // namespace attncalc
