// SPDX-License-Identifier: Apache-2.0
//
// `attncalc kv`: flags to a scenario, the scenario to figures, the figures to a report. What is not
// given is taken from the model, and said so.
#include <fmt/format.h>

#include <algorithm>

#include "cli/model_inputs.hpp"
#include "cli/verbs.hpp"
#include "report/kv_report.hpp"

namespace attncalc {
namespace {

struct KvFlags {
  ModelFlags model;
  WorkloadFlags workload;
  DtypeFlags dtypes;
  PlacementFlags placement;
  OutputFlags output;
};

Command kv_command(KvFlags& flags) {
  return {
      .name = "attncalc kv",
      .summary = "How many bytes of KV cache and recurrent state a model keeps.",
      .about =
          "Counts what the tokens that each layer can still see take, layer by layer:\n"
          "windows, latents, shared caches, states and the scales of quantised formats.",
      .groups = {flag_group(flags.model), flag_group(flags.workload), flag_group(flags.dtypes),
                 flag_group(flags.placement), flag_group(flags.output, CanExplain::yes)},
      .examples = {
          {"one sequence of 32,768 tokens", "attncalc kv --model llama3-70b --ctx 32k"},
          {"an fp8 cache on 8 GPUs, for a script",
           "attncalc kv -m deepseek-v3 -c 128k -b 64 --kv-dtype fp8 --tp 8 --json"},
          {"what if it had 2 KV heads?",
           "attncalc kv -m ./my-model -c 8k --set num_key_value_heads=2"},
          {"where does each number come from?", "attncalc kv -m gemma-3-27b -c 128k --explain"}}};
}

// --- tokens --------------------------------------------------------------------------------------

void read_workload(const WorkloadFlags& flags, KvAnswer& a, Gather& problems) {
  KvQuery& query = a.scenario.query;
  query.tokens = read_context(flags.ctx, a.model, problems);
  query.batch = read_count(flags.batch, "--batch", a.model, problems);
  const EncoderTokens encoder = read_encoder_tokens(flags.encoder_ctx, a.model, problems);
  query.encoder_tokens = encoder.tokens;
  a.scenario.encoder_used = encoder.used;
}

void read_formats(const DtypeFlags& flags, KvAnswer& a, Gather& problems) {
  const ChosenDtypes chosen = read_dtypes(flags, a.model, problems);
  a.scenario.query.formats = chosen.formats.kv;
  a.scenario.kv_dtype = chosen.kv;
  a.scenario.kv_dtype_used = chosen.kv_used;
  a.scenario.act_dtype = chosen.act;
  a.scenario.weights_dtype = chosen.weights;
}

// --- the answer ----------------------------------------------------------------------------------

void read_scenario(const KvFlags& flags, KvAnswer& a, Gather& problems) {
  read_workload(flags.workload, a, problems);
  read_formats(flags.dtypes, a, problems);
  a.scenario.placement = read_placement(flags.placement, a.model, problems);
  a.scenario.engine = read_engine(flags.placement, problems);
  a.scenario.as = flags.model.as.value_or("");
  a.scenario.assume = flags.model.assume;
  for (const Override& o : read_load_options(flags.model, problems).set) {
    a.scenario.set.emplace_back(o.key, o.value);
  }
}

void add_warnings(KvAnswer& a) {
  const KvQuery& query = a.scenario.query;
  std::vector<Warning>& warnings = a.model.warnings;
  const Dim positions = a.model.max_positions;
  if (positions > 0 && query.tokens > positions) {
    warnings.push_back({"beyond_max_positions",
                        fmt::format("{} tokens are more than the {} positions of the config",
                                    format_count(query.tokens), format_count(positions))});
  }
  const bool said = std::ranges::find(warnings, "no_cache", &Warning::code) != warnings.end();
  if (!said && cache_plan(a.model).lines.empty()) {
    warnings.push_back(
        {"no_cache", "the model keeps no cache: every step computes all tokens anew"});
  }
  const Dim dp = a.scenario.placement.dp;
  if (dp > query.batch) {
    warnings.push_back(
        {"idle_replicas",
         fmt::format("dp is {} and there are {} sequences: some replicas hold nothing", dp.value,
                     query.batch.value)});
  }
}

// All figures of a scenario that has been read.
std::optional<Problems> compute(KvAnswer& a) {
  const KvQuery& query = a.scenario.query;
  const Placement& placement = a.scenario.placement;
  a.parameters = parameters(a.model);
  Result<KvFigures> figures = kv_figures(a.model, query);
  if (!figures) return figures.problems();
  Result<PlacedKv> placed = place_kv(a.model, query, placement);
  if (!placed) return placed.problems();
  a.figures = *std::move(figures);
  a.placed = *std::move(placed);
  if (!a.explain || a.placed.devices == Count(1)) return std::nullopt;
  Result<std::vector<Explained>> explained = explain_placed(a.model, query, placement);
  if (!explained) return explained.problems();
  a.placed_explained = *std::move(explained);
  if (placement.tp > 1) a.head_shares = head_shares(a.model, placement);
  return std::nullopt;
}

Result<KvAnswer> answer(const KvFlags& flags, ModelShelf& shelf) {
  Result<Model> model = shelf.load(flags.model);
  if (!model) return model.problems();
  KvAnswer a;
  a.model = *std::move(model);
  a.explain = flags.output.explain;
  Gather problems;
  read_scenario(flags, a, problems);
  if (problems.failed()) return problems.take_problems();
  if (std::optional<Problems> failed = compute(a)) return *std::move(failed);
  add_warnings(a);
  return a;
}

}  // namespace

Question kv_question() {
  const auto flags = std::make_shared<KvFlags>();
  return {.command = kv_command(*flags),
          .output = {flags, &flags->output},
          .answer = [flags](ModelShelf& shelf) -> Result<Answer> {
            Result<KvAnswer> a = answer(*flags, shelf);
            if (!a) return a.problems();
            return answer_of(*std::move(a), kv_report, kv_json);
          }};
}

}  // namespace attncalc
