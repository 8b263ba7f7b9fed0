// SPDX-License-Identifier: Apache-2.0
//
// Which decades a roofline shows: all points, all ceilings, the ridge, and air about them for
// labels.
#include "report/roofline_axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace attncalc {
namespace {

// In decades: a mark at the frame's edge would be cut, and a plateau needs room for its name, above
// it and right of the ridge.
constexpr double air = 0.25;
constexpr double air_above = 0.45;
constexpr double air_behind_ridge = 1.3;

struct Range {
  double low = 0;
  double high = 0;
  bool empty = true;
  void add(double value) {
    const double at = std::log10(value);
    low = empty ? at : std::min(low, at);
    high = empty ? at : std::max(high, at);
    empty = false;
  }
};

LogAxis axis_for(const Range& range, double above) {
  // Tenths of a decade, so that pictures of similar things have the same frame.
  constexpr double steps = 10;
  return {.low = std::floor((range.low - air) * steps) / steps,
          .high = std::ceil((range.high + above) * steps) / steps};
}

template <class Visit>
void for_each_place(const RooflinePicture& picture, Visit visit) {
  for (const PicturePoint& point : picture.points) visit(point.intensity, point.rate);
  for (const PictureTrack& track : picture.tracks) {
    for (const TrackStop& stop : track.stops) visit(stop.intensity, stop.rate);
  }
}

// "bf16 tensor" → "bf16" and " tensor".
std::pair<std::string, std::string> type_and_unit(const std::string& name) {
  const std::size_t space = std::min(name.find(' '), name.size());
  return {name.substr(0, space), name.substr(space)};
}

bool same_rate(FlopsPerSecond a, FlopsPerSecond b) {
  constexpr double as_drawn = 0.002;  // less than the width of a line
  return std::abs(a.value - b.value) <= as_drawn * std::max(a.value, b.value);
}

void join(ComputeCeiling& into, const ComputeCeiling& other) {
  const auto [type, other_unit] = type_and_unit(other.name);
  const std::size_t last = into.name.rfind(' ');
  const std::string ending = last == std::string::npos ? "" : into.name.substr(last);
  into.name = ending == other_unit
                  ? into.name.substr(0, into.name.size() - ending.size()) + ", " + type + ending
                  : into.name + ", " + other.name;
  into.used = into.used || other.used;
}

}  // namespace

double LogAxis::at(double value) const { return (std::log10(value) - low) / decades(); }

double LogAxis::value_at(double fraction) const {
  return std::pow(10.0, low + fraction * decades());
}

std::vector<int> LogAxis::whole_decades() const {
  std::vector<int> out;
  for (int i = static_cast<int>(std::ceil(low)); i <= static_cast<int>(std::floor(high)); ++i)
    out.push_back(i);
  return out;
}

RooflineAxes axes_of(const RooflinePicture& picture) {
  Range intensities;
  Range rates;
  for_each_place(picture, [&](FlopsPerByte intensity, FlopsPerSecond rate) {
    intensities.add(intensity.value);
    rates.add(rate.value);
  });
  for (const ComputeCeiling& ceiling : picture.compute) rates.add(ceiling.rate.value);
  if (const ComputeCeiling* roof = main_ceiling(picture.compute)) {
    const double at = ridge(picture.memory.front(), *roof).value;
    intensities.add(at);
    intensities.add(at * std::pow(10.0, air_behind_ridge - air));
  }
  if (intensities.empty) intensities.add(1);
  if (rates.empty) rates.add(picture.memory.front().rate.value);
  RooflineAxes axes{
      .intensity = axis_for(intensities, air), .rate = axis_for(rates, air_above), .unit = {}};
  const ComputeCeiling* roof = main_ceiling(picture.compute);
  axes.unit = column_unit(Flops(roof != nullptr ? roof->rate.value : std::pow(10.0, rates.high)));
  return axes;
}

std::string decade_text(int exponent, double unit) {
  const int shown = exponent - static_cast<int>(std::lround(std::log10(unit)));
  constexpr int most_zeros = 5;
  if (std::abs(shown) > most_zeros) return fmt::format("1e{}", shown);
  if (shown < 0) return fmt::format("{:.{}f}", std::pow(10.0, shown), -shown);
  return format_count(std::lround(std::pow(10.0, shown)));
}

std::string rate_text(BytesPerSecond rate) {
  const ByteUnit unit = column_unit(Bytes(std::llround(rate.value)), UnitStyle::si);
  return fmt::format("{:.3g} {}/s", rate.value / static_cast<double>(unit.bytes),
                     unit.bytes == 1 ? "B" : unit.name);
}

std::string rate_text(FlopsPerSecond rate) {
  const FlopUnit unit = column_unit(Flops(rate.value));
  return fmt::format("{:.3g} {}/s", rate.value / unit.flops, unit.name);
}

std::string intensity_text(double flops_per_byte) {
  constexpr double shown_whole = 100;
  if (flops_per_byte >= shown_whole &&
      flops_per_byte < shown_whole * shown_whole * shown_whole * shown_whole)
    return format_count(std::llround(flops_per_byte));
  return fmt::format("{:.3g}", flops_per_byte);
}

std::string share_text(double share) {
  constexpr double percent = 100;
  constexpr double smallest = 0.05;
  if (share > 0 && share * percent < smallest) return "<0.1 %";
  return fmt::format("{:.1f} %", share * percent);
}

std::vector<ComputeCeiling> merged(const std::vector<ComputeCeiling>& ceilings) {
  std::vector<ComputeCeiling> sorted = ceilings;
  std::ranges::stable_sort(sorted, std::greater<>{},
                           [](const ComputeCeiling& c) { return c.rate.value; });
  std::vector<ComputeCeiling> out;
  for (const ComputeCeiling& ceiling : sorted) {
    if (!out.empty() && same_rate(out.back().rate, ceiling.rate)) {
      join(out.back(), ceiling);
    } else {
      out.push_back(ceiling);
    }
  }
  return out;
}

const ComputeCeiling* main_ceiling(const std::vector<ComputeCeiling>& ceilings) {
  const ComputeCeiling* best = nullptr;
  const auto order = [](const ComputeCeiling& c) { return std::pair(c.used, c.rate.value); };
  for (const ComputeCeiling& ceiling : ceilings) {
    if (best == nullptr || order(ceiling) > order(*best)) best = &ceiling;
  }
  return best;
}

FlopsPerByte ridge(const MemoryCeiling& memory, const ComputeCeiling& compute) {
  return compute.rate / memory.rate;
}

}  // namespace attncalc
