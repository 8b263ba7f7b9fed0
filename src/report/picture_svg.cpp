// SPDX-License-Identifier: Apache-2.0
//
// A laid-out scene written as SVG, from the back to the front: page, grid, roofs, tracks, marks,
// labels. Labels have a halo in the page's colour, since they may stand on the grid.
#include "report/picture_svg.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "report/picture_scene.hpp"
#include "report/xml.hpp"

namespace attncalc {
namespace {

constexpr std::string_view light_rules = R"(
text { font-family: Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif; fill: #16191d; }
.page { fill: #ffffff; }
.faint { fill: #4b535c; }
.bold { font-weight: bold; }
.start { text-anchor: start; }
.middle { text-anchor: middle; }
.end { text-anchor: end; }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 3.5px; stroke-linejoin: round; }
.grid { stroke: #e3e6ea; stroke-width: 1px; }
.tick { stroke: #59626b; stroke-width: 1px; }
.frame { fill: none; stroke: #59626b; stroke-width: 1px; }
.roof { stroke: #59626b; stroke-width: 1.1px; stroke-dasharray: 5 4; fill: none; }
.roof.used { stroke: #16191d; stroke-width: 1.3px; stroke-dasharray: none; }
.outline { stroke: #16191d; stroke-width: 2.4px; fill: none; stroke-linejoin: round; }
.ridge { stroke: #59626b; stroke-width: 1px; stroke-dasharray: 1.5 3; }
.lead { stroke: #59626b; stroke-width: 0.8px; }
.mark { stroke: #ffffff; stroke-width: 1.2px; stroke-linejoin: round; }
.mark.hollow { fill: #ffffff; stroke-width: 2px; }
.track { fill: none; stroke-width: 1.6px; }
.stop { stroke: #ffffff; stroke-width: 1px; }
)";

constexpr std::string_view dark_rules = R"(
text { fill: #e8ebee; }
.page { fill: #14171a; }
.faint { fill: #a9b2bb; }
.halo { stroke: #14171a; }
.grid { stroke: #2c3238; }
.tick, .frame, .roof, .ridge, .lead { stroke: #8d97a1; }
.roof.used, .outline { stroke: #e8ebee; }
.mark, .stop { stroke: #14171a; }
.mark.hollow { fill: #14171a; }
)";

std::string px(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string path_text(const std::vector<Spot>& spots, Spot at, bool closed) {
  std::string out;
  for (const Spot spot : spots) {
    out += fmt::format("{}{} {}", out.empty() ? "M" : " L", px(at.x + spot.x), px(at.y + spot.y));
  }
  return closed ? out + " Z" : out;
}

class SvgWriter {
 public:
  explicit SvgWriter(const RooflinePicture& picture)
      : picture_(picture), scene_(scene_of(picture)) {}

  std::string write() {
    open();
    write_style();
    xml_.leaf("rect",
              {{"class", "page"}, {"width", px(scene_.width)}, {"height", px(scene_.height)}});
    write_grid();
    write_roofs();
    write_tracks();
    for (const Stroke& lead : scene_.leads) line("lead", lead);
    for (const SceneMark& mark : scene_.marks) write_mark(mark);
    for (const SceneMark& mark : scene_.legend_marks) write_mark(mark);
    for (const PlacedText& text : scene_.frame_labels) write_text(text, " halo");
    for (const PlacedText& text : scene_.texts) write_text(text, "");
    xml_.close();
    return xml_.finish();
  }

 private:
  void open() {
    xml_.open("svg", {{"xmlns", "http://www.w3.org/2000/svg"},
                      {"width", px(scene_.width)},
                      {"height", px(scene_.height)},
                      {"viewBox", fmt::format("0 0 {} {}", px(scene_.width), px(scene_.height))},
                      {"role", "img"},
                      {"aria-label", "Roofline: " + picture_.title + ", " + picture_.subtitle}});
    xml_.text_leaf("title", {}, picture_.title);
  }

  void write_style() {
    xml_.text_leaf("style", {},
                   fmt::format("{}{}@media (prefers-color-scheme: dark) {{{}{}}}\n", light_rules,
                               mark_rules(Scheme::light), dark_rules, mark_rules(Scheme::dark)));
  }

  void line(std::string css, const Stroke& stroke) {
    xml_.leaf("line", {{"class", std::move(css)},
                       {"x1", px(stroke.from.x)},
                       {"y1", px(stroke.from.y)},
                       {"x2", px(stroke.to.x)},
                       {"y2", px(stroke.to.y)}});
  }

  double left() const { return scene_.frame.centre.x - scene_.frame.size.width / 2; }
  double right() const { return scene_.frame.centre.x + scene_.frame.size.width / 2; }
  double top() const { return scene_.frame.centre.y - scene_.frame.size.height / 2; }
  double bottom() const { return scene_.frame.centre.y + scene_.frame.size.height / 2; }

  double x_of(double intensity) const {
    return left() + scene_.frame.size.width * scene_.axes.intensity.at(intensity);
  }
  double y_of(double rate) const {
    return bottom() - scene_.frame.size.height * scene_.axes.rate.at(rate);
  }

  // A line a decade; between them, 2 to 9 as ticks on the frame.
  void write_grid() {
    for (const int decade : scene_.axes.intensity.whole_decades()) {
      const double x = x_of(std::pow(10, decade));
      line("grid", {{x, top()}, {x, bottom()}});
    }
    for (const int decade : scene_.axes.rate.whole_decades()) {
      const double y = y_of(std::pow(10, decade));
      line("grid", {{left(), y}, {right(), y}});
    }
    write_ticks();
    xml_.leaf("rect", {{"class", "frame"},
                       {"x", px(left())},
                       {"y", px(top())},
                       {"width", px(scene_.frame.size.width)},
                       {"height", px(scene_.frame.size.height)}});
  }

  void write_ticks() {
    std::string path;
    const auto ticks = [&](const LogAxis& axis, auto one) {
      for (int decade = static_cast<int>(std::floor(axis.low)); decade <= axis.high; ++decade) {
        for (int digit = 1; digit < 10; ++digit) {
          const double value = digit * std::pow(10, decade);
          if (axis.at(value) >= 0 && axis.at(value) <= 1) path += one(value, digit == 1 ? 6 : 3);
        }
      }
    };
    ticks(scene_.axes.intensity, [&](double value, int length) {
      return fmt::format("M{} {}v-{} ", px(x_of(value)), px(bottom()), length);
    });
    ticks(scene_.axes.rate, [&](double value, int length) {
      return fmt::format("M{} {}h{} ", px(left()), px(y_of(value)), length);
    });
    path.pop_back();
    xml_.leaf("path", {{"class", "tick"}, {"d", path}});
  }

  void write_roofs() {
    for (const SceneRoof& roof : scene_.roofs) line(roof.used ? "roof used" : "roof", roof.line);
    if (scene_.at_ridge) line("ridge", *scene_.at_ridge);
    xml_.leaf("path", {{"class", "outline"}, {"d", path_text(scene_.outline, {}, false)}});
  }

  void write_tracks() {
    for (const SceneTrack& track : scene_.tracks) {
      xml_.leaf("path", {{"class", "line-" + track.style.css + " track"},
                         {"d", path_text(track.stops, {}, false)}});
      for (const Spot stop : track.stops) {
        constexpr double radius = 3;
        xml_.leaf("circle", {{"class", track.style.css + " stop"},
                             {"cx", px(stop.x)},
                             {"cy", px(stop.y)},
                             {"r", px(radius)}});
      }
    }
  }

  void write_mark(const SceneMark& mark) {
    const std::string css =
        mark.style.hollow ? "line-" + mark.style.css + " mark hollow" : mark.style.css + " mark";
    const std::vector<Spot> corners = outline(mark.style.shape, mark.radius);
    if (!corners.empty()) {
      xml_.leaf("path", {{"class", css}, {"d", path_text(corners, mark.at, true)}});
      return;
    }
    xml_.leaf(
        "circle",
        {{"class", css}, {"cx", px(mark.at.x)}, {"cy", px(mark.at.y)}, {"r", px(mark.radius)}});
  }

  void write_text(const PlacedText& text, std::string_view halo) {
    if (text.text.empty()) return;
    const std::string_view anchor = text.anchor == Anchor::start ? "start"
                                    : text.anchor == Anchor::end ? "end"
                                                                 : "middle";
    const std::string css = fmt::format("{}{}{}{}", anchor, text.faint ? " faint" : "",
                                        text.weight == Weight::bold ? " bold" : "", halo);
    const Spot below =
        Spot{-std::sin(text.angle), std::cos(text.angle)} * (capital_middle * text.size);
    const Spot at = text.at + below;
    const std::string size = px(text.size);
    if (text.angle == 0) {
      xml_.text_leaf("text",
                     {{"class", css}, {"x", px(at.x)}, {"y", px(at.y)}, {"font-size", size}},
                     text.text);
      return;
    }
    const double degrees = text.angle * 180 / std::numbers::pi;
    xml_.text_leaf("text",
                   {{"class", css},
                    {"font-size", size},
                    {"transform",
                     fmt::format("translate({} {}) rotate({})", px(at.x), px(at.y), px(degrees))}},
                   text.text);
  }

  const RooflinePicture& picture_;
  Scene scene_;
  XmlWriter xml_;
};

}  // namespace

std::string render_svg(const RooflinePicture& picture) { return SvgWriter(picture).write(); }

}  // namespace attncalc
