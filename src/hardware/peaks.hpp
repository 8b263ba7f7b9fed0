// SPDX-License-Identifier: Apache-2.0
//
// Which peaks a device has: the one of a unit and number types, and the highest that any
// implementation may use for operands of so many bits.
#pragma once

#include <optional>

#include "hardware/device.hpp"

namespace attncalc {

// The peak of exactly these, or nothing: a device without fp8 units has no fp8 peak.
std::optional<FlopsPerSecond> peak(const Device& device, MathUnit unit, MathType in,
                                   MathType accumulate);

// The fastest at this operand type whatever products are added up in; null if there is none.
const Peak* fastest_peak(const Device& device, MathUnit unit, MathType in);

// The highest of all units at `bits` an operand or fewer (16: fp16, bf16 and all that is narrower).
// No implementation that keeps to the operands' width can be faster. Null if there is none.
const Peak* highest_peak(const Device& device, int bits);

// What a device's ridge point is spoken of: bf16 of its tensor unit, else fp16, else of its lanes.
// Null if there is none.
const Peak* sixteen_bit_peak(const Device& device);
std::optional<FlopsPerByte> ridge(const Device& device);

}  // namespace attncalc
