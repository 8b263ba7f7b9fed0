// SPDX-License-Identifier: Apache-2.0
//
// `attncalc cost`: flags to operators (cost_inputs.hpp), the operators to a report.
#include "cli/cost_inputs.hpp"
#include "cli/verbs.hpp"

namespace attncalc {
namespace {

Command cost_command(CostFlags& f) {
  return {.name = "attncalc cost",
          .summary = "What a step costs: FLOPs, HBM traffic and arithmetic intensity, by operator.",
          .about =
              "Every row is an operator over all of its layers; totals are the sums of the rows.\n"
              "One multiply-add is 2 FLOP; work off the matrix unit is counted apart.",
          .groups = {flag_group(f.model), flag_group(f.pass), flag_group(f.conventions),
                     flag_group(f.rows), flag_group(f.dtypes), device_group(f.placement),
                     flag_group(f.output, CanExplain::yes)},
          .examples = {
              {"one decode step behind 32,768 tokens", "attncalc cost -m llama3-70b -c 32k"},
              {"a prompt, as JSON", "attncalc cost -m deepseek-v3 --phase prefill -c 4k --json"},
              {"a chunk of 2,048 tokens of it",
               "attncalc cost -m deepseek-v3 --phase prefill -c 8k --new 2048"},
              {"verify four drafted tokens", "attncalc cost -m qwen3-32b -c 8k --new 4"},
              {"only attention, with its formulas",
               "attncalc cost -m gemma-3-27b -c 128k --ops 'attention.*' --explain"}}};
}

Result<CostAnswer> answer(const CostFlags& flags, ModelShelf& shelf) {
  Result<CostAnswer> a = read_cost(flags, shelf);
  if (!a) return a;
  const Result<CostPlan> plan = plan_of(*a);
  if (!plan) return plan.problems();
  if (std::optional<Problems> failed = compute(*a, *plan, flags.output.explain))
    return *std::move(failed);
  return a;
}

}  // namespace

Question cost_question() {
  const auto flags = std::make_shared<CostFlags>();
  return {.command = cost_command(*flags),
          .output = {flags, &flags->output},
          .answer = [flags](ModelShelf& shelf) -> Result<Answer> {
            Result<CostAnswer> a = answer(*flags, shelf);
            if (!a) return a.problems();
            return answer_of(*std::move(a), cost_report, cost_json);
          }};
}

}  // namespace attncalc
