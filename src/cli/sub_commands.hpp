// SPDX-License-Identifier: Apache-2.0
//
// A verb with commands of its own (`attncalc models show`): which one is asked for, the help that
// lists them, and what is said of one that is not there.
#pragma once

#include <limits>
#include <span>
#include <string_view>

#include "cli/verbs.hpp"

namespace attncalc {

struct SubCommand {
  std::string_view name;
  std::string_view summary;
  int (*run)(Args args, const Streams& streams);
};

struct SubCommands {
  std::string_view verb;              // "attncalc models"
  std::string_view about;             // opens the help
  std::span<const SubCommand> forms;  // the first is the default
};
int run_sub_command(const SubCommands& commands, Args args, const Streams& streams);

// For positional arguments.
inline constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

}  // namespace attncalc
