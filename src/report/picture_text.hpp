// SPDX-License-Identifier: Apache-2.0
//
// A roofline in a terminal: logarithmic axes, ceilings as lines with their names, operators as
// letters and a table of what each letter is. It says everything without colour and within 80
// columns; operators on one cell share a letter, and the table shows that they do.
//
// Lines are Braille dots, eight to a character cell, where the terminal knows UTF-8; in plain ASCII
// they are . - ' at three heights of a cell.
#pragma once

#include <string>

#include "roofline/picture.hpp"

namespace attncalc {

struct TextPlotStyle {
  bool unicode = true;
  std::size_t width = 80;
  std::size_t rows = 20;  // of the frame
};

std::string render_picture_text(const RooflinePicture& picture, const TextPlotStyle& style = {});

}  // namespace attncalc
