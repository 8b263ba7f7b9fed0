// SPDX-License-Identifier: Apache-2.0
//
// `attncalc compare`: every model with every variant, cache and weight format that is asked for, at
// every context and batch, or along a range of one of them.
#include <fmt/format.h>

#include <algorithm>

#include "base/unit_text.hpp"
#include "cli/pass_flags.hpp"
#include "cli/verbs.hpp"
#include "hardware/catalog.hpp"
#include "model/variant.hpp"
#include "report/compare_report.hpp"
#include "roofline/bound.hpp"
#include "roofline/estimate.hpp"

namespace attncalc {
namespace {

using TextFlags = std::vector<std::string>;

struct CompareFlags {
  TextFlags models, as, set, assume;
  TextFlags contexts, batches, kv_dtypes, weights_dtypes, machines;
  TextFlag phase, fresh, prefix, beams, encoder_ctx, act_dtype, ops;
  ConventionFlags conventions;
  OutputFlags output;
};

FlagGroup contender_flags(CompareFlags& f) {
  return {"contenders (every combination; the first is what ratios are to)",
          {{"--model", "MODEL", "as for `attncalc kv`; may be repeated", &f.models, "-m"},
           {"--as", "VARIANT",
            "with other attention: mha, gqa:8, mqa, mla:512+64, window:4096, full, linear,\n"
            "own (as it is); may be repeated. One alone is held against own",
            &f.as},
           {"--kv-dtype", "TYPE", "keys, values, latents; may be repeated", &f.kv_dtypes},
           {"--weights-dtype", "TYPE", "weights; may be repeated", &f.weights_dtypes},
           {"--act-dtype", "TYPE", "activations", &f.act_dtype},
           {"--hw", "DEVICE", "on this machine, as for `attncalc roofline`; may be repeated",
            &f.machines},
           {"--set", "KEY=VALUE", "override a key of every config; may be repeated", &f.set},
           {"--assume", "KEY", "go on although this key is not understood; may be repeated",
            &f.assume}}};
}

FlagGroup point_flags(CompareFlags& f) {
  return {
      "points (of contexts and batches every pair; one of them may be a range)",
      {{"--ctx", "TOKENS",
        "tokens in the cache of a sequence after the step; may be repeated, or a\n"
        "range, 1k:1M, with the points at which something changes places\n"
        "(default: as many as the first config says the model has positions)",
        &f.contexts, "-c"},
       {"--batch", "N", "sequences; may be repeated, or a range, 1:256 (default: 1)", &f.batches,
        "-b"},
       {"--phase", "PHASE", "prefill or decode (default: decode)", &f.phase},
       {"--new", "TOKENS",
        "of the context, computed by this step (default: all in prefill, 1 in decode)", &f.fresh},
       {"--shared-prefix", "TOKENS", "cached tokens that all sequences share, read once",
        &f.prefix},
       {"--beams", "N", "beams a sequence; they share the prompt", &f.beams},
       {"--encoder-ctx", "TOKENS", "tokens of the encoder or image that cross-attention sees",
        &f.encoder_ctx},
       {"--ops", "GLOB", "keep operators or groups that match: 'attention.*'", &f.ops}}};
}

Command compare_command(CompareFlags& f) {
  return {
      .name = "attncalc compare",
      .summary =
          "Models and variants side by side: cache, FLOPs and traffic, ratios, and where "
          "they change places.",
      .about =
          "Along a range (--ctx 1k:1M or --batch 1:256) it also finds, to the token, where the\n"
          "traffic of the cache passes that of the weights and which contender is the least.",
      .groups = {contender_flags(f), point_flags(f), flag_group(f.conventions),
                 flag_group(f.output, CanExplain::no)},
      .examples = {
          {"what would other attention cost?",
           "attncalc compare -m llama3-70b --as own --as mha --as mqa -c 8k -c 128k"},
          {"two models and two caches",
           "attncalc compare -m deepseek-v3 -m qwen3-235b-a22b --kv-dtype bf16 --kv-dtype fp8 -c "
           "32k"},
          {"where does linear attention begin to pay?",
           "attncalc compare -m llama3-8b --as linear --phase prefill -c 64:64k --ops "
           "'attention.*'"},
          {"which card is how much faster?",
           "attncalc compare -m llama3-8b --hw a100-sxm-80gb --hw h100-sxm -c 8k -b 16"},
          {"from which batch on is the cache the larger traffic?",
           "attncalc compare -m llama3-70b -m deepseek-v3 -c 8k -b 1:1024"}}};
}

// --- points --------------------------------------------------------------------------------------

struct Ends {
  std::int64_t first = 1;
  std::int64_t last = 1;
};

// Reads the values of one flag: numbers, or a range alone.
class AxisReader {
 public:
  using Parse = Result<std::int64_t> (*)(std::string_view text, std::string_view what);

  AxisReader(std::string_view name, Parse parse, Gather& problems)
      : name_(name), parse_(parse), problems_(problems) {}

  std::vector<std::int64_t> read(const TextFlags& values, std::optional<Ends>& range) {
    std::vector<std::int64_t> out;
    for (const std::string& text : values) {
      const std::size_t colon = text.find(':');
      if (colon == std::string::npos) {
        out.push_back(number(text));
        continue;
      }
      if (values.size() > 1) {
        problems_.add(usage_problem(
            fmt::format("{} is a range and something else; a range stands alone", name_)));
        continue;
      }
      range = read_range(text, colon);
      return doublings(range->first, range->last);
    }
    return out;
  }

 private:
  std::int64_t number(std::string_view text) {
    return problems_.take(parse_(text, name_), std::int64_t{1});
  }
  Ends read_range(std::string_view text, std::size_t colon) {
    Ends span{number(text.substr(0, colon)), number(text.substr(colon + 1))};
    if (span.first < span.last) return span;
    problems_.add(usage_problem(fmt::format("{} '{}' is no range: it begins at {} and ends at {}",
                                            name_, text, span.first, span.last),
                                "write the smaller one first: 1k:1M"));
    return {1, 2};
  }

  std::string_view name_;
  Parse parse_;
  Gather& problems_;
};

Result<std::int64_t> parse_batch(std::string_view text, std::string_view what) {
  return parse_count(text, what);
}

void read_points(const CompareFlags& f, CompareAnswer& a, Gather& problems) {
  CompareScenario& s = a.scenario;
  std::optional<Ends> contexts, batches;
  s.contexts = AxisReader("--ctx", parse_tokens, problems).read(f.contexts, contexts);
  s.batches = AxisReader("--batch", parse_batch, problems).read(f.batches, batches);
  if (s.batches.empty()) s.batches = {1};
  if (f.contexts.empty())
    s.contexts = {read_context(std::nullopt, a.contenders.front().model, problems)};
  if (contexts && batches) {
    problems.add(usage_problem("--ctx and --batch are both ranges; one of them may be",
                               "name a few batches: -b 1 -b 8 -b 64"));
  }
  if (contexts) s.range = CompareRange{Axis::context, contexts->first, contexts->last, {}};
  if (batches) s.range = CompareRange{Axis::batch, batches->first, batches->last, {}};
}

void read_request(const CompareFlags& f, CompareAnswer& a, Gather& problems) {
  constexpr auto phases =
      std::to_array<Word<Phase>>({{"decode", Phase::decode}, {"prefill", Phase::prefill}});
  Model& model = a.contenders.front().model;
  PassRequest& r = a.scenario.request;
  r.conventions = read_conventions(f.conventions, problems);
  r.phase = read_word(f.phase, "--phase", phases, problems);
  if (f.fresh) r.new_tokens = read_tokens(f.fresh, "--new", model, problems);
  if (f.prefix) r.shared_prefix = read_tokens(f.prefix, "--shared-prefix", model, problems);
  r.beams = read_count(f.beams, "--beams", model, problems);
  a.scenario.ops = f.ops.value_or("");
}

// --- contenders ----------------------------------------------------------------------------------

constexpr std::string_view own = "own";

TextFlags variants_of(const CompareFlags& f) {
  if (f.as.empty()) return {std::string(own)};
  if (f.as.size() == 1 && f.as.front() != own) return {std::string(own), f.as.front()};
  return f.as;
}

// A list of choices, or the one choice of not saying anything.
std::vector<TextFlag> choices_of(const TextFlags& values) {
  if (values.empty()) return {std::nullopt};
  return {values.begin(), values.end()};
}

std::string name_of(const Contender& c, const CompareFlags& f) {
  std::string name = c.model.name;
  if (!c.as.empty()) name += " as " + c.as;
  if (f.kv_dtypes.size() > 1) name += fmt::format(", {} cache", c.kv_dtype);
  if (f.machines.size() > 1) name += " on " + c.machine;
  if (f.weights_dtypes.size() > 1) name += fmt::format(", {} weights", c.weights_dtype);
  return name;
}

// Rows, bound and estimate as `attncalc roofline` makes them.
TimeOf timed_on(const Device& device, const CostFormats& formats, const std::string& ops) {
  return [device, formats, ops](const CostPlan& plan, const PassRequest& request,
                                const CostFigures& figures) {
    const Ceilings rows = ceilings_of(device, formats, plan.formats);
    const Ceilings bound = bound_ceilings(device, formats, plan.formats);
    const auto cost_of = [&](const Conventions& conventions) -> Result<CostFigures> {
      Pass pass = *make_pass(request);
      pass.conventions = conventions;
      Result<CostFigures> kept = cost_figures(plan, pass, formats);
      if (kept && !ops.empty()) keep_ops(plan, ops, *kept);
      return kept;
    };
    RooflineTimes times;
    time_rows(figures.ops, rows, times);
    const Result<BoundTime> least =
        bound_time(plan, request.conventions, request.phase, bound, cost_of);
    if (!least) throw Overflow();
    const Estimate estimate =
        estimate_of(figures.ops, times, rows, request.phase, coefficients_of(device));
    return Timing{least->seconds, times.serial, estimate.seconds};
  };
}

class ContenderReader {
 public:
  ContenderReader(const CompareFlags& flags, ModelShelf& shelf, Gather& problems)
      : flags_(flags), shelf_(shelf), problems_(problems) {}

  std::vector<Contender> read() {
    if (flags_.models.empty()) {
      problems_.add(usage_problem("--model is missing", "`attncalc models` lists the catalog"));
    }
    for (const std::string& model : flags_.models) {
      for (const std::string& as : variants_of(flags_)) read_model(model, as);
    }
    return std::move(out_);
  }

 private:
  void read_model(const std::string& name, const std::string& as) {
    const ModelFlags flags{.model = name,
                           .as = as == own ? TextFlag() : TextFlag(as),
                           .set = flags_.set,
                           .assume = flags_.assume};
    const Result<Model> model = shelf_.load(flags);
    if (!model) return add_once(model.problems());
    for (const TextFlag& kv : choices_of(flags_.kv_dtypes)) {
      for (const TextFlag& weights : choices_of(flags_.weights_dtypes)) {
        const DtypeFlags dtypes{.kv = kv,
                                .act = flags_.act_dtype,
                                .weights = weights,
                                .index = {},
                                .state = {},
                                .conv = {}};
        for (const TextFlag& machine : choices_of(flags_.machines))
          out_.push_back(contender(*model, flags.as.value_or(""), dtypes, machine));
      }
    }
  }

  Contender contender(const Model& model, const std::string& as, const DtypeFlags& dtypes,
                      const TextFlag& machine) {
    Contender c;
    c.model = model;
    c.as = as;
    Gather found;
    const ChosenDtypes chosen = read_dtypes(dtypes, c.model, found);
    c.kv_dtype = chosen.kv;
    c.act_dtype = chosen.act;
    c.weights_dtype = chosen.weights;
    c.formats = chosen.formats;
    c.weight_formats = chosen.weight_formats;
    if (!chosen.weights_source.empty()) {
      c.model.assumptions.push_back({"weights_dtype", chosen.weights, chosen.weights_source});
    }
    c.encoder_tokens = read_encoder_tokens(flags_.encoder_ctx, c.model, found).tokens;
    if (machine) take_machine(*machine, c, found);
    if (found.failed()) add_once(found.take_problems());
    c.name = name_of(c, flags_);
    return c;
  }

  void take_machine(const std::string& typed, Contender& c, Gather& found) const {
    const Machine machine = found.take(load_machine(typed), Machine{});
    if (machine.devices > 1) {
      found.add(usage_problem(
          fmt::format("--hw {}: the operators of several devices are not told apart yet", typed),
          "take one device"));
    }
    for (const Warning& w : machine.warnings) c.model.warnings.push_back(w);
    c.machine = typed;
    c.time_of = timed_on(machine.device, c.formats, flags_.ops.value_or(""));
  }

  // The same mistake in every combination is one mistake.
  void add_once(const Problems& more) {
    for (const Problem& problem : more) {
      const std::string text = render(problem);
      if (std::ranges::find(said_, text) != said_.end()) continue;
      said_.push_back(text);
      problems_.add(problem);
    }
  }

  const CompareFlags& flags_;
  ModelShelf& shelf_;
  Gather& problems_;
  std::vector<std::string> said_;
  std::vector<Contender> out_;
};

// --- the answer ----------------------------------------------------------------------------------

// A pass that cannot be at some point of the grid is told before anything is computed.
void check_points(const CompareScenario& s, Gather& problems) {
  for (const std::int64_t context : s.contexts) {
    PassRequest request = s.request;
    request.context = context;
    const Result<Pass> pass = make_pass(request);
    if (!pass) return problems.add(pass.problems());
  }
}

void check_draft_layers(const CompareAnswer& a, Gather& problems) {
  if (!a.scenario.request.conventions.mtp) return;
  for (const Contender& c : a.contenders) {
    const Result<CostFigures> figures =
        cost_figures(cost_plan(c.model), *make_pass(a.scenario.request), c.formats);
    if (!figures)
      problems.add(usage_problem(fmt::format("--mtp: no draft layers of {} are known", c.name)));
  }
}

std::vector<ComparedPoint> evaluate(const std::vector<Prepared>& contenders,
                                    const CompareScenario& s) {
  std::vector<ComparedPoint> out;
  for (const std::int64_t context : s.contexts) {
    for (const std::int64_t batch : s.batches) {
      ComparedPoint point{{context, batch}, {}};
      for (const Prepared& c : contenders) point.figures.push_back(c.at(point.at));
      out.push_back(std::move(point));
    }
  }
  return out;
}

std::vector<Switch> switches_of(const std::vector<Prepared>& contenders, const CompareScenario& s) {
  std::vector<Switch> out;
  if (!s.range) return out;
  CompareRange range = *s.range;
  const bool by_context = range.along == Axis::context;
  for (const std::int64_t other : by_context ? s.batches : s.contexts) {
    (by_context ? range.fixed.batch : range.fixed.context) = other;
    for (const Switch& found : switch_points(contenders, range)) out.push_back(found);
  }
  return out;
}

std::optional<Problem> compute(CompareAnswer& a) {
  std::vector<Prepared> prepared;
  for (const Contender& c : a.contenders)
    prepared.emplace_back(c, a.scenario.request, a.scenario.ops);
  try {
    a.points = evaluate(prepared, a.scenario);
    a.switches = switches_of(prepared, a.scenario);
  } catch (const Overflow&) {
    return usage_problem(
        "a figure is too large: an operator moves 2^53 bytes or more, or a cache 2^63",
        "a smaller --ctx or --batch");
  }
  return std::nullopt;
}

Result<CompareAnswer> answer(const CompareFlags& flags, ModelShelf& shelf) {
  CompareAnswer a;
  Gather problems;
  a.contenders = ContenderReader(flags, shelf, problems).read();
  if (problems.failed()) return problems.take_problems();
  read_request(flags, a, problems);
  read_points(flags, a, problems);
  const ModelFlags overrides{.model = {}, .as = {}, .set = flags.set, .assume = {}};
  for (const Override& o : read_load_options(overrides, problems).set)
    a.scenario.set.emplace_back(o.key, o.value);
  a.scenario.assume = flags.assume;
  if (!problems.failed()) check_points(a.scenario, problems);
  if (!problems.failed()) check_draft_layers(a, problems);
  if (problems.failed()) return problems.take_problems();
  if (std::optional<Problem> failed = compute(a)) return *std::move(failed);
  return a;
}

}  // namespace

Question compare_question() {
  const auto flags = std::make_shared<CompareFlags>();
  return {.command = compare_command(*flags),
          .output = {flags, &flags->output},
          .answer = [flags](ModelShelf& shelf) -> Result<Answer> {
            Result<CompareAnswer> a = answer(*flags, shelf);
            if (!a) return a.problems();
            return answer_of(*std::move(a), compare_report, compare_json);
          }};
}

}  // namespace attncalc
