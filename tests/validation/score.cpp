// SPDX-License-Identifier: Apache-2.0
//
// Scoring, row by row, and the three ways to fit.
#include "validation/score.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <stdexcept>

namespace attncalc::validation {
namespace {

struct Scored {
  Sample sample;
  Case measured;
  Error error;
};

// The names of one engine's releases and front ends.
std::string engine_of(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::pair<std::string_view, std::string_view> makes[] = {
      {"llama", "llamacpp"},  {"ollama", "llamacpp"},        {"vllm", "vllm"},
      {"sglang", "sglang"},   {"tensorrt", "trtllm"},        {"hf transformers", "transformers"},
      {"exllama", "exllama"}, {"transformers n", "neuronx"},
  };
  for (const auto& [start, make] : makes) {
    if (name.starts_with(start)) return std::string(make);
  }
  return name.substr(0, name.find_first_of(" -"));
}

std::string precision_class(const std::string& weights) {
  if (weights.starts_with("w4")) return "below 8 bits";
  if (weights.ends_with("16")) return "16 bits";
  const bool eight = weights == "int8" || weights == "fp8" || weights == "q8_0";
  return eight ? "8 bits" : "below 8 bits";
}

// Devices whose engines' code is the same: A100 and H100 differ in the table, not in the fit.
std::string_view fit_group(std::string_view family) {
  return family == "ampere" || family == "hopper" ? "data centre NVIDIA" : family;
}

// A few of many passes of a kind stand for all in a fit, which evaluates them hundreds of times.
std::vector<WorkPass> thinned(const std::vector<WorkPass>& passes, Phase phase) {
  std::vector<WorkPass> of_phase;
  for (const WorkPass& p : passes) {
    if (p.request.phase == phase) of_phase.push_back(p);
  }
  constexpr std::size_t enough = 3;
  if (of_phase.size() <= enough) return of_phase;
  double times = 0;
  for (const WorkPass& p : of_phase) times += p.times;
  std::vector<WorkPass> out;
  for (std::size_t i = 0; i < enough; ++i) {
    out.push_back(of_phase[(2 * i + 1) * of_phase.size() / (2 * enough)]);
    out.back().times = times / static_cast<double>(enough);
  }
  return out;
}

Work thinned(Work work) {
  std::vector<WorkPass> passes = thinned(work.passes, Phase::prefill);
  for (const WorkPass& p : thinned(work.passes, Phase::decode)) passes.push_back(p);
  work.passes = std::move(passes);
  return work;
}

std::string reason_not_scored(const Case& c, const Violation* violation) {
  if (violation) return "faster than the bound";
  if (!c.not_scored.empty()) return c.not_scored;
  if (c.figure == Figure::serving) return "saturated serving: the batch is not said";
  return c.devices == 1 ? "" : "several devices";
}

class Scorer {
 public:
  explicit Scorer(const Mapping& mapping) : mapping_(mapping) {}

  void add(const Record& row) {
    const auto mapped = mapping_.map(row);
    if (const auto* no = std::get_if<Unmapped>(&mapped)) {
      out_.counted += no->counts ? 1 : 0;
      if (no->counts) ++out_.unmapped[no->reason];
      return;
    }
    ++out_.counted;
    const Case& c = std::get<Case>(mapped);
    std::string why_not;
    const std::optional<Work> work = shop_.prepare(c, why_not);
    if (!work) {
      ++out_.unmapped["formats that do not go with the model: " + why_not];
      return;
    }
    ++out_.mapped;
    compare(c, *work);
  }

  Score finish() {
    for (Scored& s : scored_) s.error.table = error(s, coefficients(s, s.error.engine));
    std::set<std::vector<std::string>> sets;
    for (const Scored& s : scored_) {
      sets.insert({s.error.family, s.error.engine, s.error.device});
    }
    for (const auto& set : sets) fit_set(set[0], set[1], set[2]);
    for (const Scored& s : scored_) out_.errors.push_back(s.error);
    fit_kinds();
    return std::move(out_);
  }

 private:
  using Samples = std::vector<const Sample*>;

  void compare(const Case& c, const Work& work) {
    const Result<CaseBound> bound = bound_of(c, work);
    if (!bound) throw std::runtime_error(c.model + ": " + bound.problems().front().message);
    ++out_.bounded;
    const double ratio = bound->seconds().value / c.seconds;
    if (c.devices == 1) out_.bound_over_measured.push_back(ratio);
    const Violation violation{
        .row = c.row, .measured = c, .times_faster = ratio, .known = mapping_.known_row(*c.row)};
    if (ratio > 1) out_.violations.push_back(violation);
    const std::string reason = reason_not_scored(c, ratio > 1 ? &violation : nullptr);
    if (!reason.empty()) {
      ++out_.not_scored[reason];
      return;
    }
    keep(c, work);
  }

  void keep(const Case& c, const Work& work) {
    Result<TimedWork> timed = time_work(thinned(work));
    if (!timed) throw std::runtime_error(c.model + ": " + timed.problems().front().message);
    for (TimedPass& pass : timed->passes) pass.figures.scratch = {};
    const EstimateCoefficients table = coefficients_of(*work.device);
    Error error{.family = std::string(table.family),
                .engine = engine_of(c.row->at("engine")),
                .precision = precision_class(c.formats.weights),
                .device = c.device,
                .figure = c.figure};
    scored_.push_back({{std::move(*timed), table, c.seconds}, c, std::move(error)});
  }

  static EstimateCoefficients coefficients(const Scored& s, const std::string& engine) {
    return coefficients_of(*s.sample.work.device, engine);
  }
  static double error(const Scored& s, const EstimateCoefficients& c) {
    return std::abs(estimated_seconds(s.sample.work, c) / s.sample.measured - 1);
  }

  template <class Wanted>
  Samples pick(Wanted wanted) const {
    Samples out;
    for (const Scored& s : scored_) {
      if (wanted(s)) out.push_back(&s.sample);
    }
    return out;
  }

  // From other devices of the kind with the engine; else with the engine; else of the kind.
  Adjustment from_others(std::string_view family, const std::string& engine,
                         const std::string& device) const {
    constexpr std::size_t enough = 8;
    const auto kind = [&](const Scored& s) {
      return fit_group(s.error.family) == fit_group(family);
    };
    const auto other = [&](const Scored& s) { return s.error.device != device; };
    const auto same = [&](const Scored& s) { return s.error.engine == engine; };
    const Samples both = pick([&](const Scored& s) { return kind(s) && same(s) && other(s); });
    if (both.size() >= enough) return fitted(both);
    const Samples engines = pick([&](const Scored& s) { return same(s) && other(s); });
    if (engines.size() >= enough) return fitted(engines);
    return fitted(pick([&](const Scored& s) { return kind(s) && other(s); }));
  }

  void fit_set(const std::string& family, const std::string& engine, const std::string& device) {
    const Adjustment others = from_others(family, engine, device);
    const auto here = [&](const Scored& s) {
      return s.error.family == family && s.error.engine == engine && s.error.device == device;
    };
    std::map<std::string, Adjustment> without;  // by the model that is left out
    for (Scored& s : scored_) {
      if (!here(s)) continue;
      s.error.left_out = error(s, adjusted(s.sample.table, others));
      const std::string& model = s.measured.model;
      if (!without.contains(model)) {
        const Samples rest =
            pick([&](const Scored& t) { return here(t) && t.measured.model != model; });
        constexpr std::size_t enough = 3;
        if (rest.size() < enough) continue;
        without[model] = fitted(rest, others);
      }
      s.error.calibrated = error(s, adjusted(s.sample.table, without[model]));
    }
  }

  void fit_kinds() {
    std::map<std::pair<std::string, std::string>, std::set<std::string>> kinds;
    for (const Scored& s : scored_) {
      kinds[{std::string(fit_group(s.error.family)), s.error.engine}].insert(s.error.device);
    }
    for (const auto& entry : kinds) {
      const auto& [kind, engine] = entry.first;
      const Samples samples = pick([&](const Scored& s) {
        return fit_group(s.error.family) == entry.first.first &&
               s.error.engine == entry.first.second;
      });
      out_.reached.push_back({kind, engine, fitted(samples), entry.second.size(), samples.size()});
    }
  }

  const Mapping& mapping_;
  Workshop shop_;
  std::vector<Scored> scored_;
  Score out_;
};

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Score score(const Records& rows, const Mapping& mapping) {
  Scorer scorer(mapping);
  for (const Record& row : rows.rows) {
    if (row.at("tier") == "A" || row.at("tier") == "B") scorer.add(row);
  }
  return scorer.finish();
}

}  // namespace attncalc::validation
