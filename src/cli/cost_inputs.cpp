// SPDX-License-Identifier: Apache-2.0
//
// Flags to a pass, the pass to operators. Conventions that change answers are flags, and what was
// chosen is among the assumptions.
#include "cli/cost_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model/all_devices.hpp"

namespace attncalc {

FlagGroup flag_group(RowFlags& f) {
  return {
      "rows",
      {{"--ops", "GLOB", "keep operators or groups that match: 'attention.*', '*_proj'", &f.ops},
       {"--fused", "", "scores, softmax and values as one operator", &f.fused}}};
}

namespace {

// --- reading -------------------------------------------------------------------------------------

void read_request(const CostFlags& flags, CostAnswer& a, Gather& problems) {
  const Conventions conventions = read_conventions(flags.conventions, problems);
  PassInputs inputs = read_pass(flags.pass, conventions, a.model, problems);
  CostScenario& s = a.scenario;
  s.request = inputs.request;
  s.prompt_tokens = inputs.prompt_tokens;
  s.generated_tokens = inputs.generated_tokens;
  s.encoder_used = inputs.encoder_used;
  s.file = flags.pass.scenario.value_or("");
  s.pass = std::move(inputs.pass);
}

void read_formats(const DtypeFlags& flags, CostAnswer& a, Gather& problems) {
  const ChosenDtypes chosen = read_dtypes(flags, a.model, problems);
  CostScenario& s = a.scenario;
  s.formats = chosen.formats;
  s.weight_formats = chosen.weight_formats;
  s.kv_dtype = chosen.kv;
  s.act_dtype = chosen.act;
  s.weights_dtype = chosen.weights;
  if (!chosen.weights_source.empty()) {
    a.model.assumptions.push_back({"weights_dtype", chosen.weights, chosen.weights_source});
  }
}

void check_placement(const CostAnswer& a, Gather& problems) {
  const Placement& p = a.scenario.placement;
  for (const std::string& fault : operator_placement_faults(a.model, p)) {
    problems.add(usage_problem(fault));
  }
  if (problems.failed()) return;
  if (p.devices() > Count(most_devices)) {
    problems.add(
        usage_problem(fmt::format("these are {} devices; operators are told apart on at most {}",
                                  format_count(p.devices().value), format_count(most_devices))));
  }
}

void read_scenario(const CostFlags& flags, CostAnswer& a, Gather& problems) {
  CostScenario& s = a.scenario;
  read_request(flags, a, problems);
  read_formats(flags.dtypes, a, problems);
  s.placement = read_placement(flags.placement, a.model, problems);
  check_placement(a, problems);
  s.ops = flags.rows.ops.value_or("");
  s.fused = flags.rows.fused;
  s.as = flags.model.as.value_or("");
  s.assume = flags.model.assume;
  for (const Override& o : read_load_options(flags.model, problems).set) {
    s.set.emplace_back(o.key, o.value);
  }
}

// --- the answer ----------------------------------------------------------------------------------

bool has_op(const CostFigures& figures, OpName name) {
  return std::ranges::find(figures.ops, name, &Op::name) != figures.ops.end();
}

bool has_prompt(const Pass& pass) {
  return std::ranges::find(pass.groups, Phase::prefill, &SequenceGroup::phase) != pass.groups.end();
}

void assume(CostAnswer& a, std::string_view name, std::string value, std::string_view source) {
  a.model.assumptions.push_back({std::string(name), std::move(value), std::string(source)});
}

// What was decided and changes the figures.
void note_conventions(CostAnswer& a) {
  const Conventions& c = a.scenario.request.conventions;
  const bool absorbed = has_op(a.figures, OpName::k_absorb);
  if (c.mla == MlaForm::cheapest && (absorbed || has_op(a.figures, OpName::k_up))) {
    assume(a, "mla", absorbed ? "absorbed" : "expanded", "--mla auto: fewer FLOPs for this pass");
  }
  if (a.figures.totals.experts_read > 0 && c.experts == ExpertsRead::expected) {
    assume(a, "experts_read", fmt::format("{:.4g}", a.figures.totals.experts_read),
           "expected distinct experts of a layer, if routing is uniform");
  }
  if (has_prompt(a.scenario.pass) && !c.all_logits) {
    assume(a, "logits", "last position", "default: --all-logits counts every token");
  }
}

void warn_of_encoder(CostAnswer& a) {
  const auto& beside = a.model.beside;
  if (std::ranges::find(beside, "encoder", &Stack::name) == beside.end()) return;
  a.model.warnings.push_back(
      {"encoder_left_out",
       "the encoder's own layers are left out: these are the decoder's operators"});
}

}  // namespace

CostPlan plan_of_stage(const CostAnswer& a, std::int64_t stage) {
  const CostScenario& s = a.scenario;
  if (s.placement.devices() == Count(1)) return cost_plan(a.model, s.weight_formats);
  return cost_plan(a.model, s.weight_formats, s.placement,
                   {.tp = 0, .pp = stage, .dp = 0, .cp = 0});
}

Result<CostPlan> plan_of(const CostAnswer& a) {
  const CostScenario& s = a.scenario;
  const Result<std::int64_t> stage =
      fullest_stage(a.model, s.weight_formats, s.placement,
                    [&](const CostPlan& plan) { return figures_of(s, plan); });
  if (!stage) return stage.problems();
  return plan_of_stage(a, *stage);
}

namespace {

// What all devices do, and what of it several do alike.
std::optional<Problems> compute_all(CostAnswer& a, const CostPlan& plan) {
  const CostScenario& s = a.scenario;
  a.all_devices = a.figures.totals;
  if (!plan.part) return std::nullopt;
  const auto kept = [&](const CostPlan& part) -> Result<CostFigures> {
    Result<CostFigures> figures = figures_of(s, part);
    if (figures && !s.ops.empty()) keep_ops(part, s.ops, *figures);
    return figures;
  };
  Result<CostFigures> all = all_devices_cost(a.model, s.weight_formats, s.placement, s.pass, kept);
  if (!all) return all.problems();
  const CostPlan whole_plan = cost_plan(a.model, s.weight_formats);
  Result<CostFigures> whole = kept(whole_plan);
  if (!whole) return whole.problems();
  a.all_devices = all->totals;
  a.copies = copies_of(all->ops, plan.groups, whole->ops, whole_plan.groups);
  return std::nullopt;
}

}  // namespace

Result<CostFigures> figures_of(const CostScenario& s, const CostPlan& plan) {
  if (s.generated_tokens && s.request.phase == Phase::decode) {
    return mean_decode_cost(plan, s.request, *s.prompt_tokens, *s.generated_tokens, s.formats);
  }
  return cost_figures(plan, s.pass, s.formats);
}

std::optional<Problems> compute(CostAnswer& a, const CostPlan& plan, bool explain) {
  const CostScenario& s = a.scenario;
  a.parameters = parameters(a.model);
  a.groups = plan.groups;
  a.weight_formats = plan.formats;
  Result<CostFigures> figures = figures_of(s, plan);
  if (!figures) return figures.problems();
  a.figures = *std::move(figures);
  note_conventions(a);
  warn_of_encoder(a);
  if (!s.ops.empty()) keep_ops(plan, s.ops, a.figures);
  if (std::optional<Problems> failed = compute_all(a, plan)) return failed;
  if (s.fused) fuse_attention(a.figures);
  if (explain) {
    if (s.generated_tokens && s.request.phase == Phase::decode) {
      a.model.warnings.push_back({"explains_last_step",
                                  "the figures are the mean of all steps; --explain derives the "
                                  "last of them"});
    }
    a.explained = explain_cost(plan, s.pass, s.formats);
    if (!s.ops.empty()) keep_ops(plan, s.ops, a.explained);
  }
  if (a.figures.ops.empty()) {
    return Problems{usage_problem(fmt::format("--ops '{}' matches no operator", s.ops),
                                  "a name like q_proj, a group like 'attention.*'")};
  }
  return std::nullopt;
}

Result<CostAnswer> read_cost(const CostFlags& flags, ModelShelf& shelf) {
  Result<Model> model = shelf.load(flags.model);
  if (!model) return model.problems();
  CostAnswer a;
  a.model = *std::move(model);
  Gather problems;
  read_scenario(flags, a, problems);
  if (problems.failed()) return problems.take_problems();
  return a;
}

}  // namespace attncalc
