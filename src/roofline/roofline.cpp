// SPDX-License-Identifier: Apache-2.0
//
// Demands divided by ceilings, row by row, and the choice of the ceilings that a row meets.
#include "roofline/roofline.hpp"

#include <algorithm>

#include "attention/vector_work.hpp"
#include "model/collectives.hpp"
#include "roofline/products.hpp"

namespace attncalc {
namespace {

// A ceiling that is not known limits nothing.
template <class Demand, class Rate>
Seconds at_ceiling(Demand demand, const std::optional<Rate>& rate) {
  return rate ? demand / *rate : Seconds();
}

std::optional<FlopsPerSecond> rate_of(const Peak* peak) {
  return peak ? std::optional(peak->rate) : std::nullopt;
}

std::optional<BytesPerSecond> slowest_level(const Device& device) {
  std::optional<BytesPerSecond> slowest;
  for (const MemoryLevel& level : device.levels) {
    if (level.bandwidth && (!slowest || *level.bandwidth < *slowest)) slowest = level.bandwidth;
  }
  return slowest;
}

bool on_matrix_unit(const Op& op) {
  return op.unit == OpUnit::matrix || op.name == OpName::attention;
}

double packed_elements_per_byte(const Format& format) {
  const double per_byte =
      static_cast<double>(format.block_elements) / static_cast<double>(format.block_bytes);
  return per_byte > 1 ? per_byte : 0;
}

// Each score takes one exponential.
Flops exponentials_of(const Op& op) {
  const bool has = op.name == OpName::softmax || op.name == OpName::cross_softmax ||
                   op.name == OpName::attention;
  return Flops(has ? op.vector_flops.value / static_cast<double>(vector_work::softmax) : 0);
}

Seconds vector_time(const Op& op, const Ceilings& c) {
  const Flops work = on_matrix_unit(op) ? op.vector_flops : op.flops + op.vector_flops;
  return std::max(at_ceiling(work, c.vector), at_ceiling(exponentials_of(op), c.exponentials));
}

}  // namespace

const Peak* Ceilings::of(const Op& op) const {
  switch (op.operands.right) {
    case Operand::weight:
    case Operand::expert_weight:
    case Operand::embedding:
      return weights[op.weight_format];
    case Operand::cache:
      return cache;
    case Operand::index:
      return index;
    case Operand::state:
      return state;
    case Operand::activation:
    case Operand::none:
      break;
  }
  return activations;
}

Ceilings ceilings_of(const Device& device, const CostFormats& formats,
                     const std::vector<Format>& weight_formats, const Latencies& latencies) {
  const auto peak = [&](const Format& other) {
    return product_peak(device, formats.activation, other);
  };
  Ceilings out{.memory = device.memory.bandwidth,
               .inner = slowest_level(device),
               .vector = rate_of(vector_peak(device)),
               .exponentials = device.exp_rate,
               .link = {},
               .latencies = latencies,
               .placement = {},
               .activations = peak(formats.activation),
               .cache = peak(formats.kv.cache),
               .index = peak(formats.kv.index_key),
               .state = peak(formats.kv.state),
               .weights = {},
               .packed = {}};
  if (const auto& link = device.scale_up ? device.scale_up : device.host) out.link = link->rate;
  for (const Format& format : weight_formats) {
    out.weights.push_back(peak(format));
    out.packed.push_back(packed_elements_per_byte(format));
  }
  return out;
}

RowTime row_time(const Op& op, const Ceilings& c) {
  RowTime t;
  if (on_matrix_unit(op)) t.compute = at_ceiling(op.flops, rate_of(c.of(op)));
  t.vector = vector_time(op, c);
  t.memory = std::max(at_ceiling(op.hbm(), c.memory), at_ceiling(op.hbm(), c.inner));
  t.link = at_ceiling(op.link, c.link);
  const auto calls = static_cast<double>(op.layers);
  const auto steps = static_cast<double>(collective_steps(op.name, c.placement));
  t.overhead = Seconds(calls * (c.latencies.launch.value + steps * c.latencies.hop.value));
  const std::array<Seconds, words(Bound{}).size()> by_bound = {t.compute, t.vector, t.memory,
                                                               t.link, t.overhead};
  // Of equal demands memory is named: it is what a roofline's slope is.
  const auto longest = std::ranges::max_element(by_bound);
  t.seconds = *longest;
  t.bound = t.memory == *longest ? Bound::memory : static_cast<Bound>(longest - by_bound.begin());
  return t;
}

void time_rows(std::span<const Op> ops, const Ceilings& ceilings, RooflineTimes& out) {
  out.rows.clear();
  out.serial = {};
  for (const Op& op : ops) {
    out.rows.push_back(row_time(op, ceilings));
    out.serial += out.rows.back().seconds;
  }
}

}  // namespace attncalc
