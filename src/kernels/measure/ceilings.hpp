// SPDX-License-Identifier: Apache-2.0
//
// What this machine reaches when a loop does one thing only: bytes a second from each cache level
// and from memory, operations a second of each kind. Each ceiling is the best of several ways to do
// it, and says which: a roof that is too low makes a good kernel exceed it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/cpu.hpp"
#include "kernels/measure/race.hpp"

namespace attncalc {

enum class CeilingName : std::uint8_t {
  read,
  copy,   // bytes read and written
  triad,  // likewise
  fma_fp32,
  bf16_dot,
  amx_bf16,
  amx_bf16_loads,  // with a tile loaded from L1 for each product
  amx_int8,
  int8_dot,
  exp,
  convert,
};
constexpr std::array<std::string_view, 11> words(CeilingName) {
  return {"read",           "copy",     "triad",    "fma_fp32", "bf16_dot", "amx_bf16",
          "amx_bf16_loads", "amx_int8", "int8_dot", "exp",      "convert"};
}
enum class CeilingUnit : std::uint8_t { bytes, flops, values };
constexpr std::array<std::string_view, 3> words(CeilingUnit) {
  return {"bytes", "flops", "values"};
}

// One way to reach for a ceiling. The job keeps what it works on.
struct CeilingVariant {
  std::string name;  // "4 streams, prefetch 4096 B ahead"
  Contestant contestant;
};

struct CeilingPlan {
  CeilingName name = CeilingName::read;
  std::string level;  // "L1", "L2", "L3", "DRAM"; empty for arithmetic
  CeilingUnit unit = CeilingUnit::bytes;
  std::function<std::vector<CeilingVariant>()> variants;  // allocates what they work on
};
// All that this processor has, for so many workers together.
std::vector<CeilingPlan> ceiling_plans(const Cpu& cpu, const CpuFeatures& features, int workers);
// Only those of memory and arithmetic that kernels are held against.
bool is_roof(const CeilingPlan& plan);

struct Ceiling {
  CeilingName name = CeilingName::read;
  std::string level;
  CeilingUnit unit = CeilingUnit::bytes;
  int workers = 1;
  double rate = 0;  // a second, of all workers together
  double spread = 0;
  int kept = 0, discarded = 0;
  std::string variant = {};
  Contestant contestant = {};  // the best one, to race kernels against
};
Ceiling measure_ceiling(Workers& workers, const CeilingPlan& plan, const RaceOptions& options);

// Whether tiles are throttled, by the part of the products' rate that is left when each also loads
// a tile: about 1 where the two overlap, below 0.8 where they wait for one another.
struct TileState {
  double loads_over_products = 0;
  bool throttled() const { return loads_over_products < 0.8; }
};

}  // namespace attncalc
