// SPDX-License-Identifier: Apache-2.0
//
// From what a CPU has to what it could do at most. How many units a core has is not told by any
// instruction, so that is an assumption, and one that is rather too high: a ceiling may not be
// below what is measured.
#include "hardware/detect.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/unit_text.hpp"

namespace attncalc {
namespace {

class PeakMaker {
 public:
  PeakMaker(const CpuFacts& facts, std::vector<Peak>& peaks) : facts_(facts), peaks_(peaks) {}

  void make() {
    if (!facts_.hertz || facts_.cores == 0) return;
    if (has("avx512f")) {
      vectors(512, has_full_avx512() ? 2 : 1, "AVX-512");
    } else if (has("avx2") && has("fma")) {
      vectors(256, 2, "AVX2");
    } else if (has("asimd")) {
      vectors(128, 4, "Advanced SIMD");  // two on small cores, four on large ones
    } else {
      return;
    }
    dot_products();
    tiles();
  }

 private:
  bool has(std::string_view flag) const {
    return std::ranges::find(facts_.flags, flag) != facts_.flags.end();
  }

  // Zen 4 (family 25) does 512 bits in two steps: one unit of them, in effect.
  bool has_full_avx512() const {
    constexpr int zen4_family = 25;
    return facts_.vendor != "AuthenticAMD" || facts_.family != zen4_family;
  }

  // Lanes of fp32, each a multiply-add a clock.
  void vectors(int bits, int units_a_core, std::string_view what) {
    lanes_ = bits / math_bits(MathType::fp32);
    units_ = units_a_core;
    what_ = what;
    add(MathUnit::vector, MathType::fp32, MathType::fp32, 1, what_);
    if (has("asimdhp") || has("avx512_fp16")) {
      add(MathUnit::vector, MathType::fp16, MathType::fp16, 2, "fp16 in it");
    }
  }

  // Instructions that add up two or four neighbouring products in each lane, or a small matrix.
  void dot_products() {
    if (has("avx512_bf16") || has("avx_ne_convert")) {
      add(MathUnit::tensor, MathType::bf16, MathType::fp32, 2, "VDPBF16PS");
    } else if (has("bf16")) {
      add(MathUnit::tensor, MathType::bf16, MathType::fp32, 4, "BFMMLA");
    }
    if (has("amx_int8")) return;
    if (has("avx512_vnni") || has("avx_vnni")) {
      add(MathUnit::tensor, MathType::int8, MathType::int32, 4, "VPDPBUSD");
    } else if (has("i8mm")) {
      add(MathUnit::tensor, MathType::int8, MathType::int32, 8, "SMMLA");
    } else if (has("asimddp")) {
      add(MathUnit::tensor, MathType::int8, MathType::int32, 4, "SDOT");
    }
  }

  // One product of 16 × 16 tiles, 32 deep in bf16 and 64 in int8, every 16 clocks: 1024 and 2048
  // operations a clock (https://en.wikipedia.org/wiki/Advanced_Matrix_Extensions).
  void tiles() {
    constexpr double clocks = 16;
    constexpr double rows_and_columns = 256;
    const auto one = [&](std::string_view flag, MathType in, MathType into, double depth) {
      if (!has(flag)) return;
      std::erase_if(peaks_, [&](const Peak& p) {
        return p.unit == MathUnit::tensor && p.in == in && p.accumulate == into;
      });
      const double products = rows_and_columns * depth / clocks;
      put(MathUnit::tensor, in, into, products,
          fmt::format("AMX: {} multiply-adds a clock", products));
    };
    one("amx_bf16", MathType::bf16, MathType::fp32, 32);
    one("amx_int8", MathType::int8, MathType::int32, 64);
  }

  void add(MathUnit unit, MathType in, MathType into, int products_a_lane, std::string_view what) {
    const double products = static_cast<double>(lanes_) * units_ * products_a_lane;
    std::string basis = fmt::format("{}: {} lanes × {}", what, lanes_,
                                    units_ == 1 ? "1 unit" : fmt::format("{} units", units_));
    if (products_a_lane > 1) basis += fmt::format(" × {} products", products_a_lane);
    put(unit, in, into, products, basis + " (assumed)");
  }

  void put(MathUnit unit, MathType in, MathType into, double products, const std::string& basis) {
    const double a_clock = multiply_adds(products).value * static_cast<double>(facts_.cores);
    const std::string clock =
        fmt::format("{:.4g} GHz{}", *facts_.hertz / static_cast<double>(units::giga),
                    facts_.hertz_is_maximum ? "" : " (what it ran at)");
    peaks_.push_back({.unit = unit,
                      .in = in,
                      .accumulate = into,
                      .rate = FlopsPerSecond(a_clock * *facts_.hertz),
                      .from = {.sources = {"derived"},
                               .confidence = Confidence::low,
                               .basis = fmt::format("{} cores × {} × {} × 2 FLOP", facts_.cores,
                                                    clock, basis)}});
  }

  const CpuFacts& facts_;
  std::vector<Peak>& peaks_;
  int lanes_ = 0;
  int units_ = 0;
  std::string_view what_;
};

std::string level_name(int level) {
  constexpr int last_level = 3;
  return level >= last_level ? "llc" : fmt::format("l{}", level);
}

}  // namespace

Device detected_device(const CpuFacts& facts) {
  const Provenance from = {.sources = {"linux"}, .confidence = Confidence::high, .basis = {}};
  Device out;
  out.name = facts.name.empty() ? "this CPU" : facts.name;
  out.device_class = "cpu";
  out.confidence = Confidence::medium;
  out.memory.visible = facts.memory;
  out.memory.from = from;
  for (const CpuCache& cache : facts.caches) {
    Provenance counted = from;
    counted.basis =
        fmt::format("{} of {}", cache.count,
                    format_bytes(Bytes(cache.capacity.value.value / cache.count), UnitStyle::iec));
    out.levels.push_back({level_name(cache.level), cache.capacity, std::nullopt, counted});
  }
  PeakMaker(facts, out.peaks).make();
  out.sources = {{"linux", "/proc/cpuinfo, /proc/meminfo and /sys/devices/system/cpu"},
                 {"derived", "worked out from the clock, as each basis says; not measured"}};
  out.notes = {
      "The bandwidth of memory and caches cannot be read anywhere: measure it and add "
      "bandwidth_bytes_per_second.",
      "Peaks are what the units could do at that clock; how many units a core has is assumed."};
  return out;
}

}  // namespace attncalc
