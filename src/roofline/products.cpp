// SPDX-License-Identifier: Apache-2.0
//
// Formats to number types, number types to peaks.
#include "roofline/products.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "hardware/peaks.hpp"

namespace attncalc {
namespace {

constexpr int bits_a_byte = 8;

// What stands for a type that a device lacks: the same width first, then wider.
constexpr std::array<MathType, 4> instead_of_fp32 = {MathType::fp32, MathType::tf32, MathType::bf16,
                                                     MathType::fp16};
constexpr std::array<MathType, 4> instead_of_bf16 = {MathType::bf16, MathType::fp16, MathType::tf32,
                                                     MathType::fp32};
constexpr std::array<MathType, 4> instead_of_fp16 = {MathType::fp16, MathType::bf16, MathType::tf32,
                                                     MathType::fp32};

std::span<const MathType> ladder_of(MathType type) {
  if (type == MathType::fp32 || type == MathType::tf32) return instead_of_fp32;
  return type == MathType::fp16 ? instead_of_fp16 : instead_of_bf16;
}

// Sums of products are kept in 32 bits unless a device has nothing else.
const Peak* rate_of(const Device& device, MathType type) {
  const Peak* best = nullptr;
  const auto is_wide = [](const Peak& p) {
    return math_bits(p.accumulate) == math_bits(MathType::fp32);
  };
  for (const Peak& p : device.peaks) {
    if (p.in != type) continue;
    const bool better = !best || (is_wide(p) && !is_wide(*best)) ||
                        (is_wide(p) == is_wide(*best) && p.rate > best->rate);
    if (better) best = &p;
  }
  return best;
}

// Types that both operands must have: a device multiplies 8 bits with 8 bits.
bool needs_both(MathType type) { return math_bits(type) <= bits_a_byte; }

// The activation's own type, or 16 bits where it has none.
MathType activation_type(const Format& activation) {
  return math_type_of(activation).value_or(MathType::bf16);
}

// Weights whose method quantises the activations with them.
bool quantises_activations(const Format& weights) {
  const auto type = math_type_of(weights);
  if (type == MathType::fp8) return true;
  if (type == MathType::int8) {
    return weights.scale_per == ScalePer::row || weights.scale_per == ScalePer::none;
  }
  return weights.name == "nvfp4";
}

}  // namespace

int element_bits(const Format& format) {
  return static_cast<int>(
      ceil_div(Count(format.block_bytes) * bits_a_byte, Count(format.block_elements)).value);
}

std::optional<MathType> math_type_of(const Format& format) {
  const std::string_view name = format.name;
  const auto starts = [&](std::string_view word) { return name.starts_with(word); };
  if (starts("fp32")) return MathType::fp32;
  if (starts("fp16")) return MathType::fp16;
  if (starts("bf16")) return MathType::bf16;
  if (starts("fp8") || starts("mxfp8")) return MathType::fp8;
  if (starts("nvfp4") || starts("mxfp4") || starts("fp4")) return MathType::fp4;
  if (starts("bits:")) return std::nullopt;
  constexpr int four = 4;
  switch (element_bits(format)) {
    case bits_a_byte:
      return MathType::int8;
    case four:
      return MathType::int4;
    default:
      return std::nullopt;
  }
}

MathType product_type(const Format& activation, const Format& other) {
  const MathType own = activation_type(activation);
  const auto type = math_type_of(other);
  if (!type) return own;
  if (*type == own) return own;
  if (quantises_activations(other)) return *type;
  return math_bits(*type) > math_bits(own) ? *type : own;
}

const Peak* product_peak(const Device& device, const Format& activation, const Format& other) {
  const MathType wanted = product_type(activation, other);
  if (needs_both(wanted)) {
    if (const Peak* peak = rate_of(device, wanted)) return peak;
  }
  const MathType own = activation_type(activation);
  for (const MathType type : ladder_of(needs_both(wanted) ? own : wanted)) {
    if (const Peak* peak = rate_of(device, type)) return peak;
  }
  return nullptr;
}

const Peak* bound_peak(const Device& device, const Format& activation, const Format& other) {
  const int widest = std::max(element_bits(activation), element_bits(other));
  if (const Peak* peak = highest_peak(device, widest)) return peak;
  const auto at = std::ranges::max_element(device.peaks, {}, &Peak::rate);
  return at == device.peaks.end() ? nullptr : &*at;
}

const Peak* vector_peak(const Device& device) {
  if (const Peak* peak = fastest_peak(device, MathUnit::vector, MathType::fp32)) return peak;
  const Peak* best = nullptr;
  for (const Peak& p : device.peaks) {
    if (p.unit == MathUnit::vector && (!best || p.rate > best->rate)) best = &p;
  }
  return best;
}

}  // namespace attncalc
