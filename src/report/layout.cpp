// SPDX-License-Identifier: Apache-2.0
//
// From typed cells to text in columns: the step before a renderer draws lines between them.
#include <fmt/format.h>

#include <algorithm>

#include "report/report.hpp"

namespace attncalc {
namespace {

// The whole number in a cell; a real one is cut, which only decides its prefix.
std::int64_t whole_part(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return *whole;
  if (const auto* real = std::get_if<double>(&cell)) return static_cast<std::int64_t>(*real);
  return 0;
}

// At least four digits of a real number: the digits behind the point count where it is small.
std::string real_text(double value) {
  constexpr double shown_whole = 100;
  const std::string text = fmt::format("{:.{}f}", value, value < shown_whole ? 3 : 1);
  return text;
}

std::string exact_cell(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return format_count(*whole);
  if (const auto* real = std::get_if<double>(&cell)) return real_text(*real);
  return {};
}

std::string share_cell(const Cell& cell) {
  const auto* share = std::get_if<double>(&cell);
  return share ? fmt::format("{:.1f}%", *share * 100) : std::string();
}

bool is_absent(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

Bytes largest_in(const Table& table, std::size_t column) {
  Bytes largest;
  for (const std::vector<Cell>& row : table.rows) {
    largest = std::max(largest, Bytes(whole_part(row[column])));
  }
  return largest;
}

// Calls put(row, text) for each row.
template <class Put>
void fill(TextTable& out, const Table& table, std::size_t column, Put&& text_of) {
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const Cell& cell = table.rows[row][column];
    out.rows[row].push_back(is_absent(cell) ? std::string() : text_of(cell));
  }
}

std::string with_unit(const std::string& heading, std::string_view unit) {
  return heading.empty() ? std::string(unit) : fmt::format("{} {}", heading, unit);
}

void add_bytes(TextTable& out, const Table& table, std::size_t at, UnitStyle units) {
  const std::string& heading = table.columns[at].heading;
  const ByteUnit unit = column_unit(largest_in(table, at), units);
  if (unit.bytes > 1) {
    out.columns.push_back({with_unit(heading, unit.name), true});
    fill(out, table, at,
         [&](const Cell& cell) { return format_in(Bytes(whole_part(cell)), unit); });
  }
  if (unit.bytes > 1 && !table.columns[at].exact) return;
  out.columns.push_back({with_unit(heading, "bytes"), true});
  fill(out, table, at, exact_cell);
}

// The number in a cell, whole or real.
double real_in(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    return static_cast<double>(*whole);
  }
  const auto* real = std::get_if<double>(&cell);
  return real ? *real : 0;
}

Flops flops_in(const Cell& cell) { return Flops(real_in(cell)); }

void add_flops(TextTable& out, const Table& table, std::size_t at) {
  Flops largest;
  for (const std::vector<Cell>& row : table.rows) largest = std::max(largest, flops_in(row[at]));
  const FlopUnit unit = column_unit(largest);
  out.columns.push_back({with_unit(table.columns[at].heading, unit.name), true});
  fill(out, table, at, [&](const Cell& cell) { return format_in(flops_in(cell), unit); });
}

Seconds seconds_in(const Cell& cell) { return Seconds(real_in(cell)); }

void add_seconds(TextTable& out, const Table& table, std::size_t at) {
  Seconds largest;
  for (const std::vector<Cell>& row : table.rows) largest = std::max(largest, seconds_in(row[at]));
  const TimeUnit unit = column_unit(largest);
  out.columns.push_back({with_unit(table.columns[at].heading, unit.name), true});
  fill(out, table, at, [&](const Cell& cell) { return format_in(seconds_in(cell), unit); });
}

// Down such a column go figures of very different size.
void add_own_units(TextTable& out, const Table& table, std::size_t at, UnitStyle units) {
  const Column& column = table.columns[at];
  out.columns.push_back({column.heading, true});
  fill(out, table, at, [&](const Cell& cell) {
    return column.unit == Unit::flops ? format_flops(flops_in(cell))
                                      : format_bytes(Bytes(whole_part(cell)), units);
  });
}

}  // namespace

TextTable lay_out(const Table& table, UnitStyle units) {
  TextTable out;
  out.rows.resize(table.rows.size());
  for (std::size_t at = 0; at < table.columns.size(); ++at) {
    const Column& column = table.columns[at];
    if (column.own_units) {
      add_own_units(out, table, at, units);
      continue;
    }
    if (column.unit == Unit::bytes) {
      add_bytes(out, table, at, units);
      continue;
    }
    if (column.unit == Unit::flops) {
      add_flops(out, table, at);
      continue;
    }
    if (column.unit == Unit::seconds) {
      add_seconds(out, table, at);
      continue;
    }
    out.columns.push_back({column.heading, column.unit != Unit::text});
    fill(out, table, at, column.unit == Unit::share ? share_cell : exact_cell);
  }
  return out;
}

TextTable lay_out(const Facts& facts, UnitStyle units) {
  TextTable out;
  out.columns = {{"", false}, {"", true}, {"", true}};
  for (const Fact& fact : facts.facts) {
    if (fact.unit == Unit::flops) {
      const std::string exact = exact_cell(fact.value) + " FLOP";
      out.rows.push_back({fact.label, format_flops(flops_in(fact.value)), exact});
      continue;
    }
    if (fact.unit == Unit::seconds) {
      out.rows.push_back({fact.label, format_seconds(seconds_in(fact.value)), ""});
      continue;
    }
    if (fact.unit == Unit::share) {
      out.rows.push_back({fact.label, share_cell(fact.value), ""});
      continue;
    }
    if (fact.unit != Unit::bytes) {
      out.rows.push_back({fact.label, exact_cell(fact.value), ""});
      continue;
    }
    const std::string readable = format_bytes(Bytes(whole_part(fact.value)), units);
    const std::string exact = exact_cell(fact.value) + " bytes";
    const bool same = units == UnitStyle::bytes || readable.ends_with(" B");
    out.rows.push_back({fact.label, same ? std::string() : readable, exact});
  }
  return out;
}

}  // namespace attncalc
