// SPDX-License-Identifier: Apache-2.0
//
// Parts of the JSON of `cost` that verbs on top of it print too: the same keys, the same figures.
#pragma once

#include "report/cost_report.hpp"
#include "report/json.hpp"

namespace attncalc::json {

Object scenario_object(const CostScenario& scenario);
Object totals_object(const CostTotals& totals, const CostTotals& all_devices);
void put_placement(Object& object, const Placement& placement);
// What several devices do alike, and what they send.
Object copies_array(const CostAnswer& answer);
Object op_object(const CostAnswer& answer, const Op& op);
Object explanations_array(const CostAnswer& answer);

}  // namespace attncalc::json
