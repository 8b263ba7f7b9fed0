// SPDX-License-Identifier: Apache-2.0
//
// A report on a terminal: aligned columns, two spaces between them, an empty line between blocks.
// Width is counted in characters, not bytes: "×" is one.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "report/report.hpp"

namespace attncalc {
namespace {

constexpr std::string_view margin = "  ";

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::size_t have = count_characters(text);
  const std::string space(width > have ? width - have : 0, ' ');
  return right ? space + text : text + space;
}

std::vector<std::size_t> widths_of(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const TextColumn& column : table.columns) {
    widths.push_back(count_characters(column.heading));
  }
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], count_characters(row[i]));
    }
  }
  return widths;
}

class TextRenderer {
 public:
  explicit TextRenderer(const TextStyle& style) : style_(style) {}

  std::string render(const Report& report) {
    out_ = bold(report.title) + "\n";
    for (const Block& block : report.blocks) {
      // What opens the report belongs to its title.
      if (&block != &report.blocks.front() || !std::holds_alternative<Paragraph>(block))
        out_ += '\n';
      std::visit([&](const auto& b) { write(b); }, block);
    }
    return std::move(out_);
  }

 private:
  std::string bold(const std::string& text) const {
    return style_.colour ? fmt::format("\x1b[1m{}\x1b[0m", text) : text;
  }

  void write(const Paragraph& paragraph) {
    for (const std::string& line : paragraph.lines) out_ += line + "\n";
  }

  void write(const Facts& facts) { write_rows(lay_out(facts, style_.units)); }

  void write(const Table& table) {
    if (!table.title.empty()) out_ += bold(table.title) + "\n";
    for (const std::string& line : table.lead) out_ += fmt::format("{}{}\n", margin, line);
    write_rows(lay_out(table, style_.units));
  }

  void write(const Notes& notes) {
    out_ += bold(notes.title) + "\n";
    for (const std::string& item : notes.items) out_ += fmt::format("{}{}\n", margin, item);
  }

  void write_rows(const TextTable& table) {
    const std::vector<std::size_t> widths = widths_of(table);
    std::vector<std::string> headings;
    for (const TextColumn& column : table.columns) headings.push_back(column.heading);
    const bool titled = std::ranges::any_of(headings, [](const auto& h) { return !h.empty(); });
    if (titled) write_row(table, headings, widths);
    for (const auto& row : table.rows) write_row(table, row, widths);
  }

  void write_row(const TextTable& table, const std::vector<std::string>& row,
                 const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths[i] == 0) continue;
      line += margin;
      line += padded(row[i], widths[i], table.columns[i].right);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ += line + "\n";
  }

  TextStyle style_;
  std::string out_;
};

}  // namespace

std::string render_text(const Report& report, const TextStyle& style) {
  return TextRenderer(style).render(report);
}

}  // namespace attncalc
