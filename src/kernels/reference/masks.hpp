// SPDX-License-Identifier: Apache-2.0
//
// Which token sees which, pair by pair. The closed forms of attention/masks.hpp count these pairs;
// here they decide. Patterns of blocks (strided, fixed, dilated, Longformer, BigBird, a drawn mask)
// are those of the kind itself: the same Sparse that the costs are computed from.
#pragma once

#include <cstdint>
#include <functional>

#include "attention/masks.hpp"
#include "attention/sparse.hpp"

namespace attncalc::reference {

using Sees = std::function<bool(std::int64_t query, std::int64_t key)>;

// docs/model.md, "Masks". For `top_k` and `summaries`, which choose by score and among summaries,
// what they choose from: everything up to the query.
Sees sees(const Mask& mask);

// docs/model.md, "Sparse", with the random blocks that BigBird draws: `random` different ones for
// every query block, among those that nothing else shows it.
Sees sees(const Sparse& pattern, std::uint64_t seed = 1);

// Longformer's encoder (arXiv:2004.05150, §3.1): half a window to either side; the first `globals`
// tokens see everything and are seen by everything.
Sees longformer(std::int64_t window, std::int64_t globals);

}  // namespace attncalc::reference
