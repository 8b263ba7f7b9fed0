// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc cost` as one value, and what is made of it: a report for people, a CSV
// with one line an operator, and the contract's JSON. All read the same figures.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/cost.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

struct CostScenario {
  PassRequest request;
  Pass pass;
  std::string file;  // --scenario; empty: one group, and `request` says which
  std::optional<std::int64_t> prompt_tokens;     // --isl
  std::optional<std::int64_t> generated_tokens;  // --osl: figures are the mean of so many steps
  bool encoder_used = false;
  CostFormats formats;
  WeightFormats weight_formats;
  Placement placement;
  std::string kv_dtype, act_dtype, weights_dtype;
  std::string ops;  // a glob; empty: all
  bool fused = false;
  std::string as;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> assume;
};

// `model` carries the assumptions and warnings of the whole run.
struct CostAnswer {
  Model model;
  Parameters parameters;
  CostScenario scenario;
  std::vector<std::string> groups;     // names of Op::group
  std::vector<Format> weight_formats;  // of Op::weight_format
  CostFigures figures;                 // of one device on the critical path
  CostTotals all_devices;
  std::vector<Op> copies;              // of all devices, beyond what one device would do
  std::vector<ExplainedOp> explained;  // with --explain
};

Report cost_report(const CostAnswer& answer);
Json cost_json(const CostAnswer& answer);

// Parts of the report that verbs on top of `cost` begin and end with.
Paragraph cost_opening(const CostAnswer& answer);
void add_formulas(const CostAnswer& answer, std::vector<Block>& blocks);

// The columns of an operator that are formulas, with their JSON keys.
struct ExplainedColumn {
  std::string_view key;
  TracedReal OpRow<TracedReal>::*formula;
};
inline constexpr ExplainedColumn explained_columns[] = {
    {"flops", &OpRow<TracedReal>::flops},
    {"vector_flops", &OpRow<TracedReal>::vector_flops},
    {"weight_bytes", &OpRow<TracedReal>::weights},
    {"kv_read_bytes", &OpRow<TracedReal>::kv_read},
    {"kv_write_bytes", &OpRow<TracedReal>::kv_write},
    {"activation_bytes", &OpRow<TracedReal>::activations},
};

// The columns that follow from those, with their formulas in words of the others. None where the
// operator moves nothing.
struct DerivedColumn {
  std::string_view key;
  double value = 0;
  std::string formula;
  std::string numbers;
};
std::vector<DerivedColumn> derived_columns(const OpRow<TracedReal>& row);

}  // namespace attncalc
