// SPDX-License-Identifier: Apache-2.0
//
// `attncalc mask` for people: a line a pattern, and what its columns mean.
#include "report/mask_report.hpp"

#include <fmt/format.h>

#include "report/common.hpp"

namespace attncalc {
namespace {

Cell span_cell(const MaskRow& row) {
  if (!row.span.known) return {};
  return row.span.layers ? fmt::format("{}", *row.span.layers) : std::string("never");
}

Cell bytes_cell(const std::optional<Bytes>& bytes) {
  return bytes ? Cell(bytes->value.value) : Cell();
}

Paragraph opening(const MaskAnswer& a) {
  const MaskScenario& s = a.scenario;
  Paragraph out;
  if (a.model) out.lines.push_back(layers_text(*a.model));
  out.lines.push_back(
      fmt::format("{} without a cached prefix, of one head", counted(s.tokens, "token")));
  return out;
}

Table patterns_of(const MaskAnswer& a) {
  const MaskScenario& s = a.scenario;
  Table out;
  out.columns = {{"name", "pattern", Unit::text}};
  if (a.model) out.columns.push_back({"layers", "layers", Unit::count});
  const std::vector<Column> figures = {
      {"pairs", "pairs", Unit::count},
      {"sparsity", "sparsity", Unit::share},
      {"layers_to_span", "layers to span", Unit::text},
      {"csr_bytes", "CSR index", Unit::bytes, false, true},
      {"bsr_bytes", fmt::format("BSR index, {} × {}", s.index_block, s.index_block), Unit::bytes,
       false, true},
      {"gathered_lines", "lines gathered", Unit::count}};
  out.columns.insert(out.columns.end(), figures.begin(), figures.end());
  if (s.brute) out.columns.push_back({"drawn_pairs", "pairs drawn", Unit::count});
  for (const MaskRow& row : a.rows) {
    std::vector<Cell> cells = {row.name};
    if (a.model) cells.emplace_back(row.layers ? Cell(*row.layers) : Cell());
    const std::vector<Cell> values = {
        number_cell(row.pairs), row.sparsity(),      span_cell(row),
        row.csr.value.value,    bytes_cell(row.bsr), row.lines ? Cell(*row.lines) : Cell()};
    cells.insert(cells.end(), values.begin(), values.end());
    if (s.brute) cells.push_back(row.drawn_pairs ? number_cell(*row.drawn_pairs) : Cell());
    out.rows.push_back(std::move(cells));
  }
  return out;
}

Notes meaning_of(const MaskAnswer& a) {
  const MaskScenario& s = a.scenario;
  Notes notes{"where", {}};
  notes.items.push_back(
      "sparsity is the part of the pairs of full attention, causal or to both sides, that is not "
      "seen");
  notes.items.push_back(
      "layers to span: until the last token has heard of every token (to both sides: every of "
      "every)");
  notes.items.push_back(
      fmt::format("lines gathered: of {} bytes, for the last token's keys in rows of {} bytes; of "
                  "a top k the most, "
                  "no two in one line",
                  format_count(s.line.value.value), format_count(s.row.value.value)));
  for (const std::string& label : a.without)
    notes.items.push_back(fmt::format("{} has no mask over tokens", label));
  return notes;
}

}  // namespace

Report mask_report(const MaskAnswer& a) {
  Report report;
  report.title = a.model ? title_of(*a.model) : "attention masks";
  report.blocks.push_back(opening(a));
  report.blocks.push_back(patterns_of(a));
  report.blocks.push_back(meaning_of(a));
  if (a.model) add_notes(*a.model, report.blocks);
  report.record = patterns_of(a);
  return report;
}

}  // namespace attncalc
