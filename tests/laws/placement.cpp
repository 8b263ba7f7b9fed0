// SPDX-License-Identifier: Apache-2.0
//
// What the devices of a placement hold and do, over all models of the catalog and every tp from 1
// to 64 that a model allows: the sum over ranks is the whole and the copies that the splits of its
// tensors call for, exactly, and nothing else.
#include "every_model.hpp"
#include "model/all_devices.hpp"
#include "model/collectives.hpp"

namespace attncalc {
namespace {

Placement tp_of(std::int64_t tp) {
  Placement p;
  p.tp = tp;
  return p;
}

template <class F>
void for_every_tp(F&& f) {
  constexpr std::int64_t most = 64;
  for (const Model& model : every_model()) {
    for (std::int64_t tp = 1; tp <= most; ++tp) {
      const Placement placement = tp_of(tp);
      if (!operator_placement_faults(model, placement).empty()) continue;
      CAPTURE(model.name, tp);
      f(model, placement);
    }
  }
}

std::vector<WeightTensor> tensors_of(const Layer& layer, Dim hidden) {
  std::vector<WeightTensor> out;
  for (const Kind& kind : layer.mixers) {
    for (const WeightTensor& t : weight_tensors(kind, hidden)) out.push_back(t);
  }
  add_weight_tensors(layer.channel, hidden, out);
  return out;
}

// The fewest KV heads or groups of a layer's mixers that are dealt out, if any.
std::vector<std::int64_t> dealt_heads(const Layer& layer) {
  std::vector<std::int64_t> out;
  const auto look = [&](std::string_view name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Dim>) {
      if (name == "kv_heads" || name == "groups" || name == "o_groups") out.push_back(value);
    }
  };
  for (const Kind& kind : layer.mixers) {
    std::visit([&](const auto& k) { std::decay_t<decltype(k)>::fields(k, look); }, kind);
  }
  return out;
}

// Whether so many elements on all ranks are what the split of a tensor calls for.
bool is_called_for(const WeightTensor& whole, std::int64_t sum, const Layer& layer,
                   std::int64_t tp) {
  const std::int64_t once = whole.elements().value.value;
  if (sum == once) return true;  // divided, whatever else it might be
  if (whole.split == Split::heads) return false;
  if (whole.split == Split::whole && sum == once * tp) return true;
  return std::ranges::any_of(dealt_heads(layer), [&](std::int64_t heads) {
    return heads < tp && sum * heads == once * tp;
  });
}

bool is_divided(OpName name) {
  switch (name) {
    case OpName::q_proj:
    case OpName::o_proj:
    case OpName::q_up:
    case OpName::qk_scores:
    case OpName::attn_values:
    case OpName::k_absorb:
    case OpName::v_absorb:
    case OpName::k_up:
    case OpName::v_up:
    case OpName::gate_proj:
    case OpName::up_proj:
    case OpName::down_proj:
    case OpName::state_update:
    case OpName::state_read:
    case OpName::lm_head:
      return true;
    default:
      return false;
  }
}

}  // namespace

TEST_CASE("ranks hold each weight once, but for copies that its split calls for") {
  for_every_tp([](const Model& model, const Placement& p) {
    for (const Layer& layer : model.decoder.distinct) {
      const std::vector<WeightTensor> whole = tensors_of(layer, model.hidden);
      std::vector<std::int64_t> sums(whole.size());
      for (std::int64_t rank = 0; rank < p.tp; ++rank) {
        const std::vector<WeightTensor> part =
            tensors_of(part_of(layer, p, {.tp = rank, .pp = 0, .dp = 0, .cp = 0}), model.hidden);
        REQUIRE(part.size() == whole.size());
        for (std::size_t i = 0; i < part.size(); ++i) sums[i] += part[i].elements().value.value;
      }
      for (std::size_t i = 0; i < whole.size(); ++i) {
        CAPTURE(whole[i].role, sums[i], whole[i].elements().value.value);
        REQUIRE(is_called_for(whole[i], sums[i], layer, p.tp));
      }
    }
  });
}

TEST_CASE("all ranks together do the whole and its copies, and never less") {
  for_every_tp([](const Model& model, const Placement& p) {
    const WeightFormats weights = *named_formats("bf16", model);
    PassRequest request = request_for(model, {.phase = Phase::decode, .context = 500, .batch = 3});
    request.conventions.experts = ExpertsRead::all;  // an expectation is rounded on every rank
    const Pass pass = pass_of(request);
    const TestFormats formats = in_bf16();
    const auto cost_of_plan = [&](const CostPlan& plan) {
      return cost_figures(plan, pass, formats.formats);
    };
    const CostPlan plan = cost_plan(model, weights, p, {});
    const CostPlan one = cost_plan(model, weights);
    const Result<CostFigures> all = all_devices_cost(model, weights, p, pass, cost_of_plan);
    const Result<CostFigures> whole = cost_of_plan(one);
    REQUIRE(all);
    REQUIRE(whole);
    Flops flops = whole->totals.flops;
    Bytes weight_bytes_sum = whole->totals.weights;
    for (const Op& copy : copies_of(all->ops, plan.groups, whole->ops, one.groups)) {
      CAPTURE(op_name(copy.name), plan.groups[copy.group]);
      REQUIRE(copy.flops.value >= 0);
      REQUIRE(copy.weights.value.value >= 0);
      // The last matrix of grouped outputs is on every rank of a group.
      const bool grouped = plan.groups[copy.group].starts_with("attention.compressed");
      if (is_divided(copy.name) && !grouped) REQUIRE(copy.flops.value == 0);
      flops += copy.flops;
      weight_bytes_sum += copy.weights;
    }
    REQUIRE(all->totals.flops == flops);
    REQUIRE(all->totals.weights == weight_bytes_sum);
  });
}

TEST_CASE("stages of a pipeline add up to the model, and send the stream on") {
  for (const Model& model : every_model()) {
    Placement p;
    p.pp = 3;
    if (!operator_placement_faults(model, p).empty()) continue;
    CAPTURE(model.name);
    const WeightFormats weights = checkpoint_formats(model);
    const Pass pass = pass_of(request_for(model, {.phase = Phase::decode, .context = 500}));
    const TestFormats formats = in_bf16();
    const auto cost_of_plan = [&](const CostPlan& plan) {
      return cost_figures(plan, pass, formats.formats);
    };
    const Result<CostFigures> all = all_devices_cost(model, weights, p, pass, cost_of_plan);
    const Result<CostFigures> whole = cost_of_plan(cost_plan(model, weights));
    REQUIRE(all);
    REQUIRE(whole);
    REQUIRE(all->totals.flops == whole->totals.flops);
    REQUIRE(all->totals.kv_read == whole->totals.kv_read);
    // Rows that are an expectation are rounded once a stage.
    const auto difference = all->totals.weights.value.value - whole->totals.weights.value.value;
    REQUIRE(std::abs(difference) <= 3 * static_cast<std::int64_t>(all->ops.size()));
    constexpr std::int64_t two_bytes = 2;
    REQUIRE(all->totals.link == bytes(2 * two_bytes * model.hidden.value));
  }
}

TEST_CASE("what all ranks store is the weights once, and the copies") {
  for (const Model& model : every_model()) {
    const bool shared = std::ranges::any_of(
        model.decoder.distinct, [](const Layer& l) { return l.weight_set || l.cache_of; });
    if (shared) continue;  // stored once, and used by several layers
    CAPTURE(model.name);
    const WeightFormats weights = checkpoint_formats(model);
    const CostPlan plan = cost_plan(model, weights);
    const Bytes expected = weight_bytes(stored_weights(model, weights)).total();
    const bool encoder =
        std::ranges::find(model.beside, "encoder", &Stack::name) != model.beside.end();
    if (!encoder) REQUIRE(stored_bytes(plan).value.value == expected.value.value);
  }
}

}  // namespace attncalc
