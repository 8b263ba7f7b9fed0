// SPDX-License-Identifier: Apache-2.0
//
// The program as a function: arguments in, text and an exit code out. Tests call it in their own
// process; main() only adds the descriptors.
#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace attncalc {

// What is known about the other end of `out`.
struct Terminal {
  bool wants_colour = false;  // it is a terminal, and NO_COLOR is not set
};

// `args` without the program's name. Exit codes: 0 fine; 1 a check did not hold; 2 bad usage or bad
// input, with nothing on `out`; 3 could not read or write, or an error of our own.
int run(std::span<const std::string_view> args, std::ostream& out, std::ostream& err,
        const Terminal& terminal = {});

}  // namespace attncalc
