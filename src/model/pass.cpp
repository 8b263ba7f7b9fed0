// SPDX-License-Identifier: Apache-2.0
//
// From what a user asks (--phase, --ctx, --new, --batch, --shared-prefix, --beams, --isl, --osl) to
// a pass, or to the mean over the passes of a generation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "model/cost.hpp"

namespace attncalc {
namespace {

Problems pass_faults(const PassRequest& r, std::int64_t new_tokens) {
  Problems out;
  const auto at_least_one = [&](std::string_view flag, std::int64_t value) {
    if (value < 1)
      out.push_back(usage_problem(fmt::format("{} is {}; it must be at least 1", flag, value)));
  };
  at_least_one("--ctx", r.context);
  at_least_one("--new", new_tokens);
  at_least_one("--batch", r.batch);
  at_least_one("--beams", r.beams);
  if (new_tokens > r.context) {
    out.push_back(
        usage_problem(fmt::format("--new {} is more than --ctx {}", new_tokens, r.context.value),
                      "--ctx counts the tokens in the cache after the step, new ones included"));
  }
  if (r.shared_prefix > r.context - new_tokens && out.empty()) {
    out.push_back(usage_problem(fmt::format(
        "--shared-prefix {} is longer than the {} tokens that are cached before the step",
        r.shared_prefix.value, r.context - new_tokens)));
  }
  return out;
}

// Sums of rows over steps, and the mean of them.
class Mean {
 public:
  void add(const CostFigures& figures) {
    for (const Op& op : figures.ops) add(op);
    experts_ += figures.totals.experts_read;
    ++steps_;
  }

  CostFigures figures() const {
    CostFigures out;
    for (const auto& [key, sum] : sums_) out.ops.push_back(mean_of(sum));
    out.totals.experts_read = experts_ / static_cast<double>(steps_);
    return out;
  }

 private:
  struct Sum {
    Op op;
    double flops = 0, vector_flops = 0, weights = 0, kv_read = 0, kv_write = 0, activations = 0;
  };
  static double value(Bytes b) { return static_cast<double>(b.value.value); }

  void add(const Op& op) {
    const auto key = std::pair(op.group, op.name);
    auto at = std::ranges::find_if(sums_, [&](const auto& s) { return s.first == key; });
    if (at == sums_.end()) at = sums_.insert(sums_.end(), {key, Sum{.op = op}});
    Sum& s = at->second;
    s.flops += op.flops.value;
    s.vector_flops += op.vector_flops.value;
    s.weights += value(op.weights);
    s.kv_read += value(op.kv_read);
    s.kv_write += value(op.kv_write);
    s.activations += value(op.activations);
  }

  Op mean_of(const Sum& s) const {
    const auto n = static_cast<double>(steps_);
    const auto bytes_of = [&](double sum) { return Bytes(std::llround(sum / n)); };
    Op op = s.op;
    op.flops = Flops(s.flops / n);
    op.vector_flops = Flops(s.vector_flops / n);
    op.weights = bytes_of(s.weights);
    op.kv_read = bytes_of(s.kv_read);
    op.kv_write = bytes_of(s.kv_write);
    op.activations = bytes_of(s.activations);
    op.gemm.reset();  // it grows with every step
    return op;
  }

  std::vector<std::pair<std::pair<std::uint8_t, OpName>, Sum>> sums_;
  double experts_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace

Result<Pass> make_pass(const PassRequest& r) {
  const Dim otherwise = r.phase == Phase::prefill ? r.context : Dim(1);
  const Dim new_tokens = r.new_tokens.value_or(otherwise);
  if (Problems faults = pass_faults(r, new_tokens); !faults.empty()) return faults;
  try {
    SequenceGroup group{.count = (Count(r.batch) * Count(r.beams)).value,
                        .new_tokens = new_tokens,
                        .cached = r.context - new_tokens,
                        .shared_prefix = r.shared_prefix,
                        .phase = r.phase};
    if (r.beams > 1) group.family = r.beams;
    return Pass{
        .groups = {group}, .encoder_tokens = r.encoder_tokens, .conventions = r.conventions};
  } catch (const Overflow& overflow) {
    return usage_problem(fmt::format("too many sequences: {}", overflow.what()));
  }
}

Result<CostFigures> mean_decode_cost(const CostPlan& plan, const PassRequest& request,
                                     std::int64_t prompt, std::int64_t generated,
                                     const CostFormats& formats) {
  constexpr std::int64_t most_steps = units::mebi;
  if (generated < 1 || generated > most_steps) {
    return usage_problem(
        fmt::format("--osl is {}; it must be between 1 and {}", generated, most_steps));
  }
  Mean mean;
  CostFigures step;
  PassRequest one = request;
  one.phase = Phase::decode;
  one.new_tokens = Dim(1);
  try {
    for (std::int64_t i = 1; i <= generated; ++i) {
      one.context = (Count(prompt) + Count(i)).value;
      const Result<Pass> pass = make_pass(one);
      if (!pass) return pass.problems();
      evaluate_cost(plan, *pass, formats, step);
      mean.add(step);
    }
  } catch (const Overflow&) {
    return usage_problem(
        "the cost of this decode is too large: an operator moves 2^53 bytes or more");
  }
  CostFigures out = mean.figures();
  keep_ops(plan, "*", out);
  return out;
}

}  // namespace attncalc
