// SPDX-License-Identifier: Apache-2.0
//
// The part of a model that one device holds: heads, widths and vocabulary divided by tensor
// parallelism, experts by expert parallelism, layers by pipeline parallelism. A part of a layer is
// a layer (a kind with fewer heads is a kind), so every figure of a device comes from the same
// formulas as the whole's. docs/model.md, "Placement".
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/model.hpp"
#include "model/placement.hpp"

namespace attncalc {

// Part `index` of `whole` things dealt out in order to `ways`, the first of which take one more.
struct Share {
  std::int64_t first = 0;
  std::int64_t count = 0;
};
Share share_of(std::int64_t whole, std::int64_t ways, std::int64_t index);

// What a tensor-parallel rank holds of a layer. Heads divide; KV heads and groups are dealt out, at
// least one to each; what no rank can cut stays whole. Experts stay as many as they are: how many
// of them a rank holds is its share.
Layer part_of(const Layer& layer, const Placement& placement, const Rank& rank);

// Of the experts of one layer: the fraction that a rank holds, and how many replicas' tokens meet
// at them.
struct ExpertShare {
  double held = 1;
  double pool = 1;
};
ExpertShare expert_share(const Moe& moe, const Placement& placement, const Rank& rank);

// The model with each distinct layer once for every stage that has it, so that formats and figures
// are told apart by stage.
struct StagedModel {
  Model model;
  std::vector<std::int64_t> stage_of;  // by distinct layer of the decoder
};
StagedModel staged(const Model& model, Dim pp);

// What no placement of operators can be: everything that the cache's cannot, and experts that do
// not divide over the ranks.
std::vector<std::string> operator_placement_faults(const Model& model, const Placement& placement);

}  // namespace attncalc
