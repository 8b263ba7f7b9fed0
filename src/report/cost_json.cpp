// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc cost`, schema attncalc/cost/1.
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/collectives.hpp"
#include "report/common.hpp"
#include "report/cost_objects.hpp"

namespace attncalc {
namespace {

using json::Object;

void put_maybe(Object& o, const std::string& key, const std::optional<std::int64_t>& value) {
  if (value) {
    json::put(o, key, *value);
  } else {
    o[key] = nullptr;
  }
}

void put_conventions(Object& o, const Conventions& c) {
  o["mla"] = word_of(c.mla);
  o["experts"] = word_of(c.experts);
  o["attention"] = word_of(c.attention);
  o["gqa"] = word_of(c.gqa);
  o["full_attention"] = c.full_attention;
  o["all_logits"] = c.all_logits;
  o["mtp"] = c.mtp;
}

// Of a step of one group, as it was typed.
void put_uniform(Object& o, const CostScenario& s) {
  const PassRequest& r = s.request;
  o["phase"] = word_of(r.phase);
  json::put(o, "context_tokens", r.context);
  json::put(o, "new_tokens", s.pass.groups.front().new_tokens);
  if (r.conventions.endless_batch) {
    o["batch"] = "inf";
  } else {
    json::put(o, "batch", r.batch);
  }
  put_maybe(o, "isl_tokens", s.prompt_tokens);
  put_maybe(o, "osl_tokens", s.generated_tokens);
  json::put(o, "shared_prefix_tokens", r.shared_prefix);
  json::put(o, "beams", r.beams);
}

// Several groups have no context in common: `groups` says all.
void put_mixed(Object& o, const CostScenario& s) {
  o["phase"] = "mixed";
  json::put(o, "batch", s.pass.sequences());
  for (const char* key : {"context_tokens", "new_tokens", "isl_tokens", "osl_tokens",
                          "shared_prefix_tokens", "beams"}) {
    o[key] = nullptr;
  }
}

Object group_object(const SequenceGroup& g) {
  Object o;
  o["phase"] = word_of(g.phase);
  json::put(o, "sequences", g.count);
  json::put(o, "new_tokens", g.new_tokens);
  json::put(o, "cached_tokens", g.cached);
  json::put(o, "shared_prefix_tokens", g.shared_prefix);
  o["sequences_a_family"] = g.family > 0 ? Object(g.family.value) : Object(nullptr);
  return o;
}

}  // namespace

Object json::scenario_object(const CostScenario& s) {
  const PassRequest& r = s.request;
  Object o;
  if (s.file.empty()) {
    put_uniform(o, s);
  } else {
    put_mixed(o, s);
  }
  json::put_or_null(o, "file", s.file);
  o["groups"] = Object::array();
  for (const SequenceGroup& g : s.pass.groups) o["groups"].push_back(group_object(g));
  o["encoder_tokens"] = s.encoder_used ? Object(r.encoder_tokens.value) : Object(nullptr);
  o["kv_dtype"] = s.kv_dtype;
  o["act_dtype"] = s.act_dtype;
  o["weights_dtype"] = s.weights_dtype;
  put_conventions(o, r.conventions);
  json::put_placement(o, s.placement);
  json::put_or_null(o, "ops", s.ops);
  o["fused"] = s.fused;
  json::put_or_null(o, "as", s.as);
  o["set"] = Object::object();
  for (const auto& [key, value] : s.set) o["set"][key] = value;
  o["assume"] = s.assume;
  return o;
}

namespace {

// JSON knows no infinity: an operator that moves nothing has no intensity.
void put_intensity(Object& o, FlopsPerByte intensity) {
  if (std::isfinite(intensity.value)) {
    json::put_real(o, "intensity_flops_per_byte", intensity.value);
  } else {
    o["intensity_flops_per_byte"] = nullptr;
  }
}

template <class Row>
void put_columns(Object& o, const Row& row) {
  json::put_flops(o, "flops", row.flops);
  json::put_flops(o, "vector_flops", row.vector_flops);
  json::put(o, "weight_bytes", row.weights.value.value);
  json::put(o, "kv_read_bytes", row.kv_read.value.value);
  json::put(o, "kv_write_bytes", row.kv_write.value.value);
  json::put(o, "activation_bytes", row.activations.value.value);
  json::put(o, "hbm_bytes", row.hbm().value.value);
  json::put(o, "link_bytes", row.link.value.value);
}

Object gemm_object(const Gemm& g) {
  Object o;
  json::put_real(o, "m", g.m);
  json::put_real(o, "n", g.n);
  json::put_real(o, "k", g.k);
  json::put_real(o, "count", g.count);
  return o;
}

Object formula_object(const Model& model, std::string_view column, const TracedReal& t) {
  Object o{{"column", column}};
  json::put_real(o, "value", t.value);
  o["formula"] = t.symbols;
  o["numbers"] = t.numbers;
  o["factors"] = Object::array();
  for (const auto& factor : t.factors) {
    Object f{{"name", factor.name}};
    json::put_real(f, "value", factor.value);
    json::put_or_null(f, "origin", model.origin_text(factor.origin));
    o["factors"].push_back(std::move(f));
  }
  return o;
}

}  // namespace

Object json::totals_object(const CostTotals& t, const CostTotals& all_devices) {
  Object o;
  put_columns(o, t);
  json::put_real(o, "experts_read", t.experts_read);
  put_intensity(o, t.intensity());
  Object all;
  put_columns(all, all_devices);
  o["all_devices"] = std::move(all);
  return o;
}

void json::put_placement(Object& o, const Placement& p) {
  json::put(o, "devices", p.devices().value);
  json::put(o, "tp", p.tp);
  json::put(o, "pp", p.pp);
  json::put(o, "dp", p.dp);
  json::put(o, "cp", p.cp);
  json::put(o, "dcp", p.dcp);
  json::put(o, "ep", p.ep);
}

Object json::copies_array(const CostAnswer& a) {
  Object list = Object::array();
  for (const Op& op : a.copies) {
    Object o{{"name", op_name(op.name)}, {"group", a.groups[op.group]}};
    put_columns(o, op);
    list.push_back(std::move(o));
  }
  return list;
}

Object json::op_object(const CostAnswer& a, const Op& op) {
  Object o{{"name", op_name(op.name)}, {"group", a.groups[op.group]}};
  json::put(o, "layers", op.layers);
  o["unit"] = word_of(op.unit);
  put_columns(o, op);
  put_intensity(o, op.intensity());
  o["operands"] = {word_of(op.operands.left), word_of(op.operands.right)};
  const bool has_weights = op.operands.right == Operand::weight ||
                           op.operands.right == Operand::expert_weight ||
                           op.operands.right == Operand::embedding;
  json::put_or_null(o, "weight_dtype",
                    has_weights ? a.weight_formats[op.weight_format].name : std::string());
  o["gemm"] = op.gemm ? gemm_object(*op.gemm) : Object(nullptr);
  json::put(o, "steps", collective_steps(op.name, a.scenario.placement) * op.layers);
  return o;
}

Object json::explanations_array(const CostAnswer& a) {
  Object list = Object::array();
  for (const ExplainedOp& e : a.explained) {
    Object o{{"name", op_name(e.name)}, {"group", a.groups[e.group]}};
    o["columns"] = Object::array();
    for (const ExplainedColumn& column : explained_columns) {
      const TracedReal& t = e.row.*column.formula;
      if (t.value != 0) o["columns"].push_back(formula_object(a.model, column.key, t));
    }
    for (const DerivedColumn& column : derived_columns(e.row)) {
      Object d{{"column", column.key}};
      json::put_real(d, "value", column.value);
      d["formula"] = column.formula;
      d["numbers"] = column.numbers;
      d["factors"] = Object::array();
      o["columns"].push_back(std::move(d));
    }
    list.push_back(std::move(o));
  }
  return list;
}

Json cost_json(const CostAnswer& a) {
  Object o = json::opening("attncalc/cost/1");
  o["model"] = json::model_object(a.model, a.parameters);
  o["scenario"] = json::scenario_object(a.scenario);
  o["totals"] = json::totals_object(a.figures.totals, a.all_devices);
  o["ops"] = Object::array();
  for (const Op& op : a.figures.ops) o["ops"].push_back(json::op_object(a, op));
  o["copies"] = json::copies_array(a);
  if (!a.explained.empty()) o["explanations"] = json::explanations_array(a);
  json::put_notes(o, a.model);
  return Json(std::move(o));
}

}  // namespace attncalc
