// SPDX-License-Identifier: Apache-2.0
//
// The compulsory part of a step's rows.
#include "roofline/bound.hpp"

#include <algorithm>

#include "roofline/products.hpp"

namespace attncalc {
namespace {

struct Demand {
  Bytes memory;
  Flops flops;
  Seconds compute;
};

// A table's rows may be in a cache; states may be updated in fewer steps than our scan takes, and
// on any unit: no product of theirs is held against anybody.
bool is_compulsory_product(const Op& op) {
  return op.unit == OpUnit::matrix && op.name != OpName::chunk_scan;
}

Bytes compulsory_bytes(const Op& op, Phase phase) {
  const Bytes weights = op.name == OpName::embed ? Bytes() : op.weights;
  // A prompt's own keys need not be read back: their writing is in the same row or in k_proj's.
  const bool reads = phase == Phase::decode;
  return weights + op.kv_write + (reads ? op.kv_read : Bytes());
}

Demand compulsory(const CostFigures& figures, Phase phase, const Ceilings& ceilings) {
  Demand out;
  Bytes read;
  Bytes written;
  for (const Op& op : figures.ops) {
    out.memory += compulsory_bytes(op, phase);
    read += op.kv_read;
    written += op.kv_write;
    if (!is_compulsory_product(op)) continue;
    out.flops += op.flops;
    if (const Peak* peak = ceilings.of(op)) out.compute += op.flops / peak->rate;
  }
  if (phase == Phase::prefill && read > written) out.memory += read - written;
  return out;
}

// Each resource may be served by another form.
Demand least_of(const Demand& a, const Demand& b) {
  return {.memory = std::min(a.memory, b.memory),
          .flops = std::min(a.flops, b.flops),
          .compute = std::min(a.compute, b.compute)};
}

bool has_latent(const CostPlan& plan) {
  const auto in = [](const PlannedLayer& layer) {
    return std::ranges::any_of(layer.mixers, [](const PlannedMixer& mixer) {
      return std::holds_alternative<Latent>(*mixer.kind);
    });
  };
  return std::ranges::any_of(plan.layers, in) || std::ranges::any_of(plan.draft, in);
}

std::vector<Conventions> forms_of(const CostPlan& plan, const Conventions& asked) {
  Conventions one{.all_logits = asked.all_logits,
                  .mtp = asked.mtp,
                  .endless_batch = asked.endless_batch,
                  .mla = MlaForm::absorbed,
                  .experts = ExpertsRead::least};
  std::vector<Conventions> out = {one};
  if (!has_latent(plan)) return out;
  one.mla = MlaForm::expanded;
  out.push_back(one);
  return out;
}

BoundTime longest(const Demand& d, const Ceilings& c) {
  BoundTime t{
      .seconds = {}, .compute = d.compute, .memory = {}, .bytes = d.memory, .flops = d.flops};
  if (c.memory) t.memory = d.memory / *c.memory;
  t.seconds = std::max(t.compute, t.memory);
  if (t.seconds == t.compute) t.bound = Bound::compute;
  if (t.seconds == t.memory) t.bound = Bound::memory;
  return t;
}

}  // namespace

Ceilings bound_ceilings(const Device& device, const CostFormats& formats,
                        const std::vector<Format>& weight_formats) {
  Ceilings out = ceilings_of(device, formats, weight_formats);
  const auto peak = [&](const Format& other) {
    return bound_peak(device, formats.activation, other);
  };
  out.activations = peak(formats.activation);
  out.cache = peak(formats.kv.cache);
  out.index = peak(formats.kv.index_key);
  out.state = peak(formats.kv.state);
  std::ranges::transform(weight_formats, out.weights.begin(), peak);
  return out;
}

Result<BoundTime> bound_time(const CostPlan& plan, const Conventions& asked, Phase phase,
                             const Ceilings& ceilings, const CostOf& cost_of) {
  std::optional<Demand> cheapest;
  for (const Conventions& form : forms_of(plan, asked)) {
    const Result<CostFigures> figures = cost_of(form);
    if (!figures) return figures.problems();
    const Demand demand = compulsory(*figures, phase, ceilings);
    cheapest = cheapest ? least_of(*cheapest, demand) : demand;
  }
  return longest(*cheapest, ceilings);
}

}  // namespace attncalc
