// SPDX-License-Identifier: Apache-2.0
//
// The file that `attncalc check` reads (docs/ci.md): defaults, budgets and scenarios, as they are
// after matrices are multiplied out and defaults laid under. What is wrong with it is told with
// line and column before anything is computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/document.hpp"
#include "cli/verb_book.hpp"
#include "report/budget_report.hpp"

namespace attncalc {

struct Budget {
  std::string verb;  // empty: whichever has the metric
  MetricPath metric;
  Measure measure = Measure::number;
  LimitSide bound = LimitSide::none;
  std::optional<MetricValue> limit;
  double tolerance = 0;  // in base units
  UnitStyle units = UnitStyle::iec;
  int line = 0;
  int column = 0;
};

struct Scenario {
  std::string name;
  std::vector<Setting> settings;
  std::vector<std::size_t> budgets;  // numbers in CapacityFile::budgets
  int line = 0;
  int column = 0;
};

struct CapacityFile {
  Document document;
  std::vector<Budget> budgets;
  std::vector<Scenario> scenarios;

  // An error at a line and column that was kept.
  Problem problem(int line, int column, std::string message, std::string hint = {}) const;
};

Result<CapacityFile> read_capacity(const std::string& path, const VerbBook& book);
Result<CapacityFile> read_capacity(Document document, const VerbBook& book);

}  // namespace attncalc
