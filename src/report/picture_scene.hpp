// SPDX-License-Identifier: Apache-2.0
//
// A roofline laid out on a page, before anybody writes SVG: where lines, marks and every text
// stand, in pixels. All that could go wrong in a picture is decided here, so that tests can look at
// it.
//
//   +--------------------------------+------------+
//   | title, subtitle                             |
//   | rate |  frame: roofs, marks    |  legend:   |
//   |      |                         |  a row an  |
//   |      +------------------------ |  operator  |
//   |         intensity              |            |
//   | source                                      |
//   +---------------------------------------------+
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/label_placer.hpp"
#include "report/picture_marks.hpp"
#include "report/roofline_axes.hpp"
#include "report/text_width.hpp"

namespace attncalc {

enum class Anchor { start, middle, end };

struct PlacedText {
  std::string text;
  Spot at;  // on the middle of its line, at the anchor
  double size = 11;
  Anchor anchor = Anchor::middle;
  double angle = 0;
  Weight weight = Weight::regular;
  bool faint = false;
};
TiltedBox box_of(const PlacedText& text);

struct SceneRoof {
  Stroke line;
  bool used = false;  // it limits a point of the picture
};

struct SceneMark {
  Spot at;
  double radius = 0;
  MarkStyle style;
};

struct SceneTrack {
  std::vector<Spot> stops = {};
  MarkStyle style;
};

struct Scene {
  double width = 0;
  double height = 0;
  TiltedBox frame;
  RooflineAxes axes;
  std::vector<SceneRoof> roofs;
  std::vector<Spot> outline;       // of the roof that limits: the slope, the ridge, the plateau
  std::optional<Stroke> at_ridge;  // down to the axis
  std::vector<SceneTrack> tracks;
  std::vector<Stroke> leads;
  std::vector<SceneMark> marks;  // the largest first, so that no mark hides a smaller one
  std::vector<SceneMark> legend_marks;
  std::vector<Stroke> legend_lines;
  std::vector<PlacedText> texts;         // outside of the frame and in the legend
  std::vector<PlacedText> frame_labels;  // inside of the frame
};
Scene scene_of(const RooflinePicture& picture);

}  // namespace attncalc
