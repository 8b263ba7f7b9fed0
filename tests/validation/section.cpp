// SPDX-License-Identifier: Apache-2.0
//
// Tables in Markdown. Counts are exact; errors are medians in whole per cent, so that another
// compiler's last digits change nothing.
#include "validation/section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>

namespace attncalc::validation {
namespace {

constexpr std::array<std::string_view, 4> figure_names = {"prompt", "decode", "generation",
                                                          "serving"};
std::string name_of(Figure figure) {
  return std::string(figure_names[static_cast<std::size_t>(figure)]);
}

double per_cent(double part, double whole) {
  constexpr double hundred = 100;
  return whole > 0 ? hundred * part / whole : 0;
}

std::string counts(const std::map<std::string, int>& reasons, const char* heading) {
  std::vector<std::pair<int, std::string>> sorted;
  for (const auto& [reason, rows] : reasons) sorted.emplace_back(-rows, reason);
  std::ranges::sort(sorted);
  std::string out = fmt::format("| {} | rows |\n| --- | ---: |\n", heading);
  for (const auto& [rows, reason] : sorted) out += fmt::format("| {} | {} |\n", reason, -rows);
  return out;
}

std::string mapping_text(const Score& s) {
  std::string out = fmt::format(
      "\n{} rows of tiers A and B have a time or a rate; {} ({:.1f} %) are mapped to a model, "
      "devices,\n"
      "formats and a figure.\n\n",
      s.counted, s.mapped, per_cent(s.mapped, s.counted));
  return s.unmapped.empty() ? out : out + counts(s.unmapped, "not mapped: why") + "\n";
}

// --- soundness -----------------------------------------------------------------------------------

struct Listed {
  int rows = 0;
  double least = 0, most = 0;
};

std::string soundness_text(const Score& s) {
  std::map<std::array<std::string, 4>, Listed> lines;
  for (const Violation& v : s.violations) {
    const std::string cause = v.known ? v.known->at("cause") : "not known";
    Listed& line = lines[{v.row->at("engine"), v.measured.model, v.measured.device, cause}];
    line.least = line.rows == 0 ? v.times_faster : std::min(line.least, v.times_faster);
    line.most = std::max(line.most, v.times_faster);
    ++line.rows;
  }
  std::string out = fmt::format(
      "### Soundness\n\n{} rows have a bound, and {} are faster than it. The median row of one "
      "device "
      "takes {:.1f} times\nits bound.\n",
      s.bounded, s.violations.empty() ? "none" : std::to_string(s.violations.size()),
      1 / median(s.bound_over_measured));
  if (lines.empty()) return out + "\n";
  out +=
      "\n| rows | engine | model | device | bound ÷ measured | cause |\n"
      "| ---: | --- | --- | --- | --- | --- |\n";
  for (const auto& [key, line] : lines) {
    const std::string ratio = line.rows == 1
                                  ? fmt::format("{:.2f}", line.most)
                                  : fmt::format("{:.2f} … {:.2f}", line.least, line.most);
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", line.rows, key[0], key[1], key[2],
                       ratio, key[3]);
  }
  return out + "\n";
}

// --- accuracy ------------------------------------------------------------------------------------

std::string error_cell(const std::vector<double>& errors) {
  std::vector<double> there;
  for (const double e : errors) {
    if (e >= 0) there.push_back(e);
  }
  if (there.empty()) return "–";
  return fmt::format("{:.0f} % ({})", per_cent(median(there), 1), there.size());
}

struct Group {
  std::vector<double> table, left_out, calibrated;
  void add(const Error& e) {
    table.push_back(e.table);
    left_out.push_back(e.left_out);
    calibrated.push_back(e.calibrated);
  }
  std::string cells() const {
    return fmt::format("{} | {} | {} |", error_cell(table), error_cell(left_out),
                       error_cell(calibrated));
  }
};

constexpr std::string_view heads = "our table | device left out | calibrated |\n";

std::string by_family(const Score& s) {
  std::map<std::tuple<std::string, std::string>, Group> groups;
  for (const Error& e : s.errors) groups[{e.family, name_of(e.figure)}].add(e);
  std::string out =
      fmt::format("| devices | figure | {}| --- | --- | ---: | ---: | ---: |\n", heads);
  for (const auto& [key, group] : groups) {
    out += fmt::format("| {} | {} | {}\n", std::get<0>(key), std::get<1>(key), group.cells());
  }
  return out + "\n";
}

std::string in_detail(const Score& s) {
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, Group> groups;
  for (const Error& e : s.errors) {
    groups[{e.family, e.engine, e.precision, name_of(e.figure)}].add(e);
  }
  std::string out = fmt::format(
      "| devices | engine | weights | figure | {}| --- | --- | --- | --- | ---: | ---: | ---: |\n",
      heads);
  for (const auto& [key, group] : groups) {
    out += fmt::format("| {} | {} | {} | {} | {}\n", std::get<0>(key), std::get<1>(key),
                       std::get<2>(key), std::get<3>(key), group.cells());
  }
  return out + "\n";
}

std::string reached_text(const Score& s) {
  std::string out =
      "What engines take, as times of the table without an engine; fitted to all rows.\n\n"
      "| devices | engine | memory traffic | products | gaps | of devices | rows |\n"
      "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n";
  for (const Reached& r : s.reached) {
    out += fmt::format("| {} | {} | {:.2f} | {:.2f} | {:.2f} | {} | {} |\n", r.kind, r.engine,
                       r.by.memory, r.by.compute, r.by.gaps, r.devices, r.rows);
  }
  return out + "\n";
}

// --- what was aimed at ---------------------------------------------------------------------------

struct Aim {
  std::string_view what;
  std::vector<std::string_view> families;
  std::vector<Figure> figures;
  bool calibrated = false;
  double most = 0;
};

std::string aim_line(const Score& s, const Aim& aim) {
  std::vector<double> errors;
  for (const Error& e : s.errors) {
    const bool wanted = std::ranges::find(aim.families, e.family) != aim.families.end() &&
                        std::ranges::find(aim.figures, e.figure) != aim.figures.end();
    const double error = aim.calibrated ? e.calibrated : e.left_out;
    if (wanted && error >= 0) errors.push_back(error);
  }
  const std::string verdict = errors.empty()               ? "no data"
                              : median(errors) <= aim.most ? "met"
                                                           : "missed";
  return fmt::format("| {} | {} | {:.0f} % | {} | {} |\n", aim.what,
                     aim.calibrated ? "calibrated" : "device left out", per_cent(aim.most, 1),
                     error_cell(errors), verdict);
}

std::string aims_text(const Score& s) {
  const std::vector<Figure> decode = {Figure::decode}, whole = {Figure::generation},
                            prompt = {Figure::prefill};
  constexpr double quarter = 0.25, fifth = 0.20, tenth = 0.10, hopper = 0.15;
  const std::vector<Aim> aims = {
      {"A100-class, decode", {"ampere"}, decode, false, quarter},
      {"A100-class, generation", {"ampere"}, whole, false, quarter},
      {"H100- and GH200-class, decode", {"hopper"}, decode, false, quarter},
      {"H100- and GH200-class, generation", {"hopper"}, whole, false, quarter},
      {"Apple, decode", {"apple"}, decode, false, quarter},
      {"A100-class, prompt", {"ampere"}, prompt, false, fifth},
      {"H100- and GH200-class, prompt", {"hopper"}, prompt, false, fifth},
      {"Apple, prompt", {"apple"}, prompt, false, fifth},
      {"A100-class, decode", {"ampere"}, decode, true, tenth},
      {"A100-class, generation", {"ampere"}, whole, true, tenth},
      {"H100- and GH200-class, decode", {"hopper"}, decode, true, hopper},
      {"H100- and GH200-class, generation", {"hopper"}, whole, true, hopper},
      {"Apple, decode", {"apple"}, decode, true, tenth},
  };
  std::string out =
      "| what | fitted | aim | median error (rows) | |\n"
      "| --- | --- | ---: | ---: | --- |\n";
  for (const Aim& aim : aims) out += aim_line(s, aim);
  return out + "\n";
}

}  // namespace

std::string section_of(const Score& s) {
  std::string out = mapping_text(s) + soundness_text(s);
  out += fmt::format("### Accuracy\n\n{} of {} mapped rows are scored.\n\n", s.errors.size(),
                     s.mapped);
  if (!s.not_scored.empty()) out += counts(s.not_scored, "not scored: why") + "\n";
  out += "Medians of |estimate ÷ measured − 1|, and of how many rows.\n\n";
  out += aims_text(s) + by_family(s) + in_detail(s) + reached_text(s);
  out.pop_back();
  return out;
}

}  // namespace attncalc::validation
