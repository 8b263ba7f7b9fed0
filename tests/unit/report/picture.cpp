// SPDX-License-Identifier: Apache-2.0
//
// Drawn rooflines: what the axes show, that no text overlaps another however crowded a picture is,
// and that the terminal's plot says in 80 columns of plain text what it says.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/utf8.hpp"
#include "report/picture_scene.hpp"
#include "report/picture_svg.hpp"
#include "report/picture_text.hpp"
#include "support/catch.hpp"
#include "unit/report/sample_picture.hpp"

namespace attncalc {
namespace {

std::vector<PlacedText> all_texts(const Scene& scene) {
  std::vector<PlacedText> out = scene.texts;
  out.insert(out.end(), scene.frame_labels.begin(), scene.frame_labels.end());
  std::erase_if(out, [](const PlacedText& text) { return text.text.empty(); });
  return out;
}

bool says(const Scene& scene, std::string_view text) {
  return std::ranges::any_of(all_texts(scene), [&](const auto& t) { return t.text == text; });
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// Whether a box that is level or upright is within the page.
bool is_on_page(const TiltedBox& box, const Scene& scene) {
  const double across = std::abs(std::cos(box.angle)) * box.size.width / 2;
  const double down = std::abs(std::sin(box.angle)) * box.size.width / 2 + box.size.height / 2;
  return box.centre.x - across >= 0 && box.centre.x + across <= scene.width &&
         box.centre.y - down >= 0 && box.centre.y + down <= scene.height;
}

constexpr unsigned crowds = 120;

}  // namespace

TEST_CASE("the axes show every point, every ceiling and the ridge") {
  for (unsigned seed = 0; seed < crowds; ++seed) {
    const RooflinePicture picture = crowded_picture(seed);
    const RooflineAxes axes = axes_of(picture);
    const auto shown = [](double at) { return at > 0 && at < 1; };
    CAPTURE(seed);
    for (const PicturePoint& point : picture.points) {
      CHECK(shown(axes.intensity.at(point.intensity.value)));
      CHECK(shown(axes.rate.at(point.rate.value)));
    }
    for (const ComputeCeiling& ceiling : picture.compute)
      CHECK(shown(axes.rate.at(ceiling.rate.value)));
    if (const ComputeCeiling* roof = main_ceiling(picture.compute))
      CHECK(shown(axes.intensity.at(ridge(picture.memory.front(), *roof).value)));
  }
}

TEST_CASE("a place on a logarithmic axis and its value are inverse") {
  const LogAxis axis = {.low = -1, .high = 3};
  CHECK(axis.at(0.1) == Approx(0));
  CHECK(axis.at(10) == Approx(0.5));
  CHECK(axis.value_at(0.25) == Approx(1));
  CHECK(axis.whole_decades() == std::vector<int>{-1, 0, 1, 2, 3});
  CHECK(LogAxis{.low = -0.5, .high = 1.9}.whole_decades() == std::vector<int>{0, 1});
}

TEST_CASE("decades are written out as long as that is short") {
  CHECK(decade_text(0) == "1");
  CHECK(decade_text(-2) == "0.01");
  CHECK(decade_text(4) == "10,000");
  CHECK(decade_text(14, 1e12) == "100");
  CHECK(decade_text(-7) == "1e-7");
  CHECK(decade_text(9) == "1e9");
}

TEST_CASE("rates have three digits and a prefix") {
  CHECK(rate_text(BytesPerSecond(3.35e12)) == "3.35 TB/s");
  CHECK(rate_text(FlopsPerSecond(989.4e12)) == "989 TFLOP/s");
  CHECK(share_text(0.1234) == "12.3 %");
  CHECK(share_text(1e-9) == "<0.1 %");
}

TEST_CASE("ceilings of one rate are one line") {
  const auto lines = merged({{"fp16 tensor", FlopsPerSecond(312e12)},
                             {"int8 tensor", FlopsPerSecond(624e12)},
                             {"bf16 tensor", FlopsPerSecond(312e12), true},
                             {"fp32 vector", FlopsPerSecond(312e12)}});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].name == "int8 tensor");
  CHECK(lines[1].name == "fp16, bf16 tensor, fp32 vector");
  CHECK(lines[1].used);
}

TEST_CASE("no two texts of a picture overlap, none is small, all are on the page") {
  for (unsigned seed = 0; seed < crowds; ++seed) {
    const Scene scene = scene_of(crowded_picture(seed));
    const std::vector<PlacedText> texts = all_texts(scene);
    CAPTURE(seed);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const TiltedBox box = box_of(texts[i]);
      CHECK(texts[i].size >= 9);
      CHECK(is_on_page(box, scene));
      const auto other = std::find_if(texts.begin(), texts.begin() + static_cast<long>(i),
                                      [&](const auto& t) { return overlap(box, box_of(t)); });
      INFO(texts[i].text << " and " << other->text);
      CHECK(other == texts.begin() + static_cast<long>(i));
    }
  }
}

TEST_CASE("no label covers the mark of another operator") {
  for (unsigned seed = 0; seed < crowds; ++seed) {
    const Scene scene = scene_of(crowded_picture(seed));
    for (const PlacedText& label : scene.frame_labels) {
      for (const SceneMark& mark : scene.marks) {
        INFO("seed " << seed << ": " << label.text);
        CHECK_FALSE(
            overlap(box_of(label), {.centre = mark.at, .size = {mark.radius, mark.radius}}));
      }
    }
  }
}

TEST_CASE("a picture names its ceilings, its operators and the ridge") {
  const Scene scene = scene_of(simple_picture());
  CHECK(says(scene, "HBM 1 TB/s"));
  CHECK(says(scene, "bf16 tensor 100 TFLOP/s"));
  CHECK(says(scene, "ridge: 100 FLOP/B"));
  CHECK(says(scene, "performance (TFLOP/s)"));
  const auto labelled = [&](std::string_view text) {
    return std::ranges::count(scene.frame_labels, text, &PlacedText::text);
  };
  CHECK(labelled("o_proj") == 1);
  CHECK(labelled("gate_proj") == 1);
}

TEST_CASE("a mark stands where the axes say") {
  const RooflinePicture picture = simple_picture();
  const Scene scene = scene_of(picture);
  REQUIRE(scene.marks.size() == 2);
  // The larger share first. Both lie on the roof: one on the slope, one on the plateau.
  const double decade = scene.frame.size.width / scene.axes.intensity.decades();
  CHECK(scene.marks[1].at.x - scene.marks[0].at.x == Approx(3 * decade));
  CHECK(scene.marks[0].radius > scene.marks[1].radius);
  CHECK(scene.marks[1].at.y == Approx(scene.roofs[1].line.from.y));
  CHECK(scene.at_ridge->from.x == Approx((scene.marks[0].at.x + 2 * decade)));
}

TEST_CASE("operators on one spot share a label and a mark of their kind") {
  RooflinePicture picture = simple_picture();
  picture.points[1].intensity = picture.points[0].intensity;
  picture.points[1].rate = picture.points[0].rate;
  picture.points.push_back(picture.points[0]);
  picture.points.back().label = "q_proj";
  const Scene scene = scene_of(picture);
  CHECK(scene.marks.size() == 2);
  CHECK(scene.legend_marks.size() == 3);
  CHECK(scene.marks[0].radius > 1.3 * scene.marks[1].radius);
  CHECK(std::ranges::count(scene.frame_labels, "1–3", &PlacedText::text) == 1);
}

TEST_CASE("a title cannot end the picture") {
  RooflinePicture picture = simple_picture();
  picture.title = "</svg><script>alert(1)</script>\x01";
  const std::string svg = render_svg(picture);
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("&lt;/svg&gt;&lt;script") != std::string::npos);
}

TEST_CASE("a picture follows the reader's scheme") {
  const std::string svg = render_svg(simple_picture());
  CHECK(svg.find("@media (prefers-color-scheme: dark)") != std::string::npos);
}

TEST_CASE("a plot keeps to 80 columns, and in ASCII to ASCII") {
  for (unsigned seed = 0; seed < crowds; ++seed) {
    for (const bool unicode : {true, false}) {
      for (const std::string& line :
           lines_of(render_picture_text(crowded_picture(seed), {.unicode = unicode}))) {
        INFO("seed " << seed << ": " << line);
        CHECK(count_characters(line) <= 80);
        CHECK((line.empty() || line.back() != ' '));
        CHECK((unicode || std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 127; })));
      }
    }
  }
}

TEST_CASE("every letter of the table stands in the frame") {
  for (unsigned seed = 0; seed < crowds; ++seed) {
    const RooflinePicture picture = crowded_picture(seed);
    const auto lines = lines_of(render_picture_text(picture, {.unicode = false}));
    std::string frame;
    for (std::size_t i = 4; i < 24; ++i) frame += lines[i] + "\n";
    std::size_t rows = 0;
    for (const std::string& line : lines) {
      if (line.size() < 6 || line.find("operator_") != 5) continue;
      ++rows;
      INFO("seed " << seed << ": " << line << "\n" << frame);
      CHECK(frame.find(line[2]) != std::string::npos);
    }
    CHECK(rows > 0);
  }
}

TEST_CASE("a plot of two operators: one on the slope, one on the plateau") {
  CHECK("\n" + render_picture_text(simple_picture(), {.unicode = false, .width = 72, .rows = 12}) ==
        R"(
tiny, decode
a machine

 TFLOP/s
         |
         |                                       bf16 tensor 100 TFLOP/s
     100 +                                    ..-'----------------b-----
         |                                .--'
         |                            .--'
         |                        .--'
      10 +                    .--'
         |                .--'
         |            .--'
         |        .--'
       1 +    .a-'
         |.--'   HBM 1 TB/s
         +-----+----------------+----------------^----------------+-----
               1               10               100             1,000
                         FLOP a byte of memory traffic

     operator   group           FLOP/B          rate     time  bound
  a  o_proj     attention.gqa        1     1 TFLOP/s   75.0 %  memory
  b  gate_proj  mlp.dense        1,000   100 TFLOP/s   25.0 %  compute

  ^  ridge: 100 FLOP/B
)");
}

}  // namespace attncalc
