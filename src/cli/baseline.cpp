// SPDX-License-Identifier: Apache-2.0
//
// A figure is the same one as long as its scenario, metric and bound have their names.
#include "cli/baseline.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <tuple>

#include "base/document.hpp"

namespace attncalc {
namespace {

using Key = std::tuple<std::string, std::string, LimitSide>;

std::optional<LimitSide> read_bound(const Node& check) {
  const Node* bound = check.find("bound");
  if (!bound || bound->is_null()) return LimitSide::none;
  for (const LimitSide known : {LimitSide::max, LimitSide::min, LimitSide::equals}) {
    if (bound->text == side_name(known)) return known;
  }
  return std::nullopt;
}

std::optional<MetricValue> read_value(const Node* value) {
  if (!value || value->is_null()) return std::nullopt;
  if (value->kind == NodeKind::string) return value->text;
  const std::optional<double> real = value->as_real();
  return real ? std::optional<MetricValue>(*real) : std::nullopt;
}

std::optional<Baselined> read_check(const Node& check) {
  const Node* name = check.find("name");
  const Node* metric = check.find("metric");
  const std::optional<LimitSide> bound = read_bound(check);
  if (!name || !metric || !bound) return std::nullopt;
  return Baselined{name->text, metric->text, *bound, read_value(check.find("value"))};
}

bool is_worse(const Change& change, double tolerance) {
  const double* before = change.before ? std::get_if<double>(&*change.before) : nullptr;
  const double* now = change.now ? std::get_if<double>(&*change.now) : nullptr;
  if (!before || !now) return false;
  const double grown = *now - *before;
  const double allowed = std::abs(*before) * tolerance;
  if (change.bound == LimitSide::min) return -grown > allowed;
  if (change.bound == LimitSide::equals) return std::abs(grown) > allowed;
  return grown > allowed;
}

}  // namespace

Result<std::vector<Baselined>> read_baseline(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  const Result<Document> document = parse_json(path, *std::move(text));
  if (!document) return document.problems();
  const Node* schema = document->root.find("schema");
  const Node* checks = document->root.find("checks");
  constexpr std::string_view hint = "a baseline is what `attncalc check FILE --json` wrote";
  if (!schema || schema->text != "attncalc/check/1" || !checks || checks->kind != NodeKind::list) {
    return document->problem(document->root, "this is no answer of attncalc check",
                             std::string(hint));
  }
  std::vector<Baselined> out;
  for (const Node& node : checks->children) {
    std::optional<Baselined> check = read_check(node);
    if (!check) {
      return document->problem(node, "a check needs a name, a metric and a bound",
                               std::string(hint));
    }
    out.push_back(*std::move(check));
  }
  return out;
}

Comparison compare(const std::vector<CheckedBudget>& checks, const std::vector<Baselined>& baseline,
                   double tolerance) {
  Comparison out{.file = {}, .tolerance = tolerance};
  std::map<Key, const Baselined*> before;
  for (const Baselined& b : baseline) before[{b.scenario, b.metric, b.bound}] = &b;
  for (const CheckedBudget& check : checks) {
    Change change{check.scenario, check.metric, check.bound, check.measure, {}, check.value};
    const auto found = before.find({check.scenario, check.metric, check.bound});
    if (found != before.end()) {
      change.before = found->second->value;
      before.erase(found);
    }
    change.ok = !is_worse(change, tolerance);
    if (change.before && change.before == change.now) {
      ++out.same;
    } else {
      out.changes.push_back(std::move(change));
    }
  }
  for (const Baselined& b : baseline) {
    if (!before.contains({b.scenario, b.metric, b.bound})) continue;
    const Measure measure = measure_of(b.metric);
    out.changes.push_back({b.scenario, b.metric, b.bound, measure, b.value, {}});
  }
  return out;
}

}  // namespace attncalc
