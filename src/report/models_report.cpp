// SPDX-License-Identifier: Apache-2.0
//
// The catalog for people. Counts stand in full: whoever compares two models wants the digits.
#include "report/models_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/common.hpp"

namespace attncalc {
namespace {

constexpr std::string_view list_note =
    "cache in bf16, before any window binds; state whatever the context";

std::int64_t total_of(const ModelSummary& m) { return m.parameters.total.value.value; }
std::int64_t active_of(const ModelSummary& m) { return m.parameters.active.value.value; }
std::int64_t depth_of(const ModelSummary& m) {
  return static_cast<std::int64_t>(m.model.decoder.depth());
}
Cell if_any(Bytes bytes) { return bytes > Bytes(0) ? Cell(bytes.value.value) : Cell(); }

// --- list ----------------------------------------------------------------------------------------

Table list_of(const std::vector<ModelSummary>& models) {
  Table out;
  out.columns = {{"name", "name", Unit::text},
                 {"attention", "attention", Unit::text},
                 {"layers", "layers", Unit::count},
                 {"parameters", "parameters", Unit::count},
                 {"active_parameters", "active", Unit::count},
                 {"kv_bytes_per_token", "bytes a token", Unit::count},
                 {"fixed_bytes_per_sequence", "bytes of state", Unit::count}};
  for (const ModelSummary& m : models) {
    out.rows.push_back({m.model.name, attention_label(m.model), depth_of(m), total_of(m),
                        active_of(m) == total_of(m) ? Cell() : Cell(active_of(m)),
                        number_cell(m.kv_bytes_per_token), if_any(m.fixed_per_sequence)});
  }
  return out;
}

// --- check ---------------------------------------------------------------------------------------

std::string computed_text(const Checked& c) {
  const Cell cell = number_cell(c.computed);
  const auto* whole = std::get_if<std::int64_t>(&cell);
  return whole ? format_count(*whole) : fmt::format("{}", c.computed);
}

Table figures_of(const std::vector<Checked>& figures) {
  Table out;
  out.columns = {{"figure", "what must come out", Unit::text},
                 {"expected", "stated", Unit::text},
                 {"computed", "computed", Unit::text},
                 {"holds", "", Unit::text}};
  for (const Checked& c : figures) {
    out.rows.push_back({c.figure, c.expected.text(), computed_text(c),
                        std::string(c.holds ? "holds" : "DOES NOT HOLD")});
  }
  return out;
}

// Sources are sentences and derivations: too long for a column.
Notes sources_of(const std::vector<Checked>& figures) {
  Notes out{"stated by", {}};
  for (const Checked& c : figures) {
    if (!c.source.empty()) out.items.push_back(fmt::format("{}: {}", c.figure, c.source));
  }
  return out;
}

Table check_record(const std::vector<CheckedModel>& models) {
  Table out;
  out.columns = {{"file", {}, Unit::text},
                 {"figure", {}, Unit::text},
                 {"expected", {}, Unit::text},
                 {"computed", {}, Unit::text},
                 {"holds", {}, Unit::text}};
  for (const CheckedModel& m : models) {
    for (const Checked& c : m.figures) {
      out.rows.push_back({m.file, c.figure, c.expected.value, number_cell(c.computed),
                          std::string(c.holds ? "true" : "false")});
    }
    if (!m.weights || !m.weights->is_complete()) continue;
    out.rows.push_back({m.file, std::string("parameters in the weights"),
                        m.weights->parameters_in_file.value.value,
                        m.weights->parameters_of_model.value.value,
                        std::string(m.weights->holds() ? "true" : "false")});
  }
  return out;
}

std::string verdict_of(const CheckedModel& m) {
  if (!m.holds()) return "NOT ALL HOLD";
  if (m.weights && !m.weights->is_complete()) return "weights not all there";
  return m.weights || !m.figures.empty() ? "all hold" : "is read";
}

Table checked_models(const std::vector<CheckedModel>& models) {
  Table out;
  out.columns = {{"file", "file", Unit::text},
                 {"attention", "attention", Unit::text},
                 {"layers", "layers", Unit::count},
                 {"parameters", "parameters", Unit::count},
                 {"figures", "figures stated", Unit::count},
                 {"holds", "", Unit::text}};
  for (const CheckedModel& m : models) {
    const auto stated = static_cast<std::int64_t>(m.figures.size());
    out.rows.push_back({m.file, attention_label(m.summary.model), depth_of(m.summary),
                        total_of(m.summary), stated, verdict_of(m)});
  }
  return out;
}

// --- weights against their own headers -----------------------------------------------------------

Table uses_of(const WeightCheck& w) {
  Table out;
  out.title = w.file.source;
  out.columns = {{"use", "what the tensors are", Unit::text},
                 {"tensors", "tensors", Unit::count},
                 {"parameters", "parameters", Unit::count},
                 {"bytes", {}, Unit::bytes},
                 {"example", "the first", Unit::text}};
  for (const UseTotal& use : w.uses) {
    out.rows.push_back({std::string(use_name(use.use)), use.tensors, use.parameters.value.value,
                        use.bytes.value.value, use.example});
  }
  std::int64_t tensors = 0;
  for (const HeaderFormat& format : w.file.formats) tensors += format.tensors;
  out.rows.push_back({std::string("all"), tensors, Cell(), w.file.bytes.value.value, Cell()});
  return out;
}

Table types_of(const WeightCheck& w) {
  Table out;
  out.columns = {{"type", "type", Unit::text},
                 {"tensors", "tensors", Unit::count},
                 {"values", "values", Unit::count},
                 {"bytes", {}, Unit::bytes}};
  for (const HeaderFormat& format : w.file.formats) {
    out.rows.push_back(
        {format.name, format.tensors, format.elements.value.value, format.bytes.value.value});
  }
  return out;
}

Table sides_of(const WeightCheck& w) {
  Table out;
  out.title = w.uses.empty() ? w.file.source : "";
  out.columns = {{"side", "the language model", Unit::text},
                 {"parameters", "parameters", Unit::count},
                 {"bytes", {}, Unit::bytes}};
  if (!w.uses.empty()) {
    out.rows.push_back({std::string("in the file, with scales"), w.parameters_in_file.value.value,
                        w.bytes_in_file.value.value});
  }
  out.rows.push_back({std::string("by its config"), w.parameters_of_model.value.value,
                      w.bytes_of_model.value.value});
  if (w.stated_size) {
    out.rows.push_back(
        {std::string("with all else, as the index states"), Cell(), w.stated_size->value.value});
  }
  return out;
}

Notes one_sided(std::string title, const std::vector<OneSided>& tensors) {
  constexpr std::size_t most = 12;  // a wrong width makes every tensor differ
  Notes out{std::move(title), {}};
  for (const OneSided& t : tensors) {
    if (out.items.size() == most) {
      out.items.push_back(fmt::format("and {} more", tensors.size() - most));
      break;
    }
    out.items.push_back(
        fmt::format("{}: {} of {}", t.what, t.tensors, format_count(t.each.value.value)));
  }
  return out;
}

void add_weights(const WeightCheck& w, std::vector<Block>& blocks) {
  if (!w.uses.empty()) {
    blocks.push_back(uses_of(w));
    blocks.push_back(types_of(w));
  }
  blocks.push_back(sides_of(w));
  add_if_any(Notes{"files that are not there", w.missing_shards}, blocks);
  add_if_any(one_sided("only in the file", w.only_in_file), blocks);
  if (w.is_complete()) add_if_any(one_sided("only by the config", w.only_in_model), blocks);
}

void add_failures(const std::vector<CheckedModel>& models, std::vector<Block>& blocks) {
  for (const CheckedModel& m : models) {
    if (m.weights) add_weights(*m.weights, blocks);
    if (m.holds()) continue;
    std::vector<Checked> failed;
    std::ranges::copy_if(m.figures, std::back_inserter(failed),
                         [](const Checked& c) { return !c.holds; });
    if (failed.empty()) continue;
    Table table = figures_of(failed);
    table.title = m.file;
    blocks.push_back(std::move(table));
    add_if_any(sources_of(failed), blocks);
  }
}

// --- show ----------------------------------------------------------------------------------------

std::string shape_text(const WeightTensor& t) {
  const std::string matrix = t.cols > 1 ? fmt::format("{} × {}", t.rows.value, t.cols.value)
                                        : fmt::format("{}", t.rows.value);
  return t.copies > 1 ? fmt::format("{} × ({})", t.copies.value, matrix) : matrix;
}

// Equal tensors of one kind of layer (its two norms) are one line.
std::vector<WeightLine> merged_lines(const Model& model) {
  std::vector<WeightLine> out;
  for (const WeightLine& line : weight_lines(model)) {
    const auto same = std::ranges::find_if(out, [&](const WeightLine& old) {
      return old.tensor == line.tensor && old.where == line.where;
    });
    if (same == out.end()) {
      out.push_back(line);
    } else {
      same->layers += line.layers;
    }
  }
  return out;
}

Table weights_of(const ModelSummary& m) {
  Table out;
  out.title = "parameters";
  out.columns = {{"weight", "weight", Unit::text},
                 {"where", "in", Unit::text},
                 {"shape", "shape", Unit::text},
                 {"times", "times", Unit::count},
                 {"parameters", "parameters", Unit::count},
                 {"share", "share", Unit::share}};
  for (const WeightLine& line : merged_lines(m.model)) {
    const std::int64_t all = (line.tensor.elements() * Count(line.layers)).value.value;
    out.rows.push_back({std::string(line.tensor.role), line.where, shape_text(line.tensor),
                        line.layers, all,
                        static_cast<double>(all) / static_cast<double>(total_of(m))});
  }
  return out;
}

Table stored_of(const ModelSummary& m) {
  Table out;
  out.title = "weights as stored";
  out.columns = {{"format", "format", Unit::text},
                 {"parameters", "parameters", Unit::count},
                 {"data_bytes", "data", Unit::bytes},
                 {"scale_bytes", "scales", Unit::bytes},
                 {"active_bytes", "read for a token", Unit::bytes}};
  for (const NamedWeightBytes& row : m.stored) {
    out.rows.push_back({row.name, row.bytes.elements.value.value, row.bytes.data.value.value,
                        row.bytes.scales.value.value, row.bytes.active.value.value});
  }
  return out;
}

Table stated_facts(const ShownModel& shown) {
  Table out;
  out.title = "its own keys";
  out.columns = {{"key", "key", Unit::text}, {"value", "value", Unit::text}};
  for (const auto& [key, value] : shown.facts) out.rows.push_back({key, value});
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

Paragraph introduction(const ShownModel& shown) {
  const ModelSummary& m = shown.checked.summary;
  Paragraph out;
  out.lines.push_back(
      fmt::format("{}, {} parameters", layers_text(m.model), format_count(total_of(m))));
  if (active_of(m) != total_of(m)) {
    out.lines.push_back(fmt::format("{} of them active for a token", format_count(active_of(m))));
  }
  if (!shown.aliases.empty()) out.lines.push_back("also: " + joined(shown.aliases));
  if (!shown.source.empty()) out.lines.push_back("source: " + shown.source);
  return out;
}

Facts cache_of(const ModelSummary& m) {
  Facts out;
  out.facts.push_back({"cache per token, from empty", number_cell(m.kv_bytes_per_token)});
  if (m.fixed_per_sequence > Bytes(0)) {
    out.facts.push_back({"state per sequence", m.fixed_per_sequence.value.value});
  }
  return out;
}

}  // namespace

Report models_report(const ListedModels& listed) {
  Report report;
  report.title = counted(static_cast<std::int64_t>(listed.models.size()), "model");
  report.record = list_of(listed.models);
  report.blocks.push_back(Paragraph{{std::string(list_note)}});
  report.blocks.push_back(report.record);
  if (!listed.unread.empty()) {
    report.blocks.push_back(
        Notes{"in the catalog, but not read by this release", {joined(listed.unread)}});
  }
  return report;
}

Report check_report(const std::vector<CheckedModel>& models) {
  Report report;
  const auto failed =
      std::ranges::count_if(models, [](const CheckedModel& m) { return !m.holds(); });
  const std::string verdict =
      failed == 0 ? "all as stated" : fmt::format("{} not as stated", failed);
  report.title =
      fmt::format("{}, {}", counted(static_cast<std::int64_t>(models.size()), "model"), verdict);
  report.blocks.push_back(checked_models(models));
  add_failures(models, report.blocks);
  report.record = check_record(models);
  return report;
}

Report show_report(const ShownModel& shown) {
  const ModelSummary& m = shown.checked.summary;
  Report report;
  report.title = fmt::format("{} ({})", m.model.name, m.model.source);
  report.blocks.push_back(introduction(shown));
  report.blocks.push_back(cache_of(m));
  if (!shown.checked.figures.empty()) {
    report.blocks.push_back(figures_of(shown.checked.figures));
    add_if_any(sources_of(shown.checked.figures), report.blocks);
  }
  report.blocks.push_back(weights_of(m));
  report.blocks.push_back(stored_of(m));
  report.blocks.push_back(stated_facts(shown));
  add_notes(m.model, report.blocks);
  report.record = weights_of(m);
  return report;
}

}  // namespace attncalc
