// SPDX-License-Identifier: Apache-2.0
//
// Figures by the command that gives them: "[kv -m llama-2-7b -c 1k | kv.payload_bytes] / 32". Each
// [command | path] runs attncalc in this process and is replaced by the value that its JSON has at
// the path, so that published tables and audits state where every figure comes from.
#pragma once

#include <string>

namespace attncalc::recorded {

// The value of one command's JSON, as text. A step into a list is by position from 0, or by an
// element's name, kind or order: kv.groups.gqa.bytes. Throws std::runtime_error where the command
// fails or has no such value. A command that was run before is not run again.
std::string value_of(const std::string& command, const std::string& path);

// The expression with a number in place of each [command | path].
std::string filled_in(std::string expression);

}  // namespace attncalc::recorded
