// SPDX-License-Identifier: Apache-2.0
//
// One line a failure. GitHub shows ten errors of a step, so the tenth says how many more there are.
#include "cli/annotations.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/utf8.hpp"

namespace attncalc {
namespace {

constexpr std::size_t most_shown = 10;

// What has a meaning in a workflow command is written as a percentage; in its properties, more has.
std::string escaped(std::string_view text, bool is_property) {
  std::string out;
  for (const char c : printable(text)) {
    const bool special = c == '%' || (is_property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return out;
}

struct Annotation {
  Span at;
  std::string title;
  std::string text;
};

std::string line_of(const Annotation& a) {
  std::string place;
  if (!a.at.file.empty()) place = fmt::format("file={},", escaped(a.at.file, true));
  if (a.at.line > 0) place += fmt::format("line={},col={},", a.at.line, a.at.column);
  return fmt::format("::error {}title={}::{}\n", place, escaped(a.title, true),
                     escaped(a.text, false));
}

std::string lines_of(const std::vector<Annotation>& all) {
  std::string out;
  const bool too_many = all.size() > most_shown;
  const std::size_t shown = too_many ? most_shown - 1 : all.size();
  for (std::size_t i = 0; i < shown; ++i) out += line_of(all[i]);
  if (too_many) {
    out += line_of({.at = {},
                    .title = "attncalc check",
                    .text = fmt::format("and {} more", all.size() - shown)});
  }
  return out;
}

}  // namespace

std::string annotations(const BudgetAnswer& answer) {
  std::vector<Annotation> all;
  for (const CheckedBudget& check : answer.checks) {
    if (check.ok) continue;
    all.push_back({{answer.file, check.line, check.column}, check.scenario, sentence(check)});
  }
  if (answer.comparison) {
    for (const Change& change : answer.comparison->changes) {
      if (!change.ok) all.push_back({{answer.file, 0, 0}, change.scenario, sentence(change)});
    }
  }
  return lines_of(all);
}

std::string annotations(const Problems& problems) {
  std::vector<Annotation> all;
  for (const Problem& p : problems) {
    const std::string hint = p.hint.empty() ? "" : "; " + p.hint;
    all.push_back({p.at, "attncalc check", p.message + hint});
  }
  return lines_of(all);
}

}  // namespace attncalc
