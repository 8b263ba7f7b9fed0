// SPDX-License-Identifier: Apache-2.0
//
// What fails comes first, each with by how much and what would mend it, so that the first lines of
// a CI log are enough; then every check in a table.
#include "report/budget_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/common.hpp"

namespace attncalc {
namespace {

std::string value_text(const MetricValue& value, Measure measure,
                       UnitStyle units = UnitStyle::iec) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return format_figure(std::get<double>(value), measure, units);
}

std::string value_text(const MetricValue& value, const CheckedBudget& check) {
  return value_text(value, check.measure, check.units);
}

std::string exact_text(const MetricValue& value, Measure measure) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return format_exactly(std::get<double>(value), measure);
}

std::string percent(double share) {
  constexpr double hundred = 100;
  constexpr double shown_in_tenths = 0.1;
  const int decimals = std::abs(share) < shown_in_tenths ? 2 : 1;
  return fmt::format("{:.{}f}%", share * hundred, decimals);
}

std::string limit_text(const CheckedBudget& check) {
  if (!check.limit) return "followed";
  std::string text = fmt::format("{} {}", side_name(check.bound), value_text(*check.limit, check));
  if (check.tolerance > 0)
    text += " ± " + format_figure(check.tolerance, check.measure, check.units);
  return text;
}

std::string_view side(LimitSide bound) {
  if (bound == LimitSide::max) return "over";
  return bound == LimitSide::min ? "under" : "from";
}

// " (25.0%)", of a limit that is not 0.
std::string share_of_limit(double distance, double limit) {
  return limit == 0 ? std::string() : fmt::format(" ({})", percent(distance / std::abs(limit)));
}

std::string failed_sentence(const CheckedBudget& check) {
  const std::string limit = value_text(*check.limit, check);
  std::string value = value_text(*check.value, check);
  const double* figure = std::get_if<double>(&*check.value);
  const double* bound = std::get_if<double>(&*check.limit);
  if (!figure || !bound) {
    return fmt::format("{} is {}, not {}", check.metric, value, limit);
  }
  if (value == limit) value = exact_text(*check.value, check.measure);
  const double distance = std::abs(*figure - *bound);
  return fmt::format("{} is {}, {}{} {} {} {}", check.metric, value,
                     format_figure(distance, check.measure, check.units),
                     share_of_limit(distance, *bound), side(check.bound), side_name(check.bound),
                     limit);
}

std::string remedies_text(const CheckedBudget& check) {
  std::string text;
  for (const Remedy& remedy : check.remedies) {
    const bool last = &remedy == &check.remedies.back();
    if (!text.empty()) text += last ? ", or " : ", ";
    text += sentence(remedy, check);
  }
  return text;
}

constexpr std::size_t most_told = 20;  // of the failed checks; all of them are in the table

void tell_failed(const BudgetAnswer& answer, Paragraph& paragraph) {
  std::size_t told = 0;
  std::size_t failed = 0;
  for (const CheckedBudget& check : answer.checks) {
    if (check.ok || ++failed > most_told) continue;
    ++told;
    paragraph.lines.push_back(fmt::format("{}: {} ({}:{}:{})", check.scenario, sentence(check),
                                          answer.file, check.line, check.column));
    const std::string mended = remedies_text(check);
    if (!mended.empty()) paragraph.lines.push_back(fmt::format("  holds with {}", mended));
  }
  if (failed > told) paragraph.lines.push_back(fmt::format("and {} more", failed - told));
}

void tell_changes(const Comparison& comparison, Paragraph& paragraph) {
  for (const Change& change : comparison.changes) {
    if (change.ok) continue;
    paragraph.lines.push_back(fmt::format("{}: {}, more than {} since {}", change.scenario,
                                          sentence(change), percent(comparison.tolerance),
                                          comparison.file));
  }
}

std::string result_word(const CheckedBudget& check) {
  if (check.ok) return "ok";
  return check.value ? "FAILS" : "NO FIGURE";
}

Table checks_table(const BudgetAnswer& answer) {
  Table table{"checks",
              {},
              {{"result", "", Unit::text},
               {"name", "scenario", Unit::text},
               {"metric", "metric", Unit::text},
               {"value", "value", Unit::text},
               {"limit", "limit", Unit::text}},
              {}};
  for (const bool ok : {false, true}) {
    for (const CheckedBudget& check : answer.checks) {
      if (check.ok != ok) continue;
      table.rows.push_back({result_word(check), check.scenario, check.metric,
                            check.value ? value_text(*check.value, check) : std::string("none"),
                            limit_text(check)});
    }
  }
  return table;
}

double growth_of(const Change& change) {
  const double* before = change.before ? std::get_if<double>(&*change.before) : nullptr;
  const double* now = change.now ? std::get_if<double>(&*change.now) : nullptr;
  return before && now && *before != 0 ? *now / *before - 1 : 0;
}

std::string change_word(const Change& change) {
  if (!change.before) return "new";
  if (!change.now) return "gone";
  const double growth = growth_of(change);
  return fmt::format("{}{}{}", growth > 0 ? "+" : "", percent(growth), change.ok ? "" : "  FAILS");
}

Table changes_table(const Comparison& comparison) {
  Table table{fmt::format("since {}", comparison.file),
              {},
              {{"name", "scenario", Unit::text},
               {"metric", "metric", Unit::text},
               {"before", "before", Unit::text},
               {"now", "now", Unit::text},
               {"change", "change", Unit::text}},
              {}};
  const auto text = [](const std::optional<MetricValue>& value, Measure measure) {
    return value ? value_text(*value, measure) : std::string("none");
  };
  for (const Change& change : comparison.changes) {
    table.rows.push_back({change.scenario, change.metric, text(change.before, change.measure),
                          text(change.now, change.measure), change_word(change)});
  }
  return table;
}

void add_comparison(const Comparison& comparison, std::vector<Block>& blocks) {
  // A first baseline has nothing to compare with: a table of what is new would repeat the checks.
  const bool is_first =
      comparison.same == 0 && std::ranges::none_of(comparison.changes, [](const Change& change) {
        return change.before.has_value();
      });
  if (!is_first && !comparison.changes.empty()) blocks.emplace_back(changes_table(comparison));
  const auto count =
      static_cast<std::int64_t>(is_first ? comparison.changes.size() : comparison.same);
  Paragraph rest;
  if (count > 0)
    rest.lines.push_back(fmt::format("{} {} {}", counted(count, "figure"),
                                     is_first ? "that were not in" : "as in", comparison.file));
  if (comparison.updated) rest.lines.push_back(fmt::format("{} is rewritten", comparison.file));
  if (!rest.lines.empty()) blocks.emplace_back(std::move(rest));
}

// "; 1 figure is worse than in base.json"
std::string worse_text(const BudgetAnswer& answer) {
  if (!answer.comparison) return {};
  const auto worse = std::ranges::count(answer.comparison->changes, false, &Change::ok);
  if (worse == 0) return {};
  return fmt::format("; {} {} worse than in {}", counted(worse, "figure"),
                     worse == 1 ? "is" : "are", answer.comparison->file);
}

Cell cell_of(const std::optional<MetricValue>& value) {
  if (!value) return std::monostate{};
  if (const auto* text = std::get_if<std::string>(&*value)) return *text;
  return number_cell(std::get<double>(*value));
}

Table record_of(const BudgetAnswer& answer) {
  Table table{{},
              {},
              {{"name", "", Unit::text},
               {"metric", "", Unit::text},
               {"verb", "", Unit::text},
               {"value", "", Unit::count},
               {"bound", "", Unit::text},
               {"limit", "", Unit::count},
               {"tolerance", "", Unit::count},
               {"unit", "", Unit::text},
               {"ok", "", Unit::text},
               {"reason", "", Unit::text}},
              {}};
  for (const CheckedBudget& check : answer.checks) {
    table.rows.push_back({check.scenario, check.metric, check.verb, cell_of(check.value),
                          std::string(side_name(check.bound)), cell_of(check.limit),
                          number_cell(check.tolerance), std::string(unit_name(check.measure)),
                          std::string(check.ok ? "true" : "false"), check.reason});
  }
  return table;
}

}  // namespace

std::string_view side_name(LimitSide bound) {
  constexpr std::string_view names[] = {"none", "max", "min", "equals"};
  return names[static_cast<std::size_t>(bound)];
}

double excess(const CheckedBudget& check) {
  const double* value = check.value ? std::get_if<double>(&*check.value) : nullptr;
  const double* limit = check.limit ? std::get_if<double>(&*check.limit) : nullptr;
  return check.ok || !value || !limit ? 0 : std::abs(*value - *limit);
}

bool BudgetAnswer::ok() const {
  const bool grown = comparison && !std::ranges::all_of(comparison->changes, &Change::ok);
  return !grown && std::ranges::all_of(checks, &CheckedBudget::ok);
}

std::string sentence(const CheckedBudget& check) {
  if (!check.value) return fmt::format("{}: no figure: {}", check.metric, check.reason);
  if (!check.ok) return failed_sentence(check);
  return fmt::format("{} is {}, {}", check.metric, value_text(*check.value, check),
                     limit_text(check));
}

std::string sentence(const Change& change) {
  return fmt::format("{} went from {} to {} ({}{})", change.metric,
                     exact_text(*change.before, change.measure),
                     exact_text(*change.now, change.measure), growth_of(change) > 0 ? "+" : "",
                     percent(growth_of(change)));
}

std::string sentence(const Remedy& remedy, const CheckedBudget& check) {
  return fmt::format("{} {} instead of {} ({})", remedy.flag, remedy.to, remedy.from,
                     value_text(remedy.value, check));
}

std::string summary(const BudgetAnswer& answer) {
  const auto failed = std::ranges::count(answer.checks, false, &CheckedBudget::ok);
  const auto all = static_cast<std::int64_t>(answer.checks.size());
  const std::string checks = counted(all, "check");
  const std::string worse = worse_text(answer);
  if (failed == 0) {
    return (all == 1 ? "1 check holds" : fmt::format("all {} hold", checks)) + worse;
  }
  return fmt::format("{} of {} {}{}", format_count(failed), checks, failed == 1 ? "fails" : "fail",
                     worse);
}

Report budget_report(const BudgetAnswer& answer) {
  Report report{.title = fmt::format("{}: {}", answer.file, summary(answer)),
                .blocks = {},
                .record = record_of(answer)};
  Paragraph failed;
  tell_failed(answer, failed);
  if (answer.comparison) tell_changes(*answer.comparison, failed);
  if (!failed.lines.empty()) report.blocks.emplace_back(std::move(failed));
  report.blocks.emplace_back(checks_table(answer));
  if (answer.comparison) add_comparison(*answer.comparison, report.blocks);
  Notes warnings{"warnings", {}};
  for (const Warning& w : answer.warnings) warnings.items.push_back(w.text);
  add_if_any(std::move(warnings), report.blocks);
  return report;
}

}  // namespace attncalc
