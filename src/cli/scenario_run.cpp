// SPDX-License-Identifier: Apache-2.0
//
// Asking verbs, with the one exception of arithmetic caught where it belongs to a single scenario.
#include "cli/scenario_run.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc {
namespace {

Result<Json> json_of(const Verb& verb, const std::vector<Setting>& settings, ModelShelf& shelf) {
  try {
    const Question question = verb.question();
    fill(question, settings);
    const Result<Answer> answer = question.answer(shelf);
    if (!answer) return answer.problems();
    return answer->json();
  } catch (const Overflow& overflow) {
    return usage_problem(overflow.what(), "the inputs are too large");
  }
}

}  // namespace

const Result<Json>& ScenarioRun::ask(const VerbBook::Entry& verb) {
  auto found = asked_.find(&verb);
  if (found == asked_.end()) {
    found = asked_.emplace(&verb, json_of(*verb.verb, settings_, shelf_)).first;
  }
  return found->second;
}

ScenarioRun::Figure ScenarioRun::figure(const Budget& budget) {
  std::vector<const VerbBook::Entry*> verbs;
  if (budget.verb.empty()) {
    verbs = book_.that_have(budget.metric.steps.front(), settings_);
  } else {
    verbs = {book_.find(budget.verb)};
  }
  Figure first_miss;
  for (const VerbBook::Entry* verb : verbs) {
    if (first_miss.belongs_here) break;
    Figure figure{.verb = verb, .value = {}, .problems = {}, .why = {}, .hint = {}};
    const Result<Json>& answer = ask(*verb);
    if (!answer) {
      figure.problems = answer.problems();
      return figure;
    }
    MetricLookup found = find_metric(*answer, budget.metric);
    figure.value = std::move(found.value);
    if (figure.value) return figure;
    figure.why = std::move(found.why);
    figure.hint = std::move(found.hint);
    figure.belongs_here = found.belongs_here;
    if (!first_miss.verb) first_miss = std::move(figure);
  }
  return first_miss;
}

bool holds(const Budget& budget, const MetricValue& value) {
  if (budget.bound == LimitSide::none) return true;
  const double* figure = std::get_if<double>(&value);
  const double* limit = std::get_if<double>(&*budget.limit);
  if (!figure || !limit) return budget.bound == LimitSide::equals && value == *budget.limit;
  if (budget.bound == LimitSide::max) return *figure <= *limit + budget.tolerance;
  if (budget.bound == LimitSide::min) return *figure >= *limit - budget.tolerance;
  return std::abs(*figure - *limit) <= budget.tolerance;
}

}  // namespace attncalc
