// SPDX-License-Identifier: Apache-2.0
//
// A profile of the CPU that we run on, from what Linux says: name, cores, caches, instructions,
// memory. Peaks are worked out as clock × cores × lanes × units × 2, and each says so; nothing is
// measured, so memory has no bandwidth here, and a roofline from such a profile has no slope until
// somebody measures one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "hardware/device.hpp"

namespace attncalc {

struct CpuCache {
  int level = 1;
  Bytes capacity;  // of all of them together
  int count = 0;
};

struct CpuFacts {
  std::string name;
  std::string vendor;  // "AuthenticAMD"; empty on Arm
  int family = 0;
  std::vector<std::string> flags;  // of instructions, as /proc/cpuinfo has them
  std::int64_t cores = 0;          // not hardware threads
  std::optional<double> hertz;
  bool hertz_is_maximum = false;  // else: what a core ran at when we looked
  std::vector<CpuCache> caches;   // data and unified ones, the largest level first
  std::optional<Bytes> memory;    // that the kernel manages
};

// `root` is "/" but in tests. Errors: no /proc/cpuinfo there.
Result<CpuFacts> read_cpu_facts(const std::string& root = "/");

Device detected_device(const CpuFacts& facts);

}  // namespace attncalc
