// SPDX-License-Identifier: Apache-2.0
//
// Asks the compiler's run-time for instructions, Linux for cores, caches and the use of tiles. On
// other systems the answers are empty and the portable kernels run on one thread.
#include "kernels/cpu.hpp"

#include <fstream>
#include <thread>

#include "base/unit_text.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace attncalc {
namespace {

#if defined(__x86_64__) && defined(__linux__)
// The kernel saves 8 KB of tiles a thread only for processes that ask: arch_prctl with
// ARCH_REQ_XCOMP_PERM for the state component of tile data (Linux, arch/x86/include/uapi/asm).
// Once, before there are threads; it fails where the kernel or the processor has no tiles.
bool may_use_tiles() {
  constexpr long request_permission = 0x1023;
  constexpr long tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

CpuFeatures detect_features() {
  CpuFeatures f;
  __builtin_cpu_init();
  f.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  f.avx512_bf16 = f.avx512 && __builtin_cpu_supports("avx512bf16");
  f.avx512_vnni = f.avx512 && __builtin_cpu_supports("avx512vnni");
  // Leaf 7, EDX: bit 22 is AMX-BF16, 24 AMX-TILE, 25 AMX-INT8 (Intel SDM, volume 2, CPUID).
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool has_leaf = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0;
  const bool tiles = has_leaf && (d >> 24 & 1U) != 0 && f.avx512_bf16 && may_use_tiles();
  f.amx_bf16 = tiles && (d >> 22 & 1U) != 0;
  f.amx_int8 = tiles && (d >> 25 & 1U) != 0;
  return f;
}
#else
CpuFeatures detect_features() { return {}; }
#endif

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

// "0-1,4" names three cores.
int count_listed(const std::string& list) {
  int count = 0;
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string part = list.substr(at, end - at);
    const std::size_t dash = part.find('-');
    count += dash == std::string::npos
                 ? 1
                 : std::stoi(part.substr(dash + 1)) - std::stoi(part.substr(0, dash)) + 1;
    at = end + 1;
  }
  return count;
}

// Linux writes the capacity as "32K".
std::vector<CacheLevel> caches_of(int core) {
  std::vector<CacheLevel> out;
  for (int index = 0;; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(core) +
                               "/cache/index" + std::to_string(index) + "/";
    const std::string level = first_line(folder + "level");
    if (level.empty()) return out;
    if (first_line(folder + "type") == "Instruction") continue;
    out.push_back({.level = std::stoi(level),
                   .capacity = kibibytes(std::stoll(first_line(folder + "size"))),
                   .cores = count_listed(first_line(folder + "shared_cpu_list"))});
  }
}

std::vector<int> usable_cores() {
  std::vector<int> cores;
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) cores.push_back(core);
    }
  }
#endif
  if (cores.empty()) cores.push_back(0);
  return cores;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect_features();
  return features;
}

Cpu this_cpu() {
  Cpu cpu{.name = cpu_name(), .cores = usable_cores(), .caches = {}};
  cpu.caches = caches_of(cpu.cores.front());
  return cpu;
}

}  // namespace attncalc
