// SPDX-License-Identifier: Apache-2.0
//
// Looking peaks up: see peaks.hpp.
#include "hardware/peaks.hpp"

namespace attncalc {
namespace {

template <class Matches>
const Peak* highest_where(const Device& device, const Matches& matches) {
  const Peak* best = nullptr;
  for (const Peak& p : device.peaks) {
    if (matches(p) && (best == nullptr || p.rate > best->rate)) best = &p;
  }
  return best;
}

}  // namespace

std::optional<FlopsPerSecond> peak(const Device& device, MathUnit unit, MathType in,
                                   MathType accumulate) {
  const Peak* found = highest_where(device, [&](const Peak& p) {
    return p.unit == unit && p.in == in && p.accumulate == accumulate;
  });
  return found ? std::optional(found->rate) : std::nullopt;
}

const Peak* fastest_peak(const Device& device, MathUnit unit, MathType in) {
  return highest_where(device, [&](const Peak& p) { return p.unit == unit && p.in == in; });
}

const Peak* highest_peak(const Device& device, int bits) {
  return highest_where(device, [&](const Peak& p) { return math_bits(p.in) <= bits; });
}

const Peak* sixteen_bit_peak(const Device& device) {
  for (const MathUnit unit : {MathUnit::tensor, MathUnit::vector}) {
    for (const MathType type : {MathType::bf16, MathType::fp16}) {
      if (const Peak* found = fastest_peak(device, unit, type)) return found;
    }
  }
  return nullptr;
}

std::optional<FlopsPerByte> ridge(const Device& device) {
  const Peak* peak = sixteen_bit_peak(device);
  if (peak == nullptr || !device.memory.bandwidth) return std::nullopt;
  return peak->rate / *device.memory.bandwidth;
}

}  // namespace attncalc
