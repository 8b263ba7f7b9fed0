// SPDX-License-Identifier: Apache-2.0
//
// Pictures for tests: one that is easily told by hand, and as many crowded ones as a test likes,
// made from a seed, so that a failure can be repeated.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <random>

#include "roofline/picture.hpp"

namespace attncalc {

// A machine with a ridge at 100 FLOP/B: 1 TB/s and 100 TFLOP/s.
inline RooflinePicture simple_picture() {
  RooflinePicture out;
  out.title = "tiny, decode";
  out.subtitle = "a machine";
  out.memory = {{"HBM", BytesPerSecond(1e12)}};
  out.compute = {{"bf16 tensor", FlopsPerSecond(1e14), true}};
  out.points = {{.label = "o_proj",
                 .kind = "attention.gqa",
                 .intensity = FlopsPerByte(1),
                 .rate = FlopsPerSecond(1e12),
                 .share = 0.75,
                 .bound = "memory"},
                {.label = "gate_proj",
                 .kind = "mlp.dense",
                 .intensity = FlopsPerByte(1000),
                 .rate = FlopsPerSecond(1e14),
                 .share = 0.25,
                 .bound = "compute"}};
  return out;
}

// Points on and below a roof, many of them close together, with ceilings close together too.
inline RooflinePicture crowded_picture(unsigned seed) {
  std::mt19937 random(seed);
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const auto count = [&](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  const auto decade = [&](double low, double high) { return std::pow(10, between(low, high)); };
  RooflinePicture out;
  out.title = fmt::format("a model <{}> & \"another\"", seed);
  out.subtitle = "a machine with many ceilings";
  out.source = "made for a test";
  for (int i = count(1, 4); i > 0; --i)
    out.memory.push_back({fmt::format("level {}", i), BytesPerSecond(decade(11, 13))});
  for (int i = count(0, 9); i > 0; --i)
    out.compute.push_back(
        {fmt::format("fp{} tensor", i), FlopsPerSecond(decade(13, 15)), count(0, 1) == 1});
  constexpr const char* kinds[] = {"attention.gqa",
                                   "attention.gqa:1024",
                                   "attention.gated_delta",
                                   "mlp.dense",
                                   "mlp.moe",
                                   "norm",
                                   "head",
                                   "something else",
                                   "total"};
  const double crowd = between(-1, 4);
  for (int i = count(1, 40); i > 0; --i) {
    const double intensity = count(0, 1) == 1 ? decade(crowd, crowd + 0.3) : decade(-1, 4);
    out.points.push_back({.label = fmt::format("operator_{}", count(1, 30)),
                          .kind = kinds[count(0, 8)],
                          .intensity = FlopsPerByte(intensity),
                          .rate = FlopsPerSecond(std::min(1e12 * intensity, 1e14)),
                          .share = between(0, 0.1),
                          .bound = "memory"});
  }
  if (count(0, 2) == 0) {
    PictureTrack track{.label = "batch", .kind = "total", .stops = {}};
    for (int i = 0; i < 8; ++i) {
      const double intensity = std::pow(2, i);
      track.stops.push_back({fmt::format("{}", 1 << i), FlopsPerByte(intensity),
                             FlopsPerSecond(std::min(1e12 * intensity, 1e14))});
    }
    out.tracks.push_back(track);
  }
  return out;
}

}  // namespace attncalc
