// SPDX-License-Identifier: Apache-2.0
//
// Dots to characters. A Braille cell has two columns of four dots and its code point is U+2800 plus
// one bit a dot; in ASCII a cell has one column of three dots and shows one of them.
#include "report/text_canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.hpp"

namespace attncalc {
namespace {

struct Fineness {
  int across;
  int down;
};
constexpr Fineness braille = {2, 4};
constexpr Fineness ascii = {1, 3};

// Bits of the dots of a Braille cell by row and column, as Unicode numbers them.
constexpr std::uint8_t braille_bits[4][2] = {
    {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

std::string braille_character(std::uint8_t bits) {
  // U+2800 … U+28FF in UTF-8.
  return {static_cast<char>(0xE2), static_cast<char>(0xA0 | (bits >> 6)),
          static_cast<char>(0x80 | (bits & 0x3F))};
}

std::string ascii_character(std::uint8_t bits) {
  constexpr std::string_view heights = "'-.";
  // The middle where a line passes more than one height, as a steep one does.
  if (bits == 0x7 || (bits & 0x2) != 0) return "-";
  return std::string(1, bits == 0x1 ? heights[0] : bits == 0x4 ? heights[2] : '|');
}

}  // namespace

TextCanvas::TextCanvas(std::size_t columns, std::size_t rows, bool unicode)
    : columns_(columns),
      rows_(rows),
      unicode_(unicode),
      dots_(columns * rows, 0),
      letters_(columns * rows) {}

std::optional<TextCanvas::Cell> TextCanvas::cell_at(double x, double y) const {
  if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return std::nullopt;
  const auto index = [](double at, std::size_t count) {
    return std::min(static_cast<std::size_t>(at * static_cast<double>(count)), count - 1);
  };
  return Cell{.column = index(x, columns_), .row = index(1 - y, rows_)};
}

void TextCanvas::dot(double x, double y) {
  const std::optional<Cell> cell = cell_at(x, y);
  if (!cell) return;
  const Fineness fine = unicode_ ? braille : ascii;
  const auto within = [](double at, std::size_t count, int parts) {
    const double in_cell = at * static_cast<double>(count);
    return std::min(static_cast<int>((in_cell - std::floor(in_cell)) * parts), parts - 1);
  };
  const int across = within(x, columns_, fine.across);
  const int down = within(1 - y, rows_, fine.down);
  const auto bit = unicode_ ? braille_bits[down][across] : static_cast<std::uint8_t>(1 << down);
  dots_[cell->row * columns_ + cell->column] |= bit;
}

void TextCanvas::line(End from, End to, bool dashed) {
  // One dot a column of dots, in its middle; our lines are flatter than a cell's diagonal.
  const int across = (unicode_ ? braille : ascii).across;
  const double count = static_cast<double>(columns_) * across;
  const int period = unicode_ ? 4 : 2;
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const double x = (i + 0.5) / count;
    if (x < from.x || x > to.x) continue;
    if (dashed && i % period >= period / 2) continue;
    dot(x, from.y + (to.y - from.y) * (x - from.x) / (to.x - from.x));
  }
}

void TextCanvas::write(Cell at, std::string_view text) {
  while (!text.empty() && at.column < columns_) {
    const std::optional<Character> character = first_character(text);
    const std::size_t length = character ? character->length : 1;
    letters_[at.row * columns_ + at.column++] = text.substr(0, length);
    text.remove_prefix(length);
  }
}

std::string TextCanvas::row(std::size_t row) const {
  std::string out;
  for (std::size_t column = 0; column < columns_; ++column) {
    const std::size_t at = row * columns_ + column;
    if (!letters_[at].empty()) {
      out += letters_[at];
    } else if (dots_[at] != 0) {
      out += unicode_ ? braille_character(dots_[at]) : ascii_character(dots_[at]);
    } else {
      out += ' ';
    }
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace attncalc
