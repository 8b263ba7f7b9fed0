// SPDX-License-Identifier: Apache-2.0
//
// Where labels of a drawing go. A label brings candidate places, best first; it gets the cheapest
// one whose box overlaps nothing that is already there, or none. So no two texts of a drawing can
// overlap, however crowded it is: what finds no room is told to its caller, who says it elsewhere
// (a number and a row of the legend).
//
// Boxes may be tilted, since labels of a sloping line run along it. Pixels, y downwards.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace attncalc {

struct Spot {
  double x = 0;
  double y = 0;
  friend constexpr Spot operator+(Spot a, Spot b) { return {a.x + b.x, a.y + b.y}; }
  friend constexpr Spot operator-(Spot a, Spot b) { return {a.x - b.x, a.y - b.y}; }
  friend constexpr Spot operator*(Spot a, double times) { return {a.x * times, a.y * times}; }
};
double distance(Spot a, Spot b);

struct Size {
  double width = 0;
  double height = 0;
};

// `angle` in radians, clockwise on the screen, about the centre.
struct TiltedBox {
  Spot centre;
  Size size;
  double angle = 0;
};
bool overlap(const TiltedBox& a, const TiltedBox& b);

struct Stroke {
  Spot from;
  Spot to;
};
bool crosses(const Stroke& stroke, const TiltedBox& box);

struct Candidate {
  TiltedBox box;
  double cost = 0;                  // of the place itself; crossing lines comes on top
  std::optional<Stroke> lead = {};  // from the label to what it names, where it stands apart
};

class LabelPlacer {
 public:
  // Labels stay inside of `frame`.
  explicit LabelPlacer(const TiltedBox& frame) : frame_(frame) {}

  // Nothing may overlap it.
  void reserve(const TiltedBox& box) { taken_.push_back(box); }
  // Better not written across.
  void avoid(const Stroke& stroke, double cost) { lines_.push_back({stroke, cost}); }

  // Reserves the cheapest free candidate; of two that cost the same, the first.
  std::optional<Candidate> place(std::span<const Candidate> candidates);

 private:
  struct Line {
    Stroke stroke;
    double cost = 0;
  };
  bool is_free(const Candidate& candidate) const;
  double cost(const Candidate& candidate) const;

  TiltedBox frame_;
  std::vector<TiltedBox> taken_;
  std::vector<Line> lines_;
  std::vector<Stroke> leads_;
};

}  // namespace attncalc
