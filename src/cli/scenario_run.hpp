// SPDX-License-Identifier: Apache-2.0
//
// A scenario as questions: each verb is asked at most once, and only if a budget needs it. A figure
// comes from the verb that takes most of what the scenario says; if that one fails, so does the
// figure, for another verb would answer a different question. Where it answers without having the
// figure, the next one is asked.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/capacity_file.hpp"

namespace attncalc {

class ScenarioRun {
 public:
  ScenarioRun(const VerbBook& book, ModelShelf& shelf, const std::vector<Setting>& settings)
      : book_(book), shelf_(shelf), settings_(settings) {}

  struct Figure {
    const VerbBook::Entry* verb = nullptr;  // that was asked last
    std::optional<MetricValue> value;
    Problems problems;  // of the verb, where it could not be asked
    std::string why;    // the verb answered, and its JSON has no such figure
    std::string hint;
    bool belongs_here = false;  // to this verb, if to any
  };
  Figure figure(const Budget& budget);

  // What `verb` says to this scenario.
  const Result<Json>& ask(const VerbBook::Entry& verb);

 private:
  const VerbBook& book_;
  ModelShelf& shelf_;
  const std::vector<Setting>& settings_;
  std::map<const VerbBook::Entry*, Result<Json>> asked_;
};

// Whether a figure is within the limit of a budget; a text must be equal.
bool holds(const Budget& budget, const MetricValue& value);

// Changes of one setting with which the budget would hold, found by asking again: the largest
// context and batch, smaller number formats, more devices.
std::vector<Remedy> find_remedies(const VerbBook& book, ModelShelf& shelf, const Scenario& scenario,
                                  const Budget& budget);

}  // namespace attncalc
