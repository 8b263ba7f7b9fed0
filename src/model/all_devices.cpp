// SPDX-License-Identifier: Apache-2.0
//
// A walk over ranks that evaluates each kind of rank once.
#include "model/all_devices.hpp"

#include <algorithm>

namespace attncalc {
namespace {

Op* find_row(std::vector<Op>& ops, std::uint8_t group, OpName name) {
  const auto at =
      std::ranges::find_if(ops, [&](const Op& op) { return op.group == group && op.name == name; });
  return at == ops.end() ? nullptr : &*at;
}

// `ops`, so many times, row by row. Layers are those of the model, which tensor-parallel ranks
// share and stages do not; the first rank of a stage brings them.
void add_rows(std::vector<Op>& sum, const std::vector<Op>& ops, double times, bool brings_layers) {
  const auto n = static_cast<std::int64_t>(times);
  for (const Op& op : ops) {
    Op* row = find_row(sum, op.group, op.name);
    if (!row) {
      Op fresh = op;
      fresh.gemm.reset();
      fresh.layers = 0;
      fresh.flops = fresh.vector_flops = Flops();
      fresh.weights = fresh.kv_read = fresh.kv_write = fresh.activations = fresh.link = Bytes();
      row = &sum.emplace_back(fresh);
    }
    if (brings_layers) row->layers += op.layers;
    row->flops += op.flops * times;
    row->vector_flops += op.vector_flops * times;
    row->weights += op.weights * Count(n);
    row->kv_read += op.kv_read * Count(n);
    row->kv_write += op.kv_write * Count(n);
    row->activations += op.activations * Count(n);
    row->link += op.link * Count(n);
  }
}

bool same_part(const CostPlan& a, const CostPlan& b) {
  if (a.part->layers != b.part->layers || a.head_rows != b.head_rows) return false;
  for (std::size_t i = 0; i < a.layers.size(); ++i) {
    if (a.layers[i].experts.held != b.layers[i].experts.held) return false;
  }
  return true;
}

bool same_counts(const Pass& a, const Pass& b) {
  return std::ranges::equal(a.groups, b.groups, {}, &SequenceGroup::count, &SequenceGroup::count);
}

}  // namespace

Result<CostFigures> all_devices_cost(const Model& model, const WeightFormats& weights,
                                     const Placement& p, const Pass& pass,
                                     const CostOfPlan& cost_of) {
  const auto every_cp = static_cast<double>(p.cp.value);
  CostFigures out;
  CostPlan plan;
  for (std::int64_t stage = 0; stage < p.pp; ++stage) {
    std::optional<CostFigures> last;
    std::optional<CostPlan> last_plan;
    for (std::int64_t dp = 0; dp < p.dp; ++dp) {
      for (std::int64_t tp = 0; tp < p.tp; ++tp) {
        plan = cost_plan(model, weights, p, {.tp = tp, .pp = stage, .dp = dp, .cp = 0});
        const bool alike = last && same_part(plan, *last_plan) &&
                           same_counts(replica_pass(plan, pass), replica_pass(*last_plan, pass));
        if (!alike) {
          Result<CostFigures> figures = cost_of(plan);
          if (!figures) return figures.problems();
          last = *std::move(figures);
          last_plan = plan;
        }
        add_rows(out.ops, last->ops, every_cp, tp == 0 && dp == 0);
      }
    }
  }
  keep_ops(plan, "*", out);
  return out;
}

std::vector<Op> copies_of(const std::vector<Op>& all, const std::vector<std::string>& all_groups,
                          const std::vector<Op>& whole,
                          const std::vector<std::string>& whole_groups) {
  std::vector<Op> out;
  for (Op op : all) {
    for (const Op& once : whole) {
      if (once.name != op.name || whole_groups[once.group] != all_groups[op.group]) continue;
      op.flops = op.flops - once.flops;
      op.vector_flops = op.vector_flops - once.vector_flops;
      op.weights.value.value -= once.weights.value.value;
      op.kv_read.value.value -= once.kv_read.value.value;
      op.kv_write.value.value -= once.kv_write.value.value;
      op.activations.value.value -= once.activations.value.value;
    }
    const bool differs = op.flops != Flops() || op.vector_flops != Flops() || op.link > Bytes() ||
                         op.hbm() != Bytes() || op.weights != Bytes();
    if (differs) out.push_back(op);
  }
  return out;
}

Result<std::int64_t> fullest_stage(const Model& model, const WeightFormats& weights,
                                   const Placement& p, const CostOfPlan& cost_of) {
  std::int64_t best = 0;
  Bytes most;
  for (std::int64_t stage = 0; stage < p.pp && p.pp > 1; ++stage) {
    const Result<CostFigures> figures =
        cost_of(cost_plan(model, weights, p, {.tp = 0, .pp = stage, .dp = 0, .cp = 0}));
    if (!figures) return figures.problems();
    if (figures->totals.hbm() <= most) continue;
    most = figures->totals.hbm();
    best = stage;
  }
  return best;
}

}  // namespace attncalc
