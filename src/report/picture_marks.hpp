// SPDX-License-Identifier: Apache-2.0
//
// How the marks of a roofline look. A kind of operator has a shape and a colour, so that a picture
// printed in grey, or seen by one of the many who do not tell red from green, says the same. The
// colours are those of Okabe and Ito (jfly.uni-koeln.de/color), darker on white where text would
// be too faint, lighter on black.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "report/label_placer.hpp"

namespace attncalc {

enum class Shape { circle, square, diamond, triangle, pentagon, hexagon, plus, cross, star };

struct MarkStyle {
  Shape shape = Shape::circle;
  std::string css = {};  // class of the colour: "attention", "dense"
  bool hollow = false;   // the second kind of one family and shape
};

// One style a kind, in the order given: kinds of a family (attention.gqa, attention.gqa:1024) share
// its colour and differ in shape.
std::map<std::string, MarkStyle> mark_styles(const std::vector<std::string>& kinds);

// Corners of the shape about (0, 0) with the area of a circle of this radius; empty for a circle.
std::vector<Spot> outline(Shape shape, double radius);

// The style sheet's rules for the colours: `.attention` fills, `.line-attention` draws.
enum class Scheme { light, dark };
std::string mark_rules(Scheme scheme);

}  // namespace attncalc
