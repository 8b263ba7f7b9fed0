// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc models`: schemas attncalc/models/1 (list), attncalc/model/1 (show) and
// attncalc/models-check/1 (check).
#include <nlohmann/json.hpp>

#include "report/json.hpp"
#include "report/models_report.hpp"

namespace attncalc {
namespace {

using json::Object;

Object summary_object(const ModelSummary& m) {
  Object o = json::model_object(m.model, m.parameters);
  json::put_real(o, "kv_bytes_per_token", m.kv_bytes_per_token);
  json::put(o, "fixed_bytes_per_sequence", m.fixed_per_sequence.value.value);
  return o;
}

Object figures_array(const std::vector<Checked>& figures) {
  Object list = Object::array();
  for (const Checked& c : figures) {
    Object o{{"figure", c.figure}};
    json::put(o, "expected", c.expected.value);
    json::put(o, "expected_step", c.expected.step);
    json::put_real(o, "computed", c.computed);
    o["holds"] = c.holds;
    json::put_or_null(o, "source", c.source);
    list.push_back(std::move(o));
  }
  return list;
}

Object stored_array(const ModelSummary& m) {
  Object list = Object::array();
  for (const NamedWeightBytes& row : m.stored) {
    Object o{{"format", row.name}};
    json::put(o, "parameters", row.bytes.elements.value.value);
    json::put(o, "data_bytes", row.bytes.data.value.value);
    json::put(o, "scale_bytes", row.bytes.scales.value.value);
    json::put(o, "active_bytes", row.bytes.active.value.value);
    list.push_back(std::move(o));
  }
  return list;
}

Object sides_array(const std::vector<OneSided>& tensors) {
  Object list = Object::array();
  for (const OneSided& t : tensors) {
    Object o{{"name", t.what}};
    json::put(o, "tensors", t.tensors);
    json::put(o, "parameters_each", t.each.value.value);
    list.push_back(std::move(o));
  }
  return list;
}

// What the headers of the weights hold, and where that is not what the config says.
Object weights_object(const WeightCheck& w) {
  Object o{{"source", w.file.source}};
  json::put(o, "bytes", w.file.bytes.value.value);
  o["types"] = Object::array();
  for (const HeaderFormat& format : w.file.formats) {
    Object type{{"type", format.name}};
    json::put(type, "tensors", format.tensors);
    json::put(type, "values", format.elements.value.value);
    json::put(type, "bytes", format.bytes.value.value);
    o["types"].push_back(std::move(type));
  }
  o["uses"] = Object::array();
  for (const UseTotal& use : w.uses) {
    Object one{{"use", use_name(use.use)}};
    json::put(one, "tensors", use.tensors);
    json::put(one, "parameters", use.parameters.value.value);
    json::put(one, "bytes", use.bytes.value.value);
    o["uses"].push_back(std::move(one));
  }
  json::put(o, "language_model_parameters", w.parameters_in_file.value.value);
  json::put(o, "language_model_bytes", w.bytes_in_file.value.value);
  json::put(o, "config_parameters", w.parameters_of_model.value.value);
  json::put(o, "config_bytes", w.bytes_of_model.value.value);
  o["only_in_file"] = sides_array(w.only_in_file);
  o["only_by_config"] = sides_array(w.only_in_model);
  o["missing_files"] = w.missing_shards;
  if (w.stated_size) json::put(o, "stated_bytes", w.stated_size->value.value);
  o["ok"] = w.holds();
  return o;
}

Object weights_array(const Model& model) {
  Object list = Object::array();
  for (const WeightLine& line : weight_lines(model)) {
    const WeightTensor& t = line.tensor;
    Object o{{"weight", t.role}, {"where", line.where}};
    json::put(o, "rows", t.rows);
    json::put(o, "cols", t.cols);
    json::put(o, "copies", t.copies);
    json::put(o, "layers", line.layers);
    json::put(o, "parameters", (t.elements() * Count(line.layers)).value.value);
    list.push_back(std::move(o));
  }
  return list;
}

Object facts_object(const ShownModel& shown) {
  Object o = Object::object();
  for (const auto& [key, value] : shown.facts) o[key] = value;
  return o;
}

}  // namespace

Json models_json(const ListedModels& listed) {
  Object o = json::opening("attncalc/models/1");
  o["models"] = Object::array();
  for (const ModelSummary& m : listed.models) o["models"].push_back(summary_object(m));
  o["unread"] = listed.unread;
  return Json(std::move(o));
}

Json check_json(const std::vector<CheckedModel>& models) {
  Object o = json::opening("attncalc/models-check/1");
  bool all = true;
  o["models"] = Object::array();
  for (const CheckedModel& m : models) {
    all = all && m.holds();
    Object one{{"file", m.file}, {"model", summary_object(m.summary)}};
    one["figures"] = figures_array(m.figures);
    if (m.weights) one["weights"] = weights_object(*m.weights);
    one["ok"] = m.holds();
    o["models"].push_back(std::move(one));
  }
  o["ok"] = all;
  return Json(std::move(o));
}

Json show_json(const ShownModel& shown) {
  Object o = json::opening("attncalc/model/1");
  o["model"] = summary_object(shown.checked.summary);
  o["aliases"] = shown.aliases;
  json::put_or_null(o, "source", shown.source);
  o["expect"] = figures_array(shown.checked.figures);
  o["weights"] = weights_array(shown.checked.summary.model);
  o["stored"] = stored_array(shown.checked.summary);
  o["facts"] = facts_object(shown);
  json::put_notes(o, shown.checked.summary.model);
  return Json(std::move(o));
}

}  // namespace attncalc
