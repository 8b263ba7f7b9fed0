// SPDX-License-Identifier: Apache-2.0
//
// The last step of every verb: its report in the form that was asked for, to stdout or to a file.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "cli/shared_flags.hpp"

namespace attncalc {

// What a verb hands over; JSON is only made when it is asked for.
struct Answer {
  Report report;
  std::function<std::string()> json;
  int exit_code = 0;  // 1 where a check did not hold
};

// Streams of one run.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  Terminal terminal;
};

// Returns the exit code of the run.
int deliver(const Answer& answer, const OutputChoice& choice, const Streams& streams);
int deliver(const Problems& problems, const Streams& streams);

}  // namespace attncalc
