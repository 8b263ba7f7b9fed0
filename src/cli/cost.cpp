// SPDX-License-Identifier: Apache-2.0
//
// `attncalc cost`: flags to a pass, the pass to operators, the operators to a report. Conventions
// that change answers are flags, and what was chosen is among the assumptions.
#include <fmt/format.h>

#include <algorithm>

#include "cli/model_inputs.hpp"
#include "cli/verbs.hpp"
#include "report/cost_report.hpp"

namespace attncalc {
namespace {

struct PassFlags {
  TextFlag phase, ctx, fresh, batch, isl, osl, prefix, beams, encoder_ctx;
};
struct ConventionFlags {
  TextFlag mla, experts, attention, gqa;
  bool full_attention = false, all_logits = false, mtp = false;
};
struct RowFlags {
  TextFlag ops;
  bool fused = false;
};
struct CostFlags {
  ModelFlags model;
  PassFlags pass;
  ConventionFlags conventions;
  RowFlags rows;
  DtypeFlags dtypes;
  OutputFlags output;
};

FlagGroup flag_group(PassFlags& f) {
  return {"workload",
          {{"--phase", "PHASE", "prefill or decode (default: decode)", &f.phase},
           {"--ctx", "TOKENS",
            "tokens in the cache of a sequence after the step: 32768, 32k, 1M\n"
            "(default: as many as the config says the model has positions)",
            &f.ctx, "-c"},
           {"--new", "TOKENS",
            "of these, computed by this step: a chunk of a prompt, drafts to verify\n"
            "(default: all in prefill, 1 in decode)",
            &f.fresh},
           {"--batch", "N", "sequences, or inf: weights cost nothing (default: 1)", &f.batch, "-b"},
           {"--isl", "TOKENS", "length of the prompt, with --osl", &f.isl},
           {"--osl", "TOKENS", "tokens generated: decode is the mean over all of them", &f.osl},
           {"--shared-prefix", "TOKENS", "cached tokens that all sequences share, read once",
            &f.prefix},
           {"--beams", "N", "beams a sequence; they share the prompt", &f.beams},
           {"--encoder-ctx", "TOKENS", "tokens of the encoder or image that cross-attention sees",
            &f.encoder_ctx}}};
}

FlagGroup flag_group(ConventionFlags& f) {
  return {"conventions",
          {{"--mla", "FORM", "auto (fewer FLOPs), absorbed or expanded", &f.mla},
           {"--experts", "WHICH", "expected, min or all: experts read by the batch", &f.experts},
           {"--attention", "HOW", "tiled, or standard: scores pass through memory", &f.attention},
           {"--gqa", "HOW", "broadcast, or materialised: a copy of keys and values a head", &f.gqa},
           {"--full-attention", "", "count the square of a causal prompt", &f.full_attention},
           {"--all-logits", "", "run the head on every token of a prompt", &f.all_logits},
           {"--mtp", "", "with the draft layers", &f.mtp}}};
}

FlagGroup flag_group(RowFlags& f) {
  return {
      "rows",
      {{"--ops", "GLOB", "keep operators or groups that match: 'attention.*', '*_proj'", &f.ops},
       {"--fused", "", "scores, softmax and values as one operator", &f.fused}}};
}

Command cost_command(CostFlags& f) {
  return {
      .name = "attncalc cost",
      .summary = "What a step costs: FLOPs, HBM traffic and arithmetic intensity, by operator.",
      .about =
          "Every row is an operator over all of its layers; totals are the sums of the rows.\n"
          "One multiply-add is 2 FLOP; work off the matrix unit is counted apart.",
      .groups = {flag_group(f.model), flag_group(f.pass), flag_group(f.conventions),
                 flag_group(f.rows), flag_group(f.dtypes), flag_group(f.output, CanExplain::yes)},
      .examples = {
          {"one decode step behind 32,768 tokens", "attncalc cost -m llama3-70b -c 32k"},
          {"a prompt, as JSON", "attncalc cost -m deepseek-v3 --phase prefill -c 4k --json"},
          {"a chunk of 2,048 tokens of it",
           "attncalc cost -m deepseek-v3 --phase prefill -c 8k --new 2048"},
          {"verify four drafted tokens", "attncalc cost -m qwen3-32b -c 8k --new 4"},
          {"only attention, with its formulas",
           "attncalc cost -m gemma-3-27b -c 128k --ops 'attention.*' --explain"}}};
}

// --- reading -------------------------------------------------------------------------------------

Conventions read_conventions(const ConventionFlags& f, Gather& problems) {
  constexpr auto mla = std::to_array<Word<MlaForm>>({{"auto", MlaForm::cheapest},
                                                     {"absorbed", MlaForm::absorbed},
                                                     {"expanded", MlaForm::expanded}});
  constexpr auto experts = std::to_array<Word<ExpertsRead>>({{"expected", ExpertsRead::expected},
                                                             {"min", ExpertsRead::least},
                                                             {"all", ExpertsRead::all}});
  constexpr auto attention = std::to_array<Word<AttentionTraffic>>(
      {{"tiled", AttentionTraffic::tiled}, {"standard", AttentionTraffic::standard}});
  constexpr auto gqa = std::to_array<Word<GqaTraffic>>(
      {{"broadcast", GqaTraffic::broadcast}, {"materialised", GqaTraffic::materialised}});
  return {.full_attention = f.full_attention,
          .all_logits = f.all_logits,
          .mtp = f.mtp,
          .mla = read_word(f.mla, "--mla", mla, problems),
          .experts = read_word(f.experts, "--experts", experts, problems),
          .attention = read_word(f.attention, "--attention", attention, problems),
          .gqa = read_word(f.gqa, "--gqa", gqa, problems)};
}

// --isl and --osl are both given or neither; then they say what the context is.
void read_lengths(const PassFlags& f, CostAnswer& a, Gather& problems) {
  if (!f.isl && !f.osl) return;
  if (!f.isl || !f.osl) {
    problems.add(usage_problem("--isl and --osl go together: a prompt and what follows it"));
    return;
  }
  if (f.ctx || f.fresh) {
    problems.add(usage_problem("--isl and --osl say what --ctx and --new would say"));
  }
  CostScenario& s = a.scenario;
  s.prompt_tokens = read_tokens(f.isl, "--isl", a.model, problems).value;
  s.generated_tokens = read_tokens(f.osl, "--osl", a.model, problems).value;
}

Dim read_pass_context(const PassFlags& f, CostAnswer& a, Gather& problems) {
  const CostScenario& s = a.scenario;
  if (!s.prompt_tokens) return read_context(f.ctx, a.model, problems);
  const bool is_prompt = s.request.phase == Phase::prefill;
  return *s.prompt_tokens + (is_prompt ? 0 : *s.generated_tokens);
}

void read_request(const PassFlags& f, CostAnswer& a, Gather& problems) {
  constexpr auto phases =
      std::to_array<Word<Phase>>({{"decode", Phase::decode}, {"prefill", Phase::prefill}});
  PassRequest& r = a.scenario.request;
  r.phase = read_word(f.phase, "--phase", phases, problems);
  read_lengths(f, a, problems);
  r.context = read_pass_context(f, a, problems);
  if (f.fresh) r.new_tokens = read_tokens(f.fresh, "--new", a.model, problems);
  if (f.batch == "inf") {
    r.conventions.endless_batch = true;
  } else {
    r.batch = read_count(f.batch, "--batch", a.model, problems);
  }
  r.beams = read_count(f.beams, "--beams", a.model, problems);
  if (f.prefix) r.shared_prefix = read_tokens(f.prefix, "--shared-prefix", a.model, problems);
  // Beams branch behind the prompt.
  if (r.beams > 1 && !f.prefix && a.scenario.prompt_tokens && r.phase == Phase::decode) {
    r.shared_prefix = *a.scenario.prompt_tokens;
  }
  const EncoderTokens encoder = read_encoder_tokens(f.encoder_ctx, a.model, problems);
  a.scenario.encoder_used = encoder.used;
  r.encoder_tokens = encoder.tokens;
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

void read_scenario(const CostFlags& flags, CostAnswer& a, Gather& problems) {
  CostScenario& s = a.scenario;
  const bool endless = flags.pass.batch == "inf";
  s.request.conventions = read_conventions(flags.conventions, problems);
  s.request.conventions.endless_batch = endless;
  read_request(flags.pass, a, problems);
  read_formats(flags.dtypes, a, problems);
  s.ops = flags.rows.ops.value_or("");
  s.fused = flags.rows.fused;
  s.as = flags.model.as.value_or("");
  s.assume = flags.model.assume;
  for (const Override& o : read_load_options(flags.model, problems).set) {
    s.set.emplace_back(o.key, o.value);
  }
  if (!problems.failed()) s.pass = problems.take(make_pass(s.request), Pass{});
}

// --- the answer ----------------------------------------------------------------------------------

bool has_op(const CostFigures& figures, OpName name) {
  return std::ranges::find(figures.ops, name, &Op::name) != figures.ops.end();
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
  if (a.scenario.request.phase == Phase::prefill && !c.all_logits) {
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

Result<CostFigures> figures_of(const CostAnswer& a, const CostPlan& plan) {
  const CostScenario& s = a.scenario;
  if (s.generated_tokens && s.request.phase == Phase::decode) {
    return mean_decode_cost(plan, s.request, *s.prompt_tokens, *s.generated_tokens, s.formats);
  }
  return cost_figures(plan, s.pass, s.formats);
}

std::optional<Problems> compute(CostAnswer& a, bool explain) {
  const CostScenario& s = a.scenario;
  const CostPlan plan = cost_plan(a.model, s.weight_formats);
  a.parameters = parameters(a.model);
  a.groups = plan.groups;
  a.weight_formats = plan.formats;
  Result<CostFigures> figures = figures_of(a, plan);
  if (!figures) return figures.problems();
  a.figures = *std::move(figures);
  note_conventions(a);
  warn_of_encoder(a);
  if (!s.ops.empty()) keep_ops(plan, s.ops, a.figures);
  if (s.fused) fuse_attention(a.figures);
  if (explain) {
    a.explained = explain_cost(plan, s.pass, s.formats);
    if (!s.ops.empty()) keep_ops(plan, s.ops, a.explained);
  }
  if (a.figures.ops.empty()) {
    return Problems{usage_problem(fmt::format("--ops '{}' matches no operator", s.ops),
                                  "a name like q_proj, a group like 'attention.*'")};
  }
  return std::nullopt;
}

Result<CostAnswer> answer(const CostFlags& flags) {
  Result<Model> model = load(flags.model);
  if (!model) return model.problems();
  CostAnswer a;
  a.model = *std::move(model);
  Gather problems;
  read_scenario(flags, a, problems);
  if (problems.failed()) return problems.take_problems();
  if (std::optional<Problems> failed = compute(a, flags.output.explain)) return *std::move(failed);
  return a;
}

}  // namespace

int run_cost(Args args, const Streams& streams) {
  CostFlags flags;
  return run_command(cost_command(flags), flags.output, args, streams, [&]() -> Result<Answer> {
    Result<CostAnswer> a = answer(flags);
    if (!a) return a.problems();
    return Answer{.report = cost_report(*a),
                  .json = [kept = *std::move(a)] { return cost_json(kept); }};
  });
}

}  // namespace attncalc
