// SPDX-License-Identifier: Apache-2.0
//
// `attncalc roofline`: the operators of `cost`, a machine, and what follows: times, the bound, an
// estimate, and what they mean in tokens, money and energy.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "cli/cost_inputs.hpp"
#include "cli/verbs.hpp"
#include "hardware/catalog.hpp"
#include "report/picture_svg.hpp"
#include "report/picture_text.hpp"
#include "report/roofline_report.hpp"
#include "roofline/products.hpp"

namespace attncalc {
namespace {

struct MachineFlags {
  TextFlag hw, devices, memory, price, launch;
};
struct PictureFlags {
  TextFlag plot;
};
struct RooflineFlags {
  CostFlags cost;
  MachineFlags machine;
  PictureFlags picture;
};

constexpr std::string_view plot_by_locale = "text";

FlagGroup flag_group(PictureFlags& f) {
  return {"picture",
          {{.name = "--plot",
            .value = "[FILE.svg]",
            .help = "draw the roofline: on the terminal (in ASCII: --plot=ascii), or into a file;\n"
                    "with --batch 1:256 or --ctx 1k:1M also how the step moves on it",
            .into = &f.plot,
            .bare = plot_by_locale}}};
}

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
      .groups = {flag_group(c.model), flag_group(f.machine), flag_group(f.picture),
                 flag_group(c.pass), flag_group(c.conventions), flag_group(c.rows),
                 flag_group(c.dtypes), device_group(c.placement),
                 flag_group(c.output, CanExplain::yes)},
      .examples = {
          {"one decode step behind 8,192 tokens",
           "attncalc roofline -m llama3-8b --hw h100-sxm -c 8k"},
          {"the time to the first token of a prompt",
           "attncalc roofline -m llama3-8b --hw a100-sxm-80gb --phase prefill -c 4k"},
          {"prompt and generation, and what they cost",
           "attncalc roofline -m llama3-8b --hw l40s --isl 2000 --osl 500 -b 16 --price 0.87"},
          {"a picture of it, and of how it moves as the batch grows",
           "attncalc roofline -m llama3-8b --hw h100-sxm -c 8k -b 1:256 --plot roof.svg"}}};
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

  // Where all rows of a pass together are on the roofline.
  Result<TimedStop> stop(const CostScenario& s, std::int64_t value) const {
    const Result<CostFigures> figures = kept_rows(plan_, s, s.request.conventions);
    if (!figures) return figures.problems();
    RooflineTimes times;
    time_rows(figures->ops, rows_, times);
    const CostTotals& totals = figures->totals;
    const Flops work = totals.flops + totals.vector_flops;
    return TimedStop{.value = value,
                     .intensity = totals.intensity(),
                     .rate = FlopsPerSecond(work.value / times.serial.value)};
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

// --- what moves on the picture -------------------------------------------------------------------

// "1:256" of --batch or --ctx.
struct Range {
  std::string_view along;
  std::int64_t first = 1;
  std::int64_t last = 1;
};

// Takes a range out of the flag and leaves its last value, at which the operators are drawn.
std::optional<Range> take_range(TextFlag& flag, std::string_view name, std::string_view along,
                                Gather& problems) {
  const std::size_t colon = flag ? flag->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  const std::string first = flag->substr(0, colon);
  const std::string last = flag->substr(colon + 1);
  const auto read = [&](const std::string& text) {
    return problems.take(along == "batch" ? parse_count(text, name) : parse_tokens(text, name),
                         std::int64_t{1});
  };
  const Range range{.along = along, .first = read(first), .last = read(last)};
  if (!problems.failed() && range.first >= range.last) {
    problems.add(usage_problem(fmt::format("{} {} is a range that does not grow", name, *flag),
                               "write it from small to large"));
  }
  flag = problems.failed() ? "1" : last;  // a mistake is told once
  return range;
}

std::vector<Range> take_ranges(RooflineFlags& flags, Gather& problems) {
  std::vector<Range> out;
  PassFlags& pass = flags.cost.pass;
  for (const auto& range : {take_range(pass.batch, "--batch", "batch", problems),
                            take_range(pass.ctx, "--ctx", "context", problems)}) {
    if (range) out.push_back(*range);
  }
  if (!out.empty() && !flags.picture.plot)
    problems.add(usage_problem("a range is drawn, and --plot is missing", "add --plot"));
  return out;
}

// Doubling from the first value, and the last one: a step is as long as any other on the axes.
std::optional<Problems> follow(RooflineAnswer& a, const Timer& timer, const Range& range) {
  constexpr std::int64_t most_stops = 12;
  std::int64_t factor = 2;
  const auto stops = [&] {
    std::int64_t count = 1;
    for (std::int64_t v = range.first; v < range.last; v *= factor) ++count;
    return count;
  };
  while (stops() > most_stops) factor *= 2;
  TimedTrack track{.along = std::string(range.along), .stops = {}};
  for (std::int64_t value = range.first;; value *= factor) {
    const std::int64_t here = std::min(value, range.last);
    const std::optional<CostScenario> scenario = with(a.cost.scenario, range.along, here);
    if (!scenario) {
      return Problems{
          usage_problem(fmt::format("--plot: no step with a {} of {}", range.along, here),
                        "begin the range higher")};
    }
    Result<TimedStop> stop = timer.stop(*scenario, here);
    if (!stop) return stop.problems();
    track.stops.push_back(*stop);
    if (here == range.last) break;
  }
  a.tracks.push_back(std::move(track));
  return std::nullopt;
}

// --- pictures ------------------------------------------------------------------------------------

bool terminal_knows_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    return text.find("UTF-8") != std::string_view::npos ||
           text.find("utf8") != std::string_view::npos;
  }
  return false;
}

enum class Drawing : std::uint8_t { none, unicode, ascii, svg };

Drawing read_drawing(const PictureFlags& f, Gather& problems) {
  if (!f.plot) return Drawing::none;
  if (*f.plot == plot_by_locale) return terminal_knows_utf8() ? Drawing::unicode : Drawing::ascii;
  if (*f.plot == "unicode") return Drawing::unicode;
  if (*f.plot == "ascii") return Drawing::ascii;
  if (f.plot->ends_with(".svg")) return Drawing::svg;
  problems.add(usage_problem(fmt::format("--plot '{}' is no picture that can be drawn", *f.plot),
                             "--plot alone, --plot ascii, --plot unicode or --plot FILE.svg"));
  return Drawing::none;
}

void check_drawable(const RooflineAnswer& a, Gather& problems) {
  const RooflinePicture picture = roofline_picture(a);
  if (picture.memory.empty())
    problems.add(usage_problem("--plot: the profile has no memory bandwidth, so there is no roof"));
  if (picture.points.empty())
    problems.add(usage_problem("--plot: no row both computes and moves bytes"));
}

// The picture is made from a copy: an answer's forms are made when they are asked for.
void add_picture(Answer& answer, const RooflinePicture& picture, const PictureFlags& flags) {
  Gather read_before;
  const Drawing drawing = read_drawing(flags, read_before);
  if (drawing == Drawing::svg) {
    answer.files.push_back({*flags.plot, [picture] { return render_svg(picture); }});
  } else if (drawing != Drawing::none) {
    const TextPlotStyle style = {.unicode = drawing == Drawing::unicode};
    answer.drawing = [picture, style] { return render_picture_text(picture, style); };
  }
}

Result<RooflineAnswer> answer(RooflineFlags flags, ModelShelf& shelf) {
  Gather problems;
  RooflineAnswer a;
  const std::vector<Range> ranges = take_ranges(flags, problems);
  const Drawing drawing = read_drawing(flags.picture, problems);
  a.cost = problems.take(read_cost(flags.cost, shelf), CostAnswer{});
  read_machine_facts(flags.machine, a, problems);
  if (problems.failed()) return problems.take_problems();
  const Result<CostPlan> plan = plan_of(a.cost);
  if (!plan) return plan.problems();
  if (std::optional<Problems> failed = compute(a.cost, *plan, flags.cost.output.explain)) {
    return *std::move(failed);
  }
  if (std::optional<Problems> failed = time_all(a, *plan)) return *std::move(failed);
  const Timer timer(a, *plan);
  for (const Range& range : ranges) {
    if (std::optional<Problems> failed = follow(a, timer, range)) return *std::move(failed);
  }
  if (drawing != Drawing::none) check_drawable(a, problems);
  if (problems.failed()) return problems.take_problems();
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
            if (!flags->picture.plot)
              return answer_of(*std::move(a), roofline_report, roofline_json);
            const RooflinePicture picture = roofline_picture(*a);
            Answer out = answer_of(*std::move(a), roofline_report, roofline_json);
            add_picture(out, picture, flags->picture);
            return out;
          }};
}

}  // namespace attncalc
