// SPDX-License-Identifier: Apache-2.0
//
// Divisions by the time of a step.
#include "roofline/rates.hpp"

namespace attncalc {
namespace {

constexpr double seconds_an_hour = 3600;

}  // namespace

Rates rates_of(const StepFacts& step, Seconds seconds) {
  Rates out;
  out.seconds = seconds;
  const double machine_seconds = seconds.value * step.devices;
  out.tokens_per_second = step.tokens / seconds.value;
  out.per_sequence = out.tokens_per_second / step.sequences;
  out.per_device = step.tokens / machine_seconds;
  if (step.usd_per_hour) {
    const double usd = *step.usd_per_hour / seconds_an_hour * machine_seconds;
    out.usd_per_million_tokens = usd / step.tokens * static_cast<double>(units::mega);
  }
  if (step.watts) out.joules_per_token = *step.watts * machine_seconds / step.tokens;
  if (step.peak) out.mfu = step.flops.value / (machine_seconds * step.peak->value);
  if (step.memory) out.mbu = step.bytes / (machine_seconds * step.memory->value);
  return out;
}

}  // namespace attncalc
