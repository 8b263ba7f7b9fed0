// SPDX-License-Identifier: Apache-2.0
//
// `attncalc io` as JSON, schema attncalc/io/1. Byte figures are of all heads and sequences but
// `sram_need_bytes`, which is of one tile.
#include <nlohmann/json.hpp>

#include "report/io_report.hpp"
#include "report/json.hpp"

namespace attncalc {
namespace {

using json::Object;

Object scenario_object(const IoScenario& s) {
  Object o;
  json::put(o, "context_tokens", s.shape.tokens);
  json::put(o, "head_dim", s.shape.head_dim);
  json::put(o, "heads", s.heads);
  json::put(o, "batch", s.batch);
  o["dtype"] = s.dtype;
  o["tile_dtype"] = s.tile_dtype;
  o["causal"] = s.shape.causal;
  o["output_tile"] = s.shape.output_tile;
  o["sram_bytes"] = s.sram ? Object(s.sram->value.value) : Object(nullptr);
  o["align"] = s.align;
  return o;
}

void put_optional(Object& object, const char* key, const std::optional<std::int64_t>& value) {
  object[key] = value ? Object(*value) : Object(nullptr);
}

Object row_object(const IoAnswer& a, const IoRow& row) {
  const TileTraffic& t = row.traffic;
  Object o;
  const auto put = [&](const char* key, Bytes one_head) {
    json::put(o, key, (one_head.value * a.scenario.copies()).value);
  };
  o["order"] = loop_order_name(row.order);
  put_optional(o, "block_rows", row.block_rows);
  put_optional(o, "block_cols", row.block_cols);
  o["sram_need_bytes"] = row.need ? Object(row.need->value.value) : Object(nullptr);
  put("q_read_bytes", t.q_read);
  put("k_read_bytes", t.k_read);
  put("v_read_bytes", t.v_read);
  put("score_read_bytes", t.score_read);
  put("score_write_bytes", t.score_write);
  put("output_read_bytes", t.output_read);
  put("output_write_bytes", t.output_write);
  put("statistics_read_bytes", t.statistics_read);
  put("statistics_write_bytes", t.statistics_write);
  put("total_bytes", t.total());
  o["intensity_flops_per_byte"] =
      a.flops / static_cast<double>(o["total_bytes"].get<std::int64_t>());
  if (row.simulated) put("simulated_bytes", row.simulated->total());
  return o;
}

Object explanation_object(const IoRow& row, const IoFormula& formula) {
  const Traced& t = formula.one_head;
  Object o{{"order", loop_order_name(row.order)}, {"column", formula.key}};
  json::put(o, "one_head_bytes", t.value.value);
  o["formula"] = t.symbols;
  o["numbers"] = t.numbers;
  o["factors"] = Object::array();
  for (const Factor& factor : t.factors)
    o["factors"].push_back({{"name", factor.name}, {"value", factor.value}});
  return o;
}

}  // namespace

Json io_json(const IoAnswer& a) {
  Object o = json::opening("attncalc/io/1");
  o["scenario"] = scenario_object(a.scenario);
  json::put_real(o, "flops", a.flops);
  o["orders"] = Object::array();
  for (const IoRow& row : a.rows) o["orders"].push_back(row_object(a, row));
  o["largest_square_block"] = a.square_block ? Object(a.square_block->rows) : Object(nullptr);
  if (a.explain) {
    o["explanations"] = Object::array();
    for (const IoRow& row : a.rows) {
      for (const IoFormula& formula : io_formulas(row))
        o["explanations"].push_back(explanation_object(row, formula));
    }
  }
  o["assumptions"] = Object::array();
  o["warnings"] = Object::array();
  return Json(std::move(o));
}

}  // namespace attncalc
