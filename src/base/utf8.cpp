// SPDX-License-Identifier: Apache-2.0
//
// Decoding follows table 3-7 of the Unicode standard ("well-formed UTF-8 byte sequences"), by the
// rule behind it: take the bits, then refuse what a shorter sequence could have said.
#include "base/utf8.hpp"

namespace attncalc {
namespace {

struct Lead {
  std::size_t length;
  char32_t bits;      // of the lead byte
  char32_t smallest;  // code that needs this many bytes
};

std::optional<Lead> read_lead(unsigned char byte) {
  if (byte < 0x80u) return Lead{1, byte, 0};
  if (byte < 0xC0u) return std::nullopt;
  if (byte < 0xE0u) return Lead{2, byte & 0x1Fu, 0x80};
  if (byte < 0xF0u) return Lead{3, byte & 0x0Fu, 0x800};
  if (byte < 0xF8u) return Lead{4, byte & 0x07u, 0x10000};
  return std::nullopt;
}

bool is_scalar_value(char32_t code) {
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code <= 0x10FFFF && !surrogate;
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code <= 0x9F); }

// Bidirectional overrides and isolates show text in another order than it has ("Trojan Source").
bool reorders(char32_t code) {
  return (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::optional<Character> first_character(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto lead = read_lead(static_cast<unsigned char>(text[0]));
  if (!lead || text.size() < lead->length) return std::nullopt;
  char32_t code = lead->bits;
  for (std::size_t i = 1; i < lead->length; ++i) {
    if (begins_character(text[i])) return std::nullopt;
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  if (code < lead->smallest || !is_scalar_value(code)) return std::nullopt;
  return Character{code, lead->length};
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += begins_character(byte) ? 1 : 0;
  return count;
}

std::size_t skip_characters(std::string_view text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (!begins_character(text[at])) continue;
    if (characters == 0) break;
    --characters;
  }
  return at;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto character = first_character(text);
    const std::size_t length = character ? character->length : 1;
    if (!character) {
      // A stray continuation byte has no column of its own: count_characters() skips it too.
      if (begins_character(text[0])) out += '?';
    } else if (character->code == U'\t') {
      out += ' ';
    } else if (is_control(character->code) || reorders(character->code)) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace attncalc
