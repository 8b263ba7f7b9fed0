// SPDX-License-Identifier: Apache-2.0
//
// `attncalc io` for people: one row a way of running the attention, then what each tensor moves.
#include "report/io_report.hpp"

#include <fmt/format.h>

#include "report/common.hpp"

namespace attncalc {
namespace {

std::int64_t of_all(const IoAnswer& a, Bytes one_head) {
  return (one_head.value * a.scenario.copies()).value;
}

double intensity(const IoAnswer& a, const IoRow& row) {
  return a.flops / static_cast<double>(of_all(a, row.traffic.total()));
}

Cell optional_count(const std::optional<std::int64_t>& value) {
  return value ? Cell(*value) : Cell();
}

Paragraph opening(const IoAnswer& a) {
  const IoScenario& s = a.scenario;
  return {
      {fmt::format("attention over {}, head_dim {}, {}, {}, {}{}", counted(s.shape.tokens, "token"),
                   s.shape.head_dim.value, counted(s.heads, "head"), counted(s.batch, "sequence"),
                   s.dtype, s.shape.causal ? ", causal" : ""),
       fmt::format("{} in the two products", format_flops(Flops(a.flops)))}};
}

Table orders_of(const IoAnswer& a) {
  Table out;
  out.columns = {
      {"order", "order", Unit::text},        {"block_rows", "B_r", Unit::count},
      {"block_cols", "B_c", Unit::count},    {"sram_need_bytes", "SRAM need", Unit::bytes},
      {"total_bytes", "moved", Unit::bytes}, {"intensity", "FLOP/byte", Unit::text}};
  for (const IoRow& row : a.rows) {
    out.rows.push_back({std::string(loop_order_name(row.order)), optional_count(row.block_rows),
                        optional_count(row.block_cols),
                        row.need ? Cell(row.need->value.value) : Cell(),
                        of_all(a, row.traffic.total()), fmt::format("{:.1f}", intensity(a, row))});
  }
  return out;
}

Table tensors_of(const IoAnswer& a) {
  Table out;
  out.title = "by tensor";
  out.columns = {{"order", "order", Unit::text},
                 {"tensor", "tensor", Unit::text},
                 {"read_bytes", "read", Unit::bytes},
                 {"written_bytes", "written", Unit::bytes}};
  for (const IoRow& row : a.rows) {
    const TileTraffic& t = row.traffic;
    const auto add = [&](std::string tensor, Bytes read, Bytes written) {
      if (read == Bytes() && written == Bytes()) return;
      out.rows.push_back({std::string(loop_order_name(row.order)), std::move(tensor),
                          of_all(a, read), of_all(a, written)});
    };
    add("Q", t.q_read, {});
    add("K", t.k_read, {});
    add("V", t.v_read, {});
    add("S and P", t.score_read, t.score_write);
    add("O", t.output_read, t.output_write);
    add("statistics", t.statistics_read, t.statistics_write);
  }
  return out;
}

Table simulation_of(const IoAnswer& a) {
  Table out;
  out.title = "the same loops run through a least-recently-used cache of that size";
  out.columns = {{"order", "order", Unit::text},
                 {"simulated_bytes", "moved", Unit::bytes},
                 {"ratio", "of the count", Unit::text}};
  for (const IoRow& row : a.rows) {
    if (!row.simulated) continue;
    const std::int64_t simulated = of_all(a, row.simulated->total());
    out.rows.push_back(
        {std::string(loop_order_name(row.order)), simulated,
         fmt::format("{:.3f}", static_cast<double>(simulated) /
                                   static_cast<double>(of_all(a, row.traffic.total())))});
  }
  return out;
}

Paragraph block_note(const IoAnswer& a) {
  const BlockChoice& b = *a.square_block;
  return {{fmt::format("the largest square block that fits: {} × {}, {} bytes", b.rows, b.cols,
                       format_count(b.need.value.value))}};
}

// --- formulas ------------------------------------------------------------------------------------

std::string times_all(const IoAnswer& a, const Traced& t) {
  const Count copies = a.scenario.copies();
  if (copies == Count(1)) return {};
  return fmt::format("of one head; of {} and {}: {} bytes", counted(a.scenario.heads, "head"),
                     counted(a.scenario.batch, "sequence"), format_count((t.value * copies).value));
}

Table formula_of(const IoAnswer& a, const IoRow& row, const IoFormula& formula) {
  const Traced& t = formula.one_head;
  Table out;
  out.title = fmt::format("{} of {}: {}", formula.key, loop_order_name(row.order),
                          format_count(t.value.value));
  out.lead = {"= " + t.symbols, "= " + t.numbers};
  const std::string all = formula.key == "sram_need_bytes" ? "" : times_all(a, t);
  if (!all.empty()) out.lead.push_back(all);
  out.columns = {{"factor", "factor", Unit::text}, {"value", "value", Unit::count}};
  for (const Factor& factor : t.factors) out.rows.push_back({factor.name, factor.value});
  return out;
}

Paragraph sums_of(const IoAnswer& a) {
  Paragraph out;
  for (const IoRow& row : a.rows) {
    out.lines.push_back(
        fmt::format("{}: moved is the sum of what is read and written; FLOP/byte = {} / {}",
                    loop_order_name(row.order), a.flops, of_all(a, row.traffic.total())));
  }
  return out;
}

}  // namespace

std::vector<IoFormula> io_formulas(const IoRow& row) {
  const TileColumns<Traced> c = explain_tiles(row.order, row.shape);
  std::vector<IoFormula> all = {{"q_read_bytes", c.q_read},
                                {"k_read_bytes", c.k_read},
                                {"v_read_bytes", c.v_read},
                                {"score_read_bytes", c.score_read},
                                {"score_write_bytes", c.score_write},
                                {"output_read_bytes", c.output_read},
                                {"output_write_bytes", c.output_write},
                                {"statistics_read_bytes", c.statistics_read},
                                {"statistics_write_bytes", c.statistics_write}};
  std::erase_if(all, [](const IoFormula& f) { return f.one_head.value == Count(0); });
  if (row.need) all.push_back({"sram_need_bytes", explain_need(row.shape)});
  return all;
}

Report io_report(const IoAnswer& a) {
  Report report;
  report.title = "attention traffic";
  report.blocks.push_back(opening(a));
  report.blocks.push_back(orders_of(a));
  report.blocks.push_back(tensors_of(a));
  if (a.square_block) report.blocks.push_back(block_note(a));
  const Table simulated = simulation_of(a);
  if (!simulated.rows.empty()) report.blocks.push_back(simulated);
  if (a.explain) {
    for (const IoRow& row : a.rows) {
      for (const IoFormula& formula : io_formulas(row))
        report.blocks.push_back(formula_of(a, row, formula));
    }
    report.blocks.push_back(sums_of(a));
  }
  report.record = orders_of(a);
  return report;
}

}  // namespace attncalc
