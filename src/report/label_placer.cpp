// SPDX-License-Identifier: Apache-2.0
//
// Overlap of tilted boxes by separating axes: two convex shapes are apart if and only if their
// shadows on the direction of one of their edges are.
#include "report/label_placer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace attncalc {
namespace {

double dot(Spot a, Spot b) { return a.x * b.x + a.y * b.y; }
double cross(Spot a, Spot b) { return a.x * b.y - a.y * b.x; }

std::array<Spot, 2> edge_directions(double angle) {
  return {Spot{std::cos(angle), std::sin(angle)}, Spot{-std::sin(angle), std::cos(angle)}};
}

std::array<Spot, 4> corners(const TiltedBox& box) {
  const auto [along, across] = edge_directions(box.angle);
  const Spot a = along * (box.size.width / 2);
  const Spot b = across * (box.size.height / 2);
  return {box.centre + a + b, box.centre + a - b, box.centre - a - b, box.centre - a + b};
}

struct Shadow {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

Shadow shadow(std::span<const Spot> spots, Spot direction) {
  Shadow out;
  for (const Spot spot : spots) {
    const double at = dot(spot, direction);
    out.low = std::min(out.low, at);
    out.high = std::max(out.high, at);
  }
  return out;
}

bool apart(std::span<const Spot> a, std::span<const Spot> b, Spot direction) {
  const Shadow first = shadow(a, direction);
  const Shadow second = shadow(b, direction);
  return first.high <= second.low || second.high <= first.low;
}

bool contains(const TiltedBox& box, Spot spot) {
  const auto [along, across] = edge_directions(box.angle);
  return std::abs(dot(spot - box.centre, along)) <= box.size.width / 2 &&
         std::abs(dot(spot - box.centre, across)) <= box.size.height / 2;
}

bool cross_each_other(const Stroke& a, const Stroke& b) {
  const auto sides = [](const Stroke& of, const Stroke& points) {
    const Spot along = of.to - of.from;
    return cross(along, points.from - of.from) * cross(along, points.to - of.from);
  };
  return sides(a, b) < 0 && sides(b, a) < 0;
}

}  // namespace

double distance(Spot a, Spot b) { return std::hypot(a.x - b.x, a.y - b.y); }

bool overlap(const TiltedBox& a, const TiltedBox& b) {
  const std::array<Spot, 4> first = corners(a);
  const std::array<Spot, 4> second = corners(b);
  for (const double angle : {a.angle, b.angle}) {
    for (const Spot direction : edge_directions(angle)) {
      if (apart(first, second, direction)) return false;
    }
  }
  return true;
}

bool crosses(const Stroke& stroke, const TiltedBox& box) {
  const std::array<Spot, 2> ends = {stroke.from, stroke.to};
  const std::array<Spot, 4> outline = corners(box);
  const Spot along = stroke.to - stroke.from;
  if (apart(ends, outline, {-along.y, along.x})) return false;
  const auto directions = edge_directions(box.angle);
  return std::ranges::none_of(directions,
                              [&](Spot direction) { return apart(ends, outline, direction); });
}

bool LabelPlacer::is_free(const Candidate& candidate) const {
  const std::array<Spot, 4> outline = corners(candidate.box);
  if (!std::ranges::all_of(outline, [&](Spot spot) { return contains(frame_, spot); }))
    return false;
  if (std::ranges::any_of(taken_, [&](const auto& box) { return overlap(candidate.box, box); }))
    return false;
  // A lead that another crosses leads the eye to the wrong mark.
  const auto under_text = [&](const Stroke& lead) { return crosses(lead, candidate.box); };
  if (std::ranges::any_of(leads_, under_text)) return false;
  const auto crossed = [&](const Stroke& lead) { return cross_each_other(lead, *candidate.lead); };
  return !candidate.lead || std::ranges::none_of(leads_, crossed);
}

double LabelPlacer::cost(const Candidate& candidate) const {
  double cost = candidate.cost;
  for (const Line& line : lines_) {
    if (crosses(line.stroke, candidate.box)) cost += line.cost;
  }
  if (!candidate.lead) return cost;
  // A lead may pass over marks, texts and lines, but another place is better.
  constexpr double over_box = 150;
  constexpr double over_line = 0.4;
  for (const TiltedBox& box : taken_) {
    const bool own = contains(box, candidate.lead->to);
    if (!own && crosses(*candidate.lead, box)) cost += over_box;
  }
  for (const Line& line : lines_) {
    if (cross_each_other(line.stroke, *candidate.lead)) cost += over_line * line.cost;
  }
  return cost;
}

std::optional<Candidate> LabelPlacer::place(std::span<const Candidate> candidates) {
  std::optional<Candidate> best;
  double least = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : candidates) {
    // The cost of the place alone already decides most of them, and is the cheaper question.
    if (candidate.cost >= least || !is_free(candidate)) continue;
    const double here = cost(candidate);
    if (here < least) {
      least = here;
      best = candidate;
    }
  }
  if (best) {
    reserve(best->box);
    if (best->lead) leads_.push_back(*best->lead);
  }
  return best;
}

}  // namespace attncalc
