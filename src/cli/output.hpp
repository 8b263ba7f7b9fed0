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

// Says what is wrong and returns the exit code for it.
int deliver(const Problems& problems, const Streams& streams);

// What all verbs do alike: help, parsing, the output flags; then `answer`, which reads what else
// the flags say; then its delivery. Returns the exit code of the run.
int run_command(const Command& command, const OutputFlags& output,
                std::span<const std::string_view> args, const Streams& streams,
                const std::function<Result<Answer>()>& answer);

}  // namespace attncalc
