// SPDX-License-Identifier: Apache-2.0
//
// Choosing among the commands of a verb.
#include "cli/sub_commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/nearest.hpp"

namespace attncalc {
namespace {

std::string help_of(const SubCommands& commands) {
  std::string out =
      fmt::format("{}\n\nusage: {} [COMMAND]\n\ncommands:\n", commands.about, commands.verb);
  for (const SubCommand& form : commands.forms) {
    out += fmt::format("  {:<8}  {}\n", form.name, form.summary);
  }
  return out + fmt::format("\n`{} COMMAND --help` says more about one.\n", commands.verb);
}

Problem no_such_command(const SubCommands& commands, std::string_view typed) {
  std::vector<std::string_view> names;
  for (const SubCommand& form : commands.forms) names.push_back(form.name);
  const std::string near = did_you_mean(typed, names);
  return usage_problem(
      fmt::format("{} has no command '{}'", commands.verb, typed),
      near.empty() ? fmt::format("the commands are {}", fmt::join(names, ", ")) : near);
}

}  // namespace

int run_sub_command(const SubCommands& commands, Args args, const Streams& streams) {
  if (!args.empty() && !args.front().starts_with('-')) {
    const auto form = std::ranges::find(commands.forms, args.front(), &SubCommand::name);
    if (form != commands.forms.end()) return form->run(args.subspan(1), streams);
    return deliver({no_such_command(commands, args.front())}, streams);
  }
  if (asks_for_help(args)) {
    streams.out << help_of(commands);
    return 0;
  }
  return commands.forms.front().run(args, streams);
}

}  // namespace attncalc
