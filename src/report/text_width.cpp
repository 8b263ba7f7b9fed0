// SPDX-License-Identifier: Apache-2.0
//
// The table of widths: advances out of the fonts' hmtx tables, in hundredths of the font's size,
// rounded up.
#include "report/text_width.hpp"

#include <array>
#include <cstdint>

#include "base/utf8.hpp"

namespace attncalc {
namespace {

constexpr char32_t first_printable = ' ';
constexpr std::array<std::uint8_t, 95> hundredths = {
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37,  32, 34, 64, 64, 64,  // space … 2
    64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 56, 102, 69, 69, 73, 78, 67,  // 3 … E
    62, 78, 76, 30, 50, 67, 56, 87, 75, 79, 67, 79, 73, 67,  62, 74, 69, 99, 69,  // F … X
    67, 69, 40, 34, 40, 84, 56, 50, 62, 64, 55, 64, 62, 36,  64, 64, 28, 28, 58,  // Y … k
    28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82, 60, 60,  53, 64, 34, 64, 84,  // l … ~
};
// Any other character: as wide as the font is high, which ideographs are and the rest is not.
constexpr double widest = 1.02;
// DejaVu Sans Bold over the regular, for whole words.
constexpr double bold_over_regular = 1.15;

double width_of(char32_t code) {
  constexpr double per_hundredth = 0.01;
  if (code < first_printable || code - first_printable >= hundredths.size()) return widest;
  return per_hundredth * hundredths[code - first_printable];
}

}  // namespace

double text_width(std::string_view text, Weight weight) {
  double width = 0;
  while (!text.empty()) {
    const std::optional<Character> character = first_character(text);
    width += character ? width_of(character->code) : widest;
    text.remove_prefix(character ? character->length : 1);
  }
  return weight == Weight::bold ? width * bold_over_regular : width;
}

std::string shortened(std::string_view text, double width) {
  if (text_width(text) <= width) return std::string(text);
  constexpr std::string_view ellipsis = "…";
  std::size_t characters = count_characters(text);
  std::string out;
  do {
    out = text.substr(0, skip_characters(text, --characters));
    out += ellipsis;
  } while (characters > 0 && text_width(out) > width);
  return out;
}

}  // namespace attncalc
