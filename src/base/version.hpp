// SPDX-License-Identifier: Apache-2.0
//
// Which program and which release of it wrote an output.
#pragma once

#include <string_view>

namespace attncalc {

inline constexpr std::string_view tool_name = "attncalc";
std::string_view tool_version();  // "0.1.0", from CMakeLists.txt

}  // namespace attncalc
