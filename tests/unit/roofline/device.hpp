// SPDX-License-Identifier: Apache-2.0
//
// A device with round figures, so that every expected time is a division done by hand.
#pragma once

#include "hardware/device.hpp"

namespace attncalc {

// 1 TB/s, 100 TFLOP/s in bf16, 200 in fp8 and int8, 10 TFLOP/s of vector work; ridge 100.
inline Device round_device() {
  constexpr double tera = 1e12;
  Device d;
  d.id = "round";
  d.name = "round";
  d.memory.type = "RAM";
  d.memory.physical = gigabytes(80);
  d.memory.bandwidth = BytesPerSecond(tera);
  const auto add = [&](MathUnit unit, MathType in, MathType accumulate, double rate) {
    Peak p;
    p.unit = unit;
    p.in = in;
    p.accumulate = accumulate;
    p.rate = FlopsPerSecond(rate * tera);
    d.peaks.push_back(p);
  };
  add(MathUnit::tensor, MathType::bf16, MathType::fp32, 100);
  add(MathUnit::tensor, MathType::fp16, MathType::fp32, 100);
  add(MathUnit::tensor, MathType::fp16, MathType::fp16, 150);
  add(MathUnit::tensor, MathType::fp8, MathType::fp32, 200);
  add(MathUnit::tensor, MathType::int8, MathType::int32, 200);
  add(MathUnit::vector, MathType::fp32, MathType::fp32, 10);
  return d;
}

}  // namespace attncalc
