// SPDX-License-Identifier: Apache-2.0
//
// Laying a roofline out. What surrounds the frame stands where it stands; labels in the frame go
// through the placer in the order of what a reader misses most: roofs, the ridge, operators by
// their share of time. A label that finds no room becomes a number, which its row of the legend has
// too.
#include "report/picture_scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace attncalc {
namespace {

constexpr double page_width = 900;
constexpr double below_frame = 72;  // ticks, the name of the axis, the source
constexpr double page_margin = 20;
constexpr double frame_left = 84, frame_right = 612, frame_top = 72;
constexpr double least_frame = 416, highest_frame = 640;
constexpr double legend_left = 638, legend_right = page_width - page_margin;
constexpr double row_height = 15.5;
constexpr double title_size = 16, axis_size = 12, label_size = 11, small_size = 10;
constexpr double gap = 3;  // between a label and what it names

double width_of(const std::string& text, double size) { return text_width(text) * size; }

Size label_box(const std::string& text, double size = label_size) {
  return {width_of(text, size) + 2, line_height * size};
}

// --- operators that lie on one spot --------------------------------------------------------------

struct Operator {
  const PicturePoint* point = nullptr;
  Spot at;
  double radius = 0;
  int number = 0;       // of its row in the legend; 0 for the total
  bool folded = false;  // no row of its own
};

// Marks so close that one label names them all; the first is the one with most seconds.
struct Cluster {
  std::vector<const Operator*> members;
  Spot at() const { return members.front()->at; }
};

constexpr bool is_total(const PicturePoint& point) { return point.kind == "total"; }

// "1–4, 7": numbers that follow each other are a range.
std::string ranges_text(std::vector<int> numbers) {
  std::ranges::sort(numbers);
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += out.empty() ? "" : ", ";
    out += fmt::format("{}", numbers[i]);
    if (last > i) out += fmt::format("{}{}", last == i + 1 ? ", " : "–", numbers[last]);
    i = last + 1;
  }
  return out;
}

// As high as the legend beside it, within reason.
TiltedBox frame_for(const RooflinePicture& picture) {
  std::set<std::string_view> kinds;
  for (const PicturePoint& point : picture.points) kinds.insert(point.kind);
  constexpr std::size_t headings = 3;
  const std::size_t rows = headings + kinds.size() + picture.points.size() + picture.tracks.size() +
                           picture.undrawn.size();
  const double height =
      std::clamp(static_cast<double>(rows) * row_height, least_frame, highest_frame);
  return {.centre = {(frame_left + frame_right) / 2, frame_top + height / 2},
          .size = {frame_right - frame_left, height}};
}

// --- the layout ----------------------------------------------------------------------------------

class Layout {
 public:
  explicit Layout(const RooflinePicture& picture)
      : picture_(picture),
        axes_(axes_of(picture)),
        frame_(frame_for(picture)),
        placer_({.centre = frame_.centre,
                 .size = {frame_.size.width - 2 * gap, frame_.size.height - 2 * gap}}) {}

  Scene make() {
    scene_.width = page_width;
    scene_.frame = frame_;
    scene_.axes = axes_;
    place_operators();
    draw_roofs();
    label_roofs();
    label_ridge();
    draw_tracks();
    label_clusters();
    write_legend();
    write_surroundings();
    return std::move(scene_);
  }

 private:
  double bottom() const { return frame_.centre.y + frame_.size.height / 2; }
  Spot spot(double intensity, double rate) const {
    return {frame_left + axes_.intensity.at(intensity) * frame_.size.width,
            bottom() - axes_.rate.at(rate) * frame_.size.height};
  }

  // --- marks ---
  void place_operators();
  std::vector<std::vector<Operator*>> spots();
  void nest_marks(const std::vector<Operator*>& here);
  void number_operators();
  void make_clusters();

  // --- roofs ---
  struct RoofLabel {
    Stroke line;
    std::string text;
    bool level = false;   // a plateau
    bool lowest = false;  // the slope that no other is below of
  };
  void draw_roofs();
  void draw_outline();
  double highest_rate() const;
  void add_roof(Stroke line, std::string text, bool used);
  std::vector<Candidate> along(const RoofLabel& label) const;
  void add_led(const RoofLabel& label, Size size, std::vector<Candidate>& out) const;
  void label_roofs();
  void label_ridge();

  // --- tracks and labels ---
  void draw_tracks();
  void label_stop(const SceneTrack& track, std::size_t stop, const std::string& text);
  std::vector<Candidate> around(Spot at, double radius, const std::string& text) const;
  bool try_label(const Cluster& cluster, const std::string& text);
  void label_clusters();
  std::string names_of(const Cluster& cluster) const;

  // --- text about the frame ---
  void write_legend();
  void write_legend_operators();
  void write_operator_row(const Operator& op);
  void write_folded_row();
  void write_legend_lines();
  void write_note(const std::string& text);
  void write_surroundings();
  void write_ticks();
  void put(PlacedText text) { scene_.texts.push_back(std::move(text)); }

  const RooflinePicture& picture_;
  RooflineAxes axes_;
  TiltedBox frame_;
  LabelPlacer placer_;
  Scene scene_;
  std::vector<Operator> operators_;  // in the order of the legend
  std::map<std::string, MarkStyle> styles_;
  std::vector<Cluster> clusters_;
  std::vector<RoofLabel> roof_labels_;
  std::vector<std::string> unplaced_roofs_;
  double legend_y_ = 0;
};

// --- marks ---------------------------------------------------------------------------------------

// The area of a mark grows with the share of time.
constexpr double least_radius = 4.5;
constexpr double most_radius = 12;
double radius_of(double share) {
  const double grown = (most_radius * most_radius - least_radius * least_radius) * share;
  return std::sqrt(least_radius * least_radius + grown);
}

void Layout::place_operators() {
  std::vector<std::string> kinds;
  for (const PicturePoint& point : picture_.points) kinds.push_back(point.kind);
  styles_ = mark_styles(kinds);
  for (const PicturePoint& point : picture_.points)
    operators_.push_back(
        {.point = &point, .at = spot(point.intensity.value, point.rate.value), .radius = 0});
  number_operators();
  for (std::vector<Operator*>& here : spots()) nest_marks(here);
  make_clusters();
  std::ranges::stable_sort(scene_.marks, std::greater<>{}, &SceneMark::radius);
}

// Operators whose marks would hide each other: decoding puts a dozen of them on one spot.
std::vector<std::vector<Operator*>> Layout::spots() {
  constexpr double one_spot = 2.5;
  std::vector<std::vector<Operator*>> out;
  for (Operator& op : operators_) {
    const auto near = std::ranges::find_if(
        out, [&](const auto& spot) { return distance(spot.front()->at, op.at) < one_spot; });
    if (near == out.end()) {
      out.push_back({&op});
    } else {
      near->push_back(&op);
    }
  }
  return out;
}

// One mark a kind, as large as the kind's share there; where kinds share a spot, each mark stands
// inside of a larger one. The total is innermost.
void Layout::nest_marks(const std::vector<Operator*>& here) {
  struct Ring {
    std::string kind = {};
    double share = 0;
    bool total = false;
    double radius = 0;
  };
  std::vector<Ring> rings;
  for (const Operator* op : here) {
    const auto known = std::ranges::find(rings, op->point->kind, &Ring::kind);
    Ring& ring = known != rings.end() ? *known : rings.emplace_back(Ring{.kind = op->point->kind});
    ring.share += op->point->share;
    ring.total = is_total(*op->point);
  }
  std::ranges::stable_sort(rings, {}, [](const Ring& r) { return std::pair(!r.total, r.share); });
  constexpr double larger = 1.4;
  constexpr double innermost = 3.6;
  constexpr double most_nested = 7;
  double inside = 0;
  for (Ring& ring : rings) {
    const double own = ring.total ? least_radius : radius_of(ring.share);
    const bool nested = &ring != &rings.back();
    ring.radius =
        std::max(nested ? std::max(innermost, std::min(own, most_nested)) : own, larger * inside);
    inside = ring.radius;
    scene_.marks.push_back(
        {.at = here.front()->at, .radius = ring.radius, .style = styles_.at(ring.kind)});
  }
  for (Operator* op : here) op->radius = inside;
  placer_.reserve({.centre = here.front()->at, .size = {2 * inside, 2 * inside}});
}

// Kinds by their seconds, operators of a kind by theirs; the total stands above all. What takes
// hardly any time shares a row where the legend would grow too long.
void Layout::number_operators() {
  std::map<std::string, double> seconds;
  for (const Operator& op : operators_) seconds[op.point->kind] += op.point->share;
  std::ranges::stable_sort(operators_, std::greater<>{}, [&](const Operator& op) {
    return std::tuple(is_total(*op.point), seconds[op.point->kind], op.point->kind,
                      op.point->share);
  });
  constexpr std::size_t most_rows = 32;
  constexpr double hardly_any = 0.005;
  const bool fold = operators_.size() > most_rows;
  int number = 0;
  for (Operator& op : operators_) {
    op.folded = fold && !is_total(*op.point) && op.point->share < hardly_any;
    if (!is_total(*op.point) && !op.folded) op.number = ++number;
  }
}

void Layout::make_clusters() {
  constexpr double same_spot = 8;
  std::vector<const Operator*> by_share;
  for (const Operator& op : operators_) {
    if (!op.folded) by_share.push_back(&op);
  }
  std::ranges::stable_sort(by_share, std::greater<>{},
                           [](const Operator* op) { return op->point->share; });
  for (const Operator* op : by_share) {
    const auto near = std::ranges::find_if(clusters_, [&](const Cluster& cluster) {
      return distance(cluster.at(), op->at) < same_spot;
    });
    if (near == clusters_.end()) {
      clusters_.push_back({{op}});
    } else {
      near->members.push_back(op);
    }
  }
}

// --- roofs ---------------------------------------------------------------------------------------

double Layout::highest_rate() const {
  const double top = axes_.rate.value_at(1);
  double highest = 0;
  for (const ComputeCeiling& ceiling : picture_.compute)
    highest = std::max(highest, ceiling.rate.value);
  return highest > 0 ? highest : top;
}

void Layout::add_roof(Stroke line, std::string text, bool used) {
  placer_.avoid(line, 25);
  const bool level = line.from.y == line.to.y;
  roof_labels_.push_back({.line = line,
                          .text = std::move(text),
                          .level = level,
                          .lowest = !level && roof_labels_.empty()});
  scene_.roofs.push_back({.line = line, .used = used});
}

// Slopes reach up to the highest plateau; plateaus begin at the steepest slope.
void Layout::draw_roofs() {
  const double left = axes_.intensity.value_at(0);
  const double right = axes_.intensity.value_at(1);
  const double bottom = axes_.rate.value_at(0);
  double fastest = 0;
  for (const MemoryCeiling& memory : picture_.memory) {
    const double bandwidth = memory.rate.value;
    fastest = std::max(fastest, bandwidth);
    const double from = std::max(left, bottom / bandwidth);
    const double to = std::min(right, highest_rate() / bandwidth);
    if (from >= to) continue;
    add_roof({spot(from, from * bandwidth), spot(to, to * bandwidth)},
             fmt::format("{} {}", memory.name, rate_text(memory.rate)),
             &memory == &picture_.memory.front());
  }
  for (const ComputeCeiling& ceiling : merged(picture_.compute)) {
    const double from = std::clamp(ceiling.rate.value / fastest, left, right);
    add_roof({spot(from, ceiling.rate.value), spot(right, ceiling.rate.value)},
             fmt::format("{} {}", ceiling.name, rate_text(ceiling.rate)), ceiling.used);
  }
  draw_outline();
}

void Layout::draw_outline() {
  const MemoryCeiling& memory = picture_.memory.front();
  const ComputeCeiling* roof = main_ceiling(picture_.compute);
  const double left = axes_.intensity.value_at(0);
  const double right = axes_.intensity.value_at(1);
  const double from = std::max(left, axes_.rate.value_at(0) / memory.rate.value);
  scene_.outline.push_back(spot(from, from * memory.rate.value));
  const double corner = roof != nullptr ? ridge(memory, *roof).value : right;
  scene_.outline.push_back(spot(corner, corner * memory.rate.value));
  if (roof == nullptr) return;
  scene_.outline.push_back(spot(right, roof->rate.value));
  for (std::size_t i = 1; i < scene_.outline.size(); ++i)
    placer_.avoid({scene_.outline[i - 1], scene_.outline[i]}, 30);
  const Spot top = spot(corner, roof->rate.value);
  scene_.at_ridge = Stroke{.from = top, .to = {top.x, bottom()}};
}

// Places along a line. Names stand above their lines, or one could not tell which of two neighbours
// a name belongs to; the lowest slope has free space below. Slopes are best named where they begin
// and plateaus where they end: away from the ridge, where operators are.
std::vector<Candidate> Layout::along(const RoofLabel& label) const {
  const Stroke& line = label.line;
  const Size size = label_box(label.text);
  const double length = distance(line.from, line.to);
  const Spot along = (line.to - line.from) * (1 / length);
  const Spot above = {along.y, -along.x};
  const double angle = std::atan2(along.y, along.x);
  constexpr double step = 4;
  constexpr double per_pixel = 0.1;
  constexpr double ambiguous = 80;
  constexpr double unusual = 12;
  std::vector<Candidate> out;
  // A plateau shorter than its name may have it begin before it does.
  for (double at = std::min(size.width / 2 + gap, length - size.width / 2 - gap);
       at <= length - size.width / 2 - gap; at += step) {
    const double away = per_pixel * (label.level ? length - at : at);
    const Spot off = above * (size.height / 2 + 1);
    out.push_back({.box = {.centre = line.from + along * at + off, .size = size, .angle = angle},
                   .cost = away + (label.lowest ? unusual : 0)});
    out.push_back({.box = {.centre = line.from + along * at - off, .size = size, .angle = angle},
                   .cost = away + (label.lowest ? 0 : ambiguous)});
  }
  if (label.level) add_led(label, size, out);
  return out;
}

// Apart from a plateau that is full of marks, with a line that leads to it.
void Layout::add_led(const RoofLabel& label, Size size, std::vector<Candidate>& out) const {
  constexpr double lead_costs = 60;
  constexpr double off_centre_costs = 0.2;
  constexpr double best_away = 24;  // marks on the plateau want labels too
  const double least = frame_left + 2 * gap + size.width / 2;
  const double most = frame_right - 2 * gap - size.width / 2;
  for (double x = label.line.to.x - 2 * gap; x > label.line.from.x; x -= 2 * gap) {
    const double centre = std::clamp(x, least, std::max(least, most));
    for (const double away : {12.0, 24.0, 34.0, 46.0, 60.0, 80.0, 100.0}) {
      for (const double side : {-1.0, 1.0}) {
        const Spot end = {x, label.line.from.y + side * away};
        out.push_back({.box = {.centre = {centre, end.y + side * size.height / 2}, .size = size},
                       .cost = lead_costs + std::abs(away - best_away) +
                               off_centre_costs * std::abs(x - centre),
                       .lead = Stroke{.from = end, .to = {x, label.line.from.y}}});
      }
    }
  }
}

void Layout::label_roofs() {
  for (const RoofLabel& label : roof_labels_) {
    if (const auto place = placer_.place(along(label))) {
      scene_.frame_labels.push_back(
          {.text = label.text, .at = place->box.centre, .angle = place->box.angle});
      if (place->lead) scene_.leads.push_back(*place->lead);
    } else {
      unplaced_roofs_.push_back(label.text);
    }
  }
}

void Layout::label_ridge() {
  if (!scene_.at_ridge) return;
  const double at = ridge(picture_.memory.front(), *main_ceiling(picture_.compute)).value;
  const std::string text = fmt::format("ridge: {} FLOP/B", intensity_text(at));
  const Size size = label_box(text);
  placer_.avoid(*scene_.at_ridge, 25);
  std::vector<Candidate> candidates;
  for (double up = size.height / 2 + gap; up < frame_.size.height / 2; up += size.height) {
    for (const double side : {1.0, -1.0}) {
      const double x = scene_.at_ridge->from.x + side * (size.width / 2 + gap);
      candidates.push_back(
          {.box = {.centre = {x, bottom() - up}, .size = size}, .cost = up - side});
    }
  }
  if (const auto place = placer_.place(candidates))
    scene_.frame_labels.push_back({.text = text, .at = place->box.centre});
}

// --- tracks and labels ---------------------------------------------------------------------------

// Beside the mark, then farther off with a line that leads to it.
std::vector<Candidate> Layout::around(Spot at, double radius, const std::string& text) const {
  const Size size = label_box(text);
  struct Side {
    double x, y, cost;
  };
  // Below right and above left of a point on a slope nothing but the frame is in the way.
  constexpr auto sides = std::to_array<Side>({{1, 1, 0},
                                              {1, 0, 1},
                                              {-1, -1, 1.5},
                                              {-1, 0, 2},
                                              {0, 1, 2},
                                              {0, -1, 2.5},
                                              {1, -1, 3},
                                              {-1, 1, 3}});
  std::vector<Candidate> out;
  for (const Side& side : sides) {
    const bool corner = side.x != 0 && side.y != 0;
    const double beside = corner ? radius * 0.6 : radius + 1;
    out.push_back({.box = {.centre = {at.x + side.x * (size.width / 2 + beside),
                                      at.y + side.y * (size.height / 2 + radius + 0.1)},
                           .size = size},
                   .cost = side.cost});
  }
  constexpr double lead_costs = 20;
  for (const double away : {16.0, 26.0, 38.0, 52.0, 70.0, 92.0, 120.0, 150.0}) {
    for (int turn = 0; turn < 16; ++turn) {
      const double angle = turn * std::numbers::pi / 8;
      const Spot direction = {std::cos(angle), std::sin(angle)};
      // The middle of the box's side that faces the mark.
      const bool sideways = std::abs(direction.x) > 0.5;
      const Spot end = at + direction * (radius + away);
      const Spot centre = sideways
                              ? Spot{end.x + std::copysign(size.width / 2, direction.x), end.y}
                              : Spot{end.x, end.y + std::copysign(size.height / 2, direction.y)};
      out.push_back({.box = {.centre = centre, .size = size},
                     .cost = lead_costs + away,
                     .lead = Stroke{.from = end, .to = at + direction * (radius * 0.9)}});
    }
  }
  return out;
}

bool Layout::try_label(const Cluster& cluster, const std::string& text) {
  const Operator& first = *cluster.members.front();
  const auto place = placer_.place(around(first.at, first.radius, text));
  if (!place) return false;
  scene_.frame_labels.push_back({.text = text, .at = place->box.centre});
  if (place->lead) scene_.leads.push_back(*place->lead);
  return true;
}

// Names where they are few and say which operator is meant; empty otherwise.
std::string Layout::names_of(const Cluster& cluster) const {
  constexpr std::size_t few = 2;
  if (cluster.members.size() > few) return {};
  std::string out;
  for (const Operator* member : cluster.members) {
    const auto same = [&](const Operator& op) { return op.point->label == member->point->label; };
    if (std::ranges::count_if(operators_, same) > 1) return {};
    out += (out.empty() ? "" : ", ") + member->point->label;
  }
  return out;
}

void Layout::label_clusters() {
  for (const Cluster& cluster : clusters_) {
    const std::string names = names_of(cluster);
    if (!names.empty() && try_label(cluster, names)) continue;
    std::vector<int> numbers;
    for (const Operator* member : cluster.members) {
      if (member->number > 0) numbers.push_back(member->number);
    }
    if (!numbers.empty()) try_label(cluster, ranges_text(numbers));
  }
}

void Layout::draw_tracks() {
  for (const PictureTrack& track : picture_.tracks) {
    SceneTrack drawn{.stops = {}, .style = mark_styles({track.kind}).at(track.kind)};
    for (const TrackStop& stop : track.stops)
      drawn.stops.push_back(spot(stop.intensity.value, stop.rate.value));
    for (std::size_t i = 1; i < drawn.stops.size(); ++i)
      placer_.avoid({drawn.stops[i - 1], drawn.stops[i]}, 25);
    scene_.tracks.push_back(std::move(drawn));
  }
  for (std::size_t t = 0; t < picture_.tracks.size(); ++t) {
    const PictureTrack& track = picture_.tracks[t];
    for (std::size_t i = 0; i < track.stops.size(); ++i) {
      const bool end = i == 0 || i + 1 == track.stops.size();
      label_stop(scene_.tracks[t], i,
                 end ? track.label + " " + track.stops[i].label : track.stops[i].label);
    }
  }
}

// A stop beside its neighbour needs no label: the ends say what the line means.
void Layout::label_stop(const SceneTrack& track, std::size_t stop, const std::string& text) {
  constexpr double radius = 3;
  const bool end = stop == 0 || stop + 1 == track.stops.size();
  std::vector<Candidate> places = around(track.stops[stop], radius, text);
  if (!end) std::erase_if(places, [](const Candidate& c) { return c.lead.has_value(); });
  const auto place = placer_.place(places);
  if (!place) return;
  scene_.frame_labels.push_back({.text = text, .at = place->box.centre});
  if (place->lead) scene_.leads.push_back(*place->lead);
}

// --- text about the frame ------------------------------------------------------------------------

constexpr double mark_x = legend_left + 7, number_x = legend_left + 33, name_x = legend_left + 39;
constexpr double intensity_x = legend_right - 52;

void Layout::write_operator_row(const Operator& op) {
  scene_.legend_marks.push_back(
      {.at = {mark_x, legend_y_}, .radius = 4.5, .style = styles_.at(op.point->kind)});
  if (op.number > 0) {
    put({.text = fmt::format("{}", op.number), .at = {number_x, legend_y_}, .anchor = Anchor::end});
  }
  const std::string intensity = intensity_text(op.point->intensity.value);
  const double room = intensity_x - width_of(intensity, label_size) - name_x - gap;
  put({.text = shortened(op.point->label, room / label_size),
       .at = {name_x, legend_y_},
       .anchor = Anchor::start});
  put({.text = intensity, .at = {intensity_x, legend_y_}, .anchor = Anchor::end});
  put({.text = share_text(op.point->share),
       .at = {legend_right, legend_y_},
       .anchor = Anchor::end});
  legend_y_ += row_height;
}

void Layout::write_folded_row() {
  int count = 0;
  double share = 0;
  for (const Operator& op : operators_) {
    if (!op.folded) continue;
    ++count;
    share += op.point->share;
  }
  if (count == 0) return;
  put({.text = fmt::format("{} more, unnamed", count),
       .at = {name_x, legend_y_},
       .anchor = Anchor::start});
  put({.text = share_text(share), .at = {legend_right, legend_y_}, .anchor = Anchor::end});
  legend_y_ += row_height;
}

void Layout::write_legend_operators() {
  std::string kind;
  for (const Operator& op : operators_) {
    if (op.folded) continue;
    if (op.point->kind != kind && !is_total(*op.point)) {
      legend_y_ += 0.2 * row_height;
      put({.text = shortened(op.point->kind, (legend_right - legend_left) / label_size),
           .at = {legend_left, legend_y_},
           .anchor = Anchor::start,
           .weight = Weight::bold});
      legend_y_ += row_height;
    }
    kind = op.point->kind;
    write_operator_row(op);
  }
  write_folded_row();
}

void Layout::write_note(const std::string& text) {
  put({.text = shortened(text, (legend_right - legend_left) / small_size),
       .at = {legend_left, legend_y_},
       .size = small_size,
       .anchor = Anchor::start,
       .faint = true});
  legend_y_ += row_height;
}

void Layout::write_legend_lines() {
  for (const std::string& roof : unplaced_roofs_) write_note("unlabelled line: " + roof);
  for (const PictureTrack& track : picture_.tracks) {
    if (track.stops.empty()) continue;
    write_note(fmt::format("line: {} with {} {} to {}", track.kind, track.label,
                           track.stops.front().label, track.stops.back().label));
  }
  for (const std::string& row : picture_.undrawn) write_note("not drawn: " + row);
}

void Layout::write_legend() {
  legend_y_ = frame_top + row_height / 2;
  put({.text = "operator", .at = {name_x, legend_y_}, .anchor = Anchor::start, .faint = true});
  put({.text = "FLOP/B", .at = {intensity_x, legend_y_}, .anchor = Anchor::end, .faint = true});
  put({.text = "time", .at = {legend_right, legend_y_}, .anchor = Anchor::end, .faint = true});
  legend_y_ += row_height;
  write_legend_operators();
  legend_y_ += 0.4 * row_height;
  write_note("The larger a mark, the more of the time.");
  write_legend_lines();
}

void Layout::write_ticks() {
  constexpr std::size_t most_labels = 9;
  const std::vector<int> decades = axes_.intensity.whole_decades();
  const std::size_t every = (decades.size() + most_labels - 1) / most_labels;
  for (std::size_t i = 0; i < decades.size(); i += every) {
    const double x = frame_left + frame_.size.width * axes_.intensity.at(std::pow(10, decades[i]));
    put({.text = decade_text(decades[i]), .at = {x, bottom() + 14}});
  }
  for (const int decade : axes_.rate.whole_decades()) {
    put({.text = decade_text(decade, axes_.unit.flops),
         .at = {frame_left - 7,
                bottom() - frame_.size.height * axes_.rate.at(std::pow(10, decade))},
         .anchor = Anchor::end});
  }
}

void Layout::write_surroundings() {
  const double room = page_width - 2 * page_margin;
  put({.text = shortened(picture_.title, room / (1.15 * title_size)),
       .at = {page_margin, 26},
       .size = title_size,
       .anchor = Anchor::start,
       .weight = Weight::bold});
  put({.text = shortened(picture_.subtitle, room / axis_size),
       .at = {page_margin, 48},
       .size = axis_size,
       .anchor = Anchor::start,
       .faint = true});
  write_ticks();
  put({.text = "arithmetic intensity (FLOP per byte of memory traffic)",
       .at = {frame_.centre.x, bottom() + 36},
       .size = axis_size});
  put({.text = fmt::format("performance ({}/s)", axes_.unit.name),
       .at = {page_margin + 6, frame_.centre.y},
       .size = axis_size,
       .angle = -std::numbers::pi / 2});
  scene_.height = std::max(bottom() + below_frame, legend_y_ + 2 * row_height);
  put({.text = shortened(picture_.source, room / small_size),
       .at = {page_margin, scene_.height - 16},
       .size = small_size,
       .anchor = Anchor::start,
       .faint = true});
}

}  // namespace

TiltedBox box_of(const PlacedText& text) {
  const Size size = {text_width(text.text, text.weight) * text.size, line_height * text.size};
  const double shift = text.anchor == Anchor::start ? size.width / 2
                       : text.anchor == Anchor::end ? -size.width / 2
                                                    : 0;
  const Spot along = {std::cos(text.angle), std::sin(text.angle)};
  return {.centre = text.at + along * shift, .size = size, .angle = text.angle};
}

Scene scene_of(const RooflinePicture& picture) { return Layout(picture).make(); }

}  // namespace attncalc
