// SPDX-License-Identifier: Apache-2.0
//
// `attncalc check` as JSON, schema attncalc/check/1. It is also what a baseline is: --baseline
// reads `checks` back.
#include <nlohmann/json.hpp>

#include "report/budget_report.hpp"
#include "report/json.hpp"

namespace attncalc {
namespace {

using json::Object;

void put_value(Object& o, const std::string& key, const std::optional<MetricValue>& value) {
  if (!value) {
    o[key] = nullptr;
  } else if (const auto* text = std::get_if<std::string>(&*value)) {
    o[key] = *text;
  } else {
    json::put_real(o, key, std::get<double>(*value));
  }
}

Object remedies_array(const CheckedBudget& check) {
  Object list = Object::array();
  for (const Remedy& remedy : check.remedies) {
    Object o{{"flag", remedy.flag}, {"from", remedy.from}, {"to", remedy.to}};
    put_value(o, "value", remedy.value);
    list.push_back(std::move(o));
  }
  return list;
}

Object check_object(const CheckedBudget& check) {
  Object o{{"name", check.scenario}, {"metric", check.metric}};
  json::put_or_null(o, "verb", check.verb);
  put_value(o, "value", check.value);
  o["bound"] = check.bound == LimitSide::none ? Object(nullptr) : Object(side_name(check.bound));
  put_value(o, "limit", check.limit);
  json::put_real(o, "tolerance", check.tolerance);
  o["unit"] = unit_name(check.measure);
  o["ok"] = check.ok;
  if (!check.value) o["reason"] = check.reason;
  if (!check.ok && check.value) o["holds_with"] = remedies_array(check);
  o["line"] = check.line;
  o["column"] = check.column;
  return o;
}

Object comparison_object(const Comparison& comparison) {
  Object o{{"file", comparison.file}};
  json::put_real(o, "tolerance", comparison.tolerance);
  o["updated"] = comparison.updated;
  o["unchanged"] = comparison.same;
  o["changes"] = Object::array();
  for (const Change& change : comparison.changes) {
    Object c{{"name", change.scenario}, {"metric", change.metric}};
    c["bound"] =
        change.bound == LimitSide::none ? Object(nullptr) : Object(side_name(change.bound));
    put_value(c, "before", change.before);
    put_value(c, "value", change.now);
    c["unit"] = unit_name(change.measure);
    c["ok"] = change.ok;
    o["changes"].push_back(std::move(c));
  }
  return o;
}

}  // namespace

Json budget_json(const BudgetAnswer& answer) {
  Object o = json::opening("attncalc/check/1");
  o["file"] = answer.file;
  o["ok"] = answer.ok();
  o["scenarios"] = answer.scenarios;
  o["checks"] = Object::array();
  for (const CheckedBudget& check : answer.checks) o["checks"].push_back(check_object(check));
  if (answer.comparison) o["baseline"] = comparison_object(*answer.comparison);
  o["assumptions"] = Object::array();
  o["warnings"] = Object::array();
  for (const Warning& w : answer.warnings) {
    o["warnings"].push_back({{"code", w.code}, {"text", w.text}});
  }
  return Json(std::move(o));
}

}  // namespace attncalc
