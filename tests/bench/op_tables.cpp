// SPDX-License-Identifier: Apache-2.0
//
// How many full operator tables a second one core makes, over the mix of models. Context, batch and
// phase change with every call.
#include "mix.hpp"
#include "model/cost.hpp"

int main() {
  using namespace attncalc;
  const std::vector<Model> models = bench::load_mix();
  std::vector<CostPlan> plans;
  for (const Model& model : models) plans.push_back(cost_plan(model));
  const CostFormats formats{*find_format("bf16"), *kv_formats("bf16", "bf16")};
  CostFigures figures;
  Pass pass;
  pass.groups.resize(1);
  const auto one_table = [&](long i) {
    SequenceGroup& g = pass.groups.front();
    const bool is_prompt = i % 4 == 0;
    g.phase = is_prompt ? Phase::prefill : Phase::decode;
    g.new_tokens = is_prompt ? 1 + i % 3001 : 1;
    g.cached = 1 + i * 7919 % 100'003;
    g.count = 1 + i % 257;
    evaluate_cost(plans[static_cast<std::size_t>(i) % plans.size()], pass, formats, figures);
    double sum = 0;
    for (const Op& op : figures.ops) sum += static_cast<double>(op.hbm().value.value);
    return sum + figures.totals.flops.value;
  };
  constexpr long calls = 100'000;
  return bench::report_rate("full operator tables", calls, one_table);
}
