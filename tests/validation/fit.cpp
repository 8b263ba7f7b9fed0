// SPDX-License-Identifier: Apache-2.0
//
// A search along each of three axes, in steps that shrink.
#include "validation/fit.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc::validation {
namespace {

constexpr std::array<double Adjustment::*, 3> axes = {&Adjustment::memory, &Adjustment::compute,
                                                      &Adjustment::gaps};
// No engine is a hundred times from what its device's family does.
constexpr double furthest = 100;

Adjustment moved(Adjustment a, double Adjustment::*axis, double factor) {
  a.*axis = std::clamp(a.*axis * factor, 1 / furthest, furthest);
  return a;
}

}  // namespace

double Sample::estimated(const Adjustment& a) const {
  return estimated_seconds(work, adjusted(table, a));
}

double misfit(const std::vector<const Sample*>& samples, const Adjustment& a,
              const Adjustment& start) {
  double sum = 0;
  for (const Sample* s : samples) sum += std::abs(std::log(s->estimated(a) / s->measured));
  double away = 0;
  for (const auto axis : axes) away += std::abs(std::log(a.*axis / start.*axis));
  constexpr double pull = 0.01;
  return sum / static_cast<double>(samples.size()) + pull * away;
}

Adjustment fitted(const std::vector<const Sample*>& samples, const Adjustment& start) {
  if (samples.empty()) return start;
  Adjustment best = start;
  double least = misfit(samples, best, start);
  constexpr double widest = 1.6, finest = 1.02;
  for (double factor = widest; factor > finest; factor = std::sqrt(factor)) {
    for (bool better = true; better;) {
      better = false;
      for (const auto axis : axes) {
        for (const double f : {factor, 1 / factor}) {
          const Adjustment next = moved(best, axis, f);
          const double miss = misfit(samples, next, start);
          if (miss >= least) continue;
          least = miss;
          best = next;
          better = true;
        }
      }
    }
  }
  return best;
}

}  // namespace attncalc::validation
