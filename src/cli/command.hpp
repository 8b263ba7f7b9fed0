// SPDX-License-Identifier: Apache-2.0
//
// A command as data: its flags with where their values go, what it takes beside them, and examples.
// Parsing, `--help` and the mistakes in both are made from this one description. CLI11 does the
// parsing and is included in command.cpp only; it costs seconds in every file that sees it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace attncalc {

// Where the text of a flag goes: a switch, a value, or a value for each time that it is given.
using FlagTarget = std::variant<bool*, std::optional<std::string>*, std::vector<std::string>*>;

struct Flag {
  std::string_view name;   // "--ctx"
  std::string_view value;  // what stands for it in help, "TOKENS"; empty for a switch
  std::string_view help;   // lines separated by '\n'
  FlagTarget into;
  std::string_view letter = {};  // "-o"
  std::string_view bare = {};    // what the flag without a value means; empty: it needs one
};

struct FlagGroup {
  std::string_view title;
  std::vector<Flag> flags;
  bool about_output = false;  // how the answer comes, not what it is
};

struct Positional {
  std::string_view name;  // "FILE"
  std::vector<std::string>* into = nullptr;
  std::size_t least = 0;
  std::size_t most = 0;
};

struct Example {
  std::string_view what;
  std::string_view command;
};

struct Command {
  std::string_view name;     // "attncalc kv"
  std::string_view summary;  // one line
  std::string_view about;    // paragraphs; may be empty
  std::optional<Positional> positional = {};
  std::vector<FlagGroup> groups = {};
  std::vector<Example> examples = {};
};

// Whether --help is among the arguments: it is answered whatever else is wrong.
bool asks_for_help(std::span<const std::string_view> args);

// Fills the targets. Errors: an unknown flag (with the nearest), a missing value, a flag given
// twice, too few or too many arguments beside the flags.
std::optional<Problems> parse(const Command& command, std::span<const std::string_view> args);

std::string help_text(const Command& command);

}  // namespace attncalc
