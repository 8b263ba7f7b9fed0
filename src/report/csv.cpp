// SPDX-License-Identifier: Apache-2.0
//
// The record of a report as CSV after RFC 4180: a heading line, lines end in CR LF, quotes only
// where they are needed and doubled inside. Numbers are in base units without grouping, so that a
// spreadsheet reads them as numbers.
#include <fmt/format.h>

#include "report/report.hpp"

namespace attncalc {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += c;
    out += c;
  }
  return out + '"';
}

std::string field(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return quoted(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  return {};
}

void end_line(std::string& out) {
  out.pop_back();  // the comma after the last field
  out += "\r\n";
}

}  // namespace

std::string render_csv(const Report& report) {
  std::string out;
  for (const Column& column : report.record.columns) out += quoted(column.key) + ",";
  end_line(out);
  for (const auto& row : report.record.rows) {
    for (const Cell& cell : row) out += field(cell) + ",";
    end_line(out);
  }
  return out;
}

}  // namespace attncalc
