// SPDX-License-Identifier: Apache-2.0
//
// A figure of a verb's JSON by its path: `kv.per_device_bytes`, `totals.flops`,
// `ops[qk_scores].flops`, `kv.components[key].bytes`. In brackets stands the number of an element,
// or what tells it from the others: a text that it has, or several separated by commas.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "report/json_value.hpp"

namespace attncalc {

struct MetricPath {
  std::string text;  // as written
  std::vector<std::string> steps;

  std::string_view key() const;  // the last step that names a figure: its ending is the unit
};
// Errors: an empty step, a bracket that does not close.
Result<MetricPath> parse_metric(std::string_view text);

using MetricValue = std::variant<double, std::string>;  // true and false are texts

struct MetricLookup {
  std::optional<MetricValue> value;
  std::string why;   // there is none: in words that follow the path
  std::string hint;  // the nearest path
  // Whether this answer is where the figure would be: its list lacks the element, or a path of it
  // is near. Else another command may have it.
  bool belongs_here = false;
};
MetricLookup find_metric(const Json& answer, const MetricPath& path);

}  // namespace attncalc
