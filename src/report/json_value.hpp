// SPDX-License-Identifier: Apache-2.0
//
// A verb's JSON before it is text: `check` looks figures up in it, a thousand times a second, and
// everybody else prints it. nlohmann/json stays behind this, out of the folders that only hand it
// on.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace attncalc {

class Json {
 public:
  explicit Json(nlohmann::ordered_json value);

  // Two spaces of indentation and a newline at the end. Bytes that are no UTF-8 become U+FFFD.
  std::string text() const;

  const nlohmann::ordered_json& value() const { return *value_; }

 private:
  std::shared_ptr<const nlohmann::ordered_json> value_;
};

}  // namespace attncalc
