// SPDX-License-Identifier: Apache-2.0
//
// The ceilings of a machine and the rows of a pass as a picture's parts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/roofline_report.hpp"

namespace attncalc {
namespace {

std::string peak_text(const Peak& p) {
  return fmt::format("{} {}", words(p.in)[static_cast<std::size_t>(p.in)],
                     words(p.unit)[static_cast<std::size_t>(p.unit)]);
}

// "l2" is written L2 by everybody else.
std::string level_text(std::string name) {
  const bool is_cache = name.size() == 2 && name[0] == 'l';
  if (is_cache) name[0] = 'L';
  return name;
}

std::vector<MemoryCeiling> memory_of(const Device& device) {
  std::vector<MemoryCeiling> out;
  if (device.memory.bandwidth) out.push_back({device.memory.type, *device.memory.bandwidth});
  for (const MemoryLevel& level : device.levels) {
    if (level.bandwidth) out.push_back({level_text(level.name), *level.bandwidth});
  }
  return out;
}

// "64k": as a range is typed.
std::string spoken_tokens(std::int64_t value) {
  if (value >= units::mebi && value % units::mebi == 0)
    return fmt::format("{}M", value / units::mebi);
  if (value >= units::kibi && value % units::kibi == 0)
    return fmt::format("{}k", value / units::kibi);
  return fmt::format("{}", value);
}

// One line a type: the rate that its products run at.
std::vector<ComputeCeiling> compute_of(const Device& device, const std::string& used) {
  std::vector<ComputeCeiling> out;
  for (const Peak& p : device.peaks) {
    const std::string name = peak_text(p);
    const auto same = std::ranges::find(out, name, &ComputeCeiling::name);
    if (same != out.end()) continue;
    out.push_back({name, p.rate, name == used});
  }
  std::ranges::stable_sort(out, std::greater(), &ComputeCeiling::rate);
  return out;
}

PicturePoint point_of(const RooflineAnswer& a, const Op& op, const RowTime& row) {
  const Flops work = op.flops + op.vector_flops;
  return {.label = std::string(op_name(op.name)),
          .kind = a.cost.groups[op.group],
          .intensity = op.intensity(),
          .rate = FlopsPerSecond(work.value / row.seconds.value),
          .share = row.seconds.value / a.pass.times.serial.value,
          .bound = std::string(words(row.bound)[static_cast<std::size_t>(row.bound)])};
}

bool is_drawable(const PicturePoint& p) {
  return std::isfinite(p.intensity.value) && p.intensity.value > 0 && std::isfinite(p.rate.value) &&
         p.rate.value > 0;
}

PicturePoint total_of(const RooflineAnswer& a) {
  const CostTotals& totals = a.pass.figures.totals;
  const Flops work = totals.flops + totals.vector_flops;
  return {.label = "total",
          .kind = "total",
          .intensity = totals.intensity(),
          .rate = FlopsPerSecond(work.value / a.pass.times.serial.value),
          .share = 1,
          .bound =
              std::string(words(a.pass.bound.bound)[static_cast<std::size_t>(a.pass.bound.bound)])};
}

// A row that computes nothing, or moves nothing, has no place on axes of both.
std::string why_not_drawn(const Op& op) {
  const bool computes = op.flops.value + op.vector_flops.value > 0;
  return fmt::format("{} ({})", op_name(op.name),
                     !computes                   ? "no FLOPs"
                     : op.hbm().value.value == 0 ? "no memory traffic"
                                                 : "no time");
}

PictureTrack picture_of(const TimedTrack& track) {
  PictureTrack out{.label = track.along, .kind = "total", .stops = {}};
  for (const TimedStop& stop : track.stops)
    out.stops.push_back({spoken_tokens(stop.value), stop.intensity, stop.rate});
  return out;
}

}  // namespace

RooflinePicture roofline_picture(const RooflineAnswer& a) {
  const Device& device = a.machine.machine.device;
  const Paragraph opening = cost_opening(a.cost);
  RooflinePicture out{.title = fmt::format("{} on {}", a.cost.model.name, device.name),
                      .subtitle = opening.lines[1],
                      .memory = memory_of(device),
                      .compute = compute_of(device, a.machine.peak_name),
                      .points = {}};
  const std::vector<Op>& ops = a.pass.figures.ops;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    PicturePoint point = point_of(a, ops[i], a.pass.times.rows[i]);
    if (is_drawable(point)) {
      out.points.push_back(std::move(point));
    } else if (std::string row = why_not_drawn(ops[i]); !std::ranges::count(out.undrawn, row)) {
      out.undrawn.push_back(std::move(row));
    }
  }
  if (PicturePoint total = total_of(a); is_drawable(total)) out.points.push_back(std::move(total));
  std::ranges::stable_sort(out.points, std::greater(), &PicturePoint::share);
  for (const TimedTrack& track : a.tracks) out.tracks.push_back(picture_of(track));
  out.source = fmt::format(
      "{}; ceilings: dense peaks of the profile {}; a row runs at the ceiling that it meets",
      opening.lines.back(), device.id);
  return out;
}

}  // namespace attncalc
