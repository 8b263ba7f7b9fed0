// SPDX-License-Identifier: Apache-2.0
//
// The little that we need to know about UTF-8: whether bytes are it, how many characters stand
// before a column, and what must not reach a terminal. No normalisation, no display widths: a
// column is a character (code point), as editors count.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace attncalc {

// The first character of `text` and how many bytes it takes; nullopt if these bytes are no UTF-8
// (overlong forms, surrogates and values above U+10FFFF are none either) or if `text` is empty.
struct Character {
  char32_t code = 0;
  std::size_t length = 0;
};
std::optional<Character> first_character(std::string_view text);

// A byte that begins a character (every byte but the continuation bytes 10xxxxxx).
constexpr bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u;
}

std::size_t count_characters(std::string_view text);

// Where the first `characters` characters of `text` end; its size if it has fewer.
std::size_t skip_characters(std::string_view text, std::size_t characters);

// The same number of characters without anything that moves a cursor, colours a screen or reverses
// the order of letters: control characters become '?', a tab a space, a stray byte '?'.
std::string printable(std::string_view text);

}  // namespace attncalc
