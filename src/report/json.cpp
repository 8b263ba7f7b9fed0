// SPDX-License-Identifier: Apache-2.0
//
// Writing the shared parts of every verb's JSON.
#include "report/json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/version.hpp"
#include "report/common.hpp"

namespace attncalc::json {
namespace {

constexpr std::int64_t largest_exact = std::int64_t{1} << 53;  // that a double can hold

Object kinds_of(const Model& model) {
  Object list = Object::array();
  for (const LabelCount& part : layer_labels(model)) {
    list.push_back({{"kind", part.label}, {"layers", part.layers}});
  }
  return list;
}

void put_optional(Object& object, const std::string& key, std::optional<std::int64_t> value) {
  if (value) {
    put(object, key, *value);
  } else {
    object[key] = nullptr;
  }
}

}  // namespace

Object opening(std::string_view schema) {
  Object object;
  object["schema"] = schema;
  object["tool"] = {{"name", tool_name}, {"version", tool_version()}};
  return object;
}

void put(Object& object, const std::string& key, std::int64_t value) {
  object[key] = value;
  if (value > largest_exact) object[key + "_text"] = std::to_string(value);
}

void put_real(Object& object, const std::string& key, double value) {
  const Cell cell = number_cell(value);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    put(object, key, *whole);
  } else {
    object[key] = value;
  }
}

void put_flops(Object& object, const std::string& key, Flops flops) {
  constexpr auto limit = static_cast<double>(INT64_MAX);
  const bool whole = flops.value == std::floor(flops.value) && flops.value < limit;
  if (whole) {
    put(object, key, static_cast<std::int64_t>(flops.value));
  } else {
    object[key] = flops.value;
  }
}

void put_or_null(Object& object, const std::string& key, std::string_view text) {
  if (text.empty()) {
    object[key] = nullptr;
  } else {
    object[key] = text;
  }
}

Object model_object(const Model& model, const Parameters& parameters) {
  Object object;
  object["name"] = model.name;
  object["source"] = model.source;
  put_or_null(object, "model_type", model.model_type);
  const std::string attention = attention_label(model);
  object["attention"] = attention;
  if (attention == "mixed") object["attention_kinds"] = kinds_of(model);
  put(object, "layers", static_cast<std::int64_t>(model.decoder.depth()));
  put(object, "parameters", parameters.total.value.value);
  put(object, "active_parameters", parameters.active.value.value);
  put_optional(object, "mtp_parameters", model.mtp_parameters);
  put_optional(object, "vision_parameters", model.vision_parameters);
  return object;
}

void put_notes(Object& object, const Model& model) {
  Object assumptions = Object::array();
  for (const Assumption& a : model.assumptions) {
    assumptions.push_back({{"name", a.name}, {"value", a.value}, {"source", a.source}});
  }
  Object warnings = Object::array();
  for (const Warning& w : model.warnings) {
    warnings.push_back({{"code", w.code}, {"text", w.text}});
  }
  object["assumptions"] = std::move(assumptions);
  object["warnings"] = std::move(warnings);
}

}  // namespace attncalc::json
