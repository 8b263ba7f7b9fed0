// SPDX-License-Identifier: Apache-2.0
//
// What a verb says, before anybody decides how it looks: paragraphs, facts, titled tables of typed
// cells, and notes. A renderer turns it into text, CSV or Markdown; JSON has its own shape and is
// written from the same values (json.hpp). A cell keeps the exact number; only renderers round.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/unit_text.hpp"

namespace attncalc {

// What the numbers of a column are. Bytes are whole, or real where they are an average (bytes per
// token); a share is a part of 1.
enum class Unit : std::uint8_t { text, count, bytes, flops, seconds, share };

using Cell = std::variant<std::monostate, std::string, std::int64_t, double>;

struct Column {
  std::string key;      // for CSV: names its unit, "total_bytes"
  std::string heading;  // for people; empty: the unit is heading enough
  Unit unit = Unit::text;
  bool exact = true;       // bytes: also as whole bytes, in a column of their own
  bool own_units = false;  // bytes and FLOPs: each cell in the unit that suits it
};

struct Table {
  std::string title;
  std::vector<std::string> lead;  // lines between the title and the table
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

// Figures of different size below one another: each shows its own prefix and the exact count.
struct Fact {
  std::string label;
  Cell value;
  Unit unit = Unit::bytes;
};
struct Facts {
  std::vector<Fact> facts;
};

struct Paragraph {
  std::vector<std::string> lines;
};

struct Notes {
  std::string title;  // "assumed"
  std::vector<std::string> items;
};

using Block = std::variant<Paragraph, Facts, Table, Notes>;

struct Report {
  std::string title;
  std::vector<Block> blocks;
  Table record;  // one row a result, all inputs and figures under their JSON names: what CSV prints
};

struct TextStyle {
  UnitStyle units = UnitStyle::iec;
  bool colour = false;
};

std::string render_text(const Report& report, const TextStyle& style);
std::string render_markdown(const Report& report, UnitStyle units);
std::string render_csv(const Report& report);

// --- what text and Markdown share ----------------------------------------------------------------

// A table whose cells are text, in columns that go left or right. A column of bytes becomes two: in
// the unit that suits its largest cell, which the heading names, and exact.
struct TextColumn {
  std::string heading;
  bool right = false;
};
struct TextTable {
  std::vector<TextColumn> columns;
  std::vector<std::vector<std::string>> rows;
};
TextTable lay_out(const Table& table, UnitStyle units);
TextTable lay_out(const Facts& facts, UnitStyle units);

}  // namespace attncalc
