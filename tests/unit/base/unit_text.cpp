// SPDX-License-Identifier: Apache-2.0
//
// Every prefix, each way it can be written, against the number written out; and what is refused.
#include "base/unit_text.hpp"

#include "support/catch.hpp"

using namespace attncalc;

namespace {

std::string token_error(std::string_view text) {
  const auto tokens = parse_tokens(text, "--ctx");
  return tokens ? "no error" : render(tokens.problems());
}

std::string byte_error(std::string_view text) {
  const auto amount = parse_bytes(text, "--reserve");
  return amount ? "no error" : render(amount.problems());
}

std::int64_t byte_count(std::string_view text) {
  const auto amount = parse_bytes(text, "--reserve");
  INFO(text);
  REQUIRE(amount);
  return amount->value.value;
}

constexpr std::int64_t int64_most = INT64_MAX;

}  // namespace

TEST_CASE("every token suffix is a power of 1024") {
  struct Expected {
    const char* text;
    std::int64_t tokens;
  };
  const Expected table[] = {
      {"1", 1},
      {"32768", 32768},
      {"32_768", 32768},
      {"1_000_000", 1000000},
      {"32k", 32768},
      {"32K", 32768},
      {"1M", 1048576},
      {"1m", 1048576},
      {"2G", 2147483648},
      {"2g", 2147483648},
      {"1T", 1099511627776},
      {"1t", 1099511627776},
      {"1.5k", 1536},
      {"0.5k", 512},
      {"0.0009765625k", 1},
      {"1.0", 1},
      {"1_0.5k", 10752},
      {"007", 7},
      {"1099511627776", 1099511627776},
  };
  for (const Expected& expected : table) {
    CAPTURE(expected.text);
    const auto tokens = parse_tokens(expected.text, "--ctx");
    REQUIRE(tokens);
    CHECK(*tokens == expected.tokens);
  }
}

TEST_CASE("what is no number of tokens is refused") {
  const std::string hint =
      "hint: write 32768, 32_768 or 32k (32 × 1024); k, M, G and T are known\n";
  for (const char* text : {"",       " ",
                           "-1",     "+1",
                           "k",      "32kb",
                           "32 k",   " 32",
                           "32ki",   "0x",
                           "0x10",   "1e400",
                           "1e3",    "1.",
                           ".5k",    "1..5k",
                           "1_",     "_1",
                           "1__0",   "1_.5k",
                           "1.5_0k", "12,000",
                           "inf",    "nan",
                           "٣",      "999999999999999999999999"}) {
    CHECK(token_error(text) ==
          "error: --ctx '" + std::string(text) + "' is no number of tokens\n" + hint);
  }
  CHECK(token_error("1.3k") == "error: --ctx '1.3k' is no whole number of tokens\n" + hint);
  CHECK(token_error("0.5") == "error: --ctx '0.5' is no whole number of tokens\n" + hint);
}

TEST_CASE("a number of tokens is between 1 and 2^40") {
  for (const char* text : {"9223372036854775808", "9223372036854775807", "1099511627777", "2T",
                           "99999999999999999999T"}) {
    CHECK(token_error(text) ==
          "error: --ctx '" + std::string(text) + "' is too large: it can be at most 1T (2^40)\n");
  }
  CHECK(token_error("0") == "error: --ctx '0' is too small: it must be at least 1\n");
  CHECK(token_error("0k") == "error: --ctx '0k' is too small: it must be at least 1\n");
}

TEST_CASE("a count is a plain whole number within its bounds") {
  CHECK(*parse_count("8", "--batch") == 8);
  CHECK(*parse_count("1_000", "--batch") == 1000);
  CHECK(*parse_count("0", "--skip", 0) == 0);
  for (const char* text : {"", "8k", "1.0", "-8", "8 ", "1e3", "0x8"}) {
    const auto count = parse_count(text, "--batch");
    REQUIRE_FALSE(count);
    CHECK(render(count.problems()) == "error: --batch '" + std::string(text) +
                                          "' is no whole number\nhint: write 8 or 1_000\n");
  }
  CHECK(render(parse_count("0", "--batch").problems()) ==
        "error: --batch '0' is too small: it must be at least 1\n");
  CHECK(render(parse_count("1", "--tp", 2).problems()) ==
        "error: --tp '1' is too small: it must be at least 2\n");
  CHECK(render(parse_count("9223372036854775808", "--batch").problems()) ==
        "error: --batch '9223372036854775808' is too large: it can be at most 2^40\n");
}

TEST_CASE("every byte unit is the power that its spelling says") {
  CHECK(byte_count("0 B") == 0);
  CHECK(byte_count("1024 B") == 1024);
  CHECK(byte_count("1 kB") == 1000);
  CHECK(byte_count("1 KiB") == 1024);
  CHECK(byte_count("1 MB") == 1000000);
  CHECK(byte_count("512 MiB") == 536870912);
  CHECK(byte_count("80 GB") == 80000000000);
  CHECK(byte_count("10GiB") == 10737418240);
  CHECK(byte_count("2 TB") == 2000000000000);
  CHECK(byte_count("1TiB") == 1099511627776);
  CHECK(byte_count("1.5 GB") == 1500000000);
  CHECK(byte_count("0.5KiB") == 512);
  CHECK(byte_count("9_223_372_036_854_775_807 B") == int64_most);
}

TEST_CASE("a byte unit in lower case is taken, except where it would be bits") {
  CHECK(byte_count("80gb") == 80000000000);
  CHECK(byte_count("80gib") == 85899345920);
  CHECK(byte_count("80 KB") == 80000);
  const std::string hint = "hint: write 80 GB (80 × 10^9 bytes) or 80 GiB (80 × 2^30 bytes)\n";
  CHECK(byte_error("80 Gb") == "error: --reserve '80 Gb' is in bits, not bytes\n" + hint);
  CHECK(byte_error("80 Gib") == "error: --reserve '80 Gib' is in bits, not bytes\n" + hint);
}

TEST_CASE("a number of bytes needs a unit that is known and comes out whole") {
  const std::string hint = "hint: write 80 GB (80 × 10^9 bytes) or 80 GiB (80 × 2^30 bytes)\n";
  CHECK(byte_error("80") == "error: --reserve '80' has no unit\n" + hint);
  CHECK(byte_error("80 ") == "error: --reserve '80 ' has no unit\n" + hint);
  for (const char* text : {"80 G", "80k", "80 GBB", "80  GB", "80 GB ", "80 PB", "80 GB/s"})
    CHECK(byte_error(text) ==
          "error: --reserve '" + std::string(text) + "' has a unit that is unknown\n" + hint);
  for (const char* text : {"", "GB", "-1 GB", " 1 GB", "1. GB", "inf GB"})
    CHECK(byte_error(text) ==
          "error: --reserve '" + std::string(text) + "' is no number of bytes\n" + hint);
  CHECK(byte_error("1.5 B") == "error: --reserve '1.5 B' is no whole number of bytes\n");
  for (const char* text : {"9223372036854775808 B", "8388608 TiB", "99999999999999999999 TiB"})
    CHECK(byte_error(text) == "error: --reserve '" + std::string(text) +
                                  "' is too large: it can be at most 2^63 - 1 bytes\n");
}

TEST_CASE("bytes are printed in the unit that was asked for") {
  struct Expected {
    std::int64_t count;
    const char* iec;
    const char* si;
    const char* whole;
  };
  const Expected table[] = {
      {0, "0 B", "0 B", "0 B"},
      {999, "999 B", "999 B", "999 B"},
      {1000, "1,000 B", "1.00 kB", "1,000 B"},
      {1024, "1.00 KiB", "1.02 kB", "1,024 B"},
      {10737418240, "10.00 GiB", "10.74 GB", "10,737,418,240 B"},
      {1048576, "1.00 MiB", "1.05 MB", "1,048,576 B"},
      {1099511627776, "1.00 TiB", "1.10 TB", "1,099,511,627,776 B"},
      {137438953472, "128.0 GiB", "137.4 GB", "137,438,953,472 B"},
      {int64_most, "8,388,608 TiB", "9,223,372 TB", "9,223,372,036,854,775,807 B"},
  };
  for (const Expected& expected : table) {
    CHECK(format_bytes(bytes(expected.count), UnitStyle::iec) == expected.iec);
    CHECK(format_bytes(bytes(expected.count), UnitStyle::si) == expected.si);
    CHECK(format_bytes(bytes(expected.count), UnitStyle::bytes) == expected.whole);
  }
}

TEST_CASE("a figure that would be rounded to the next unit is printed in it") {
  CHECK(format_bytes(bytes(999'949'999), UnitStyle::si) == "999.9 MB");
  CHECK(format_bytes(bytes(999'950'000), UnitStyle::si) == "1.00 GB");
  CHECK(format_bytes(bytes(99'994'999), UnitStyle::si) == "99.99 MB");
  CHECK(format_bytes(bytes(99'995'000), UnitStyle::si) == "100.0 MB");
  CHECK(format_bytes(bytes(1023 * 1048576), UnitStyle::iec) == "1,023 MiB");
  CHECK(format_bytes(bytes(1023 * 1048576 + 524287), UnitStyle::iec) == "1,023 MiB");
  CHECK(format_bytes(bytes(1023 * 1048576 + 524288), UnitStyle::iec) == "1.00 GiB");
  CHECK(format_bytes(bytes(1048575), UnitStyle::iec) == "1.00 MiB");
}

TEST_CASE("digits are grouped in threes") {
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1000) == "1,000");
  CHECK(format_count(-1000) == "-1,000");
  CHECK(format_count(-100) == "-100");
  CHECK(format_count(123456) == "123,456");
  CHECK(format_count(1234567) == "1,234,567");
  CHECK(format_count(INT64_MIN) == "-9,223,372,036,854,775,808");
}
