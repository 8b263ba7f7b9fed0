// SPDX-License-Identifier: Apache-2.0
//
// Cutting layers. Which dimensions are cut is a rule by their names, the same for every kind; a law
// over the whole catalog holds the parts to the splits that the tensors themselves declare.
#include "model/sharding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace attncalc {
namespace {

// Divided evenly; a tp that does not divide them is refused beforehand.
constexpr std::array<std::string_view, 6> divided = {"heads", "key_heads", "value_heads",
                                                     "inner", "channels",  "width"};
// Dealt out, and copied where there are fewer than ranks.
constexpr std::array<std::string_view, 3> dealt_out = {"kv_heads", "groups", "o_groups"};

template <std::size_t n>
bool is_one_of(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::int64_t at_least_one(std::int64_t whole, std::int64_t ways, std::int64_t index) {
  return ways > whole ? std::min<std::int64_t>(whole, 1) : share_of(whole, ways, index).count;
}

struct Cutter {
  std::int64_t ways, index;

  void operator()(std::string_view name, Dim& dim) const {
    if (is_one_of(divided, name)) dim = share_of(dim, ways, index).count;
    if (is_one_of(dealt_out, name)) dim = at_least_one(dim, ways, index);
  }
  template <class T>
  void operator()(std::string_view, T&) const {}
};

// Experts that stand on fewer ranks than a replica has are cut across the rest of it.
std::int64_t ways_of_expert(const Placement& p) { return p.ep < p.tp ? p.tp / p.ep : 1; }

ChannelMixer part_of(const ChannelMixer& channel, const Placement& p, const Rank& rank) {
  ChannelMixer out = channel;
  const auto cut = [&](Dim& width, std::int64_t ways, std::int64_t index) {
    if (width > 0) width = share_of(width, ways, index).count;
  };
  if (auto* d = std::get_if<Dense>(&out)) cut(d->intermediate, p.tp, rank.tp);
  if (auto* m = std::get_if<Moe>(&out)) {
    const std::int64_t ways = ways_of_expert(p);
    cut(m->intermediate, ways, rank.tp % ways);
    cut(m->shared_intermediate, p.tp, rank.tp);
    cut(m->dense_beside, p.tp, rank.tp);
  }
  return out;
}

bool has_experts(const Model& model) {
  return std::ranges::any_of(model.decoder.distinct, [](const Layer& layer) {
    return std::holds_alternative<Moe>(layer.channel);
  });
}

}  // namespace

Share share_of(std::int64_t whole, std::int64_t ways, std::int64_t index) {
  const std::int64_t each = whole / ways;
  const std::int64_t left = whole % ways;
  return {index * each + std::min(index, left), each + (index < left ? 1 : 0)};
}

Layer part_of(const Layer& layer, const Placement& p, const Rank& rank) {
  Layer out = layer;
  if (p.tp > 1) {
    for (Kind& kind : out.mixers) {
      std::visit(
          [&](auto& k) {
            std::decay_t<decltype(k)>::fields(k, Cutter{p.tp, rank.tp});
          },
          kind);
    }
  }
  out.channel = part_of(layer.channel, p, rank);
  return out;
}

ExpertShare expert_share(const Moe& moe, const Placement& p, const Rank& rank) {
  const std::int64_t replicas = p.ep > p.tp ? p.ep / p.tp : 1;
  const std::int64_t index =
      p.ep > p.tp ? rank.dp % replicas * p.tp + rank.tp : rank.tp / ways_of_expert(p);
  const auto held = static_cast<double>(share_of(moe.experts, p.ep, index).count);
  return {.held = held / static_cast<double>(moe.experts.value),
          .pool = static_cast<double>(replicas)};
}

StagedModel staged(const Model& model, Dim pp) {
  StagedModel out{.model = model, .stage_of = {}};
  Stack& decoder = out.model.decoder;
  const std::vector<std::uint32_t> order = decoder.order;
  const std::vector<Layer> distinct = std::move(decoder.distinct);
  decoder.distinct.clear();
  for (std::int64_t stage = 0; stage < pp; ++stage) {
    const Share layers = share_of(static_cast<std::int64_t>(order.size()), pp, stage);
    std::vector<std::optional<std::uint32_t>> place(distinct.size());
    for (std::int64_t i = layers.first; i < layers.first + layers.count; ++i) {
      const std::uint32_t old = order[static_cast<std::size_t>(i)];
      if (!place[old]) {
        place[old] = static_cast<std::uint32_t>(decoder.distinct.size());
        decoder.distinct.push_back(distinct[old]);
        out.stage_of.push_back(stage);
      }
      decoder.order[static_cast<std::size_t>(i)] = *place[old];
    }
  }
  return out;
}

std::vector<std::string> operator_placement_faults(const Model& model, const Placement& p) {
  std::vector<std::string> faults = placement_faults(model, p);
  if (!faults.empty()) return faults;
  const std::int64_t ranks = (Count(p.dp) * Count(p.tp)).value;
  if (p.ep > 1 && !has_experts(model)) {
    faults.push_back(fmt::format("ep is {}; the model has no experts", p.ep.value));
  } else if (p.ep > ranks) {
    faults.push_back(fmt::format("ep is {}; dp × tp is {} ranks", p.ep.value, ranks));
  } else if (p.tp % p.ep != 0 && p.ep % p.tp != 0) {
    faults.push_back(fmt::format("ep is {}; it must divide tp, {}, or be a multiple of it",
                                 p.ep.value, p.tp.value));
  } else if (p.ep > p.tp && p.dp % (p.ep / p.tp) != 0) {
    faults.push_back(
        fmt::format("ep is {}; dp × tp, {}, must be a multiple of it", p.ep.value, ranks));
  }
  return faults;
}

}  // namespace attncalc
