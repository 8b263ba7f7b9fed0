// SPDX-License-Identifier: Apache-2.0
//
// From the time of a step to what people pay and plan with: tokens a second, money and energy a
// token, and how much of the machine that is. docs/model.md, "Rates".
//
//   MFU = FLOPs ÷ (seconds × devices × peak)     MBU = compulsory bytes ÷ (seconds × devices ×
//   memory)
#pragma once

#include <optional>

#include "base/units.hpp"

namespace attncalc {

// A step and the machine it runs on. What is absent has no rate.
struct StepFacts {
  double tokens = 0;  // that the step computes, of all sequences
  double sequences = 1;
  double devices = 1;
  Flops flops = {};  // of all devices
  double bytes = 0;
  std::optional<FlopsPerSecond> peak = {};    // of one device
  std::optional<BytesPerSecond> memory = {};  // of one device
  std::optional<double> usd_per_hour = {};    // of one device
  std::optional<double> watts = {};           // of one device
};

struct Rates {
  Seconds seconds;
  double tokens_per_second = 0;
  double per_sequence = 0;
  double per_device = 0;
  std::optional<double> usd_per_million_tokens = {};
  std::optional<double> joules_per_token = {};
  std::optional<double> mfu = {}, mbu = {};
};
Rates rates_of(const StepFacts& step, Seconds seconds);

}  // namespace attncalc
