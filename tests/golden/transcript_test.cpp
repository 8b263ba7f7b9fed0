// SPDX-License-Identifier: Apache-2.0
//
// The transcript harness held to its own rules, with a runner that prints what each test wants. A
// harness that cannot fail is worth nothing, so most cases here are about what it must not accept.
#include "golden/transcript.hpp"

#include <map>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using namespace attncalc::golden;  // NOLINT: a test of one namespace

namespace {

// Prints `outcome` whatever is typed, and keeps what it was given.
struct Stage {
  Outcome outcome;
  Command last = {};
  std::map<std::string, std::string> files = {};

  Verdict operator()(const std::string& text, Syntax syntax = Syntax::transcript) {
    return play("case.txt", text, syntax,
                {.run =
                     [this](const Command& command) {
                       last = command;
                       return outcome;
                     },
                 .write = [this](const std::string& name,
                                 const std::string& content) { files[name] = content; }});
  }
};

Verdict play_printing(const std::string& out, const std::string& text) {
  return Stage{.outcome = {.out = out, .err = "", .exit_code = 0}}(text);
}

bool accepted(const Verdict& verdict) { return verdict.diffs.empty() && verdict.errors.empty(); }

}  // namespace

TEST_CASE("output as written is accepted") {
  CHECK(accepted(play_printing("one\ntwo\n", "# why\n$ attncalc kv\none\ntwo\n")));
  CHECK(accepted(play_printing("", "$ attncalc kv\n")));
}

TEST_CASE("a line that differs, is missing or is too many is not accepted") {
  CHECK_FALSE(accepted(play_printing("one\n", "$ attncalc kv\nother\n")));
  CHECK_FALSE(accepted(play_printing("one\n", "$ attncalc kv\n")));
  CHECK_FALSE(accepted(play_printing("", "$ attncalc kv\none\n")));
  CHECK_FALSE(accepted(play_printing("one\n", "$ attncalc kv\none \n")));
  CHECK_FALSE(accepted(play_printing("one\ntwo\n", "$ attncalc kv\ntwo\none\n")));
}

TEST_CASE("a missing last newline is seen") {
  CHECK_FALSE(accepted(play_printing("one", "$ attncalc kv\none\n")));
  CHECK(accepted(play_printing("one", "$ attncalc kv\none\n\\ no newline at the end of stdout\n")));
}

TEST_CASE("stderr and the exit code are part of the output") {
  Stage stage{.outcome = {.out = "out\n", .err = "bad\n\nhint\n", .exit_code = 2}};
  CHECK(accepted(stage("$ attncalc kv\nout\n! bad\n!\n! hint\n=> exit 2\n")));
  CHECK_FALSE(accepted(stage("$ attncalc kv\nout\n! bad\n!\n! hint\n")));
  CHECK_FALSE(accepted(stage("$ attncalc kv\nout\n=> exit 2\n")));
  CHECK_FALSE(accepted(stage("$ attncalc kv\nout\n! bad\n!\n! hint\n=> exit 1\n")));
}

TEST_CASE("one blank line separates, a second belongs to the output") {
  CHECK(accepted(play_printing("one\n", "$ attncalc kv\none\n\n$ attncalc kv\none\n")));
  CHECK(accepted(play_printing("one\n\n", "$ attncalc kv\none\n\n\n# end\n")));
  CHECK_FALSE(accepted(play_printing("one\n", "$ attncalc kv\none\n\n\n# end\n")));
}

TEST_CASE("an output that looks like a mark is written with a backslash") {
  const std::string out = "$ x\n! x\n=> exit 2\n# x\n--- file x\n\\x\n…\n";
  const std::string text =
      "$ attncalc kv\n\\$ x\n\\! x\n\\=> exit 2\n\\# x\n\\--- file x\n\\\\x\n\\…\n";
  CHECK(accepted(play_printing(out, text)));
  CHECK(play_printing(out, "$ attncalc kv\n").blessed == text);
}

TEST_CASE("control characters are visible") {
  CHECK(accepted(play_printing("\x1b[1mbold\r\n", "$ attncalc kv\n\\x1b[1mbold\\x0d\n")));
}

TEST_CASE("placeholders match a figure of their kind and nothing else") {
  CHECK(line_matches("took %time", "took 1.25 ms"));
  CHECK(line_matches("took %time.", "took 3 µs."));
  CHECK_FALSE(line_matches("took %time", "took 1.25"));
  CHECK_FALSE(line_matches("took %time", "took long"));
  CHECK(line_matches("%rate", "12.5 GB/s"));
  CHECK(line_matches("%rate", "9.1e9 FLOP/s"));
  CHECK_FALSE(line_matches("%rate", "12.5 GB"));
  CHECK(line_matches("%bytes", "10.00 GiB"));
  CHECK(line_matches("%count of %number", "1,234 of -0.5"));
  CHECK_FALSE(line_matches("%count", "1,23"));
  CHECK(line_matches("%percent (of peak)", "87.5% (of peak)"));
  CHECK(line_matches("attncalc %version", "attncalc 0.1.0"));
}

TEST_CASE("only lines with a placeholder are patterns") {
  CHECK_FALSE(line_matches("a.c", "abc"));
  CHECK_FALSE(line_matches("a+ %number", "aa 1"));
  CHECK_FALSE(line_matches("a  b", "a b"));
  CHECK_FALSE(line_matches("%timer", "3 s"));
  CHECK(line_matches("%timer", "%timer"));
}

TEST_CASE("a placeholder loosens the width of the spaces in its line") {
  CHECK(line_matches("decode   %time  8", "decode  12.25 ms 8"));
  CHECK_FALSE(line_matches("decode   %time  8", "decode  12.25 ms 88"));
}

TEST_CASE("an elision matches any number of lines, the rest stays exact") {
  CHECK(accepted(play_printing("1\n2\n3\n4\n", "$ attncalc kv\n1\n…\n4\n")));
  CHECK(accepted(play_printing("1\n", "$ attncalc kv\n1\n…\n")));
  CHECK(accepted(play_printing("1\n2\n3\n2\n4\n", "$ attncalc kv\n…\n2\n4\n")));
  CHECK_FALSE(accepted(play_printing("1\n2\n3\n", "$ attncalc kv\n1\n…\n4\n")));
}

TEST_CASE("a diff shows what was written and what was printed") {
  const auto verdict =
      play_printing("1\n2\n3\n4\nfive\n6\n", "\n$ attncalc kv\n1\n2\n3\n4\n5\n6\n");
  CHECK(verdict.diffs ==
        "--- case.txt:2 (as written)\n"
        "+++ $ attncalc kv (as printed)\n"
        "@@ line 4 @@\n"
        " 2\n 3\n 4\n-5\n+five\n 6\n");
}

TEST_CASE("blessing replaces what differs and keeps everything else") {
  const auto verdict = play_printing("took 2 ms\n1\nnew\n3\nend\n",
                                     "# why\n--- file a.yaml\nx: 1\n\n$ attncalc kv\n"
                                     "took %time\n…\nold\n3\n…\nend\n\n# after\n");
  CHECK(verdict.blessed ==
        "# why\n--- file a.yaml\nx: 1\n\n$ attncalc kv\n"
        "took %time\n…\n3\n…\nend\n\n# after\n");
}

TEST_CASE("what was blessed is accepted") {
  for (const std::string out : {"", "\n", "a\n\n", "a\n\n\nb\n", "! a\n", "a", "\n\n"}) {
    for (const std::string rest : {"", "\n", "$ attncalc kv\n", "\n# x\n"}) {
      const auto first = play_printing(out, "$ attncalc kv\n" + rest);
      CAPTURE(out, rest, first.blessed);
      CHECK(accepted(play_printing(out, first.blessed)));
    }
  }
}

TEST_CASE("input files are written before the command that follows") {
  Stage stage{.outcome = {.out = "", .err = "", .exit_code = 0}};
  CHECK(accepted(stage("--- file d/a.yaml\n# a comment\nx: 1\n\\$ y\n$ attncalc kv\n")));
  CHECK(stage.files.at("d/a.yaml") == "# a comment\nx: 1\n$ y\n");
}

TEST_CASE("commands are split as a shell splits them") {
  const auto command = parse_command(R"(A=1 B='x y' attncalc kv "a b" c\ d e'f'g)");
  CHECK(command.environment.at("A") == "1");
  CHECK(command.environment.at("B") == "x y");
  CHECK(command.words == std::vector<std::string>{"attncalc", "kv", "a b", "c d", "efg"});
}

TEST_CASE("what only a shell can do is refused") {
  for (const auto* typed : {"attncalc kv | head", "attncalc kv > x", "attncalc $X", "attncalc *",
                            "attncalc 'x", "A=1"}) {
    CAPTURE(typed);
    CHECK_THROWS_AS(parse_command(typed), std::invalid_argument);
  }
}

TEST_CASE("a command may go on over several lines") {
  Stage stage{.outcome = {.out = "out\n", .err = "", .exit_code = 0}};
  CHECK(accepted(stage("$ attncalc kv \\\n    --ctx 4k\nout\n")));
  CHECK(stage.last.words == std::vector<std::string>{"attncalc", "kv", "--ctx", "4k"});
}

TEST_CASE("a text that runs nothing is an error") {
  CHECK_FALSE(accepted(play_printing("", "# nothing here\n")));
  CHECK_FALSE(accepted(play_printing("", "attncalc kv\n$ attncalc kv\n")));
}

TEST_CASE("a run that throws is an error that no blessing hides") {
  const auto verdict = play(
      "case.txt", "$ attncalc kv\n", Syntax::transcript,
      {.run = [](const Command&) -> Outcome { throw std::runtime_error("boom"); }, .write = {}});
  CHECK(verdict.errors == "case.txt:1: $ attncalc kv\nboom\n");
  CHECK(verdict.blessed == "$ attncalc kv\n");
}

TEST_CASE("console blocks of a document that start with attncalc are run") {
  Stage stage{.outcome = {.out = "out\n", .err = "", .exit_code = 0}};
  const std::string text =
      "# Title\n\n```yaml file=a.yaml\nx: 1\n```\n\nProse.\n\n```console\n$ attncalc kv\nout\n```\n"
      "\n```console\n$ scripts/try\n```\n";
  const auto verdict = stage(text, Syntax::markdown);
  CHECK(accepted(verdict));
  CHECK(verdict.commands == 1);
  CHECK(verdict.blessed == text);
  CHECK(stage.files.at("a.yaml") == "x: 1\n");
}

TEST_CASE("an example of a document that is never run is an error") {
  Stage stage{.outcome = {.out = "", .err = "", .exit_code = 0}};
  CHECK_FALSE(accepted(stage("```sh\n$ attncalc kv\n```\n", Syntax::markdown)));
  CHECK_FALSE(accepted(stage("```console\n$ ls\n$ attncalc kv\n```\n", Syntax::markdown)));
  CHECK_FALSE(accepted(stage("    $ attncalc kv\n", Syntax::markdown)));
}

TEST_CASE("blessing a document fills an empty block") {
  Stage stage{.outcome = {.out = "a\n\nb\n", .err = "", .exit_code = 0}};
  const auto verdict = stage("x\n```console\n$ attncalc kv\n```\ny\n", Syntax::markdown);
  CHECK(verdict.blessed == "x\n```console\n$ attncalc kv\na\n\nb\n```\ny\n");
}
