// SPDX-License-Identifier: Apache-2.0
//
// At which peak a product runs. Two questions with two answers, and no other file asks them:
//
//   product_peak   what a row is timed at: the number type in which engines multiply such operands
//   bound_peak     what nothing is faster than: the highest peak at the wider operand's width or
//                  any narrower one, since an implementation may quantise further
//
// docs/model.md, "Which peak applies"
#pragma once

#include <optional>

#include "attention/format.hpp"
#include "hardware/device.hpp"

namespace attncalc {

// The number type of a format's elements; nothing for widths that no unit has (bits:5, q5_k).
std::optional<MathType> math_type_of(const Format& format);

// Bits of one element, scales not counted; rounded up.
int element_bits(const Format& format);

// The type in which `weights` or cached rows of this format are multiplied with activations, on a
// device that has every type.
MathType product_type(const Format& activation, const Format& other);

// The device's peak for it, or for the next best type that the device has. Null: no figure.
const Peak* product_peak(const Device& device, const Format& activation, const Format& other);

const Peak* bound_peak(const Device& device, const Format& activation, const Format& other);

// The highest rate of vector lanes: fp32, else what is known. Null: no figure.
const Peak* vector_peak(const Device& device);

}  // namespace attncalc
