// SPDX-License-Identifier: Apache-2.0
//
// `attncalc kv`: flags to a scenario, the scenario to figures, the figures to a report. What is not
// given is taken from the model, and said so.
#include <fmt/format.h>

#include <algorithm>

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

// --- number formats ------------------------------------------------------------------------------

struct Choice {
  std::string name;
  std::string source;  // empty: the user's own
};

// A flag, else what the checkpoint says, else its activations, else bf16.
Choice choose_dtype(const TextFlag& flag, const std::string& stated, const std::string& source,
                    const Dtypes& dtypes) {
  if (flag) return {*flag, {}};
  if (!stated.empty()) return {stated, source};
  if (!dtypes.activations.empty()) return {dtypes.activations, dtypes.activations_source};
  return {"bf16", "default: the config names no dtype"};
}

void note(Model& model, std::string_view name, const Choice& choice) {
  if (choice.source.empty()) return;
  model.assumptions.push_back({std::string(name), choice.name, choice.source});
}

bool keeps(const CachePlan& plan, std::initializer_list<Component> components) {
  return std::ranges::any_of(plan.lines, [&](const CacheLine& line) {
    return std::ranges::find(components, line.tensor.component) != components.end();
  });
}

bool keeps_unformatted_state(const CachePlan& plan) {
  return std::ranges::any_of(plan.lines, [](const CacheLine& line) {
    return std::holds_alternative<Fixed>(line.tensor.slots) && !line.tensor.own_format &&
           line.tensor.component != Component::conv_state &&
           line.tensor.component != Component::shift_state;
  });
}

void set_format(Format& format, const TextFlag& flag, Gather& problems) {
  if (flag) format = problems.take(find_format(*flag), format);
}

void read_dtypes(const DtypeFlags& flags, const CachePlan& plan, KvAnswer& a, Gather& problems) {
  const Dtypes& stated = a.model.dtypes;
  const Choice act = choose_dtype(flags.act, stated.activations, stated.activations_source, stated);
  const Choice kv = choose_dtype(flags.kv, stated.cache, stated.cache_source, stated);
  const Choice weights = choose_dtype(flags.weights, stated.weights, stated.weights_source, stated);
  KvFormats& formats = a.scenario.query.formats;
  formats = problems.take(kv_formats(kv.name, act.name), KvFormats{});
  set_format(formats.index_key, flags.index, problems);
  set_format(formats.state, flags.state, problems);
  set_format(formats.conv, flags.conv, problems);
  formats.state_forced = flags.state.has_value();
  // The cache does not depend on it; a slip of the keyboard is one all the same.
  if (flags.weights) problems.take(named_formats(*flags.weights, a.model), WeightFormats{});
  a.scenario.kv_dtype = kv.name;
  a.scenario.act_dtype = act.name;
  a.scenario.weights_dtype = weights.name;
  note(a.model, "kv_dtype", kv);
  if (!flags.conv && keeps(plan, {Component::conv_state, Component::shift_state})) {
    note(a.model, "conv_dtype", {formats.conv.name, "the activation dtype"});
  }
  if (!flags.index && keeps(plan, {Component::index_key, Component::index_value})) {
    note(a.model, "index_dtype", {formats.index_key.name, "default: as DeepSeek-V3.2 keeps them"});
  }
  if (!flags.state && keeps_unformatted_state(plan)) {
    note(a.model, "state_dtype", {formats.state.name, "default for recurrent states"});
  }
}

// --- tokens --------------------------------------------------------------------------------------

Dim read_context(const TextFlag& flag, Model& model, Gather& problems) {
  if (flag) return read_tokens(flag, "--ctx", model, problems);
  if (model.max_positions > 0) {
    note(model, "context_tokens",
         {std::to_string(model.max_positions.value),
          fmt::format("--ctx is not given: {}", model.origin_text(model.max_positions.origin))});
    return model.max_positions;
  }
  problems.add(
      usage_problem("--ctx is missing, and the config does not say how many positions it has",
                    "write --ctx 32k"));
  return 1;
}

Dim read_encoder_tokens(const TextFlag& flag, bool used, Model& model, Gather& problems) {
  if (!used) {
    if (flag) {
      model.warnings.push_back(
          {"encoder_ctx_unused", "--encoder-ctx changes nothing: no layer caches encoder tokens"});
    }
    return 0;
  }
  if (flag) return read_tokens(flag, "--encoder-ctx", model, problems);
  if (model.encoder_tokens > 0) {
    note(model, "encoder_tokens", {std::to_string(model.encoder_tokens.value), "the config's own"});
    return model.encoder_tokens;
  }
  model.warnings.push_back(
      {"cross_cache_left_out",
       "layers with cross-attention keep a key and a value for each encoder or "
       "image token: say how many with --encoder-ctx; none are counted"});
  return 0;
}

void read_workload(const WorkloadFlags& flags, const CachePlan& plan, KvAnswer& a,
                   Gather& problems) {
  KvQuery& query = a.scenario.query;
  a.scenario.encoder_used = std::ranges::any_of(plan.lines, [](const CacheLine& line) {
    return std::holds_alternative<PerEncoderToken>(line.tensor.slots);
  });
  query.tokens = read_context(flags.ctx, a.model, problems);
  query.batch = read_count(flags.batch, "--batch", a.model, problems);
  query.encoder_tokens =
      read_encoder_tokens(flags.encoder_ctx, a.scenario.encoder_used, a.model, problems);
}

// --- the answer ----------------------------------------------------------------------------------

void read_scenario(const KvFlags& flags, KvAnswer& a, Gather& problems) {
  const CachePlan plan = cache_plan(a.model);
  read_workload(flags.workload, plan, a, problems);
  read_dtypes(flags.dtypes, plan, a, problems);
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
  if (cache_plan(a.model).lines.empty()) {
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

Result<KvAnswer> answer(const KvFlags& flags) {
  Result<Model> model = load(flags.model);
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

int run_kv(Args args, const Streams& streams) {
  KvFlags flags;
  return run_command(kv_command(flags), flags.output, args, streams, [&]() -> Result<Answer> {
    Result<KvAnswer> a = answer(flags);
    if (!a) return a.problems();
    return Answer{.report = kv_report(*a),
                  .json = [kept = *std::move(a)] { return kv_json(kept); }};
  });
}

}  // namespace attncalc
