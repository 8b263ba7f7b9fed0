// SPDX-License-Identifier: Apache-2.0
//
// How problems look: place, message, line, caret, hint; and that hostile input cannot change it.
#include "base/result.hpp"

#include "support/catch.hpp"

using namespace attncalc;

namespace {

std::string quoted(const std::string& line, int column) {
  Problem problem{.at = {"x", 1, column}, .message = "m", .hint = {}, .source_line = {}};
  quote_line(problem, line);
  return render(problem);
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a problem without a line names the file, and without a file only itself") {
  const Problem in_file{
      .at = {"x.json"}, .message = "there is no such file", .hint = {}, .source_line = {}};
  CHECK(render(in_file) == "x.json: error: there is no such file\n");
  CHECK(render(usage_problem("--ctx is missing", "say --ctx 32k")) ==
        "error: --ctx is missing\n"
        "hint: say --ctx 32k\n");
}

TEST_CASE("a problem is bad usage unless it says otherwise") {
  CHECK(usage_problem("x").exit_code == 2);
}

TEST_CASE("the caret stands under its character, behind tabs and other alphabets too") {
  CHECK(quoted("\tä: ö", 5) ==
        "x:1:5: error: m\n"
        "   ä: ö\n"
        "      ^\n");
}

TEST_CASE("the caret may stand behind the end of its line") {
  CHECK(quoted("abc", 4) ==
        "x:1:4: error: m\n"
        "  abc\n"
        "     ^\n");
}

TEST_CASE("a line of 120 characters is shown whole") {
  const std::string line = repeat("é", 120);
  CHECK(quoted(line, 120) == "x:1:120: error: m\n  " + line + "\n" + std::string(121, ' ') + "^\n");
}

TEST_CASE("a longer line is cut to what surrounds the caret") {
  const std::string line = repeat("a", 100) + "!" + repeat("b", 100);
  CHECK(quoted(line, 101) == "x:1:101: error: m\n  …" + repeat("a", 60) + "!" + repeat("b", 59) +
                                 "…\n" + std::string(63, ' ') + "^\n");
  CHECK(quoted(line, 1) ==
        "x:1:1: error: m\n  " + repeat("a", 100) + "!" + repeat("b", 19) + "…\n  ^\n");
  CHECK(quoted(line, 201) ==
        "x:1:201: error: m\n  …" + repeat("b", 61) + "\n" + std::string(63, ' ') + "^\n");
}

TEST_CASE("nothing from a file reaches the terminal as a command") {
  // Escape, the one-character CSI, a right-to-left override, a line end, a stray byte.
  const std::string hostile =
      "a\x1b[2J\xC2\x9B"
      "b\xE2\x80\xAE"
      "c\nd\xFF";
  Problem problem{
      .at = {"x\x1b", 1, 1}, .message = hostile, .hint = hostile, .source_line = hostile};
  CHECK(render(problem) ==
        "x?:1:1: error: a?[2J?b?c?d?\n"
        "  a?[2J?b?c?d?\n"
        "hint: a?[2J?b?c?d?\n");
}

TEST_CASE("of very many problems fifty are shown and the rest counted") {
  const Problems problems(53, usage_problem("m"));
  CHECK(render(problems) == repeat("error: m\n", 50) + "and 3 more\n");
}

TEST_CASE("a result holds a value or every problem that was found") {
  const Result<int> value = 7;
  CHECK(value);
  CHECK(*value == 7);
  const Result<int> none = Problems{usage_problem("a"), usage_problem("b")};
  CHECK_FALSE(none);
  CHECK(none.problems().size() == 2);
}
