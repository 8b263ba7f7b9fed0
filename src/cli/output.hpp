// SPDX-License-Identifier: Apache-2.0
//
// What is around a verb: its question (flags and what answers them), whoever asks it, and the last
// step of a command line: the answer in the form that was asked for, to stdout or to a file.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cli/model_shelf.hpp"
#include "cli/shared_flags.hpp"
#include "report/json_value.hpp"

namespace attncalc {

// What a verb hands over; each form is only made when it is asked for.
struct Answer {
  std::function<Report()> report;
  std::function<Json()> json;
  int exit_code = 0;  // 1 where a check did not hold
  // What `--format text` prints in place of the report, where a verb draws.
  std::function<std::string()> drawing = {};
  // Written beside the answer, before anything is printed.
  struct File {
    std::string name;
    std::function<std::string()> text;
  };
  std::vector<File> files = {};
};

// One value, and what makes a report and JSON of it.
template <class Value>
Answer answer_of(Value value, Report (*report)(const Value&), Json (*json)(const Value&),
                 int exit_code = 0) {
  const auto kept = std::make_shared<const Value>(std::move(value));
  return {.report = [kept, report] { return report(*kept); },
          .json = [kept, json] { return json(*kept); },
          .exit_code = exit_code};
}

// What a verb can be asked, wherever the text of its flags comes from: a command line, or the keys
// of a scenario in a file. The flags of `command` write into what `answer` reads; `output` is
// theirs.
struct Question {
  Command command;
  std::shared_ptr<const OutputFlags> output;
  std::function<Result<Answer>(ModelShelf&)> answer;
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

// The same for a question.
int ask(const Question& question, std::span<const std::string_view> args, const Streams& streams);

}  // namespace attncalc
