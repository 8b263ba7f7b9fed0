// SPDX-License-Identifier: Apache-2.0
//
// `attncalc cost` for people: totals first, then the operators whose sums they are, then formulas
// where they are asked for, then what was assumed.
#include "report/cost_report.hpp"

#include <fmt/format.h>

#include <cmath>

#include "report/common.hpp"

namespace attncalc {
namespace {

// --- the opening ---------------------------------------------------------------------------------

std::string group_text(const SequenceGroup& g) {
  return fmt::format("{} of {}: {} behind {} cached",
                     g.phase == Phase::prefill ? "prefill" : "decode", counted(g.count, "sequence"),
                     counted(g.new_tokens, "new token"), format_count(g.cached));
}

std::string workload_text(const CostScenario& s) {
  if (!s.file.empty()) {
    return fmt::format("{}: {} in one step, {}", s.file,
                       counted(static_cast<std::int64_t>(s.pass.groups.size()), "group"),
                       counted(s.pass.new_tokens(), "new token"));
  }
  const PassRequest& r = s.request;
  const std::int64_t fresh = s.pass.groups.front().new_tokens;
  const std::string sequences = r.conventions.endless_batch
                                    ? std::string("an endless batch, per sequence")
                                    : counted(s.pass.sequences(), "sequence");
  if (s.generated_tokens && r.phase == Phase::decode) {
    return fmt::format("decode: the mean of {} behind a prompt of {}, {}",
                       counted(*s.generated_tokens, "step"), counted(*s.prompt_tokens, "token"),
                       sequences);
  }
  return fmt::format("{}: {} with {} in the cache afterwards, {}",
                     words(r.phase)[static_cast<std::size_t>(r.phase)], counted(fresh, "new token"),
                     counted(r.context, "token"), sequences);
}

// --- totals and operators ------------------------------------------------------------------------

Facts totals_of(const CostAnswer& a) {
  const CostTotals& t = a.figures.totals;
  Facts out;
  out.facts.push_back({"matrix work", number_cell(t.flops.value), Unit::flops});
  out.facts.push_back({"vector work", number_cell(t.vector_flops.value), Unit::flops});
  out.facts.push_back({"HBM traffic", count_of(t.hbm())});
  out.facts.push_back({"of which weights", count_of(t.weights)});
  out.facts.push_back({"of which cache read", count_of(t.kv_read)});
  out.facts.push_back({"of which cache written", count_of(t.kv_write)});
  out.facts.push_back({"of which activations", count_of(t.activations)});
  if (t.experts_read > 0) {
    out.facts.push_back({"experts read in a layer", number_cell(t.experts_read), Unit::count});
  }
  if (a.scenario.placement.devices() > Count(1)) {
    out.facts.push_back({"sent to other devices", count_of(t.link)});
    out.facts.push_back(
        {"all devices: matrix work", number_cell(a.all_devices.flops.value), Unit::flops});
    out.facts.push_back({"all devices: HBM traffic", count_of(a.all_devices.hbm())});
  }
  out.facts.push_back({"FLOP a byte", intensity_cell(t.intensity()), Unit::count});
  return out;
}

std::vector<Cell> cells_of(const CostAnswer& a, const Op& op) {
  return {std::string(op_name(op.name)),
          a.groups[op.group],
          op.layers,
          number_cell(op.flops.value),
          number_cell(op.vector_flops.value),
          count_of(op.weights),
          count_of(op.kv_read),
          count_of(op.kv_write),
          count_of(op.activations),
          intensity_cell(op.intensity())};
}

Table operators_of(const CostAnswer& a) {
  Table out;
  out.columns = {{"name", "operator", Unit::text},
                 {"group", "group", Unit::text},
                 {"layers", "layers", Unit::count},
                 {"flops", "matrix", Unit::flops},
                 {"vector_flops", "vector", Unit::flops},
                 {"weight_bytes", "weights", Unit::bytes, false},
                 {"kv_read_bytes", "cache read", Unit::bytes, false},
                 {"kv_write_bytes", "written", Unit::bytes, false},
                 {"activation_bytes", "activations", Unit::bytes, false},
                 {"intensity_flops_per_byte", "FLOP/B", Unit::count}};
  const bool sends = a.scenario.placement.devices() > Count(1);
  if (sends) out.columns.push_back({"link_bytes", "sent", Unit::bytes, false});
  for (const Op& op : a.figures.ops) {
    out.rows.push_back(cells_of(a, op));
    if (sends) out.rows.back().push_back(count_of(op.link));
  }
  return out;
}

// --- formulas ------------------------------------------------------------------------------------

std::string number_text(double value) {
  const Cell cell = number_cell(value);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return format_count(*whole);
  return fmt::format("{}", value);
}
std::string value_text(const TracedReal& t) { return number_text(t.value); }

Table formula_of(const Model& model, const std::string& title, const TracedReal& t) {
  Table out;
  out.title = title;
  out.lead = {"= " + t.symbols, "= " + t.numbers};
  out.columns = {{"factor", "factor", Unit::text},
                 {"value", "value", Unit::count},
                 {"origin", "from", Unit::text}};
  for (const auto& factor : t.factors) {
    const std::string from =
        factor.origin == Origin::none ? "derived" : std::string(model.origin_text(factor.origin));
    out.rows.push_back({factor.name, number_cell(factor.value), from});
  }
  return out;
}

Table derived_table(const std::string& title, const DerivedColumn& column) {
  Table out;
  out.title = title;
  out.lead = {"= " + column.formula, "= " + column.numbers};
  return out;
}

// --- the record ----------------------------------------------------------------------------------

constexpr std::string_view total_name = "total";

std::vector<Cell> record_row(const CostAnswer& a, std::string name, std::string group,
                             Cell layers) {
  const CostScenario& s = a.scenario;
  const bool mixed = !s.file.empty();
  return {a.model.name,
          s.as,
          mixed ? std::string("mixed")
                : std::string(words(s.request.phase)[static_cast<std::size_t>(s.request.phase)]),
          mixed ? Cell() : Cell(s.request.context.value),
          mixed ? Cell() : Cell(s.pass.groups.front().new_tokens.value),
          s.pass.sequences(),
          std::move(name),
          std::move(group),
          std::move(layers)};
}

template <class Row>
void add_figures(std::vector<Cell>& cells, const Row& row) {
  cells.insert(cells.end(), {number_cell(row.flops.value), number_cell(row.vector_flops.value),
                             count_of(row.weights), count_of(row.kv_read), count_of(row.kv_write),
                             count_of(row.activations), count_of(row.hbm()), count_of(row.link),
                             intensity_cell(row.intensity())});
}

Table record_of(const CostAnswer& a) {
  Table out;
  for (const char* key :
       {"model", "as", "phase", "context_tokens", "new_tokens", "sequences", "name", "group",
        "layers", "flops", "vector_flops", "weight_bytes", "kv_read_bytes", "kv_write_bytes",
        "activation_bytes", "hbm_bytes", "link_bytes", "intensity_flops_per_byte"}) {
    out.columns.push_back({key, {}, Unit::text});
  }
  for (const Op& op : a.figures.ops) {
    auto cells = record_row(a, std::string(op_name(op.name)), a.groups[op.group], op.layers);
    add_figures(cells, op);
    out.rows.push_back(std::move(cells));
  }
  auto cells = record_row(a, std::string(total_name), "", Cell());
  add_figures(cells, a.figures.totals);
  out.rows.push_back(std::move(cells));
  return out;
}

}  // namespace

std::vector<DerivedColumn> derived_columns(const OpRow<TracedReal>& row) {
  const double bytes =
      row.weights.value + row.kv_read.value + row.kv_write.value + row.activations.value;
  if (bytes == 0) return {};
  const double work = row.flops.value + row.vector_flops.value;
  return {{"hbm_bytes", bytes, "weight_bytes + kv_read_bytes + kv_write_bytes + activation_bytes",
           fmt::format("{} + {} + {} + {}", row.weights.value, row.kv_read.value,
                       row.kv_write.value, row.activations.value)},
          {"intensity_flops_per_byte", work / bytes, "(flops + vector_flops) / hbm_bytes",
           fmt::format("({} + {}) / {}", row.flops.value, row.vector_flops.value, bytes)}};
}

std::string placement_text(const Placement& p) {
  std::string text = fmt::format("one of {} devices", format_count(p.devices().value));
  const auto add = [&](std::string_view name, Dim ways) {
    if (ways > 1) text += fmt::format(", {} {}", name, ways.value);
  };
  add("tp", p.tp);
  add("pp", p.pp);
  add("dp", p.dp);
  add("cp", p.cp);
  add("dcp", p.dcp);
  add("ep", p.ep);
  return text + ": the fullest";
}

Paragraph cost_opening(const CostAnswer& a) {
  const CostScenario& s = a.scenario;
  const std::string as = s.as.empty() ? std::string() : fmt::format(" as {}", s.as);
  Paragraph out{{fmt::format("{}{}, {}", layers_text(a.model), as, parameters_text(a.parameters)),
                 workload_text(s)}};
  if (!s.file.empty()) {
    for (const SequenceGroup& g : s.pass.groups) out.lines.push_back("  " + group_text(g));
  }
  if (s.placement.devices() > Count(1)) out.lines.push_back(placement_text(s.placement));
  out.lines.push_back(fmt::format("weights {}, activations {}, cache {}", s.weights_dtype,
                                  s.act_dtype, s.kv_dtype));
  return out;
}

void add_formulas(const CostAnswer& a, std::vector<Block>& blocks) {
  for (const ExplainedOp& e : a.explained) {
    const auto title = [&](std::string_view key, const std::string& value) {
      return fmt::format("{} of {} ({}): {}", key, op_name(e.name), a.groups[e.group], value);
    };
    for (const ExplainedColumn& column : explained_columns) {
      const TracedReal& t = e.row.*column.formula;
      if (t.value != 0) blocks.push_back(formula_of(a.model, title(column.key, value_text(t)), t));
    }
    for (const DerivedColumn& column : derived_columns(e.row))
      blocks.push_back(derived_table(title(column.key, number_text(column.value)), column));
  }
}

Report cost_report(const CostAnswer& a) {
  Report report;
  report.title = title_of(a.model);
  report.blocks.push_back(cost_opening(a));
  report.blocks.push_back(totals_of(a));
  report.blocks.push_back(operators_of(a));
  add_formulas(a, report.blocks);
  add_notes(a.model, report.blocks);
  report.record = record_of(a);
  return report;
}

}  // namespace attncalc
