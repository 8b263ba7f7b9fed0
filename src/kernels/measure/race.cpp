// SPDX-License-Identifier: Apache-2.0
//
// Turns, medians and quartiles: what makes figures out of times.
#include "kernels/measure/race.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace attncalc {
namespace {

// Between the two nearest where the place is no whole number.
double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double place = part * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

double spread_of(const std::vector<double>& values) {
  const double middle = quantile(values, 0.5);
  return middle > 0 ? (quantile(values, 0.75) - quantile(values, 0.25)) / middle : 0;
}

double rate(const Contestant& contestant, const JobTime& time) {
  return contestant.work / time.seconds;
}

}  // namespace

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

Race race(Workers& workers, std::span<const Contestant> contestants, const RaceOptions& options) {
  Race out(contestants.size());
  for (const Contestant& c : contestants) workers.run(c.run);  // touches what it works on
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  for (int turn = 0; turn < options.most_turns; ++turn) {
    if (turn >= options.least_turns && elapsed() > options.seconds) break;
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      out[i].push_back(workers.run(contestants[i].run));
    }
  }
  return out;
}

Measured measured(std::span<const JobTime> times) {
  std::vector<double> kept, all;
  for (const JobTime& time : times) {
    all.push_back(time.seconds);
    if (!time.disturbed) kept.push_back(time.seconds);
  }
  const std::vector<double>& used = kept.empty() ? all : kept;
  return {.seconds = median(used),
          .spread = spread_of(used),
          .kept = static_cast<int>(kept.size()),
          .discarded = static_cast<int>(all.size() - kept.size())};
}

Ratio rate_ratio(const Race& race, std::span<const Contestant> contestants, std::size_t a,
                 std::size_t b, double agree) {
  std::vector<double> ratios;
  int turns = 0;
  for (std::size_t turn = 0; turn + 1 < race[b].size(); ++turn, ++turns) {
    const bool b_is_first = b < a;
    const JobTime& before = race[b][turn];
    const JobTime& after = race[b][turn + 1];
    const JobTime& between = race[a][b_is_first ? turn : turn + 1];
    if (before.disturbed || after.disturbed || between.disturbed) continue;
    const double low = rate(contestants[b], before), high = rate(contestants[b], after);
    if (std::abs(low - high) > agree * std::min(low, high)) continue;
    ratios.push_back(rate(contestants[a], between) / ((low + high) / 2));
  }
  return {.value = median(ratios),
          .spread = spread_of(ratios),
          .kept = static_cast<int>(ratios.size()),
          .discarded = turns - static_cast<int>(ratios.size())};
}

}  // namespace attncalc
