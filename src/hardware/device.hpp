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
#include "model/model.hpp"

namespace attncalc {

// Number types that units of a chip multiply or add up in.
enum class MathType : std::uint8_t { fp32, tf32, fp16, bf16, fp8, fp6, fp4, int8, int4, int32 };
constexpr std::array<std::string_view, 10> words(MathType) {
  return {"fp32", "tf32", "fp16", "bf16", "fp8", "fp6", "fp4", "int8", "int4", "int32"};
}
// Bits of one operand as memory holds it (tf32 is stored as 32).
constexpr int math_bits(MathType type) {
  constexpr std::array<int, 10> bits = {32, 32, 16, 16, 8, 6, 4, 8, 4, 32};
  return bits[static_cast<std::size_t>(type)];
}

// Which part of a chip does it: what only adds up products (tensor cores, MXU, AMX, instructions
// for dot products and small matrices), or vector lanes, which do everything.
enum class MathUnit : std::uint8_t { tensor, vector };
constexpr std::array<std::string_view, 2> words(MathUnit) { return {"tensor", "vector"}; }

// How sure a figure is: read from a source that others confirm, from one source or derived, or
// from memory or against other sources.
enum class Confidence : std::uint8_t { high, medium, low };
constexpr std::array<std::string_view, 3> words(Confidence) { return {"high", "medium", "low"}; }

// Where a figure is from: short names of sources, which Device::sources spells out. A profile of a
// user's own may leave it out.
struct Provenance {
  std::vector<std::string> sources = {};
  Confidence confidence = Confidence::medium;
  std::string basis = {};  // how it was derived, or why it is odd; may be empty
};

// Dense: structured sparsity is never in a peak. GeForce cards run fp16 into fp32 at half rate, so
// what products are added up in is a part of the key.
struct Peak {
  MathUnit unit = MathUnit::tensor;
  MathType in = MathType::bf16;
  MathType accumulate = MathType::fp32;
  FlopsPerSecond rate;
  Provenance from = {};
};

struct MemoryLevel {
  std::string name;                         // "llc", "l2", "sram"
  Bytes capacity;                           // of all of them together
  std::optional<BytesPerSecond> bandwidth;  // of all of them together
  Provenance from = {};
};

struct DeviceMemory {
  std::string type;                         // "HBM3"
  std::optional<Bytes> physical;            // dies × their size
  std::optional<Bytes> visible;             // what the driver reports
  std::optional<BytesPerSecond> bandwidth;  // as the data sheet has it; absent until measured
  Provenance from = {};
  std::optional<Bytes> usable() const { return visible ? visible : physical; }
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
  Provenance from = {};
};

struct Price {
  double usd_per_hour = 0;
  std::string as_of;  // "2026-05-20", or how old it is known to be at least
  Provenance from = {};
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

struct DeviceSource {
  std::string name;  // "stas"
  std::string text;  // what it is, with its date
};

// An alias that people use for several parts, and which ones: it is understood, with a warning.
struct AmbiguousName {
  std::string alias;
  std::string others;  // "h100-pcie (2.04 TB/s) and h100-nvl (3.94 TB/s)"
};

struct Device {
  std::string id;    // "h100-sxm"
  std::string name;  // "NVIDIA H100 SXM5 80GB"
  std::vector<std::string> aliases;
  std::vector<AmbiguousName> ambiguous;
  std::string vendor;
  std::string device_class;  // one of device_classes
  std::optional<int> year;
  bool illustrative = false;  // no such device is sold: a figure from a text

  DeviceMemory memory;
  std::vector<MemoryLevel> levels;  // from memory inwards
  std::vector<Peak> peaks;
  std::optional<FlopsPerSecond> exp_rate;  // exponentials a second, where it is known
  Provenance exp_from;
  std::optional<Link> scale_up;
  std::optional<Link> host;
  std::optional<double> watts;
  Provenance watts_from;
  std::optional<Price> price;
  std::vector<Efficiency> efficiencies;

  Confidence confidence = Confidence::medium;  // of the device as a whole
  std::vector<DeviceSource> sources;
  std::vector<std::string> notes;  // figures that look odd, and where sources disagree
};

inline constexpr std::array<std::string_view, 11> device_classes = {"datacenter_gpu",
                                                                    "workstation_gpu",
                                                                    "consumer_gpu",
                                                                    "tpu",
                                                                    "accelerator",
                                                                    "sram_accelerator",
                                                                    "soc",
                                                                    "phone_soc",
                                                                    "sbc",
                                                                    "cpu",
                                                                    "generic"};

// What --hw names: so many of one device, joined by its link.
struct Machine {
  Device device;
  std::int64_t devices = 1;
  bool devices_given = false;     // "8xh100" said so
  std::string source;             // "catalog:h100-sxm", or the file
  std::vector<Warning> warnings;  // an ambiguous name, figures that are illustrative
};

}  // namespace attncalc
