// SPDX-License-Identifier: Apache-2.0
//
// What the processor that we run on can do, as far as the kernels choose by it: which instructions
// exist and may be used, its cores, its caches. Nothing here is measured.
#pragma once

#include <string>
#include <vector>

#include "base/units.hpp"

namespace attncalc {

struct CpuFeatures {
  bool avx512 = false;       // F, BW, DQ and VL, and an operating system that keeps the registers
  bool avx512_bf16 = false;  // dot products of pairs of bf16
  bool avx512_vnni = false;  // dot products of fours of int8
  bool amx_bf16 = false;     // tiles; the kernel has let this process use them
  bool amx_int8 = false;
};
const CpuFeatures& cpu_features();

struct CacheLevel {
  int level = 1;
  Bytes capacity;  // of one such cache
  int cores = 1;   // that share it
};

struct Cpu {
  std::string name;
  std::vector<int> cores;  // that this process may run on
  std::vector<CacheLevel> caches;
};
Cpu this_cpu();

}  // namespace attncalc
