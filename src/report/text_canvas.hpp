// SPDX-License-Identifier: Apache-2.0
//
// A rectangle of character cells to draw on: lines finer than a cell, and characters over them.
// Places are fractions of the rectangle, from its lower left corner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attncalc {

class TextCanvas {
 public:
  TextCanvas(std::size_t columns, std::size_t rows, bool unicode);

  struct Cell {
    std::size_t column = 0;
    std::size_t row = 0;  // from above
    friend bool operator==(const Cell&, const Cell&) = default;
  };
  // The cell at a place; absent outside of the rectangle.
  std::optional<Cell> cell_at(double x, double y) const;

  struct End {
    double x = 0;
    double y = 0;
  };
  // What lies outside of the rectangle is not drawn.
  void line(End from, End to, bool dashed);
  // Characters over whatever is there; each of them takes one cell.
  void write(Cell at, std::string_view text);

  // One row as text, without spaces at its end.
  std::string row(std::size_t row) const;

 private:
  void dot(double x, double y);

  std::size_t columns_, rows_;
  bool unicode_;
  std::vector<std::uint8_t> dots_;    // bits of a cell
  std::vector<std::string> letters_;  // empty: only dots are there
};

}  // namespace attncalc
