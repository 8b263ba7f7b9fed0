// SPDX-License-Identifier: Apache-2.0
//
// How a problem looks to the person who has to mend it. The form is the compilers', so editors that
// jump to `file:line:column` work unasked.
#include "base/result.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace attncalc {
namespace {

constexpr std::size_t widest_quote = 120;  // characters of a line that are shown
constexpr std::size_t most_problems = 50;  // more tell nobody anything new

std::string render_place(const Span& at) {
  const std::string file = printable(at.file);
  if (at.line > 0) return fmt::format("{}:{}:{}: ", file, at.line, at.column);
  return file.empty() ? "" : file + ": ";
}

std::string render_quote(const Problem& problem) {
  if (problem.source_line.empty()) return {};
  std::string out = fmt::format("  {}\n", printable(problem.source_line));
  if (problem.caret > 0) out += fmt::format("  {:>{}}\n", '^', problem.caret);
  return out;
}

}  // namespace

void quote_line(Problem& problem, std::string_view line) {
  const auto column = static_cast<std::size_t>(std::max(problem.at.column, 1));
  const std::size_t before = column - 1;
  const bool fits = skip_characters(line, widest_quote) == line.size();
  const std::size_t first = fits ? 0 : before - std::min(before, widest_quote / 2);
  line.remove_prefix(skip_characters(line, first));
  const std::size_t shown = skip_characters(line, widest_quote);
  const std::string_view ellipsis = "…";
  problem.source_line = first > 0 ? ellipsis : "";
  problem.source_line += line.substr(0, shown);
  if (shown < line.size()) problem.source_line += ellipsis;
  const std::size_t moved = first > 0 ? 1 : 0;
  problem.caret = problem.at.column > 0 ? static_cast<int>(column - first + moved) : 0;
}

std::string render(const Problem& problem) {
  std::string out = render_place(problem.at);
  out += fmt::format("error: {}\n", printable(problem.message));
  out += render_quote(problem);
  if (!problem.hint.empty()) out += fmt::format("hint: {}\n", printable(problem.hint));
  return out;
}

std::string render(const Problems& problems) {
  std::string out;
  const std::size_t shown = std::min(problems.size(), most_problems);
  for (std::size_t i = 0; i < shown; ++i) out += render(problems[i]);
  if (problems.size() > shown) out += fmt::format("and {} more\n", problems.size() - shown);
  return out;
}

}  // namespace attncalc
