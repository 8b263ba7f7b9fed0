// SPDX-License-Identifier: Apache-2.0
//
// How many operators a second one core puts on a roofline: rows of ready tables, timed at every
// ceiling of a device.
#include "hardware/catalog.hpp"
#include "mix.hpp"
#include "roofline/roofline.hpp"

int main() {
  using namespace attncalc;
  const std::vector<Model> models = bench::load_mix();
  const CostFormats formats{*find_format("bf16"), *kv_formats("bf16", "bf16")};
  const Result<Machine> machine = load_machine("h100-sxm");
  const Pass pass{.groups = {{.count = 8, .new_tokens = 1, .cached = 4095}}};
  std::vector<CostPlan> plans;
  std::vector<CostFigures> tables;
  std::vector<Ceilings> ceilings;
  for (const Model& model : models) {
    plans.push_back(cost_plan(model));
    evaluate_cost(plans.back(), pass, formats, tables.emplace_back());
    ceilings.push_back(ceilings_of(machine->device, formats, plans.back().formats));
  }
  std::vector<std::pair<std::size_t, std::size_t>> rows;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    for (std::size_t i = 0; i < tables[t].ops.size(); ++i) rows.emplace_back(t, i);
  }
  const auto one_row = [&](long i) {
    const auto [table, op] = rows[static_cast<std::size_t>(i) % rows.size()];
    return row_time(tables[table].ops[op], ceilings[table]).seconds.value;
  };
  constexpr long calls = 3'000'000;
  return bench::report_rate("operator rooflines", calls, one_row);
}
