// SPDX-License-Identifier: Apache-2.0
//
// How wide a text is at most, without a font at hand: a drawing is laid out here and shown with
// whatever sans-serif its reader has. Widths are the larger of Liberation Sans (which has those of
// Arial and Helvetica) and DejaVu Sans, the widest in common use, so a box measured here holds the
// text in either.
#pragma once

#include <string>
#include <string_view>

namespace attncalc {

enum class Weight { regular, bold };

// In units of the font's size.
double text_width(std::string_view text, Weight weight = Weight::regular);

// From the top of the highest letter to the bottom of the lowest, about the middle of a capital,
// which stands so far above the line that it is written on.
inline constexpr double line_height = 1.25;
inline constexpr double capital_middle = 0.36;

// The text, or its beginning and "…", so that it is no wider.
std::string shortened(std::string_view text, double width);

}  // namespace attncalc
