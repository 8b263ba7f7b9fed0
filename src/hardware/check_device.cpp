// SPDX-License-Identifier: Apache-2.0
//
// The rules, one function each. Limits are wide: what they catch is off by two, by a thousand, or
// by 2^30 / 10^9.
#include "hardware/check_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/packed.hpp"
#include "base/unit_text.hpp"
#include "hardware/peaks.hpp"
#include "hardware/read_device.hpp"

namespace attncalc {
namespace {

// --- limits --------------------------------------------------------------------------------------

// Data sheets round: 733 of 362.05 TFLOPS is twice.
constexpr double ratio_tolerance = 0.03;
// Reading all of memory once takes a GPU 13 to 85 ms, a server or phone up to 2 s.
constexpr double least_sweep_seconds = 0.004;
constexpr double most_sweep_seconds = 5;
// FLOPs of 16-bit a byte of memory: 2.4 where memory is SRAM, 945 on a Jetson Thor.
constexpr double least_ridge = 1;
constexpr double most_ridge = 2000;
// A peak below a GFLOP/s or above an exaFLOP/s has lost or gained a prefix.
constexpr auto least_rate = static_cast<double>(units::giga);
constexpr double most_rate = static_cast<double>(units::tera) * static_cast<double>(units::mega);

bool about(double a, double b) { return std::abs(a - b) <= ratio_tolerance * b; }

// --- links whose rate the name says --------------------------------------------------------------

// What one direction carries. PCIe: lanes × transfers a second × the line code (128/130, from 6.0
// on 242/256 with its flits); NVLink: 25 GB/s a link, 6, 12 and 18 links, 50 GB/s from 5 on.
struct NamedLink {
  std::string_view name;
  double rate;
};
constexpr double in_gigabytes(double n) { return n * static_cast<double>(units::giga); }
constexpr NamedLink named_links[] = {
    {"PCIe 3.0 x16", in_gigabytes(15.75)}, {"PCIe 4.0 x8", in_gigabytes(15.75)},
    {"PCIe 4.0 x16", in_gigabytes(31.5)},  {"PCIe 5.0 x8", in_gigabytes(31.5)},
    {"PCIe 5.0 x16", in_gigabytes(63)},    {"PCIe 6.0 x16", in_gigabytes(121)},
    {"NVLink 2", in_gigabytes(150)},       {"NVLink 3", in_gigabytes(300)},
    {"NVLink 4", in_gigabytes(450)},       {"NVLink 5", in_gigabytes(900)},
    {"NVLink 6", in_gigabytes(1800)},
};

// --- pairs of types ------------------------------------------------------------------------------

// Halving the operand leaves the rate or doubles it. All 16-bit types are one here: where sums in
// fp32 run at half rate, those in fp16 are what 8-bit types are compared with.
struct TypePair {
  MathType narrow;
  std::array<MathType, 2> wide;
};
constexpr std::array<MathType, 2> sixteen_bits = {MathType::bf16, MathType::fp16};
constexpr TypePair type_pairs[] = {{MathType::bf16, {MathType::tf32, MathType::tf32}},
                                   {MathType::fp8, sixteen_bits},
                                   {MathType::int8, sixteen_bits},
                                   {MathType::fp4, {MathType::fp8, MathType::fp8}},
                                   {MathType::fp6, {MathType::fp8, MathType::fp8}},
                                   {MathType::int4, {MathType::int8, MathType::int8}}};

// --- checking ------------------------------------------------------------------------------------

bool is_sram(const Device& device) { return device.memory.type.find("SRAM") != std::string::npos; }

std::string_view name_of(MathType type) { return words(type)[static_cast<std::size_t>(type)]; }

class DeviceCheck {
 public:
  DeviceCheck(const FoundDevice& found, Device device, std::vector<Device> catalog)
      : document_(found.document), device_(std::move(device)), catalog_(std::move(catalog)) {}

  CheckedDevice run() {
    check_memory_size();
    check_sweep();
    check_ridge();
    check_levels();
    for (std::size_t i = 0; i < device_.peaks.size(); ++i) check_peak(i);
    check_link("scale_up", device_.scale_up);
    check_link("host", device_.host);
    return {document_.file, std::move(device_), std::move(findings_)};
  }

 private:
  void find(const Node& at, std::string message, std::string hint) {
    findings_.push_back(document_.problem(at, std::move(message), std::move(hint)));
  }

  // What reading has already seen to be there.
  const Node& memory_node(std::string_view key) const {
    return *document_.root.find("memory")->find(key);
  }
  const Node& rate_node(std::size_t peak) const {
    return *document_.root.find("peaks")->children[peak].find("flops_per_second");
  }
  const Node& link_node(std::string_view link) const {
    return *document_.root.find("links")->find(link)->find("bytes_per_second_each_way");
  }

  // --- memory ------------------------------------------------------------------------------------

  // Dies hold a power of two; what is a round number of 10^9 and no such sum was typed as GB.
  void check_memory_size() {
    const auto& [physical, visible] = std::pair(device_.memory.physical, device_.memory.visible);
    constexpr std::int64_t smallest_die = units::gibi / 4;
    if (physical && !is_sram(device_)) {
      const std::int64_t size = physical->value.value;
      if (size % units::giga == 0 && size % smallest_die != 0) {
        const std::int64_t meant = size / units::giga * units::gibi;
        find(memory_node("physical_bytes"),
             fmt::format("physical_bytes is {} × 10^9, and dies hold powers of two",
                         size / units::giga),
             fmt::format("{} GiB is {}", size / units::giga, meant));
      }
    }
    if (physical && visible && *visible > *physical) {
      find(memory_node("visible_bytes"),
           fmt::format("visible_bytes is more than physical_bytes, {}", physical->value.value),
           "a driver reports a part of what is there");
    }
  }

  void check_sweep() {
    const auto& memory = device_.memory;
    if (!memory.bandwidth || !memory.physical || is_sram(device_)) return;
    const double seconds = (*memory.physical / *memory.bandwidth).value;
    if (seconds >= least_sweep_seconds && seconds <= most_sweep_seconds) return;
    find(memory_node("bandwidth_bytes_per_second"),
         fmt::format("at this bandwidth all of memory is read in {:.3g} s", seconds),
         fmt::format("devices take {} to {} s; is a prefix missing? 3.35e12 is 3.35 TB/s",
                     least_sweep_seconds, most_sweep_seconds));
  }

  void check_ridge() {
    const std::optional<FlopsPerByte> balance = ridge(device_);
    if (!balance || (balance->value >= least_ridge && balance->value <= most_ridge)) return;
    find(memory_node("bandwidth_bytes_per_second"),
         fmt::format("the 16-bit peak is {:.3g} FLOPs for each byte of this bandwidth",
                     balance->value),
         fmt::format("devices have {} to {}; one of the two has a wrong prefix", least_ridge,
                     most_ridge));
  }

  void check_levels() {
    const Node* list = document_.root.find("levels");
    for (std::size_t i = 0; i < device_.levels.size(); ++i) {
      const MemoryLevel& level = device_.levels[i];
      const Node& node = list->children[i];
      if (device_.memory.physical && level.capacity > *device_.memory.physical) {
        find(*node.find("bytes"), fmt::format("{} is larger than memory", level.name),
             "bytes, not KiB or MiB");
      }
      if (level.bandwidth && device_.memory.bandwidth &&
          *level.bandwidth < *device_.memory.bandwidth) {
        find(*node.find("bandwidth_bytes_per_second"),
             fmt::format("{} is slower than memory", level.name),
             "the bandwidth of all units together is meant");
      }
    }
  }

  // --- peaks -------------------------------------------------------------------------------------

  void check_peak(std::size_t i) {
    const Peak& peak = device_.peaks[i];
    if (peak.rate.value < least_rate || peak.rate.value > most_rate) {
      find(rate_node(i), fmt::format("{:g} FLOP/s is no device's peak", peak.rate.value),
           "is a prefix missing? 989.4e12 is 989.4 TFLOP/s");
      return;
    }
    if (document_.root.find("peaks")->children[i].find("why")) return;
    check_ratio(i);
    check_against_catalog(i);
  }

  const Peak* fastest_of(const std::array<MathType, 2>& types) const {
    const Peak* first = fastest_peak(device_, MathUnit::tensor, types[0]);
    const Peak* second = fastest_peak(device_, MathUnit::tensor, types[1]);
    if (first == nullptr || second == nullptr) return first ? first : second;
    return second->rate > first->rate ? second : first;
  }

  void check_ratio(std::size_t i) {
    const Peak& peak = device_.peaks[i];
    if (peak.unit != MathUnit::tensor || fastest_peak(device_, peak.unit, peak.in) != &peak) return;
    for (const TypePair& pair : type_pairs) {
      if (pair.narrow != peak.in) continue;
      const Peak* wide = fastest_of(pair.wide);
      if (!wide) continue;
      const double ratio = peak.rate.value / wide->rate.value;
      if (about(ratio, 1) || about(ratio, 2)) continue;
      find(rate_node(i),
           fmt::format("the {} peak is {:.3g} times that of {}", name_of(pair.narrow), ratio,
                       name_of(wide->in)),
           "1 and 2 are usual; if it is so, say `why:` at this peak");
      return;
    }
  }

  // Who has twice what a part of the same name or with the same memory has sells sparsity (or sums
  // in a narrower type).
  void check_against_catalog(std::size_t i) {
    const Peak& own = device_.peaks[i];
    const Device* half = nullptr;
    for (const Device& other : catalog_) {
      const auto rate = attncalc::peak(other, own.unit, own.in, own.accumulate);
      if (!rate) continue;
      if (about(own.rate.value, rate->value)) return;
      if (about(own.rate.value, 2 * rate->value)) half = &other;
    }
    if (half == nullptr) return;
    find(rate_node(i),
         fmt::format("this is twice the dense {} peak of {}", name_of(own.in), half->id),
         "is it with sparsity, or added up in a narrower type? peaks are dense");
  }

  // --- links -------------------------------------------------------------------------------------

  void check_link(std::string_view key, const std::optional<Link>& link) {
    if (!link) return;
    for (const NamedLink& known : named_links) {
      if (!link->name.starts_with(known.name) || !about(link->rate.value, 2 * known.rate)) continue;
      find(link_node(key),
           fmt::format("{} is both directions of {} together", format_rate(link->rate), known.name),
           fmt::format("one direction is {}", format_rate(BytesPerSecond(known.rate))));
    }
    check_link_against_catalog(key, *link);
    if (link->rate_to_one_peer && *link->rate_to_one_peer > link->rate) {
      find(link_node(key), "one peer gets more than all peers together",
           "bytes_per_second_each_way is to all of them");
    }
  }

  // For links whose name does not say a rate (xGMI, ICI, NeuronLink).
  void check_link_against_catalog(std::string_view key, const Link& link) {
    const Device* half = nullptr;
    for (const Device& other : catalog_) {
      const std::optional<Link>& theirs = key == "host" ? other.host : other.scale_up;
      if (!theirs) continue;
      if (about(link.rate.value, theirs->rate.value)) return;
      if (about(link.rate.value, 2 * theirs->rate.value)) half = &other;
    }
    if (half == nullptr || has_named_rate(link)) return;
    find(link_node(key), fmt::format("this is twice what {} carries in one direction", half->id),
         "is it both directions together?");
  }

  static bool has_named_rate(const Link& link) {
    return std::ranges::any_of(
        named_links, [&](const NamedLink& known) { return link.name.starts_with(known.name); });
  }

  const Document& document_;
  Device device_;
  std::vector<Device> catalog_;  // what this device may be compared with
  Problems findings_;
};

// --- what a device may be compared with ----------------------------------------------------------

bool has_name(const Device& device, std::string_view name) {
  const auto same = [&](std::string_view own) { return catalog_key(own) == catalog_key(name); };
  return same(device.id) || std::ranges::any_of(device.aliases, same);
}

bool has_like_memory(const Device& a, const Device& b) {
  constexpr double same_memory = 0.1;
  const auto near = [](double x, double y) { return std::abs(x - y) <= same_memory * y; };
  if (!a.memory.bandwidth || !b.memory.bandwidth || !a.memory.physical || !b.memory.physical) {
    return false;
  }
  return near(a.memory.bandwidth->value, b.memory.bandwidth->value) &&
         near(static_cast<double>(a.memory.physical->value.value),
              static_cast<double>(b.memory.physical->value.value));
}

// Its namesakes; where it has none, all with about the same memory. The vendor must not differ.
std::vector<Device> like_devices(const Device& device, const std::vector<Device>& catalog) {
  std::vector<Device> named;
  std::vector<Device> alike;
  for (const Device& other : catalog) {
    if (other.illustrative) continue;
    if (has_name(other, device.id)) named.push_back(other);
    if (!device.vendor.empty() && device.vendor != other.vendor) continue;
    if (has_like_memory(device, other)) alike.push_back(other);
  }
  return named.empty() ? alike : named;
}

}  // namespace

Result<CheckedDevice> check_device(const FoundDevice& found, const std::vector<Device>& catalog) {
  Result<Device> device = read_device(found.document);
  if (!device) return device.problems();
  std::vector<Device> like = like_devices(*device, catalog);
  return DeviceCheck(found, *std::move(device), std::move(like)).run();
}

}  // namespace attncalc
