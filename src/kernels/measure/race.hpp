// SPDX-License-Identifier: Apache-2.0
//
// Measuring several jobs against one another on a machine that does not keep still: they take turns
// in slices of milliseconds, so that what changes (a clock, a neighbour, a throttled unit) changes
// for all of them. Samples during which a core was taken away do not count. A ratio of two jobs is
// the median over turns in which the second was the same before and after the first.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/workers.hpp"

namespace attncalc {

struct Contestant {
  Job run;
  double work = 1;  // bytes, FLOPs or values of one run, of all workers together
};

struct RaceOptions {
  double seconds = 1;    // stops after so long …
  int most_turns = 200;  // … or so many turns
  int least_turns = 3;   // but not before these
};

// [contestant][turn]
using Race = std::vector<std::vector<JobTime>>;
Race race(Workers& workers, std::span<const Contestant> contestants, const RaceOptions& options);

struct Measured {
  double seconds = 0;  // median
  double spread = 0;   // (third quartile − first) / median
  int kept = 0;
  int discarded = 0;  // a core was taken away meanwhile
  bool trusted() const { return kept >= 3; }
};
// Where every sample was disturbed the median is of all, and `kept` is 0.
Measured measured(std::span<const JobTime> times);

struct Ratio {
  double value = 0;  // median
  double spread = 0;
  int kept = 0;
  int discarded = 0;
};
// Rate of contestant `a` over the rate of `b`, turn by turn; `agree` is how far b may move, as
// a part of itself, between its turns around a's.
Ratio rate_ratio(const Race& race, std::span<const Contestant> contestants, std::size_t a,
                 std::size_t b, double agree = 0.1);

double median(std::vector<double> values);

}  // namespace attncalc
