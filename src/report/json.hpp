// SPDX-License-Identifier: Apache-2.0
//
// The JSON that all verbs share (docs/schema/): one object, keys in the order of the contract, base
// units, whole counts as integers and above 2^53 also as text. nlohmann/json is included by the
// .cpp files of this folder and by nobody who includes this.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "model/model.hpp"
#include "report/json_value.hpp"

namespace attncalc::json {

using Object = nlohmann::ordered_json;

// {"schema": "attncalc/kv/1", "tool": {…}}
Object opening(std::string_view schema);

// key: value, and key_text beside it where a double cannot hold the value.
void put(Object& object, const std::string& key, std::int64_t value);
// A whole number as an integer, any other as it is.
void put_real(Object& object, const std::string& key, double value);
// FLOPs: an integer as long as 64 bits hold it.
void put_flops(Object& object, const std::string& key, Flops flops);
// Text, or null where there is none.
void put_or_null(Object& object, const std::string& key, std::string_view text);

// What every verb says about its model.
Object model_object(const Model& model, const Parameters& parameters);
void put_notes(Object& object, const Model& model);

}  // namespace attncalc::json
