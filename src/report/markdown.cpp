// SPDX-License-Identifier: Apache-2.0
//
// A report as Markdown that GitHub shows as it is meant: headings, pipe tables with right-aligned
// numbers, lists. What the input could bring along ("|", "<", a line end) is escaped.
#include <fmt/format.h>

#include "report/report.hpp"

namespace attncalc {
namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += ' ';
      continue;
    }
    if (c == '|' || c == '*' || c == '_' || c == '<' || c == '`' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void write_row(std::string& out, const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) out += fmt::format("| {} ", escaped(cell));
  out += "|\n";
}

void write_table(std::string& out, const TextTable& table) {
  std::vector<std::string> headings;
  for (const TextColumn& column : table.columns) headings.push_back(column.heading);
  write_row(out, headings);
  for (const TextColumn& column : table.columns) out += column.right ? "| ---: " : "| --- ";
  out += "|\n";
  for (const auto& row : table.rows) write_row(out, row);
}

void write(std::string& out, const Paragraph& paragraph, UnitStyle) {
  for (const std::string& line : paragraph.lines) out += escaped(line) + "  \n";
}

void write(std::string& out, const Facts& facts, UnitStyle units) {
  write_table(out, lay_out(facts, units));
}

void write(std::string& out, const Table& table, UnitStyle units) {
  if (!table.title.empty()) out += fmt::format("## {}\n\n", escaped(table.title));
  for (const std::string& line : table.lead) out += fmt::format("    {}\n", line);
  if (!table.lead.empty()) out += '\n';
  write_table(out, lay_out(table, units));
}

void write(std::string& out, const Notes& notes, UnitStyle) {
  out += fmt::format("## {}\n\n", escaped(notes.title));
  for (const std::string& item : notes.items) out += fmt::format("- {}\n", escaped(item));
}

}  // namespace

std::string render_markdown(const Report& report, UnitStyle units) {
  std::string out = fmt::format("# {}\n", escaped(report.title));
  for (const Block& block : report.blocks) {
    out += '\n';
    std::visit([&](const auto& b) { write(out, b, units); }, block);
  }
  return out;
}

}  // namespace attncalc
