// SPDX-License-Identifier: Apache-2.0
//
// `attncalc compare` for people: who stands against whom, then a table a point with ratios to the
// first; or, along a range, a table a measure and the points at which something changes places.
#include "report/compare_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/common.hpp"

namespace attncalc {
namespace {

Cell ratio_cell(double value, double first) {
  if (first == 0) return {};
  return value / first;
}

std::string measure_text(RankedBy which) {
  switch (which) {
    case RankedBy::kv:
      return "cache";
    case RankedBy::work:
      return "work";
    case RankedBy::time:
      return "estimated time";
    case RankedBy::hbm:
      break;
  }
  return "HBM traffic";
}

// --- the opening ---------------------------------------------------------------------------------

std::string workload_text(const CompareScenario& s) {
  const PassRequest& r = s.request;
  const std::string phase(words(r.phase)[static_cast<std::size_t>(r.phase)]);
  if (r.new_tokens) {
    return fmt::format("{} of {} a sequence", phase, counted(*r.new_tokens, "new token"));
  }
  return r.phase == Phase::prefill ? "prefill of the whole context" : "decode of one token";
}

Paragraph opening(const CompareAnswer& a) {
  const std::string ops =
      a.scenario.ops.empty() ? "" : fmt::format("; operators {} only", a.scenario.ops);
  return {{fmt::format("{}{}; × is the ratio to the first", workload_text(a.scenario), ops)}};
}

double bytes_from_empty(const Contender& c) {
  const Result<KvFigures> f = kv_figures(c.model, {.formats = c.formats.kv});
  return f ? f->bytes_per_token_from_empty : 0;
}

Table contenders_of(const CompareAnswer& a) {
  Table out;
  out.columns = {{"contender", "", Unit::text},
                 {"layers", "layers", Unit::text},
                 {"parameters", "parameters", Unit::text},
                 {"weights_dtype", "weights", Unit::text},
                 {"kv_dtype", "cache", Unit::text},
                 {"bytes_per_token_from_empty", "cache a token", Unit::bytes, false, true}};
  for (const Contender& c : a.contenders) {
    out.rows.push_back({c.name, layers_text(c.model),
                        format_spoken(parameters(c.model).total.value.value), c.weights_dtype,
                        c.kv_dtype, number_cell(bytes_from_empty(c))});
  }
  return out;
}

// --- at a point ----------------------------------------------------------------------------------

std::string point_text(const ComparePoint& p) {
  return fmt::format("{}, {}", counted(p.context, "token"), counted(p.batch, "sequence"));
}

Table point_table(const CompareAnswer& a, const ComparedPoint& point) {
  Table out;
  out.title = point_text(point.at);
  out.columns = {{"contender", "", Unit::text},
                 {"kv_bytes", "cache", Unit::bytes, false},
                 {"kv_ratio", "×", Unit::count},
                 {"work_flops", "work", Unit::flops},
                 {"work_ratio", "×", Unit::count},
                 {"hbm_bytes", "HBM traffic", Unit::bytes, false},
                 {"hbm_ratio", "×", Unit::count},
                 {"weight_bytes", "weights", Unit::bytes, false},
                 {"kv_traffic_bytes", "cache moved", Unit::bytes, false},
                 {"intensity_flops_per_byte", "FLOP/B", Unit::count}};
  const ContenderFigures& first = point.figures.front();
  const bool timed = has(first, RankedBy::time);
  if (timed) {
    out.columns.push_back({"bound_seconds", "bound", Unit::seconds});
    out.columns.push_back({"estimate_seconds", "estimate", Unit::seconds});
    out.columns.push_back({"estimate_ratio", "×", Unit::count});
  }
  for (std::size_t i = 0; i < point.figures.size(); ++i) {
    const ContenderFigures& f = point.figures[i];
    const auto ratio = [&](RankedBy by) { return ratio_cell(measure(f, by), measure(first, by)); };
    out.rows.push_back({a.contenders[i].name, count_of(f.kv), ratio(RankedBy::kv),
                        number_cell(measure(f, RankedBy::work)), ratio(RankedBy::work),
                        count_of(f.totals.hbm()), ratio(RankedBy::hbm), count_of(f.totals.weights),
                        count_of(f.totals.kv_read + f.totals.kv_write),
                        intensity_cell(f.totals.intensity())});
    if (timed) {
      std::vector<Cell>& row = out.rows.back();
      row.emplace_back(f.times->bound.value);
      row.emplace_back(f.times->estimate.value);
      row.push_back(ratio(RankedBy::time));
    }
  }
  return out;
}

// --- along a range -------------------------------------------------------------------------------

std::int64_t on_axis(const CompareRange& range, const ComparePoint& p) {
  return range.along == Axis::context ? p.context : p.batch;
}
std::string_view axis_text(Axis axis) { return axis == Axis::context ? "tokens" : "sequences"; }

std::string range_title(const CompareAnswer& a, RankedBy by, const ComparePoint& fixed) {
  const bool by_context = a.scenario.range->along == Axis::context;
  return fmt::format(
      "{}, {}", measure_text(by),
      by_context ? counted(fixed.batch, "sequence") : counted(fixed.context, "token"));
}

Unit unit_of(RankedBy by) {
  if (by == RankedBy::time) return Unit::seconds;
  return by == RankedBy::work ? Unit::flops : Unit::bytes;
}

Table measure_table(const CompareAnswer& a, RankedBy by, const ComparePoint& fixed) {
  const CompareRange& range = *a.scenario.range;
  Table out;
  out.title = range_title(a, by, fixed);
  out.columns = {{"at", std::string(axis_text(range.along)), Unit::count},
                 {"first", a.contenders.front().name, unit_of(by), false, by != RankedBy::time}};
  for (std::size_t i = 1; i < a.contenders.size(); ++i)
    out.columns.push_back({"ratio", "× " + a.contenders[i].name, Unit::count});
  out.columns.push_back({"least", "least", Unit::text});
  for (const ComparedPoint& point : a.points) {
    const bool here = range.along == Axis::context ? point.at.batch == fixed.batch
                                                   : point.at.context == fixed.context;
    if (!here) continue;
    const double first = measure(point.figures.front(), by);
    std::vector<Cell> row = {on_axis(range, point.at), number_cell(first)};
    for (std::size_t i = 1; i < point.figures.size(); ++i)
      row.push_back(ratio_cell(measure(point.figures[i], by), first));
    row.emplace_back(a.contenders[least_of(point.figures, by)].name);
    out.rows.push_back(std::move(row));
  }
  return out;
}

Table switches_of(const CompareAnswer& a) {
  const CompareRange& range = *a.scenario.range;
  Table out;
  out.title = "switch points";
  const bool by_context = range.along == Axis::context;
  out.columns = {{"what", "", Unit::text},
                 {"at", by_context ? "from tokens" : "from sequences", Unit::count},
                 {"other", by_context ? "sequences" : "tokens", Unit::count},
                 {"contender", "", Unit::text}};
  for (const Switch& s : a.switches) {
    const bool least = s.what == Switch::What::least;
    const std::string& to = a.contenders[s.to].name;
    out.rows.push_back({least ? "least " + measure_text(s.by) : "cache traffic passes weights",
                        on_axis(range, s.at), by_context ? s.at.batch : s.at.context,
                        least ? fmt::format("{}, before {}", to, a.contenders[s.from].name) : to});
  }
  return out;
}

void add_range(const CompareAnswer& a, std::vector<Block>& blocks) {
  const CompareScenario& s = a.scenario;
  const bool by_context = s.range->along == Axis::context;
  for (const std::int64_t other : by_context ? s.batches : s.contexts) {
    const ComparePoint fixed =
        by_context ? ComparePoint{.batch = other} : ComparePoint{.context = other};
    for (const RankedBy by : measures) {
      if (has(a.points.front().figures.front(), by)) blocks.push_back(measure_table(a, by, fixed));
    }
  }
  if (a.switches.empty()) {
    blocks.push_back(Paragraph{{"nothing changes places along this range"}});
  } else {
    blocks.push_back(switches_of(a));
  }
}

// --- notes ---------------------------------------------------------------------------------------

void add_notes_of_all(const CompareAnswer& a, std::vector<Block>& blocks) {
  const SharedNotes shared = shared_notes(a.contenders);
  Notes assumed{"assumed", {}};
  Notes warnings{"warnings", {}};
  const auto say = [](const Assumption& n) {
    return fmt::format("{} = {}  ({})", n.name, n.value, n.source);
  };
  for (const Assumption& n : shared.assumptions) assumed.items.push_back(say(n));
  for (const Warning& w : shared.warnings) warnings.items.push_back(w.text);
  for (const Contender& c : a.contenders) {
    for (const Assumption& n : c.model.assumptions) {
      if (std::ranges::find(shared.assumptions, n) == shared.assumptions.end())
        assumed.items.push_back(fmt::format("{}: {}", c.name, say(n)));
    }
    for (const Warning& w : c.model.warnings) {
      if (std::ranges::find(shared.warnings, w) == shared.warnings.end())
        warnings.items.push_back(fmt::format("{}: {}", c.name, w.text));
    }
  }
  add_if_any(std::move(assumed), blocks);
  add_if_any(std::move(warnings), blocks);
}

// --- the record ----------------------------------------------------------------------------------

Table record_of(const CompareAnswer& a) {
  Table out;
  for (const char* key : {"contender",
                          "model",
                          "as",
                          "kv_dtype",
                          "weights_dtype",
                          "phase",
                          "context_tokens",
                          "batch",
                          "kv_bytes",
                          "flops",
                          "vector_flops",
                          "weight_bytes",
                          "kv_read_bytes",
                          "kv_write_bytes",
                          "activation_bytes",
                          "hbm_bytes",
                          "intensity_flops_per_byte",
                          "kv_ratio",
                          "work_ratio",
                          "hbm_ratio"}) {
    out.columns.push_back({key, {}, Unit::text});
  }
  const Phase phase = a.scenario.request.phase;
  for (const ComparedPoint& p : a.points) {
    for (std::size_t i = 0; i < p.figures.size(); ++i) {
      const Contender& c = a.contenders[i];
      const ContenderFigures& f = p.figures[i];
      const CostTotals& t = f.totals;
      const auto ratio = [&](RankedBy by) {
        return ratio_cell(measure(f, by), measure(p.figures.front(), by));
      };
      out.rows.push_back({c.name,
                          c.model.name,
                          c.as,
                          c.kv_dtype,
                          c.weights_dtype,
                          std::string(words(phase)[static_cast<std::size_t>(phase)]),
                          p.at.context,
                          p.at.batch,
                          count_of(f.kv),
                          number_cell(t.flops.value),
                          number_cell(t.vector_flops.value),
                          count_of(t.weights),
                          count_of(t.kv_read),
                          count_of(t.kv_write),
                          count_of(t.activations),
                          count_of(t.hbm()),
                          intensity_cell(t.intensity()),
                          ratio(RankedBy::kv),
                          ratio(RankedBy::work),
                          ratio(RankedBy::hbm)});
    }
  }
  return out;
}

}  // namespace

std::string_view measure_key(RankedBy which) {
  constexpr std::array<std::string_view, measures.size()> keys = {"kv_bytes", "work_flops",
                                                                  "hbm_bytes", "estimate_seconds"};
  return keys[static_cast<std::size_t>(which)];
}

SharedNotes shared_notes(const std::vector<Contender>& contenders) {
  const auto everywhere = [&](const auto& note, auto notes_of) {
    return std::ranges::all_of(contenders, [&](const Contender& c) {
      const auto& notes = notes_of(c.model);
      return std::ranges::find(notes, note) != notes.end();
    });
  };
  SharedNotes out;
  const Model& first = contenders.front().model;
  for (const Assumption& n : first.assumptions) {
    if (everywhere(
            n, [](const Model& m) -> const auto& { return m.assumptions; }))
      out.assumptions.push_back(n);
  }
  for (const Warning& w : first.warnings) {
    if (everywhere(
            w, [](const Model& m) -> const auto& { return m.warnings; }))
      out.warnings.push_back(w);
  }
  return out;
}

Report compare_report(const CompareAnswer& a) {
  Report report;
  report.title = fmt::format("{} side by side",
                             counted(static_cast<std::int64_t>(a.contenders.size()), "contender"));
  report.blocks.push_back(opening(a));
  report.blocks.push_back(contenders_of(a));
  if (a.scenario.range) {
    add_range(a, report.blocks);
  } else {
    for (const ComparedPoint& point : a.points) report.blocks.push_back(point_table(a, point));
  }
  add_notes_of_all(a, report.blocks);
  report.record = record_of(a);
  return report;
}

}  // namespace attncalc
