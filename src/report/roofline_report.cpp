// SPDX-License-Identifier: Apache-2.0
//
// `attncalc roofline` for people: the machine, the two answers and what follows from them, then the
// operators whose times they are.
#include "report/roofline_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "report/common.hpp"

namespace attncalc {
namespace {

std::string bound_word(Bound bound) {
  return std::string(words(bound)[static_cast<std::size_t>(bound)]);
}

// --- the machine ---------------------------------------------------------------------------------

std::string machine_text(const MachineFacts& m) {
  const Machine& machine = m.machine;
  std::string text = machine.devices > 1 ? fmt::format("{} × ", machine.devices) : std::string();
  text += machine.device.name;
  if (m.peak) text += fmt::format(", {} {}", m.peak_name, format_rate(*m.peak));
  if (machine.device.memory.bandwidth) {
    text += fmt::format(", {} {}", machine.device.memory.type,
                        format_rate(*machine.device.memory.bandwidth));
  }
  if (m.ridge) text += fmt::format(", ridge {:.4g} FLOP/B", m.ridge->value);
  return text;
}

// --- the answers ---------------------------------------------------------------------------------

using Rows = std::vector<std::vector<Cell>>;

std::string_view pass_word(Phase phase) {
  return phase == Phase::prefill ? "prompt (TTFT)" : "step (TPOT)";
}

// Of all stages of a pipeline; the interval is as wide as the shown stage's.
std::string interval_text(const TimedPass& p) {
  const Estimate& e = p.estimate;
  const double all = p.at_estimate.seconds.value / e.seconds.value;
  return fmt::format("{} ({} to {})", format_seconds(p.at_estimate.seconds),
                     format_seconds(Seconds(e.low.value * all)),
                     format_seconds(Seconds(e.high.value * all)));
}

// What takes no time has no rate.
std::string number_text(double value, std::string_view mark) {
  return std::isfinite(value) ? fmt::format("{}{:.4g}", mark, value) : std::string("no limit");
}

// A figure at the bound, as expected, and with row after row.
using Figure = std::optional<double> Rates::*;

template <class Text>
void add_figure(Rows& out, std::string_view label, const TimedPass& p, Figure figure, Text&& text) {
  const std::optional<double> bound = p.at_bound.*figure;
  if (!bound) return;
  out.push_back({std::string(label), text(*bound), text(*(p.at_estimate.*figure)),
                 text(*(p.at_serial.*figure))});
}

std::string share_text(double share) {
  constexpr double percent = 100;
  return std::isfinite(share) ? fmt::format("{:.1f}%", share * percent) : std::string();
}

void add_answers(Rows& out, const TimedPass& p) {
  const bool decode = p.phase == Phase::decode;
  const auto dollars = [](double usd) { return number_text(usd, "$"); };
  const auto number = [](double value) { return number_text(value, ""); };
  out.push_back(
      {std::string(pass_word(p.phase)),
       fmt::format("{}, {}", format_seconds(p.at_bound.seconds), bound_word(p.bound.bound)),
       interval_text(p), format_seconds(p.at_serial.seconds)});
  out.push_back({decode ? "output tokens/s" : "input tokens/s",
                 number(p.at_bound.tokens_per_second), number(p.at_estimate.tokens_per_second),
                 number(p.at_serial.tokens_per_second)});
  add_figure(out, decode ? "$/million output tokens" : "$/million input tokens", p,
             &Rates::usd_per_million_tokens, dollars);
  add_figure(out, "joules/token", p, &Rates::joules_per_token, number);
  add_figure(out, "of the peak (MFU)", p, &Rates::mfu, share_text);
  add_figure(out, "of the bandwidth (MBU)", p, &Rates::mbu, share_text);
}

Table answers_of(const RooflineAnswer& a) {
  Table out;
  out.columns = {{"what", "", Unit::text},
                 {"bound", "nothing is faster than", Unit::text},
                 {"expected", "expected", Unit::text},
                 {"serial", "row after row", Unit::text}};
  if (a.prompt) add_answers(out.rows, *a.prompt);
  add_answers(out.rows, a.pass);
  return out;
}

// --- operators -----------------------------------------------------------------------------------

Table operators_of(const RooflineAnswer& a) {
  Table out;
  out.columns = {{"name", "operator", Unit::text},
                 {"group", "group", Unit::text},
                 {"layers", "layers", Unit::count},
                 {"flops", "matrix", Unit::flops},
                 {"vector_flops", "vector", Unit::flops},
                 {"hbm_bytes", "traffic", Unit::bytes, false},
                 {"intensity_flops_per_byte", "FLOP/B", Unit::count},
                 {"time_seconds", "time", Unit::seconds},
                 {"share", "share", Unit::share},
                 {"bound", "bound by", Unit::text},
                 {"estimate_seconds", "expected", Unit::seconds}};
  const TimedPass& p = a.pass;
  for (std::size_t i = 0; i < p.figures.ops.size(); ++i) {
    const Op& op = p.figures.ops[i];
    const RowTime& row = p.times.rows[i];
    out.rows.push_back({std::string(op_name(op.name)), a.cost.groups[op.group], op.layers,
                        number_cell(op.flops.value), number_cell(op.vector_flops.value),
                        count_of(op.hbm()), intensity_cell(op.intensity()),
                        number_cell(row.seconds.value), row.seconds.value / p.times.serial.value,
                        bound_word(row.bound), number_cell(p.estimated_rows[i].value)});
  }
  return out;
}

std::string switch_text(const SwitchPoint& s) {
  const std::string_view along = s.along == "batch" ? "a batch of" : "a context of";
  return fmt::format("from {} {}: {}, below it {}", along, format_count(s.at), bound_word(s.to),
                     bound_word(s.from));
}

void add_switches(const RooflineAnswer& a, std::vector<Block>& blocks) {
  Notes notes{"what takes longest, all rows together", {}};
  for (const SwitchPoint& s : a.switches) notes.items.push_back(switch_text(s));
  add_if_any(std::move(notes), blocks);
}

// --- the record ----------------------------------------------------------------------------------

Table record_of(const RooflineAnswer& a) {
  const CostScenario& s = a.cost.scenario;
  Table out;
  for (const char* key : {"model",         "machine",        "devices",
                          "phase",         "context_tokens", "new_tokens",
                          "sequences",     "name",           "group",
                          "layers",        "flops",          "vector_flops",
                          "hbm_bytes",     "link_bytes",     "intensity_flops_per_byte",
                          "time_seconds",  "bound",          "estimate_seconds",
                          "bound_seconds", "low_seconds",    "high_seconds"}) {
    out.columns.push_back({key, {}, Unit::text});
  }
  const auto row = [&](std::string name, std::string group, Cell layers, const auto& figures) {
    return std::vector<Cell>{
        a.cost.model.name,
        a.machine.machine.device.id,
        a.machine.machine.devices,
        std::string(words(s.request.phase)[static_cast<std::size_t>(s.request.phase)]),
        s.request.context.value,
        s.pass.groups.front().new_tokens.value,
        s.pass.sequences(),
        std::move(name),
        std::move(group),
        std::move(layers),
        number_cell(figures.flops.value),
        number_cell(figures.vector_flops.value),
        count_of(figures.hbm()),
        count_of(figures.link),
        intensity_cell(figures.intensity())};
  };
  const TimedPass& p = a.pass;
  for (std::size_t i = 0; i < p.figures.ops.size(); ++i) {
    const Op& op = p.figures.ops[i];
    auto cells = row(std::string(op_name(op.name)), a.cost.groups[op.group], op.layers, op);
    cells.insert(cells.end(),
                 {number_cell(p.times.rows[i].seconds.value), bound_word(p.times.rows[i].bound),
                  number_cell(p.estimated_rows[i].value), Cell(), Cell(), Cell()});
    out.rows.push_back(std::move(cells));
  }
  auto total = row("total", "", Cell(), p.figures.totals);
  total.insert(total.end(),
               {number_cell(p.times.serial.value), bound_word(p.bound.bound),
                number_cell(p.estimate.seconds.value), number_cell(p.bound.seconds.value),
                number_cell(p.estimate.low.value), number_cell(p.estimate.high.value)});
  out.rows.push_back(std::move(total));
  return out;
}

}  // namespace

Report roofline_report(const RooflineAnswer& a) {
  Report report;
  report.title = title_of(a.cost.model);
  Paragraph opening = cost_opening(a.cost);
  opening.lines.push_back(machine_text(a.machine));
  report.blocks.push_back(std::move(opening));
  report.blocks.push_back(answers_of(a));
  report.blocks.push_back(operators_of(a));
  add_switches(a, report.blocks);
  add_formulas(a.cost, report.blocks);
  add_notes(a.cost.model, report.blocks);
  report.record = record_of(a);
  return report;
}

}  // namespace attncalc
