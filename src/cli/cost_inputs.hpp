// SPDX-License-Identifier: Apache-2.0
//
// From flags to operators, for `cost` and for every verb that goes on from there.
#pragma once

#include "cli/model_shelf.hpp"
#include "cli/pass_flags.hpp"
#include "report/cost_report.hpp"

namespace attncalc {

struct RowFlags {
  TextFlag ops;
  bool fused = false;
};
struct CostFlags {
  ModelFlags model;
  PassFlags pass;
  ConventionFlags conventions;
  RowFlags rows;
  DtypeFlags dtypes;
  PlacementFlags placement;
  OutputFlags output;
};
FlagGroup flag_group(RowFlags& flags);

// The model that the flags ask for, its scenario read, nothing computed yet.
Result<CostAnswer> read_cost(const CostFlags& flags, ModelShelf& shelf);

// The plan of the device on the critical path: the first rank of the fullest stage.
Result<CostPlan> plan_of(const CostAnswer& answer);
CostPlan plan_of_stage(const CostAnswer& answer, std::int64_t stage);

// The rows of the scenario's pass, or of the mean over a generation; --ops and --fused not done.
Result<CostFigures> figures_of(const CostScenario& scenario, const CostPlan& plan);

// Fills the answer: figures, what was assumed, and with `explain` the formulas.
std::optional<Problems> compute(CostAnswer& answer, const CostPlan& plan, bool explain);

}  // namespace attncalc
