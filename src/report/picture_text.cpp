// SPDX-License-Identifier: Apache-2.0
//
// The plot, its axes and its table. Names of lines are placed by the same placer as in a drawing,
// in cells instead of pixels.
#include "report/picture_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/utf8.hpp"
#include "report/label_placer.hpp"
#include "report/roofline_axes.hpp"
#include "report/text_canvas.hpp"

namespace attncalc {
namespace {

constexpr std::size_t scale_width = 9;  // of the numbers left of the frame, and a space

std::string filled(std::string_view text, std::size_t width, bool right = false) {
  const std::size_t have = count_characters(text);
  const std::string space(width > have ? width - have : 0, ' ');
  return right ? space + std::string(text) : std::string(text) + space;
}

std::string fitted(std::string_view text, std::size_t width) {
  if (count_characters(text) <= width) return std::string(text);
  return std::string(text.substr(0, skip_characters(text, width - 1))) + "~";
}

struct Glyphs {
  std::string_view vertical, tick, horizontal, corner, decade, ridge, dash;
};
constexpr Glyphs unicode_glyphs = {"│", "┤", "─", "└", "┴", "▲", "–"};
constexpr Glyphs ascii_glyphs = {"|", "+", "-", "+", "+", "^", "-"};

class TextPlot {
 public:
  TextPlot(const RooflinePicture& picture, const TextPlotStyle& style)
      : picture_(picture),
        style_(style),
        glyphs_(style.unicode ? unicode_glyphs : ascii_glyphs),
        axes_(axes_of(picture)),
        columns_(style.width - scale_width - 1),
        canvas_(columns_, style.rows, style.unicode),
        placer_({.centre = {static_cast<double>(columns_) / 2, static_cast<double>(style.rows) / 2},
                 .size = {static_cast<double>(columns_), static_cast<double>(style.rows)}}) {}

  std::string render() {
    mark_operators();
    mark_tracks();
    draw_roofs();
    write_title();
    write_frame();
    write_table();
    write_notes();
    return std::move(out_);
  }

 private:
  // --- what is in the frame ---
  TextCanvas::End place(double intensity, double rate) const {
    return {axes_.intensity.at(intensity), axes_.rate.at(rate)};
  }
  std::optional<TextCanvas::Cell> cell_of(FlopsPerByte intensity, FlopsPerSecond rate) const {
    const TextCanvas::End at = place(intensity.value, rate.value);
    return canvas_.cell_at(at.x, at.y);
  }
  void mark_operators();
  std::string mark_for(const PicturePoint& point);
  void put_mark(TextCanvas::Cell cell, const std::string& mark);
  void mark_tracks();
  void draw_roofs();
  void draw_slope(const MemoryCeiling& memory, double highest);
  void draw_plateau(const ComputeCeiling& ceiling, double fastest);
  enum class Side { above, right_below, left_above };
  void name_line(const std::string& text, const std::vector<TextCanvas::End>& spots, Side side);
  Spot in_cells(TextCanvas::End end) const {
    return {end.x * static_cast<double>(columns_), (1 - end.y) * static_cast<double>(style_.rows)};
  }

  // --- what is about it ---
  void line(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    out_ += text + "\n";
  }
  void write_title();
  void write_frame();
  void write_scale();
  void write_table();
  void write_row(const std::string& mark, const PicturePoint& point);
  void write_notes();
  void wrap(std::string_view text, std::string_view before = "  ");

  const RooflinePicture& picture_;
  TextPlotStyle style_;
  Glyphs glyphs_;
  RooflineAxes axes_;
  std::size_t columns_;
  TextCanvas canvas_;
  LabelPlacer placer_;
  std::vector<std::pair<TextCanvas::Cell, std::string>> marks_;  // written last, over all lines
  std::vector<std::string> mark_of_;                             // of each point
  std::vector<std::string> unplaced_;
  std::size_t label_width_ = 0, kind_width_ = 0;
  std::string out_;
};

// --- what is in the frame ------------------------------------------------------------------------

void TextPlot::put_mark(TextCanvas::Cell cell, const std::string& mark) {
  marks_.emplace_back(cell, mark);
  placer_.reserve(
      {.centre = {static_cast<double>(cell.column) + 0.5, static_cast<double>(cell.row) + 0.5},
       .size = {1, 1}});
}

// The letter of the cell, or the next one. The total takes a star where it has a cell for itself.
std::string TextPlot::mark_for(const PicturePoint& point) {
  const std::optional<TextCanvas::Cell> cell = cell_of(point.intensity, point.rate);
  if (!cell) return " ";
  const auto there = std::ranges::find(marks_, *cell, [](const auto& mark) { return mark.first; });
  if (there != marks_.end()) return there->second;
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  const bool letters_left = marks_.size() < letters.size();
  const std::string mark = point.kind == "total" ? "*"
                           : letters_left        ? std::string(1, letters[marks_.size()])
                                                 : "+";
  put_mark(*cell, mark);
  return mark;
}

void TextPlot::mark_operators() {
  mark_of_.resize(picture_.points.size());
  for (const bool totals : {false, true}) {
    for (std::size_t i = 0; i < picture_.points.size(); ++i) {
      if ((picture_.points[i].kind == "total") == totals)
        mark_of_[i] = mark_for(picture_.points[i]);
    }
  }
}

void TextPlot::mark_tracks() {
  for (const PictureTrack& track : picture_.tracks) {
    for (const TrackStop& stop : track.stops) {
      const std::optional<TextCanvas::Cell> cell = cell_of(stop.intensity, stop.rate);
      if (!cell) continue;
      const bool taken =
          std::ranges::any_of(marks_, [&](const auto& mark) { return mark.first == *cell; });
      if (!taken) put_mark(*cell, "o");
      const bool end = &stop == &track.stops.front() || &stop == &track.stops.back();
      const TextCanvas::End at = place(stop.intensity.value, stop.rate.value);
      if (end) name_line(track.label + " " + stop.label, {at}, Side::right_below);
    }
  }
}

// Above a plateau; right of and below the lowest slope; left of and above the others, where no
// other line is nearer. `spots` are places on the line, best first.
void TextPlot::name_line(const std::string& text, const std::vector<TextCanvas::End>& spots,
                         Side side) {
  const double width = static_cast<double>(count_characters(text));
  constexpr double ambiguous = 30;
  std::vector<Candidate> candidates;
  double cost = 0;
  for (const TextCanvas::End& end : spots) {
    const Spot at = in_cells(end);
    const double column = std::floor(at.x);
    const double row = std::floor(at.y);
    const auto add = [&](double left, double top, double more) {
      candidates.push_back({.box = {.centre = {left + width / 2, top + 0.5}, .size = {width, 1}},
                            .cost = cost + more});
    };
    if (side == Side::above) {
      add(column - width, row - 1, 0);
      add(column - width, row + 1, ambiguous);
    } else {
      const double other = side == Side::right_below ? 0 : ambiguous;
      add(column + 3, row + 1, other);
      add(column + 3, row, other + 1);
      add(column - width - 1, row - 1, ambiguous - other);
      add(column - width - 1, row, ambiguous - other + 1);
    }
    cost += 0.5;
  }
  const auto best = placer_.place(candidates);
  if (!best) {
    unplaced_.push_back(text);
    return;
  }
  const Spot corner = best->box.centre - Spot{width / 2, 0.5};
  canvas_.write({.column = static_cast<std::size_t>(std::lround(corner.x)),
                 .row = static_cast<std::size_t>(std::lround(corner.y))},
                text);
}

void TextPlot::draw_slope(const MemoryCeiling& memory, double highest) {
  const double bandwidth = memory.rate.value;
  const double left = std::max(axes_.intensity.value_at(0), axes_.rate.value_at(0) / bandwidth);
  const double right = std::min(axes_.intensity.value_at(1), highest / bandwidth);
  if (left >= right) return;
  const TextCanvas::End from = place(left, left * bandwidth);
  const TextCanvas::End to = place(right, right * bandwidth);
  canvas_.line(from, to, &memory != &picture_.memory.front());
  placer_.avoid({in_cells(from), in_cells(to)}, 25);
}

void TextPlot::draw_plateau(const ComputeCeiling& ceiling, double fastest) {
  const double rate = ceiling.rate.value;
  TextCanvas::End from = place(rate / fastest, rate);
  TextCanvas::End to = place(axes_.intensity.value_at(1), rate);
  from.x = std::max(from.x, 0.0);
  // In the middle of its cells, or it would be two lines where the place is between two heights.
  const double row = std::floor((1 - from.y) * static_cast<double>(style_.rows)) + 0.5;
  from.y = to.y = 1 - row / static_cast<double>(style_.rows);
  canvas_.line(from, to, !ceiling.used);
  // A name in this row would pass for the plateau's.
  placer_.avoid({in_cells(from), in_cells(to)}, 45);
}

void TextPlot::draw_roofs() {
  const std::vector<ComputeCeiling> ceilings = merged(picture_.compute);
  const double highest = ceilings.empty() ? axes_.rate.value_at(1) : ceilings.front().rate.value;
  double fastest = 0;
  for (const MemoryCeiling& memory : picture_.memory) {
    fastest = std::max(fastest, memory.rate.value);
    draw_slope(memory, highest);
  }
  for (const ComputeCeiling& ceiling : ceilings) draw_plateau(ceiling, fastest);
  constexpr int tried = 40;
  for (const ComputeCeiling& ceiling : ceilings) {
    std::vector<TextCanvas::End> spots;
    for (int i = 0; i < tried; ++i) {
      const TextCanvas::End right = place(axes_.intensity.value_at(1), ceiling.rate.value);
      spots.push_back({right.x - i / static_cast<double>(columns_), right.y});
    }
    name_line(fmt::format("{} {}", ceiling.name, rate_text(ceiling.rate)), spots, Side::above);
  }
  for (const MemoryCeiling& memory : picture_.memory) {
    std::vector<TextCanvas::End> spots;
    for (int i = 0; i < tried; ++i) {
      const double x = (i + 1.0) / tried;
      const double intensity = axes_.intensity.value_at(x);
      const TextCanvas::End at = place(intensity, intensity * memory.rate.value);
      if (intensity * memory.rate.value < highest && at.y > 0) spots.push_back(at);
    }
    name_line(fmt::format("{} {}", memory.name, rate_text(memory.rate)), spots,
              &memory == &picture_.memory.front() ? Side::right_below : Side::left_above);
  }
  for (const auto& [cell, mark] : marks_) canvas_.write(cell, mark);
}

// --- what is about it ----------------------------------------------------------------------------

void TextPlot::write_title() {
  wrap(picture_.title, "");
  wrap(picture_.subtitle, "");
  line("");
  line(filled(fmt::format("{}/s", axes_.unit.name), scale_width - 1, true));
}

void TextPlot::write_frame() {
  std::map<std::size_t, std::string> scale;
  for (const int decade : axes_.rate.whole_decades()) {
    const auto cell = canvas_.cell_at(0, axes_.rate.at(std::pow(10, decade)));
    if (cell) scale[cell->row] = decade_text(decade, axes_.unit.flops);
  }
  for (std::size_t row = 0; row < style_.rows; ++row) {
    const auto number = scale.find(row);
    const bool decade = number != scale.end();
    line(filled(decade ? number->second : "", scale_width - 1, true) + " " +
         std::string(decade ? glyphs_.tick : glyphs_.vertical) + canvas_.row(row));
  }
  write_scale();
}

void TextPlot::write_scale() {
  std::vector<std::string_view> axis(columns_, glyphs_.horizontal);
  std::string numbers(scale_width + 1 + columns_, ' ');
  for (const int decade : axes_.intensity.whole_decades()) {
    const auto cell = canvas_.cell_at(axes_.intensity.at(std::pow(10, decade)), 0);
    if (!cell) continue;
    axis[cell->column] = glyphs_.decade;
    const std::string text = decade_text(decade);
    const std::size_t middle = scale_width + 1 + cell->column;
    const std::size_t begin = std::min(middle - text.size() / 2, numbers.size() - text.size());
    const bool free =
        numbers.find_first_not_of(' ', begin == 0 ? 0 : begin - 1) == std::string::npos;
    if (free) numbers.replace(begin, text.size(), text);
  }
  if (const ComputeCeiling* roof = main_ceiling(picture_.compute)) {
    const auto cell =
        canvas_.cell_at(axes_.intensity.at(ridge(picture_.memory.front(), *roof).value), 0);
    if (cell) axis[cell->column] = glyphs_.ridge;
  }
  std::string text(scale_width, ' ');
  text += glyphs_.corner;
  for (const std::string_view part : axis) text += part;
  line(text);
  line(numbers);
  constexpr std::string_view name = "FLOP a byte of memory traffic";
  line(std::string(scale_width + (columns_ - name.size()) / 2, ' ') + std::string(name));
}

void TextPlot::write_row(const std::string& mark, const PicturePoint& point) {
  line(fmt::format("  {}  {}  {}  {}  {}  {}  {}", mark,
                   filled(fitted(point.label, label_width_), label_width_),
                   filled(fitted(point.kind, kind_width_), kind_width_),
                   filled(intensity_text(point.intensity.value), 7, true),
                   filled(rate_text(point.rate), 12, true),
                   filled(share_text(point.share), 7, true), point.bound));
}

void TextPlot::write_table() {
  constexpr std::size_t most_of_label = 14, most_of_kind = 18;
  label_width_ = std::string_view("operator").size();
  kind_width_ = std::string_view("group").size();
  for (const PicturePoint& point : picture_.points) {
    label_width_ = std::clamp(count_characters(point.label), label_width_, most_of_label);
    kind_width_ = std::clamp(count_characters(point.kind), kind_width_, most_of_kind);
  }
  line("");
  line(fmt::format("     {}  {}  {}  {}  {}  bound", filled("operator", label_width_),
                   filled("group", kind_width_), filled("FLOP/B", 7, true),
                   filled("rate", 12, true), filled("time", 7, true)));
  constexpr std::size_t most_rows = 24;
  constexpr double hardly_any = 0.001;
  const bool fold = picture_.points.size() > most_rows;
  std::size_t folded = 0;
  double folded_share = 0;
  for (std::size_t i = 0; i < picture_.points.size(); ++i) {
    const PicturePoint& point = picture_.points[i];
    if (fold && point.share < hardly_any) {
      ++folded;
      folded_share += point.share;
    } else {
      write_row(mark_of_[i], point);
    }
  }
  if (folded > 0)
    line(fmt::format("     {} more with {} of the time", folded, share_text(folded_share)));
}

void TextPlot::wrap(std::string_view text, std::string_view before) {
  const std::size_t room = style_.width - before.size();
  while (count_characters(text) > room) {
    const std::size_t most = skip_characters(text, room);
    const std::size_t space = text.rfind(' ', most);
    const std::size_t end = space == std::string_view::npos || space == 0 ? most : space;
    line(std::string(before) + std::string(text.substr(0, end)));
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ', end)));
  }
  line(std::string(before) + std::string(text));
}

void TextPlot::write_notes() {
  line("");
  if (const ComputeCeiling* roof = main_ceiling(picture_.compute)) {
    line(fmt::format("  {}  ridge: {} FLOP/B", glyphs_.ridge,
                     intensity_text(ridge(picture_.memory.front(), *roof).value)));
  }
  for (const PictureTrack& track : picture_.tracks) {
    if (track.stops.empty()) continue;
    line(fmt::format("  o  {} with {} {} {} {}", track.kind, track.label, track.stops.front().label,
                     glyphs_.dash, track.stops.back().label));
  }
  for (const std::string& text : unplaced_) wrap("no room for: " + text);
  for (const std::string& row : picture_.undrawn) wrap("not drawn: " + row);
  if (!picture_.source.empty()) wrap(picture_.source);
}

}  // namespace

std::string render_picture_text(const RooflinePicture& picture, const TextPlotStyle& style) {
  return TextPlot(picture, style).render();
}

}  // namespace attncalc
