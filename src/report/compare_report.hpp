// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc compare` as one value, and what is made of it: a report for people, a CSV
// with one line a contender and point, and JSON. All read the same figures.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/compare.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

struct CompareScenario {
  PassRequest request;  // without context and batch, which the points have
  std::vector<std::int64_t> contexts, batches;
  std::optional<CompareRange> range;  // then the points on it are doublings
  std::string ops;                    // a glob; empty: all
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> assume;
};

struct ComparedPoint {
  ComparePoint at;
  std::vector<ContenderFigures> figures;  // in the order of the contenders
};

struct CompareAnswer {
  CompareScenario scenario;
  std::vector<Contender> contenders;
  std::vector<ComparedPoint> points;
  std::vector<Switch> switches;
};

Report compare_report(const CompareAnswer& answer);
Json compare_json(const CompareAnswer& answer);

// "kv_bytes", "work_flops", "hbm_bytes", "estimate_seconds": the keys of the JSON.
std::string_view measure_key(RankedBy which);

// Notes that all contenders have, and those that one has.
struct SharedNotes {
  std::vector<Assumption> assumptions;
  std::vector<Warning> warnings;
};
SharedNotes shared_notes(const std::vector<Contender>& contenders);

}  // namespace attncalc
