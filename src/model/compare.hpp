// SPDX-License-Identifier: Apache-2.0
//
// Several models, or variants of one, held against each other: what each keeps, computes and moves
// at one point, and along a range of contexts or batches the points at which something changes
// places. Figures are those of cost() and of the cache; nothing is computed in another way here.
//
// A switch point is exact: between two points of a fine grid that differ, the range is halved until
// they are neighbours. What changes and changes back between two points of the grid is not seen.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/cost.hpp"
#include "model/kv.hpp"

namespace attncalc {

// Times on a machine. Machines are known to the layers above; they hand in how to time a pass.
struct Timing {
  Seconds bound;     // nothing real is faster
  Seconds serial;    // the sum of the rows
  Seconds estimate;  // what to expect
};
using TimeOf = std::function<Timing(const CostPlan& plan, const PassRequest& request,
                                    const CostFigures& figures)>;

struct Contender {
  std::string name;  // "llama-3-8b as mqa"
  std::string as;    // empty: the model as it is
  Model model;
  std::string kv_dtype, act_dtype, weights_dtype;
  CostFormats formats;
  WeightFormats weight_formats;
  Dim encoder_tokens = 0;
  std::string machine;  // empty: none is asked for, and nothing is timed
  TimeOf time_of;
};

struct ComparePoint {
  std::int64_t context = 1;
  std::int64_t batch = 1;
};

struct ContenderFigures {
  Bytes kv;  // payload of the cache, all sequences
  CostTotals totals;
  std::optional<Timing> times;  // on the contender's machine
};

// What contenders are ranked by; time is the estimate, and only where there are machines.
enum class RankedBy : std::uint8_t { kv, work, hbm, time };
inline constexpr std::array<RankedBy, 4> measures = {RankedBy::kv, RankedBy::work, RankedBy::hbm,
                                                     RankedBy::time};
bool has(const ContenderFigures& figures, RankedBy which);
double measure(const ContenderFigures& figures, RankedBy which);

// A contender with what its figures need, made once. It points into the contender.
class Prepared {
 public:
  Prepared(const Contender& contender, const PassRequest& request, std::string_view ops);

  // Throws Overflow.
  ContenderFigures at(const ComparePoint& point) const;

  const Contender& contender() const { return *contender_; }

 private:
  const Contender* contender_;
  PassRequest request_;
  std::string ops_;
  CostPlan plan_;
  CachePlan cache_;
};

// Along a range: for one contender, where the traffic of its cache passes that of its weights; for
// all of them, where another one becomes the least by some measure.
struct Switch {
  enum class What : std::uint8_t { cache_passes_weights, least };
  What what = What::least;
  RankedBy by = RankedBy::kv;  // of least
  ComparePoint at;             // the first point where it is so
  std::size_t from = 0;        // of least: contenders; of the other both are the contender
  std::size_t to = 0;
};

enum class Axis : std::uint8_t { context, batch };
struct CompareRange {
  Axis along = Axis::context;
  std::int64_t first = 1;
  std::int64_t last = 1;
  ComparePoint fixed;  // the other coordinate
};

// Least first among equals.
std::size_t least_of(const std::vector<ContenderFigures>& figures, RankedBy by);

// Throws Overflow.
std::vector<Switch> switch_points(const std::vector<Prepared>& contenders,
                                  const CompareRange& range);

// Every x in (first, last] with label(x) different from label(x − 1), as far as a grid of eight
// points an octave shows them.
std::vector<std::int64_t> changes(std::int64_t first, std::int64_t last,
                                  const std::function<std::size_t(std::int64_t)>& label);

// `first`, its doubles, and `last`.
std::vector<std::int64_t> doublings(std::int64_t first, std::int64_t last);

}  // namespace attncalc
