// SPDX-License-Identifier: Apache-2.0
//
// The rules of verdicts, on figures of which nobody doubts what they are.
#include "seeds/verdict.hpp"

#include "seeds/arithmetic.hpp"
#include "support/catch.hpp"

namespace attncalc::seeds {
namespace {

constexpr double mebi = 1 << 20;

TEST_CASE("a figure that prints as stated is exact") {
  CHECK(match("537 MB", 512 * mebi) == Match::as_stated);
  CHECK(match("512 MiB", 512 * mebi) == Match::as_stated);
  CHECK(match("786 KB", 786432) == Match::as_stated);
  CHECK(match("97 %", 31 / 32.0) == Match::as_stated);
  CHECK(match("-79 %", -38 / 48.0) == Match::as_stated);
  CHECK(match("3-4 x", 3.5) == Match::as_stated);
  CHECK(match("< 40 GB", 15.6e9) == Match::as_stated);
}

TEST_CASE("the other power, or digits cut off, is unit-sloppy") {
  CHECK(match("536 MB", 512 * mebi) == Match::other_unit);  // 536.87
  CHECK(match("512 MB", 512 * mebi) == Match::other_unit);
  CHECK(match("8 MB", 8 * mebi) == Match::other_unit);
  CHECK(match("8 MB + 256 KB", 8.25 * mebi) == Match::other_unit);
  CHECK(match("~200 GB", 200 * 1024 * mebi) == Match::other_unit);
}

TEST_CASE("anything else is wrong, however near") {
  CHECK(match("16.75 MB", 16 * mebi) == Match::none);
  CHECK(match("40 GB", 8e9) == Match::none);
  CHECK(match("3-4 x", 64) == Match::none);
  CHECK(match("-79 %", 38 / 48.0) == Match::none);
  CHECK(match("25.4", 25.8) == Match::none);
  CHECK(match("> 10 x", 6.27) == Match::none);
}

TEST_CASE("about makes zeros at the end no digits, and nothing else") {
  CHECK(match("~70 x", 71.1) == Match::as_stated);
  CHECK(match("70 x", 71.1) == Match::none);
  CHECK(match("~32.5 MB", 33 * mebi) == Match::none);
  CHECK(match("~60 %", 0.5417) == Match::none);
  CHECK(match("~20 MB", 27 * mebi) == Match::none);  // cut to one digit it would be 20
}

TEST_CASE("what holds only under a condition is imprecise") {
  CHECK(judge(Match::none, Match::as_stated) == Verdict::imprecise);
  CHECK(judge(Match::none, Match::none) == Verdict::wrong);
  CHECK(judge(Match::none, std::nullopt) == Verdict::wrong);
  CHECK(judge(Match::as_stated, Match::none) == Verdict::exact);
}

TEST_CASE("what is no figure is refused") {
  CHECK_THROWS(match("several times", 3));
  CHECK_THROWS(evaluate("2 *"));
  CHECK_THROWS(evaluate("2 3"));
}

TEST_CASE("arithmetic") {
  CHECK(evaluate("2 + 3 * 4 ^ 2 / 8") == 8);
  CHECK(evaluate("ceil(1023 / 32) - min(3, 2)") == 30);
  CHECK(evaluate("-(1 - 2) * 1.5e3") == 1500);
}

}  // namespace
}  // namespace attncalc::seeds
