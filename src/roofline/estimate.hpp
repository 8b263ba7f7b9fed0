// SPDX-License-Identifier: Apache-2.0
//
// What to expect of a machine, with an interval: the rows of the roofline at the fractions of its
// ceilings that software reaches, and the time between rows. docs/model.md, "Estimate".
//
//   estimate = step + Σ rows max(compute ÷ reached, vector ÷ reached, memory ÷ reached, link) +
//   gaps
//
// Coefficients are a value: a family's from the table in estimate.cpp, changed by what a device's
// profile measured and by what an engine was seen to reach (docs/validation.md), or whatever
// somebody has fitted.
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
  // Weights below 8 bits that no unit multiplies as they are:
  double packed = 1;  // of a product's fraction
  double unpack = 0;  // vector operations an element, before its product
  double link = 0;

  Seconds fill;    // of one product of several rows, before all of a device works on it
  Seconds kernel;  // between two rows of a layer, where nothing runs
  Seconds step;    // once a step: scheduling, sampling, the way back to the host
  Seconds hop;     // of one step of a collective

  double low = 0, high = 0;  // the interval, as factors of the estimate
};

// How much longer than a family's table says an engine's memory traffic takes, its products, and
// what lies between them.
struct Adjustment {
  double memory = 1, compute = 1, gaps = 1;
};
EstimateCoefficients adjusted(const EstimateCoefficients& coefficients, const Adjustment& by);

// Those of the device's family, with the fractions that its own profile measured in their place,
// adjusted to an engine ("vllm", "llamacpp") where it was measured on such devices.
EstimateCoefficients coefficients_of(const Device& device, std::string_view engine = {});

struct Estimate {
  Seconds seconds, low, high;
  std::string basis;
};

Seconds estimated_row(const Op& op, const RowTime& row, const Ceilings& ceilings, Phase phase,
                      const EstimateCoefficients& coefficients);

Estimate estimate_of(std::span<const Op> ops, const RooflineTimes& times, const Ceilings& ceilings,
                     Phase phase, const EstimateCoefficients& coefficients);

}  // namespace attncalc
