// SPDX-License-Identifier: Apache-2.0
//
// A device as its profile describes it: dense peaks by number type, memory, cache levels, links,
// power, and what was measured or is assumed to be reachable of them, kept apart. One YAML a device
// in hardware/ (docs/hardware.md); every figure there has its source and confidence.
//
// What no source publishes is absent here, never zero: a roofline has no ceiling where a profile
// has no figure, and says so.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace attncalc {

// Number types that units of a chip multiply.
enum class MathType : std::uint8_t { fp32, tf32, fp16, bf16, fp8, fp6, fp4, int8, int4 };
constexpr std::array<std::string_view, 9> words(MathType) {
  return {"fp32", "tf32", "fp16", "bf16", "fp8", "fp6", "fp4", "int8", "int4"};
}
// Bits of one operand as memory holds it (tf32 is stored as 32).
constexpr int math_bits(MathType type) {
  constexpr std::array<int, 9> bits = {32, 32, 16, 16, 8, 6, 4, 8, 4};
  return bits[static_cast<std::size_t>(type)];
}

// Which part of a chip does it: matrix units (tensor cores, MXU, AMX), or vector lanes.
enum class MathUnit : std::uint8_t { tensor, vector };
constexpr std::array<std::string_view, 2> words(MathUnit) { return {"tensor", "vector"}; }

// Dense: structured sparsity is never in a peak. GeForce cards run fp16 into fp32 at half rate, so
// what products are added up in is a part of the key.
struct Peak {
  MathUnit unit = MathUnit::tensor;
  MathType in = MathType::bf16;
  MathType accumulate = MathType::fp32;
  FlopsPerSecond rate;
};

struct MemoryLevel {
  std::string name;                         // "l2", "sram"
  Bytes capacity;                           // of all of them together
  std::optional<BytesPerSecond> bandwidth;  // of all of them together
  std::string basis;                        // how the bandwidth was derived; may be empty
};

struct DeviceMemory {
  std::string type;              // "HBM3"
  Bytes physical;                // dies × their size
  std::optional<Bytes> visible;  // what the driver reports
  BytesPerSecond bandwidth;      // as the data sheet has it
  Bytes usable() const { return visible.value_or(physical); }
};

enum class Topology : std::uint8_t { none, switched, mesh, ring, torus };
constexpr std::array<std::string_view, 5> words(Topology) {
  return {"none", "switch", "mesh", "ring", "torus"};
}

// Rates are per direction and device.
struct Link {
  std::string name;                                // "NVLink 4", "PCIe 5.0 x16"
  BytesPerSecond rate;                             // to all peers together
  std::optional<BytesPerSecond> rate_to_one_peer;  // where one peer cannot have all of it
  Topology topology = Topology::none;
  std::optional<std::int64_t> domain = {};  // devices that it joins
};

struct Price {
  double usd_per_hour = 0;
  std::string basis;  // "median of 37 providers"
  std::string as_of;  // "2026-05-20"
};

// What is reachable of a ceiling, as a fraction of the data sheet.
enum class EfficiencyBasis : std::uint8_t { measured, estimated };
constexpr std::array<std::string_view, 2> words(EfficiencyBasis) {
  return {"measured", "estimated"};
}
struct Efficiency {
  std::string name;  // "memory_stream", "gemm_bf16", "attention_prefill", …: docs/hardware.md
  double fraction = 1;
  EfficiencyBasis basis = EfficiencyBasis::measured;
  std::string what;    // "MAMF, the best matrix shape found"
  std::string source;  // short name of the source
};

struct Device {
  std::string id;    // "h100-sxm"
  std::string name;  // "NVIDIA H100 SXM5 80GB"
  std::vector<std::string> aliases;
  std::string vendor;
  std::string device_class;  // "datacenter_gpu", "soc", "cpu", …
  std::optional<int> year;
  bool illustrative = false;  // no such device is sold: a figure from a text

  DeviceMemory memory;
  std::vector<MemoryLevel> levels;  // from memory inwards
  std::vector<Peak> peaks;
  std::optional<FlopsPerSecond> exp_rate;  // exponentials a second, where it is known
  std::optional<Link> scale_up;
  std::optional<Link> host;
  std::optional<double> watts;
  std::optional<Price> price;
  std::vector<Efficiency> efficiencies;

  std::string confidence;            // "high", "medium", "low"
  std::vector<std::string> sources;  // one line each
  std::string notes;
};

// What --hw names: so many of one device, joined by its link.
struct Machine {
  Device device;
  std::int64_t devices = 1;
  bool devices_given = false;  // "8xh100" said so
};

}  // namespace attncalc
