// SPDX-License-Identifier: Apache-2.0
//
// Shapes as polygons, and the table of families: which groups of operators look how.
#include "report/picture_marks.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <span>

namespace attncalc {
namespace {

struct Family {
  std::string_view begins;  // of the kind's name
  std::string_view css;
  std::string_view light;
  std::string_view dark;
  std::array<Shape, 3> shapes;  // of its first kinds; further ones are hollow
};

constexpr auto families = std::to_array<Family>({
    {"attention",
     "attention",
     "#0072b2",
     "#56b4e9",
     {Shape::circle, Shape::hexagon, Shape::pentagon}},
    {"mlp.dense", "dense", "#c04a00", "#ff8f4d", {Shape::square, Shape::square, Shape::square}},
    {"mlp.moe", "moe", "#00805e", "#3fd0a4", {Shape::diamond, Shape::diamond, Shape::diamond}},
    {"mlp.shared",
     "shared",
     "#a87400",
     "#f0c649",
     {Shape::pentagon, Shape::pentagon, Shape::pentagon}},
    {"head", "head", "#9b3f7c", "#e79cc8", {Shape::triangle, Shape::triangle, Shape::triangle}},
    {"norm", "norm", "#5f6b76", "#aeb9c4", {Shape::plus, Shape::plus, Shape::plus}},
    {"comm", "comm", "#5f6b76", "#aeb9c4", {Shape::cross, Shape::cross, Shape::cross}},
    {"total", "total", "#111111", "#ffffff", {Shape::star, Shape::star, Shape::star}},
    {"", "other", "#5f6b76", "#aeb9c4", {Shape::hexagon, Shape::pentagon, Shape::circle}},
});

const Family& family_of(std::string_view kind) {
  for (const Family& family : families) {
    if (kind.starts_with(family.begins)) return family;
  }
  return families.back();
}

constexpr double full_turn = 2 * std::numbers::pi;

// Corners on circles of the given radii, by turns, the first one above.
std::vector<Spot> round_about(int corners, std::span<const double> radii, double turned = 0) {
  std::vector<Spot> out;
  for (int i = 0; i < corners; ++i) {
    const double angle = full_turn * i / corners + turned;
    const double radius = radii[static_cast<std::size_t>(i) % radii.size()];
    out.push_back({radius * std::sin(angle), -radius * std::cos(angle)});
  }
  return out;
}

// A regular polygon with the area of a circle: n/2 R² sin(2π/n) = π r².
std::vector<Spot> regular(int corners, double radius, double turned = 0) {
  const double area = corners / 2.0 * std::sin(full_turn / corners);
  const double out = radius * std::sqrt(std::numbers::pi / area);
  return round_about(corners, std::span(&out, 1), turned);
}

// A plus sign with arms a third as wide as long.
std::vector<Spot> plus_sign(double radius, double turned) {
  const double reach = radius * 1.15;
  const double half = radius * 0.36;
  const std::array<Spot, 3> arm = {Spot{-half, -half}, Spot{-half, -reach}, Spot{half, -reach}};
  std::vector<Spot> out;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const double angle = full_turn / 4 * quarter + turned;
    for (const Spot corner : arm) {
      out.push_back({corner.x * std::cos(angle) - corner.y * std::sin(angle),
                     corner.x * std::sin(angle) + corner.y * std::cos(angle)});
    }
  }
  return out;
}

}  // namespace

std::map<std::string, MarkStyle> mark_styles(const std::vector<std::string>& kinds) {
  std::map<std::string, MarkStyle> out;
  std::map<std::string_view, std::size_t> used;
  for (const std::string& kind : kinds) {
    if (out.contains(kind)) continue;
    const Family& family = family_of(kind);
    const std::size_t nth = used[family.css]++;
    const bool one_shape = family.shapes[0] == family.shapes[1];
    out[kind] = {.shape = family.shapes[nth % family.shapes.size()],
                 .css = std::string(family.css),
                 .hollow = nth >= (one_shape ? 1 : family.shapes.size())};
  }
  return out;
}

std::vector<Spot> outline(Shape shape, double radius) {
  switch (shape) {
    case Shape::circle:
      return {};
    case Shape::square:
      return regular(4, radius, full_turn / 8);
    case Shape::diamond:
      return regular(4, radius);
    case Shape::triangle:
      return regular(3, radius);
    case Shape::pentagon:
      return regular(5, radius, full_turn / 10);
    case Shape::hexagon:
      return regular(6, radius);
    case Shape::plus:
      return plus_sign(radius, 0);
    case Shape::cross:
      return plus_sign(radius, full_turn / 8);
    case Shape::star:
      return round_about(10, std::array{1.45 * radius, 0.6 * radius});
  }
  return {};
}

std::string mark_rules(Scheme scheme) {
  std::string out;
  for (const Family& family : families) {
    const std::string_view colour = scheme == Scheme::light ? family.light : family.dark;
    out += fmt::format(".{0} {{ fill: {1}; }}\n.line-{0} {{ stroke: {1}; }}\n", family.css, colour);
  }
  return out;
}

}  // namespace attncalc
