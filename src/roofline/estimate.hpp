// SPDX-License-Identifier: Apache-2.0
//
// What to expect of a machine, with an interval: the rows of the roofline at the fractions of its
// ceilings that software reaches, and the time between rows. docs/model.md, "Estimate".
//
//   estimate = step + Σ rows max(compute ÷ reached, vector ÷ reached, memory ÷ reached, link) +
//   gaps
//
// Coefficients are a value: a family's from the table in estimate.cpp, changed by what a device's
// profile measured, or whatever somebody has fitted.
#pragma once

#include <string>
#include <string_view>

#include "roofline/roofline.hpp"

namespace attncalc {

// Fractions of a data sheet's figures, and times. One set serves a family of devices.
struct EstimateCoefficients {
  std::string_view family;  // "hopper"
  std::string_view basis;   // what these are from, for the output

  double stream = 0;       // of bandwidth: reading weights of large matrices
  double cache_read = 0;   // of bandwidth: reading keys and values
  double activations = 0;  // of the rows' activation traffic, what reaches memory once fused
  double gemm_32 = 0, gemm_16 = 0, gemm_8 = 0, gemm_4 = 0;  // of the peak, by operand bits
  double attention = 0;  // of the peak: scores and values of a prompt
  double vector = 0;
  double link = 0;

  // A product of so many FLOPs reaches half of its fraction: small ones do not fill a device.
  Flops half_product;
  Seconds kernel;  // between two rows of a layer, where nothing runs
  Seconds step;    // once a step: scheduling, sampling, the way back to the host
  Seconds hop;     // of one step of a collective

  double low = 0, high = 0;  // the interval, as factors of the estimate
};

// Those of the device's family, with the fractions that its own profile measured in their place.
EstimateCoefficients coefficients_of(const Device& device);

struct Estimate {
  Seconds seconds, low, high;
  std::string basis;
};

Seconds estimated_row(const Op& op, const RowTime& row, const Ceilings& ceilings, Phase phase,
                      const EstimateCoefficients& coefficients);

Estimate estimate_of(std::span<const Op> ops, const RooflineTimes& times, const Ceilings& ceilings,
                     Phase phase, const EstimateCoefficients& coefficients);

}  // namespace attncalc
