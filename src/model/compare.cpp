// SPDX-License-Identifier: Apache-2.0
//
// Evaluating contenders, and looking for the points at which they change places.
#include "model/compare.hpp"

#include <algorithm>
#include <cmath>

namespace attncalc {
namespace {

ComparePoint point_on(const CompareRange& range, std::int64_t x) {
  ComparePoint point = range.fixed;
  (range.along == Axis::context ? point.context : point.batch) = x;
  return point;
}

std::vector<std::int64_t> fine_grid(std::int64_t first, std::int64_t last) {
  constexpr double points_an_octave = 8;
  const double step = std::exp2(1 / points_an_octave);
  std::vector<std::int64_t> grid = {first};
  for (auto x = static_cast<double>(first) * step; x < static_cast<double>(last); x *= step) {
    const auto whole = static_cast<std::int64_t>(x);
    if (whole > grid.back()) grid.push_back(whole);
  }
  if (grid.back() < last) grid.push_back(last);
  return grid;
}

// Halves [low, high] until the two are neighbours; a middle unlike both ends has changes on either
// side of it.
class Halving {
 public:
  explicit Halving(const std::function<std::size_t(std::int64_t)>& label) : label_(label) {}

  void search(std::int64_t low, std::size_t at_low, std::int64_t high, std::size_t at_high) {
    if (at_low == at_high) return;
    if (high - low == 1) {
      found_.push_back(high);
      return;
    }
    const std::int64_t middle = low + (high - low) / 2;
    const std::size_t at_middle = label_(middle);
    search(low, at_low, middle, at_middle);
    search(middle, at_middle, high, at_high);
  }
  std::vector<std::int64_t> take() { return std::move(found_); }

 private:
  const std::function<std::size_t(std::int64_t)>& label_;
  std::vector<std::int64_t> found_;
};

bool cache_passes_weights(const ContenderFigures& f) {
  return f.totals.kv_read + f.totals.kv_write > f.totals.weights;
}

std::vector<ContenderFigures> all_at(const std::vector<Prepared>& contenders,
                                     const ComparePoint& point) {
  std::vector<ContenderFigures> out;
  for (const Prepared& c : contenders) out.push_back(c.at(point));
  return out;
}

void add_least(const std::vector<Prepared>& contenders, const CompareRange& range, RankedBy by,
               std::vector<Switch>& out) {
  const auto least = [&](std::int64_t x) {
    return least_of(all_at(contenders, point_on(range, x)), by);
  };
  for (const std::int64_t x : changes(range.first, range.last, least)) {
    out.push_back({.what = Switch::What::least,
                   .by = by,
                   .at = point_on(range, x),
                   .from = least(x - 1),
                   .to = least(x)});
  }
}

}  // namespace

bool has(const ContenderFigures& f, RankedBy which) {
  return which != RankedBy::time || f.times.has_value();
}

double measure(const ContenderFigures& f, RankedBy which) {
  switch (which) {
    case RankedBy::kv:
      return static_cast<double>(f.kv.value.value);
    case RankedBy::work:
      return (f.totals.flops + f.totals.vector_flops).value;
    case RankedBy::time:
      return f.times ? f.times->estimate.value : 0;
    case RankedBy::hbm:
      break;
  }
  return static_cast<double>(f.totals.hbm().value.value);
}

Prepared::Prepared(const Contender& contender, const PassRequest& request, std::string_view ops)
    : contender_(&contender),
      request_(request),
      ops_(ops),
      plan_(cost_plan(contender.model, contender.weight_formats)),
      cache_(cache_plan(contender.model)) {
  request_.encoder_tokens = contender.encoder_tokens;
}

ContenderFigures Prepared::at(const ComparePoint& point) const {
  PassRequest request = request_;
  request.context = point.context;
  request.batch = point.batch;
  CostFigures figures;
  evaluate_cost(plan_, *make_pass(request), contender_->formats, figures);
  if (!ops_.empty()) keep_ops(plan_, ops_, figures);
  const Bytes kv = kv_payload(cache_, {.tokens = point.context,
                                       .batch = point.batch,
                                       .encoder_tokens = contender_->encoder_tokens,
                                       .formats = contender_->formats.kv});
  ContenderFigures out{kv, figures.totals, {}};
  if (contender_->time_of) out.times = contender_->time_of(plan_, request, figures);
  return out;
}

std::size_t least_of(const std::vector<ContenderFigures>& figures, RankedBy by) {
  const auto at = std::ranges::min_element(
      figures, {}, [&](const ContenderFigures& f) { return measure(f, by); });
  return static_cast<std::size_t>(at - figures.begin());
}

std::vector<std::int64_t> doublings(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> out;
  for (std::int64_t x = first; x < last; x *= 2) out.push_back(x);
  out.push_back(last);
  return out;
}

std::vector<std::int64_t> changes(std::int64_t first, std::int64_t last,
                                  const std::function<std::size_t(std::int64_t)>& label) {
  Halving halving(label);
  std::int64_t before = first;
  std::size_t at_before = label(first);
  for (const std::int64_t x : fine_grid(first, last)) {
    const std::size_t at_x = label(x);
    halving.search(before, at_before, x, at_x);
    before = x;
    at_before = at_x;
  }
  return halving.take();
}

std::vector<Switch> switch_points(const std::vector<Prepared>& contenders,
                                  const CompareRange& range) {
  std::vector<Switch> out;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    const auto passes = [&](std::int64_t x) -> std::size_t {
      return cache_passes_weights(contenders[i].at(point_on(range, x))) ? 1 : 0;
    };
    for (const std::int64_t x : changes(range.first, range.last, passes)) {
      if (passes(x) == 0) continue;  // it fell back: a window's rows, a chunk that begins anew
      out.push_back({.what = Switch::What::cache_passes_weights,
                     .at = point_on(range, x),
                     .from = i,
                     .to = i});
    }
  }
  const ContenderFigures first = contenders.front().at(point_on(range, range.first));
  for (const RankedBy by : measures) {
    if (has(first, by)) add_least(contenders, range, by, out);
  }
  return out;
}

}  // namespace attncalc
