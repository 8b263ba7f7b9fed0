// SPDX-License-Identifier: Apache-2.0
//
// Cases through the library: which passes a figure is made of, and what serving at the limit of the
// memory means for one request.
#include "validation/work.hpp"

#include <algorithm>
#include <cmath>

#include "hardware/catalog.hpp"
#include "ingest/load.hpp"

namespace attncalc::validation {
namespace {

std::string joined(const Problems& problems) {
  return problems.empty() ? "" : problems.front().message;
}

// Four bits an element is the least that a submission's weights have been seen with. Where the
// rules of a mix depend on more than a model says, every matrix is in the mix's usual type.
Result<WeightFormats> weights_named(const std::string& name, const Model& model) {
  if (name == "least") return named_formats("int4", model);
  Result<WeightFormats> exact = named_formats(name, model);
  if (exact || !name.ends_with("_m")) return exact;
  return named_formats(name.substr(0, name.size() - 2), model);
}

std::int64_t whole(double tokens) { return std::max<std::int64_t>(1, std::llround(tokens)); }

// --- passes --------------------------------------------------------------------------------------

PassRequest prompt_pass(double batch, double cached, double tokens) {
  return {.phase = Phase::prefill,
          .context = whole(cached + tokens),
          .new_tokens = Dim(whole(tokens)),
          .batch = whole(batch)};
}

PassRequest step_pass(double batch, double context) {
  return {.phase = Phase::decode,
          .context = whole(context),
          .new_tokens = Dim(1),
          .batch = whole(batch)};
}

// Costs are linear in the context but where a window fills, so the middles of a few stretches stand
// for all steps.
constexpr double most_samples = 12;

// The prompts, in calls of at most `chunk` tokens.
void add_prompt(const Scenario& s, std::vector<WorkPass>& out) {
  if (s.prompt < 1) return;
  const double chunk = s.chunk > 0 ? std::min(s.chunk, s.prompt) : s.prompt;
  const double calls = std::ceil(s.prompt / chunk);
  const double samples = std::min(calls, most_samples);
  for (double i = 0; i < samples; ++i) {
    const double before = std::floor((i + 0.5) * calls / samples) * chunk;
    out.push_back({prompt_pass(s.batch, s.cached + before, chunk), calls / samples});
  }
}

// The first token comes with the prompt; each further one is a step that sees one more.
void add_steps(const Scenario& s, std::vector<WorkPass>& out) {
  const double steps = s.generated - (s.prompt > 0 ? 1 : 0);
  const double samples = std::min(steps, most_samples);
  for (double i = 0; i < samples; ++i) {
    const double behind = s.prompt + (i + 0.5) * steps / samples;
    out.push_back({step_pass(s.batch, behind + 1), steps / samples});
  }
}

// --- saturated serving ---------------------------------------------------------------------------

// Where a profile does not say how large the memory is.
constexpr double most_sequences = 65536;

double bytes_of(Bytes b) { return static_cast<double>(b.value.value); }

// As many sequences as the memory beside the weights holds at their mean length.
double sequences_that_fit(const Case& c, const Work& work) {
  const Prepared& p = *work.prepared;
  const DeviceMemory& m = work.device->memory;
  if (!m.physical) return most_sequences;
  const double memory = bytes_of(*m.physical) * work.devices;
  const double weights = bytes_of(weight_bytes(stored_weights(p.model, p.weights)).total());
  const Result<CostFigures> step = [&] {
    const Result<Pass> pass = make_pass(step_pass(1, c.scenario.context));
    return cost_figures(p.plan, *pass, p.formats);
  }();
  const double kept = step ? std::max(1.0, bytes_of(step->totals.kv_read)) : 1;
  // Weights that do not fit: a rate per device of a machine whose size is not said.
  const double fit =
      memory > weights ? std::max(1.0, std::floor((memory - weights) / kept)) : most_sequences;
  return c.scenario.batch > 0 ? std::min(fit, c.scenario.batch) : fit;
}

// A batch whose cache does not fit runs in parts: of a step, the sequences that do.
std::vector<WorkPass> passes_of(const Case& c, const Work& work) {
  const Scenario& s = c.scenario;
  std::vector<WorkPass> out;
  if (c.figure == Figure::prefill) add_prompt(s, out);
  if (c.figure == Figure::generation) {
    add_prompt(s, out);
    add_steps(s, out);
  }
  if (c.figure == Figure::decode) {
    out.push_back({step_pass(sequences_that_fit(c, work), s.context), 1});
  }
  return out;
}

// A request's prompt, with the weights' reading shared by so many that it is nothing, and its share
// of as many steps as it makes tokens.
std::vector<WorkPass> serving_passes(const Case& c, const Work& work) {
  Scenario one = c.scenario;
  one.batch = 1;
  std::vector<WorkPass> out;
  add_prompt(one, out);
  for (WorkPass& pass : out) pass.request.conventions.endless_batch = true;
  Scenario full = c.scenario;
  full.batch = std::floor(sequences_that_fit(c, work));
  std::vector<WorkPass> steps;
  add_steps(full, steps);
  for (WorkPass& pass : steps) {
    pass.times /= full.batch;
    out.push_back(pass);
  }
  return out;
}

Result<CostFigures> cost_of(const Prepared& p, PassRequest request, const Conventions& form) {
  const bool endless = request.conventions.endless_batch;
  request.conventions = form;
  request.conventions.endless_batch = endless;
  const Result<Pass> pass = make_pass(request);
  if (!pass) return pass.problems();
  return cost_figures(p.plan, *pass, p.formats);
}

}  // namespace

const Prepared* Workshop::prepared(const Case& c, std::string& why_not) {
  const FormatNames& f = c.formats;
  const std::string key = c.model + ' ' + f.weights + ' ' + f.kv + ' ' + f.activations;
  if (const auto known = prepared_.find(key); known != prepared_.end()) return known->second.get();
  if (const auto known = refused_.find(key); known != refused_.end()) {
    why_not = known->second;
    return nullptr;
  }
  const auto refuse = [&](const std::string& why) {
    refused_[key] = why_not = why;
    return nullptr;
  };
  const Result<Model> model = load_model(c.model);
  if (!model) return refuse(joined(model.problems()));
  auto made = std::make_unique<Prepared>();
  made->model = *model;
  if (f.weights == "checkpoint") {
    made->weights = checkpoint_formats(made->model);
  } else {
    const Result<WeightFormats> weights = weights_named(f.weights, made->model);
    if (!weights) return refuse(joined(weights.problems()));
    made->weights = *weights;
  }
  const Result<Format> activation = find_format(f.activations);
  if (!activation) return refuse(joined(activation.problems()));
  const Result<KvFormats> kv = kv_formats(f.kv, f.activations);
  if (!kv) return refuse(joined(kv.problems()));
  made->formats = {.activation = *activation, .kv = *kv};
  made->plan = cost_plan(made->model, made->weights);
  return (prepared_[key] = std::move(made)).get();
}

const Device* Workshop::device(const std::string& name) {
  auto& kept = devices_[name];
  if (!kept) kept = std::make_unique<Device>(load_machine(name)->device);
  return kept.get();
}

std::optional<Work> Workshop::prepare(const Case& c, std::string& why_not) {
  Work work{.prepared = prepared(c, why_not),
            .device = device(c.device),
            .devices = c.devices,
            .passes = {}};
  if (!work.prepared) return std::nullopt;
  work.passes = c.figure == Figure::serving ? serving_passes(c, work) : passes_of(c, work);
  return work;
}

Result<CaseBound> bound_of(const Case&, const Work& work) {
  const Prepared& p = *work.prepared;
  const Ceilings ceilings = bound_ceilings(*work.device, p.formats, p.plan.formats);
  CaseBound out;
  for (const WorkPass& pass : work.passes) {
    const auto cost = [&](const Conventions& form) { return cost_of(p, pass.request, form); };
    const Result<BoundTime> time =
        bound_time(p.plan, pass.request.conventions, pass.request.phase, ceilings, cost);
    if (!time) return time.problems();
    const double share = pass.times / work.devices;
    out.compute += time->compute * share;
    out.memory += time->memory * share;
  }
  return out;
}

Result<TimedWork> time_work(const Work& work) {
  const Prepared& p = *work.prepared;
  TimedWork out{.device = work.device,
                .ceilings = ceilings_of(*work.device, p.formats, p.plan.formats),
                .passes = {}};
  for (const WorkPass& pass : work.passes) {
    const Result<CostFigures> figures = cost_of(p, pass.request, {});
    if (!figures) return figures.problems();
    TimedPass timed{
        .figures = *figures, .times = {}, .phase = pass.request.phase, .count = pass.times};
    time_rows(timed.figures.ops, out.ceilings, timed.times);
    out.passes.push_back(std::move(timed));
  }
  return out;
}

double estimated_seconds(const TimedWork& work, const EstimateCoefficients& coefficients) {
  double sum = 0;
  for (const TimedPass& pass : work.passes) {
    const Estimate e =
        estimate_of(pass.figures.ops, pass.times, work.ceilings, pass.phase, coefficients);
    sum += e.seconds.value * pass.count;
  }
  return sum;
}

}  // namespace attncalc::validation
