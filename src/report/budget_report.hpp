// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc check` as one value: every budget of every scenario with what came out,
// and what has changed since a baseline. Text, Markdown, JSON and JUnit are made of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/figure_text.hpp"
#include "model/model.hpp"
#include "report/json_value.hpp"
#include "report/metric.hpp"
#include "report/report.hpp"

namespace attncalc {

enum class LimitSide : std::uint8_t { none, max, min, equals };  // none: followed, not limited
std::string_view side_name(LimitSide bound);

// A change of one flag with which the budget would hold, and the figure then.
struct Remedy {
  std::string flag;  // "ctx"
  std::string from;  // empty: not given
  std::string to;
  MetricValue value;
};

struct CheckedBudget {
  std::string scenario;
  std::string metric;
  std::string verb;  // that was asked; empty: none could be
  Measure measure = Measure::number;
  LimitSide bound = LimitSide::none;
  std::optional<MetricValue> limit;
  double tolerance = 0;              // beyond the limit, in base units
  UnitStyle units = UnitStyle::iec;  // that the limit is written in, and its figures with it
  int line = 0;                      // of the budget in its file
  int column = 0;

  std::optional<MetricValue> value;
  std::string reason;  // why there is none
  bool ok = false;
  std::vector<Remedy> remedies = {};
};

// How far a figure is on the wrong side of its limit, in base units; 0 where it holds.
double excess(const CheckedBudget& check);

// One figure since the baseline.
struct Change {
  std::string scenario;
  std::string metric;
  LimitSide bound = LimitSide::none;
  Measure measure = Measure::number;
  std::optional<MetricValue> before;  // none: new
  std::optional<MetricValue> now;     // none: gone, or not computed
  bool ok = true;
};
struct Comparison {
  std::string file = {};
  double tolerance = 0;  // share by which a figure may grow
  bool updated = false;
  std::size_t same = 0;
  std::vector<Change> changes = {};  // without what is the same
};

struct BudgetAnswer {
  std::string file = {};
  std::size_t scenarios = 0;
  std::vector<CheckedBudget> checks;
  std::optional<Comparison> comparison = {};
  std::vector<Warning> warnings = {};

  bool ok() const;
};

// "kv.per_device_bytes is 10.00 GiB, 2.00 GiB (25%) over max 8.00 GiB"
std::string sentence(const CheckedBudget& check);
std::string sentence(const Change& change);
// "ctx 26,214 instead of 32,768 (8.00 GiB)"
std::string sentence(const Remedy& remedy, const CheckedBudget& check);
// "1 of 8 checks does not hold"
std::string summary(const BudgetAnswer& answer);

Report budget_report(const BudgetAnswer& answer);
Json budget_json(const BudgetAnswer& answer);
std::string budget_junit(const BudgetAnswer& answer);

}  // namespace attncalc
