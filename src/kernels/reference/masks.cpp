// SPDX-License-Identifier: Apache-2.0
//
// The conditions at the top of attention/masks.hpp, written out one by one as predicates.
#include "kernels/reference/masks.hpp"

#include <cstdlib>
#include <random>
#include <set>

namespace attncalc::reference {
namespace {

// Blocks that the query block draws: reproducible, and apart from those it sees anyway.
std::set<std::int64_t> drawn_blocks(const Sparse& pattern, std::int64_t block, std::uint64_t seed) {
  std::vector<std::int64_t> unseen;
  const std::int64_t first_token = block * pattern.block_size;
  for (std::int64_t k = 0; k < block; ++k) {
    if (!pattern.sees(first_token, k * pattern.block_size)) unseen.push_back(k);
  }
  std::mt19937_64 random(seed + static_cast<std::uint64_t>(block));
  std::set<std::int64_t> drawn;
  for (std::int64_t n = 0; n < pattern.random && !unseen.empty(); ++n) {
    const std::size_t at = random() % unseen.size();
    drawn.insert(unseen[at]);
    unseen.erase(unseen.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return drawn;
}

}  // namespace

Sees sees(const Mask& mask) {
  return [mask](std::int64_t p, std::int64_t j) {
    const std::int64_t back = p - j;
    if (mask.form == Mask::Form::everything) return true;
    if (back < 0) return false;
    switch (mask.form) {
      case Mask::Form::window:
        return back < mask.tokens || j < mask.sinks;
      case Mask::Form::chunk:
        return j / mask.tokens == p / mask.tokens;
      case Mask::Form::dilated:
        return back % mask.dilation == 0 && back / mask.dilation < mask.tokens;
      case Mask::Form::strided:
        return back < mask.tokens || back % mask.tokens == 0;
      default:
        return true;
    }
  };
}

Sees sees(const Sparse& pattern, std::uint64_t seed) {
  return [pattern, seed](std::int64_t p, std::int64_t j) {
    if (pattern.sees(p, j)) return true;
    if (j > p || pattern.random < 1) return false;
    return drawn_blocks(pattern, p / pattern.block_size, seed).contains(j / pattern.block_size);
  };
}

Sees longformer(std::int64_t window, std::int64_t globals) {
  return [window, globals](std::int64_t p, std::int64_t j) {
    return p < globals || j < globals || std::abs(p - j) <= window / 2;
  };
}

}  // namespace attncalc::reference
