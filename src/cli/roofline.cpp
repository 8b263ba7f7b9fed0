// SPDX-License-Identifier: Apache-2.0
//
// `attncalc roofline`: the operators of `cost`, a machine, and what follows: times, the bound, an
// estimate, and what they mean in tokens, money and energy.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "cli/cost_inputs.hpp"
#include "cli/verbs.hpp"
#include "hardware/catalog.hpp"
#include "report/roofline_report.hpp"
#include "roofline/products.hpp"

namespace attncalc {
namespace {

struct MachineFlags {
  TextFlag hw, devices, memory, price, launch;
};
struct RooflineFlags {
  CostFlags cost;
  MachineFlags machine;
};

FlagGroup flag_group(MachineFlags& f) {
  return {"machine",
          {{"--hw", "DEVICE", "a name of the catalog or a YAML file: h100-sxm, 8xmi300x, m3-max",
            &f.hw},
           {"--memory", "SIZE", "memory of one device, where the profile does not say or errs",
            &f.memory},
           {"--price", "USD",
            "of one device for an hour: 2.95 (default: the profile's, with its date)", &f.price},
           {"--launch", "TIME", "no operator of a layer is shorter: 3us (default: 0)", &f.launch}}};
}

Command roofline_command(RooflineFlags& f) {
  CostFlags& c = f.cost;
  return {
      .name = "attncalc roofline",
      .summary =
          "How fast a machine can do a step, and how fast to expect it: operator by operator.",
      .about =
          "Each row takes as long as its longest demand at the ceiling that it meets. The bound "
          "is\n"
          "what nothing real is faster than; the estimate is what software reaches.",
      .groups = {flag_group(c.model), flag_group(f.machine), flag_group(c.pass),
                 flag_group(c.conventions), flag_group(c.rows), flag_group(c.dtypes),
                 device_group(c.placement), flag_group(c.output, CanExplain::yes)},
      .examples = {
          {"one decode step behind 8,192 tokens",
           "attncalc roofline -m llama3-8b --hw h100-sxm -c 8k"},
          {"the time to the first token of a prompt",
           "attncalc roofline -m llama3-8b --hw a100-sxm-80gb --phase prefill -c 4k"},
          {"prompt and generation, and what they cost",
           "attncalc roofline -m llama3-8b --hw l40s --isl 2000 --osl 500 -b 16 --price 0.87"}}};
}

// --- reading -------------------------------------------------------------------------------------

Machine read_machine(const MachineFlags& f, Gather& problems) {
  if (!f.hw) {
    problems.add(usage_problem("--hw is missing", "`attncalc hardware` lists the catalog"));
    return {};
  }
  return problems.take(load_machine(*f.hw), Machine{});
}

double read_price(const std::string& typed, Gather& problems) {
  const std::string_view text = std::string_view(typed).substr(typed.starts_with('$') ? 1 : 0);
  double usd = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), usd);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (!is_number || !(usd >= 0)) {
    problems.add(usage_problem(fmt::format("--price '{}' is no amount of dollars", typed),
                               "write --price 2.95: of one device for an hour"));
  }
  return usd;
}

// Only from a flag, or from the profile with its date: a price is never taken silently.
void read_prices(const MachineFlags& f, RooflineAnswer& a, Gather& problems) {
  MachineFacts& m = a.machine;
  const std::optional<Price>& known = m.machine.device.price;
  if (f.price) {
    m.usd_per_hour = read_price(*f.price, problems);
    m.price_source = "--price";
  } else if (known) {
    m.usd_per_hour = known->usd_per_hour;
    m.price_source = fmt::format("the profile's, as of {}", known->as_of);
    a.cost.model.assumptions.push_back(
        {"usd_per_hour", fmt::format("{}", known->usd_per_hour), m.price_source});
  }
}

void read_memory(const MachineFlags& f, RooflineAnswer& a, Gather& problems) {
  a.machine.memory = a.machine.machine.device.memory.usable();
  if (f.memory) a.machine.memory = problems.take(parse_bytes(*f.memory, "--memory"), Bytes(0));
}

// As many devices as the placement has; `8xh100` alone is tensor parallelism over all of them.
void read_devices(const MachineFlags& f, RooflineAnswer& a, Gather& problems) {
  Machine& machine = a.machine.machine;
  Placement& p = a.cost.scenario.placement;
  if (f.devices) machine.devices = read_count(f.devices, "--devices", a.cost.model, problems);
  const bool given = machine.devices_given || f.devices;
  if (!given) machine.devices = p.devices().value;
  if (problems.failed()) return;
  if (machine.devices > 1 && p.devices() == Count(1)) {
    p.tp = machine.devices;
    a.cost.model.assumptions.push_back({"tp", fmt::format("{}", machine.devices),
                                        "all devices of --hw, as no flag divides the work"});
    for (const std::string& fault : operator_placement_faults(a.cost.model, p)) {
      problems.add(
          usage_problem(fault, "say how the devices share the work: --tp, --pp, --dp, --cp"));
    }
  }
  if (Count(machine.devices) != p.devices()) {
    problems.add(usage_problem(fmt::format("pp × dp × tp × cp is {} devices; the machine has {}",
                                           p.devices().value, machine.devices)));
  }
}

void read_machine_facts(const MachineFlags& f, RooflineAnswer& a, Gather& problems) {
  Machine& machine = a.machine.machine;
  machine = read_machine(f, problems);
  for (const Warning& w : machine.warnings) a.cost.model.warnings.push_back(w);
  read_devices(f, a, problems);
  read_prices(f, a, problems);
  read_memory(f, a, problems);
  if (f.launch) a.latencies.launch = problems.take(parse_seconds(*f.launch, "--launch"), Seconds());
}

// --- times ---------------------------------------------------------------------------------------

Flops flops_at(const std::vector<Op>& ops, const Ceilings& ceilings, const Peak* peak) {
  Flops sum;
  for (const Op& op : ops) {
    if (op.unit == OpUnit::matrix && ceilings.of(op) == peak) sum += op.flops;
  }
  return sum;
}

// The peak that most of the pass is multiplied at.
const Peak* main_peak(const std::vector<Op>& ops, const Ceilings& ceilings) {
  const Peak* best = nullptr;
  Flops most;
  for (const Op& op : ops) {
    const Peak* peak = op.unit == OpUnit::matrix ? ceilings.of(op) : nullptr;
    if (!peak || peak == best) continue;
    const Flops work = flops_at(ops, ceilings, peak);
    if (work > most) {
      best = peak;
      most = work;
    }
  }
  return best;
}

std::string peak_text(const Peak* peak) {
  if (!peak) return {};
  return fmt::format("{} {}", words(peak->in)[static_cast<std::size_t>(peak->in)],
                     words(peak->unit)[static_cast<std::size_t>(peak->unit)]);
}

void set_peaks(RooflineAnswer& a, const Ceilings& row, const Ceilings& bound) {
  MachineFacts& m = a.machine;
  const std::vector<Op>& ops = a.pass.figures.ops;
  if (const Peak* peak = main_peak(ops, row)) {
    m.peak = peak->rate;
    m.peak_name = peak_text(peak);
    if (row.memory) m.ridge = peak->rate / *row.memory;
  }
  m.bound_peak_name = peak_text(main_peak(ops, bound));
}

// What stays the same for every pass of a run.
class Timer {
 public:
  Timer(const RooflineAnswer& a, const CostPlan& plan)
      : a_(a),
        plan_(plan),
        device_(a.machine.machine.device),
        rows_(ceilings_of(device_, a.cost.scenario.formats, plan.formats, a.latencies)),
        bound_(bound_ceilings(device_, a.cost.scenario.formats, plan.formats)),
        coefficients_(coefficients_of(device_)) {
    rows_.placement = bound_.placement = a.cost.scenario.placement;
    for (std::int64_t stage = 0; stage < rows_.placement.pp; ++stage) {
      if (plan.part && stage != plan.part->rank.pp) others_.push_back(plan_of_stage(a.cost, stage));
    }
  }

  const Ceilings& rows() const { return rows_; }
  const Ceilings& bound() const { return bound_; }

  // The pass on the critical device, and what a token takes through all stages of a pipeline.
  Result<TimedPass> time(const CostScenario& s, CostFigures figures) const {
    Result<TimedPass> timed = time_stage(s, plan_, std::move(figures));
    if (!timed) return timed;
    Seconds bound = timed->bound.seconds;
    Seconds estimate = timed->estimate.seconds;
    Seconds serial = timed->times.serial;
    const bool in_turn = s.pass.sequences() == 1 && timed->phase == Phase::decode;
    for (const CostPlan& stage : others_) {
      Result<CostFigures> rows = kept_rows(stage, s, s.request.conventions);
      if (!rows) return rows.problems();
      const Result<TimedPass> other = time_stage(s, stage, *std::move(rows));
      if (!other) return other.problems();
      // Sequences of a batch may be in several stages at once; one sequence cannot.
      if (in_turn) bound += other->bound.seconds;
      serial += other->times.serial;
      estimate += other->estimate.seconds - coefficients_.step;
    }
    const StepFacts step = facts_of(s, *timed);
    timed->at_bound = rates_of(step, bound);
    timed->at_serial = rates_of(step, serial);
    timed->at_estimate = rates_of(step, estimate);
    return timed;
  }

  Result<Bound> longest(const CostScenario& s) const {
    const Result<CostFigures> figures = kept_rows(plan_, s, s.request.conventions);
    if (!figures) return figures.problems();
    RooflineTimes times;
    time_rows(figures->ops, rows_, times);
    return longest_resource(times);
  }

 private:
  Result<TimedPass> time_stage(const CostScenario& s, const CostPlan& plan,
                               CostFigures figures) const {
    TimedPass out;
    out.phase = has_prompt(s.pass) ? Phase::prefill : Phase::decode;
    out.figures = std::move(figures);
    time_rows(out.figures.ops, rows_, out.times);
    Result<BoundTime> bound =
        bound_time(plan, s.request.conventions, out.phase, bound_,
                   [&](const Conventions& c) { return kept_rows(plan, s, c); });
    if (!bound) return bound.problems();
    out.bound = *bound;
    out.estimate = estimate_of(out.figures.ops, out.times, rows_, out.phase, coefficients_);
    for (std::size_t i = 0; i < out.times.rows.size(); ++i) {
      out.estimated_rows.push_back(
          estimated_row(out.figures.ops[i], out.times.rows[i], rows_, out.phase, coefficients_));
    }
    return out;
  }

  static bool has_prompt(const Pass& pass) {
    return std::ranges::find(pass.groups, Phase::prefill, &SequenceGroup::phase) !=
           pass.groups.end();
  }

  static Result<CostFigures> kept_rows(const CostPlan& plan, CostScenario s,
                                       const Conventions& conventions) {
    s.request.conventions = conventions;
    s.pass.conventions = conventions;
    Result<CostFigures> figures = figures_of(s, plan);
    if (figures && !s.ops.empty()) keep_ops(plan, s.ops, *figures);
    return figures;
  }

  StepFacts facts_of(const CostScenario& s, const TimedPass& p) const {
    return {.tokens = static_cast<double>(s.pass.new_tokens()),
            .sequences = static_cast<double>(s.pass.sequences()),
            .devices = static_cast<double>(a_.cost.scenario.placement.devices().value),
            .flops = Flops(p.figures.totals.flops.value * devices_in_step()),
            .bytes = static_cast<double>(p.bound.bytes.value.value) * devices_in_step(),
            .peak = a_.machine.peak,
            .memory = rows_.memory,
            .usd_per_hour = a_.machine.usd_per_hour,
            .watts = device_.watts};
  }

  // MFU and MBU are of the device that is shown.
  double devices_in_step() const {
    return static_cast<double>(a_.cost.scenario.placement.devices().value);
  }

  const RooflineAnswer& a_;
  const CostPlan& plan_;
  const Device& device_;
  Ceilings rows_;
  Ceilings bound_;
  EstimateCoefficients coefficients_;
  std::vector<CostPlan> others_;  // the other stages of a pipeline
};

// --- the answer ----------------------------------------------------------------------------------

// The prompt of --isl alone, before the generation that the rows show.
std::optional<CostScenario> prompt_of(const CostScenario& s) {
  if (!s.prompt_tokens || s.request.phase == Phase::prefill) return std::nullopt;
  CostScenario out = s;
  out.generated_tokens.reset();
  out.request.phase = Phase::prefill;
  out.request.context = *s.prompt_tokens;
  out.request.new_tokens.reset();
  out.request.shared_prefix = 0;
  out.request.batch = 1;
  out.request.beams = 1;
  Result<Pass> pass = make_pass(out.request);
  if (!pass) return std::nullopt;
  out.pass = *std::move(pass);
  return out;
}

std::optional<Problems> time_prompt(RooflineAnswer& a, const CostPlan& plan, const Timer& timer) {
  const std::optional<CostScenario> scenario = prompt_of(a.cost.scenario);
  if (!scenario) return std::nullopt;
  Result<CostFigures> figures = figures_of(*scenario, plan);
  if (!figures) return figures.problems();
  if (!scenario->ops.empty()) keep_ops(plan, scenario->ops, *figures);
  Result<TimedPass> timed = timer.time(*scenario, *std::move(figures));
  if (!timed) return timed.problems();
  a.prompt = *std::move(timed);
  return std::nullopt;
}

// One pass with another batch, or another context, all else as it is.
std::optional<CostScenario> with(const CostScenario& s, std::string_view along,
                                 std::int64_t value) {
  CostScenario out = s;
  out.generated_tokens.reset();
  (along == "batch" ? out.request.batch : out.request.context) = value;
  if (s.request.phase == Phase::prefill && !s.request.new_tokens) out.request.new_tokens.reset();
  Result<Pass> pass = make_pass(out.request);
  if (!pass) return std::nullopt;
  out.pass = *std::move(pass);
  return out;
}

void find_switches(RooflineAnswer& a, const Timer& timer) {
  constexpr std::int64_t most_sequences = 64 * units::kibi;
  constexpr std::int64_t most_tokens = 4 * units::mebi;
  const CostScenario& s = a.cost.scenario;
  const bool is_uniform = s.file.empty() && !s.request.conventions.endless_batch;
  if (!is_uniform) return;
  const auto along = [&](std::string_view what, std::int64_t first, std::int64_t last) {
    const auto bound_at = [&](std::int64_t value) -> Result<Bound> {
      const std::optional<CostScenario> there = with(s, what, value);
      if (!there) return usage_problem("no such pass");
      return timer.longest(*there);
    };
    for (const SwitchPoint& p : switch_points(what, first, last, bound_at)) a.switches.push_back(p);
  };
  along("batch", 1, most_sequences);
  const std::int64_t fresh = s.request.new_tokens.value_or(Dim(1));
  along("context_tokens", std::max<std::int64_t>(fresh, s.request.shared_prefix + fresh),
        most_tokens);
}

void warn_of_memory(RooflineAnswer& a, const CostPlan& plan) {
  if (!a.machine.memory) return;
  const Bytes weights = stored_bytes(plan);
  if (weights <= *a.machine.memory) return;
  a.cost.model.warnings.push_back(
      {"weights_do_not_fit",
       fmt::format(
           "the weights take {}, one device has {}: the times are of a device that had them",
           format_bytes(weights, UnitStyle::iec),
           format_bytes(*a.machine.memory, UnitStyle::iec))});
}

void warn_of_gaps(RooflineAnswer& a, const Ceilings& ceilings) {
  const auto missing = [&](std::string_view what) {
    a.cost.model.warnings.push_back(
        {"no_ceiling", fmt::format("the profile has no {}: no row is held to it", what)});
  };
  if (!ceilings.memory) missing("memory bandwidth");
  if (!ceilings.vector) missing("vector rate");
  const bool multiplies = std::ranges::any_of(a.pass.figures.ops, [](const Op& op) {
    return op.unit == OpUnit::matrix && op.flops.value > 0;
  });
  if (multiplies && !a.machine.peak) missing("matrix rate");
}

std::optional<Problems> time_all(RooflineAnswer& a, const CostPlan& plan) {
  a.pass.figures = a.cost.figures;
  const Timer timer(a, plan);
  set_peaks(a, timer.rows(), timer.bound());
  Result<TimedPass> timed = timer.time(a.cost.scenario, a.cost.figures);
  if (!timed) return timed.problems();
  a.pass = *std::move(timed);
  if (std::optional<Problems> failed = time_prompt(a, plan, timer)) return failed;
  find_switches(a, timer);
  warn_of_memory(a, plan);
  warn_of_gaps(a, timer.rows());
  return std::nullopt;
}

Result<RooflineAnswer> answer(const RooflineFlags& flags, ModelShelf& shelf) {
  Gather problems;
  RooflineAnswer a;
  a.cost = problems.take(read_cost(flags.cost, shelf), CostAnswer{});
  read_machine_facts(flags.machine, a, problems);
  if (problems.failed()) return problems.take_problems();
  const Result<CostPlan> plan = plan_of(a.cost);
  if (!plan) return plan.problems();
  if (std::optional<Problems> failed = compute(a.cost, *plan, flags.cost.output.explain)) {
    return *std::move(failed);
  }
  if (std::optional<Problems> failed = time_all(a, *plan)) return *std::move(failed);
  return a;
}

}  // namespace

Question roofline_question() {
  const auto flags = std::make_shared<RooflineFlags>();
  return {.command = roofline_command(*flags),
          .output = {flags, &flags->cost.output},
          .answer = [flags](ModelShelf& shelf) -> Result<Answer> {
            Result<RooflineAnswer> a = answer(*flags, shelf);
            if (!a) return a.problems();
            return answer_of(*std::move(a), roofline_report, roofline_json);
          }};
}

}  // namespace attncalc
