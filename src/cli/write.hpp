// SPDX-License-Identifier: Apache-2.0
//
// Writing to descriptors and files: all of it, or an error that says why not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace attncalc {

// Returns 0, or the errno of the write that failed.
int write_all(int descriptor, std::string_view text);

// Writes a file whole or not at all: to a new file beside it that then takes its name. What exists
// and is no regular file (/dev/null, a FIFO) is written to as it is.
std::optional<Problem> write_file(const std::string& path, const std::string& text);

}  // namespace attncalc
