// SPDX-License-Identifier: Apache-2.0
//
// Operators on a machine. A row takes as long as its longest demand at the ceiling that it meets,
// and rows run one after the other:
//
//   time(row) = max(matrix FLOPs / peak, vector work / vector rate, bytes / memory, link, overhead)
//   serial    = Σ time(row)                                            docs/model.md, "Roofline"
//
// Ceilings are a data sheet's. What to expect of them is roofline/estimate.hpp; what nothing real
// can beat is roofline/bound.hpp.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "hardware/device.hpp"
#include "model/cost.hpp"

namespace attncalc {

enum class Bound : std::uint8_t { compute, vector, memory, link, overhead };
constexpr std::array<std::string_view, 5> words(Bound) {
  return {"compute", "vector", "memory", "link", "overhead"};
}

// Times below which no operator goes whatever it does; nothing unless somebody says so.
struct Latencies {
  Seconds launch;  // of one operator in one layer
  Seconds hop;     // of one step of a collective
};

// What one device can do at most, for the formats of a run. Absent: the profile has no figure, and
// no row meets that ceiling. Peaks point into the device, which must outlive this.
struct Ceilings {
  std::optional<BytesPerSecond> memory;
  std::optional<BytesPerSecond> inner;  // the slowest cache level: all traffic passes it too
  std::optional<FlopsPerSecond> vector;
  std::optional<FlopsPerSecond> exponentials;
  std::optional<BytesPerSecond> link;
  Latencies latencies;
  Placement placement;                // how many steps a collective takes
  const Peak* activations = nullptr;  // products of two activations
  const Peak* cache = nullptr;
  const Peak* index = nullptr;
  const Peak* state = nullptr;
  std::vector<const Peak*> weights;  // by Op::weight_format
  std::vector<double> packed;        // by it: elements a byte where they are below 8 bits, else 0

  const Peak* of(const Op& op) const;
};
Ceilings ceilings_of(const Device& device, const CostFormats& formats,
                     const std::vector<Format>& weight_formats, const Latencies& latencies = {});

// What a row would take at each ceiling alone, and which of them decides.
struct RowTime {
  Seconds seconds;
  Bound bound = Bound::memory;
  Seconds compute, vector, memory, link, overhead;
};
RowTime row_time(const Op& op, const Ceilings& ceilings);

struct RooflineTimes {
  std::vector<RowTime> rows;  // in the order of the operators
  Seconds serial;
};
void time_rows(std::span<const Op> ops, const Ceilings& ceilings, RooflineTimes& out);

}  // namespace attncalc
