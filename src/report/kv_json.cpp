// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc kv`, schema attncalc/kv/1.
#include <nlohmann/json.hpp>

#include "report/json.hpp"
#include "report/kv_report.hpp"

namespace attncalc {
namespace {

using json::Object;

Object scenario_object(const KvScenario& s) {
  Object o;
  json::put(o, "context_tokens", s.query.tokens);
  json::put(o, "batch", s.query.batch);
  o["encoder_tokens"] = s.encoder_used ? Object(s.query.encoder_tokens.value) : Object(nullptr);
  o["kv_dtype"] = s.kv_dtype;
  o["act_dtype"] = s.act_dtype;
  o["weights_dtype"] = s.weights_dtype;
  o["index_dtype"] = s.query.formats.index_key.name;
  o["state_dtype"] = s.query.formats.state.name;
  o["conv_dtype"] = s.query.formats.conv.name;
  o["engine"] = s.engine;
  json::put(o, "tp", s.placement.tp);
  json::put(o, "pp", s.placement.pp);
  json::put(o, "dp", s.placement.dp);
  json::put(o, "cp", s.placement.cp);
  json::put(o, "dcp", s.placement.dcp);
  json::put_or_null(o, "as", s.as);
  o["set"] = Object::object();
  for (const auto& [key, value] : s.set) o["set"][key] = value;
  o["assume"] = s.assume;
  return o;
}

Object components_array(const KvFigures& f) {
  Object list = Object::array();
  for (const NamedBytes& part : f.components) {
    Object o{{"name", part.name}};
    json::put(o, "bytes", part.bytes.value.value);
    list.push_back(std::move(o));
  }
  return list;
}

Object groups_array(const KvFigures& f) {
  Object list = Object::array();
  for (const GroupBytes& group : f.groups) {
    Object o{{"kind", group.kind}};
    json::put(o, "layers", group.layers);
    json::put(o, "bytes", group.bytes.value.value);
    list.push_back(std::move(o));
  }
  return list;
}

Object allocation_array(const PlacedKv& placed) {
  Object list = Object::array();
  for (const AllocationItem& item : placed.allocation) {
    Object o{{"name", item.name}};
    json::put(o, "bytes", item.bytes.value.value);
    o["why"] = item.why;
    list.push_back(std::move(o));
  }
  return list;
}

Object kv_object(const KvAnswer& a) {
  const KvFigures& f = a.figures;
  Object o;
  json::put(o, "payload_bytes", f.payload.value.value);
  json::put(o, "total_bytes", a.placed.total.value.value);
  json::put(o, "per_sequence_bytes", f.per_sequence.value.value);
  json::put(o, "per_device_bytes", a.placed.per_device.value.value);
  json::put_real(o, "bytes_per_token", f.bytes_per_token);
  json::put_real(o, "bytes_per_token_from_empty", f.bytes_per_token_from_empty);
  json::put(o, "fixed_bytes_per_sequence", f.fixed_per_sequence.value.value);
  o["components"] = components_array(f);
  o["groups"] = groups_array(f);
  o["allocation"] = allocation_array(a.placed);
  return o;
}

// --- with --explain ------------------------------------------------------------------------------

Object explanation_object(const Model& model, const Explained& e, std::string_view of) {
  Object o{{"name", e.name}, {"of", of}};
  json::put(o, "bytes", e.bytes.value.value);
  o["formula"] = e.bytes.symbols;
  o["numbers"] = e.bytes.numbers;
  o["factors"] = Object::array();
  for (const Factor& factor : e.bytes.factors) {
    Object f{{"name", factor.name}, {"value", factor.value}};
    json::put_or_null(f, "origin", model.origin_text(factor.origin));
    o["factors"].push_back(std::move(f));
  }
  return o;
}

Object explanations_array(const KvAnswer& a) {
  Object list = Object::array();
  for (const Explained& e : a.figures.explained) {
    list.push_back(explanation_object(a.model, e, "sequence"));
  }
  for (const Explained& e : a.placed_explained) {
    list.push_back(explanation_object(a.model, e, "fullest_device"));
  }
  return list;
}

Object head_shares_array(const KvAnswer& a) {
  Object list = Object::array();
  for (const HeadShare& share : a.head_shares) {
    list.push_back({{"tensor", share.tensor},
                    {"first_rank", share.first_rank},
                    {"last_rank", share.last_rank},
                    {"first_head", share.first_head},
                    {"last_head", share.last_head}});
  }
  return list;
}

}  // namespace

Json kv_json(const KvAnswer& a) {
  Object o = json::opening("attncalc/kv/1");
  o["model"] = json::model_object(a.model, a.parameters);
  o["scenario"] = scenario_object(a.scenario);
  o["kv"] = kv_object(a);
  if (a.explain) {
    o["explanations"] = explanations_array(a);
    o["head_shares"] = head_shares_array(a);
  }
  json::put_notes(o, a.model);
  return Json(std::move(o));
}

}  // namespace attncalc
