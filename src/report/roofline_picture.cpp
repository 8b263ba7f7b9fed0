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

std::vector<MemoryCeiling> memory_of(const Device& device) {
  std::vector<MemoryCeiling> out;
  if (device.memory.bandwidth) out.push_back({device.memory.type, *device.memory.bandwidth});
  for (const MemoryLevel& level : device.levels) {
    if (level.bandwidth) out.push_back({level.name, *level.bandwidth});
  }
  return out;
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

}  // namespace

RooflinePicture roofline_picture(const RooflineAnswer& a) {
  const Device& device = a.machine.machine.device;
  RooflinePicture out{.title = a.cost.model.name,
                      .subtitle = device.name,
                      .memory = memory_of(device),
                      .compute = compute_of(device, a.machine.peak_name),
                      .points = {}};
  const std::vector<Op>& ops = a.pass.figures.ops;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    PicturePoint point = point_of(a, ops[i], a.pass.times.rows[i]);
    if (is_drawable(point)) out.points.push_back(std::move(point));
  }
  std::ranges::stable_sort(out.points, std::greater(), &PicturePoint::share);
  return out;
}

}  // namespace attncalc
