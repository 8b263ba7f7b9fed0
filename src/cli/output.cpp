// SPDX-License-Identifier: Apache-2.0
//
// Nothing reaches stdout or a file before all of it is there.
#include "cli/output.hpp"

#include <algorithm>

#include "cli/write.hpp"

namespace attncalc {
namespace {

std::string rendered(const Answer& answer, const OutputChoice& choice) {
  switch (choice.format) {
    case OutputFormat::json:
      return answer.json().text();
    case OutputFormat::csv:
      return render_csv(answer.report());
    case OutputFormat::markdown:
      return render_markdown(answer.report(), choice.style.units);
    case OutputFormat::text:
      break;
  }
  return answer.drawing ? answer.drawing() : render_text(answer.report(), choice.style);
}

int deliver(const Answer& answer, const OutputChoice& choice, const Streams& streams) {
  const std::string text = rendered(answer, choice);
  for (const Answer::File& file : answer.files) {
    if (const std::optional<Problem> problem = write_file(file.name, file.text()))
      return deliver(Problems{*problem}, streams);
  }
  if (choice.file.empty()) {
    streams.out << text;
  } else if (const std::optional<Problem> problem = write_file(choice.file, text)) {
    return deliver(Problems{*problem}, streams);
  }
  return answer.exit_code;
}

}  // namespace

int deliver(const Problems& problems, const Streams& streams) {
  streams.err << render(problems);
  const auto worst = std::ranges::max_element(problems, {}, &Problem::exit_code);
  return worst->exit_code;
}

int run_command(const Command& command, const OutputFlags& output,
                std::span<const std::string_view> args, const Streams& streams,
                const std::function<Result<Answer>()>& answer) {
  if (asks_for_help(args)) {
    streams.out << help_text(command);
    return 0;
  }
  if (const auto problems = parse(command, args)) return deliver(*problems, streams);
  Gather problems;
  const OutputChoice choice = read_output(output, streams.terminal, problems);
  const Result<Answer> made = answer();
  if (!made) problems.add(made.problems());
  if (problems.failed()) return deliver(problems.take_problems(), streams);
  return deliver(*made, choice, streams);
}

int ask(const Question& question, std::span<const std::string_view> args, const Streams& streams) {
  ModelShelf shelf;
  return run_command(question.command, *question.output, args, streams,
                     [&] { return question.answer(shelf); });
}

}  // namespace attncalc
