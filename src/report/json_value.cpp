// SPDX-License-Identifier: Apache-2.0
//
// The one place where JSON becomes text.
#include "report/json_value.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace attncalc {

Json::Json(nlohmann::ordered_json value)
    : value_(std::make_shared<const nlohmann::ordered_json>(std::move(value))) {}

std::string Json::text() const {
  return value_->dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace attncalc
