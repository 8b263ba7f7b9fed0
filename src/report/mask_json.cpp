// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc mask`, schema attncalc/mask/1. `model` is null where patterns were named
// directly. A figure that is null cannot be known without drawing the pattern, or at all.
#include <nlohmann/json.hpp>

#include "report/json.hpp"
#include "report/mask_report.hpp"

namespace attncalc {
namespace {

using json::Object;

Object scenario_object(const MaskScenario& s) {
  Object o;
  json::put(o, "context_tokens", s.tokens);
  json::put(o, "index_block_tokens", s.index_block);
  json::put(o, "row_bytes", s.row.value.value);
  json::put(o, "line_bytes", s.line.value.value);
  o["brute"] = s.brute;
  json::put_or_null(o, "dump", s.dump);
  return o;
}

Object row_object(const MaskRow& row) {
  Object o{{"name", row.name}};
  o["layers"] = row.layers ? Object(*row.layers) : Object(nullptr);
  o["two_sided"] = is_two_sided(row.pattern);
  json::put_real(o, "pairs", row.pairs);
  json::put_real(o, "all_pairs", row.all);
  o["sparsity"] = row.sparsity();
  o["spans"] = row.span.known ? Object(row.span.layers.has_value()) : Object(nullptr);
  o["layers_to_span"] = row.span.layers ? Object(*row.span.layers) : Object(nullptr);
  json::put(o, "csr_bytes", row.csr.value.value);
  o["bsr_bytes"] = row.bsr ? Object(row.bsr->value.value) : Object(nullptr);
  o["gathered_lines"] = row.lines ? Object(*row.lines) : Object(nullptr);
  if (row.drawn_pairs) json::put_real(o, "drawn_pairs", *row.drawn_pairs);
  return o;
}

}  // namespace

Json mask_json(const MaskAnswer& a) {
  Object o = json::opening("attncalc/mask/1");
  o["model"] = a.model ? json::model_object(*a.model, parameters(*a.model)) : Object(nullptr);
  o["scenario"] = scenario_object(a.scenario);
  o["masks"] = Object::array();
  for (const MaskRow& row : a.rows) o["masks"].push_back(row_object(row));
  json::put_notes(o, a.model ? *a.model : Model{});
  return Json(std::move(o));
}

}  // namespace attncalc
