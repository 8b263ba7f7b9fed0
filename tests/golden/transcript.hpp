// SPDX-License-Identifier: Apache-2.0
//
// Golden transcripts: what a person types, the files it needs and exactly what comes back, in one
// text file that reads like a terminal. README.md and docs/*.md hold transcripts too (their
// ```console blocks), so an example in the documentation cannot go stale.
//
//     # A comment. Blank lines between commands are free.
//     --- file tiny.yaml
//     layers: 2
//     $ attncalc kv --model tiny.yaml --ctx 4k --kv-dtype fp9
//     what it prints on stdout, line for line
//     ! what it prints on stderr
//     => exit 2
//
//   - `=> exit N` is there when N is not 0. stderr comes after stdout, however it was mixed.
//   - `$ NAME=value attncalc …` sets the environment of one command; `$ cat FILE` shows a file that
//     a command wrote. Words may be quoted as in a shell and a line may end in ` \`; nothing else
//     of a shell exists here.
//   - An output line that looks like one of the marks above is written with a backslash before it;
//     so is a control character (`\x1b`).
//   - `%time %rate %bytes %count %number %percent %version` match a measured figure of that kind;
//     in a line that has one, the width of a run of spaces does not matter. A line `…` matches any
//     number of lines: for long output in the documentation.
//   - One blank line after an output separates; it is not part of the output.
//
// This file is about text only: `Runner` runs a command, so the harness itself is tested without
// attncalc. golden.cpp has the runner that calls attncalc::run in this process.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace attncalc::golden {

// What is typed after `$ `, taken apart.
struct Command {
  std::map<std::string, std::string> environment;
  std::vector<std::string> words;  // the program first
};

struct Outcome {
  std::string out;
  std::string err;
  int exit_code = 0;
};

// Files go to the current folder of whoever runs; the runner sees them there.
using Runner = std::function<Outcome(const Command&)>;
using FileWriter = std::function<void(const std::string& name, const std::string& text)>;

struct Host {
  Runner run;
  FileWriter write;
};

enum class Syntax {
  transcript,  // the whole file
  markdown,    // its ```console blocks that start with `$ attncalc`, and ```yaml file=NAME blocks
};

struct Verdict {
  int commands = 0;     // how many were run
  std::string diffs;    // for a person; empty if every command printed what is written
  std::string errors;   // what no blessing mends: a text that cannot be read, a run that threw
  std::string blessed;  // the text with what was printed in place of what was expected
};

// Plays every command of the text, and throws nothing. `name` is how the file is called in reports.
Verdict play(std::string_view name, std::string_view text, Syntax syntax, const Host& host);

// Exposed for the harness's own tests.
// Whether an expected line, placeholders and all, matches what was printed.
bool line_matches(const std::string& expected, const std::string& actual);
// "a 'b c' d\ e" as words; throws std::invalid_argument on what only a shell could do.
Command parse_command(std::string_view typed);
// One outcome as transcript lines.
std::vector<std::string> outcome_lines(const Outcome& outcome);

}  // namespace attncalc::golden
