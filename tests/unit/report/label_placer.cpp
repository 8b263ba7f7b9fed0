// SPDX-License-Identifier: Apache-2.0
//
// Tilted boxes held to a slow way of telling whether they overlap, and labels that find their place
// or none.
#include "report/label_placer.hpp"

#include <cmath>
#include <numbers>
#include <random>

#include "support/catch.hpp"

namespace attncalc {
namespace {

bool inside(const TiltedBox& box, Spot spot) {
  const Spot off = spot - box.centre;
  const double along = off.x * std::cos(box.angle) + off.y * std::sin(box.angle);
  const double across = -off.x * std::sin(box.angle) + off.y * std::cos(box.angle);
  return std::abs(along) < box.size.width / 2 && std::abs(across) < box.size.height / 2;
}

// Looks at a raster of the first box: finds an overlap unless it is finer than the raster.
bool share_a_spot(const TiltedBox& a, const TiltedBox& b) {
  constexpr int fine = 100;
  for (int i = 0; i <= fine; ++i) {
    for (int j = 0; j <= fine; ++j) {
      const double along = (static_cast<double>(i) / fine - 0.5) * a.size.width * 0.999;
      const double across = (static_cast<double>(j) / fine - 0.5) * a.size.height * 0.999;
      const Spot spot = {a.centre.x + along * std::cos(a.angle) - across * std::sin(a.angle),
                         a.centre.y + along * std::sin(a.angle) + across * std::cos(a.angle)};
      if (inside(b, spot)) return true;
    }
  }
  return false;
}

TiltedBox grown(TiltedBox box, double by) {
  box.size.width += by;
  box.size.height += by;
  return box;
}

const TiltedBox page = {.centre = {50, 50}, .size = {100, 100}};

Candidate at(double x, double y, double cost = 0) {
  return {.box = {.centre = {x, y}, .size = {20, 10}}, .cost = cost};
}

}  // namespace

TEST_CASE("boxes overlap exactly when they share a spot") {
  std::mt19937 random(1);
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  int overlapping = 0;
  for (int i = 0; i < 500; ++i) {
    const auto box = [&] {
      return TiltedBox{.centre = {between(0, 60), between(0, 60)},
                       .size = {between(5, 50), between(5, 15)},
                       .angle = between(-1.5, 1.5)};
    };
    const TiltedBox a = box();
    const TiltedBox b = box();
    CAPTURE(i);
    if (share_a_spot(a, b)) {
      ++overlapping;
      CHECK(overlap(a, b));
      CHECK(overlap(b, a));
    } else {
      CHECK_FALSE(overlap(grown(a, -1), grown(b, -1)));
    }
  }
  CHECK(overlapping > 100);
  CHECK(overlapping < 400);
}

TEST_CASE("boxes whose edges touch do not overlap") {
  const TiltedBox left = {.centre = {0, 0}, .size = {10, 10}};
  CHECK_FALSE(overlap(left, {.centre = {10, 0}, .size = {10, 10}}));
  CHECK(overlap(left, {.centre = {9.9, 0}, .size = {10, 10}}));
}

TEST_CASE("a tilted label passes where its upright hull would not") {
  const TiltedBox slope = {.centre = {0, 0}, .size = {100, 10}, .angle = -std::numbers::pi / 4};
  CHECK_FALSE(overlap(slope, {.centre = {25, 25}, .size = {10, 10}}));
  CHECK(overlap(slope, {.centre = {25, -25}, .size = {10, 10}}));
}

TEST_CASE("a line that passes a box by does not cross it") {
  const TiltedBox box = {.centre = {0, 0}, .size = {10, 4}};
  CHECK(crosses({{-20, 0}, {20, 0}}, box));
  CHECK(crosses({{0, 0}, {1, 1}}, box));
  CHECK_FALSE(crosses({{-20, 3}, {20, 3}}, box));
  CHECK_FALSE(crosses({{10, 0}, {20, 0}}, box));
}

TEST_CASE("a label takes the cheapest free place") {
  LabelPlacer placer(page);
  const std::vector<Candidate> places = {at(50, 50, 0), at(50, 70, 1), at(50, 30, 2)};
  CHECK(placer.place(places)->box.centre.y == 50);
  CHECK(placer.place(places)->box.centre.y == 70);
  CHECK(placer.place(places)->box.centre.y == 30);
  CHECK_FALSE(placer.place(places));
}

TEST_CASE("a label stays in the frame and off what is reserved") {
  LabelPlacer placer(page);
  placer.reserve({.centre = {50, 50}, .size = {10, 10}});
  CHECK_FALSE(placer.place(std::vector{at(5, 50), at(50, 98), at(50, 52)}));
  CHECK(placer.place(std::vector{at(10, 50)}));
}

TEST_CASE("a label is written across a line only if the way round costs more") {
  LabelPlacer placer(page);
  placer.avoid({{0, 50}, {100, 50}}, 10);
  CHECK(placer.place(std::vector{at(50, 50, 0), at(50, 70, 9)})->box.centre.y == 70);
  CHECK(placer.place(std::vector{at(50, 50, 0), at(50, 30, 11)})->box.centre.y == 50);
}

TEST_CASE("no label stands on a line that leads to another mark") {
  LabelPlacer placer(page);
  Candidate led = at(20, 20);
  led.lead = Stroke{.from = {20, 25}, .to = {20, 80}};
  REQUIRE(placer.place(std::span(&led, 1)));
  CHECK_FALSE(placer.place(std::vector{at(20, 50)}));
  Candidate crossing = at(50, 50);
  crossing.lead = Stroke{.from = {40, 50}, .to = {10, 50}};
  CHECK_FALSE(placer.place(std::span(&crossing, 1)));
}

}  // namespace attncalc
