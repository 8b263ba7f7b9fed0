// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc compare`, schema attncalc/compare/1. `model` is the first contender's;
// notes that all contenders have stand at the top, every contender has its own again.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/common.hpp"
#include "report/compare_report.hpp"
#include "report/json.hpp"

namespace attncalc {
namespace {

using json::Object;

std::string_view axis_key(Axis axis) { return axis == Axis::context ? "context_tokens" : "batch"; }

Object range_object(const CompareRange& range) {
  Object o{{"along", axis_key(range.along)}};
  json::put(o, "first", range.first);
  json::put(o, "last", range.last);
  return o;
}

Object scenario_object(const CompareScenario& s) {
  const PassRequest& r = s.request;
  const Conventions& c = r.conventions;
  Object o;
  o["phase"] = word_of(r.phase);
  o["context_tokens"] = s.contexts;
  o["batch"] = s.batches;
  o["new_tokens"] = r.new_tokens ? Object(r.new_tokens->value) : Object(nullptr);
  json::put(o, "shared_prefix_tokens", r.shared_prefix);
  json::put(o, "beams", r.beams);
  o["range"] = s.range ? range_object(*s.range) : Object(nullptr);
  o["mla"] = word_of(c.mla);
  o["experts"] = word_of(c.experts);
  o["attention"] = word_of(c.attention);
  o["gqa"] = word_of(c.gqa);
  o["full_attention"] = c.full_attention;
  o["all_logits"] = c.all_logits;
  o["mtp"] = c.mtp;
  json::put_or_null(o, "ops", s.ops);
  o["set"] = Object::object();
  for (const auto& [key, value] : s.set) o["set"][key] = value;
  o["assume"] = s.assume;
  return o;
}

Object contender_object(const Contender& c) {
  Object o{{"name", c.name}};
  json::put_or_null(o, "as", c.as);
  o["model"] = json::model_object(c.model, parameters(c.model));
  o["kv_dtype"] = c.kv_dtype;
  o["act_dtype"] = c.act_dtype;
  o["weights_dtype"] = c.weights_dtype;
  json::put_or_null(o, "machine", c.machine);
  json::put_notes(o, c.model);
  return o;
}

void put_ratio(Object& o, const std::string& key, double value, double first) {
  if (first == 0) {
    o[key] = nullptr;
  } else {
    json::put_real(o, key, value / first);
  }
}

Object figures_object(const Contender& c, const ContenderFigures& f,
                      const ContenderFigures& first) {
  const CostTotals& t = f.totals;
  Object o{{"name", c.name}};
  json::put(o, "kv_bytes", f.kv.value.value);
  json::put_flops(o, "flops", t.flops);
  json::put_flops(o, "vector_flops", t.vector_flops);
  json::put(o, "weight_bytes", t.weights.value.value);
  json::put(o, "kv_read_bytes", t.kv_read.value.value);
  json::put(o, "kv_write_bytes", t.kv_write.value.value);
  json::put(o, "activation_bytes", t.activations.value.value);
  json::put(o, "hbm_bytes", t.hbm().value.value);
  json::put_real(o, "experts_read", t.experts_read);
  const double intensity = t.intensity().value;
  if (std::isfinite(intensity)) {
    json::put_real(o, "intensity_flops_per_byte", intensity);
  } else {
    o["intensity_flops_per_byte"] = nullptr;
  }
  if (f.times) {
    o["bound_seconds"] = f.times->bound.value;
    o["serial_seconds"] = f.times->serial.value;
    o["estimate_seconds"] = f.times->estimate.value;
  }
  o["ratios"] = Object::object();
  for (const RankedBy by : measures) {
    if (!has(f, by)) continue;
    put_ratio(o["ratios"], std::string(measure_key(by)), measure(f, by), measure(first, by));
  }
  return o;
}

Object point_object(const CompareAnswer& a, const ComparedPoint& p) {
  Object o;
  json::put(o, "context_tokens", p.at.context);
  json::put(o, "batch", p.at.batch);
  o["contenders"] = Object::array();
  for (std::size_t i = 0; i < p.figures.size(); ++i) {
    o["contenders"].push_back(figures_object(a.contenders[i], p.figures[i], p.figures.front()));
  }
  o["least"] = Object::object();
  for (const RankedBy by : measures) {
    if (!has(p.figures.front(), by)) continue;
    o["least"][std::string(measure_key(by))] = a.contenders[least_of(p.figures, by)].name;
  }
  return o;
}

Object switch_object(const CompareAnswer& a, const Switch& s) {
  const bool least = s.what == Switch::What::least;
  Object o;
  o["what"] = least ? fmt::format("least_{}", measure_key(s.by))
                    : std::string("cache_traffic_passes_weights");
  o["along"] = axis_key(a.scenario.range->along);
  json::put(o, "context_tokens", s.at.context);
  json::put(o, "batch", s.at.batch);
  o["from"] = least ? Object(a.contenders[s.from].name) : Object(nullptr);
  o["to"] = a.contenders[s.to].name;
  return o;
}

}  // namespace

Json compare_json(const CompareAnswer& a) {
  const Model& first = a.contenders.front().model;
  Object o = json::opening("attncalc/compare/1");
  o["model"] = json::model_object(first, parameters(first));
  o["scenario"] = scenario_object(a.scenario);
  o["contenders"] = Object::array();
  for (const Contender& c : a.contenders) o["contenders"].push_back(contender_object(c));
  o["points"] = Object::array();
  for (const ComparedPoint& p : a.points) o["points"].push_back(point_object(a, p));
  o["switches"] = Object::array();
  for (const Switch& s : a.switches) o["switches"].push_back(switch_object(a, s));
  Model shared;
  const SharedNotes notes = shared_notes(a.contenders);
  shared.assumptions = notes.assumptions;
  shared.warnings = notes.warnings;
  json::put_notes(o, shared);
  return Json(std::move(o));
}

}  // namespace attncalc
