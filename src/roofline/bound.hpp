// SPDX-License-Identifier: Apache-2.0
//
// What nothing real is faster than. A step has demands that no implementation can avoid: weights
// read once, of experts the fewest, keys, values and states read and written, the products under
// the mask. Everything else may overlap or stay on chip, so
//
//   bound = max over resources (compulsory demand ÷ the highest ceiling)    docs/model.md, "Bound"
//
// and no more: a sum would already claim that two resources cannot work at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "roofline/roofline.hpp"

namespace attncalc {

// The ceilings of a bound: the highest peak at each product's operand width or a narrower one.
Ceilings bound_ceilings(const Device& device, const CostFormats& formats,
                        const std::vector<Format>& weight_formats);

// What cannot be avoided, as times at the ceilings, and which of them decides.
struct BoundTime {
  Seconds seconds;
  Bound bound = Bound::memory;
  Seconds compute, memory;
  Bytes bytes;
  Flops flops;
};

// Evaluates the step under the conventions that it is given.
using CostOf = std::function<Result<CostFigures>(const Conventions&)>;

// Goes through the forms that a step can take (MLA absorbed or expanded) and keeps the cheapest
// demand on each resource. `asked` are the request's conventions: what is computed (all logits,
// draft layers) stays, how it is counted does not matter.
Result<BoundTime> bound_time(const CostPlan& plan, const Conventions& asked, Phase phase,
                             const Ceilings& ceilings, const CostOf& cost_of);

}  // namespace attncalc
