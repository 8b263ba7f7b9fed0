// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 at the borders of each length, and what is no UTF-8.
#include "base/utf8.hpp"

#include "support/catch.hpp"

using namespace attncalc;

TEST_CASE("the first and the last character of every length decode") {
  struct Expected {
    const char* bytes;
    char32_t code;
    std::size_t length;
  };
  const Expected table[] = {
      {"\x01", 0x01, 1},
      {"\x7F", 0x7F, 1},
      {"\xC2\x80", 0x80, 2},
      {"\xDF\xBF", 0x7FF, 2},
      {"\xE0\xA0\x80", 0x800, 3},
      {"\xEF\xBF\xBF", 0xFFFF, 3},
      {"\xED\x9F\xBF", 0xD7FF, 3},
      {"\xEE\x80\x80", 0xE000, 3},
      {"\xF0\x90\x80\x80", 0x10000, 4},
      {"\xF4\x8F\xBF\xBF", 0x10FFFF, 4},
  };
  for (const Expected& expected : table) {
    const auto character = first_character(expected.bytes);
    REQUIRE(character);
    CHECK(character->code == expected.code);
    CHECK(character->length == expected.length);
  }
}

TEST_CASE("what is not UTF-8 does not decode") {
  for (const char* bytes :
       {"", "\x80", "\xBF", "\xC1\xBF", "\xC2", "\xC2x", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xEF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF"})
    CHECK_FALSE(first_character(bytes));
}

TEST_CASE("characters are counted and skipped, not bytes") {
  CHECK(count_characters("aé日") == 3);
  CHECK(skip_characters("aé日", 0) == 0);
  CHECK(skip_characters("aé日", 2) == 3);
  CHECK(skip_characters("aé日", 3) == 6);
  CHECK(skip_characters("aé日", 9) == 6);
}
