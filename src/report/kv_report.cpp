// SPDX-License-Identifier: Apache-2.0
//
// `attncalc kv` for people: the figures first, then what they are made of, then what was assumed.
// A line that would repeat another (one device, one sequence, no window) is left out.
#include "report/kv_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/common.hpp"

namespace attncalc {
namespace {

std::int64_t whole_bytes(Bytes bytes) { return bytes.value.value; }

double share_of(Bytes part, Bytes whole) {
  return static_cast<double>(whole_bytes(part)) / static_cast<double>(whole_bytes(whole));
}

// --- the opening ---------------------------------------------------------------------------------

Paragraph opening(const KvAnswer& a) {
  const KvScenario& s = a.scenario;
  const std::string as = s.as.empty() ? std::string() : fmt::format(" as {}", s.as);
  const std::string what = s.kv_dtype_used ? "KV cache in " + s.kv_dtype : "Cache";
  std::string query = fmt::format("{}: {} of {}", what, counted(s.query.batch, "sequence"),
                                  counted(s.query.tokens, "token"));
  if (s.encoder_used) {
    query += fmt::format(" and {}", counted(s.query.encoder_tokens, "encoder token"));
  }
  query += fmt::format(", {} engine", s.engine);
  return {
      {fmt::format("{}{}, {}", layers_text(a.model), as, parameters_text(a.parameters)), query}};
}

std::string placement_text(const KvAnswer& a) {
  const Placement& p = a.scenario.placement;
  std::string text;
  const auto add = [&](std::string_view name, Dim ways) {
    if (ways > 1) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, ways.value);
  };
  add("tp", p.tp);
  add("pp", p.pp);
  add("dp", p.dp);
  add("cp", p.cp);
  add("dcp", p.dcp);
  return text;
}

// --- the figures ---------------------------------------------------------------------------------

Facts figures_of(const KvAnswer& a) {
  const KvFigures& f = a.figures;
  Facts out;
  const auto add = [&](std::string label, Cell value) {
    out.facts.push_back({std::move(label), std::move(value)});
  };
  add("total", whole_bytes(a.placed.total));
  if (a.placed.total != f.payload) add("payload", whole_bytes(f.payload));
  if (a.placed.devices > Count(1)) {
    add(fmt::format("per device, the fullest of {} ({})", format_count(a.placed.devices.value),
                    placement_text(a)),
        whole_bytes(a.placed.per_device));
  }
  add("per sequence", whole_bytes(f.per_sequence));
  if (f.fixed_per_sequence > Bytes(0)) {
    add("of which state, whatever the context", whole_bytes(f.fixed_per_sequence));
  }
  const bool slower_now = f.bytes_per_token != f.bytes_per_token_from_empty;
  add(slower_now ? "per further token" : "per token", number_cell(f.bytes_per_token));
  if (slower_now) add("per token, from empty", number_cell(f.bytes_per_token_from_empty));
  return out;
}

Table components_of(const KvAnswer& a) {
  Table out;
  out.columns = {{"component", "component", Unit::text},
                 {"bytes", "", Unit::bytes},
                 {"share", "share", Unit::share}};
  for (const NamedBytes& part : a.figures.components) {
    out.rows.push_back(
        {part.name, whole_bytes(part.bytes), share_of(part.bytes, a.figures.payload)});
  }
  return out;
}

Table groups_of(const KvAnswer& a) {
  Table out;
  out.columns = {{"kind", "kind", Unit::text},
                 {"layers", "layers", Unit::count},
                 {"bytes", "", Unit::bytes},
                 {"share", "share", Unit::share}};
  for (const GroupBytes& group : a.figures.groups) {
    out.rows.push_back({group.kind, group.layers, whole_bytes(group.bytes),
                        share_of(group.bytes, a.figures.payload)});
  }
  return out;
}

Table allocation_of(const KvAnswer& a) {
  Table out;
  out.columns = {{"name", "beyond the payload", Unit::text},
                 {"bytes", "", Unit::bytes},
                 {"why", "why", Unit::text}};
  for (const AllocationItem& item : a.placed.allocation) {
    out.rows.push_back({item.name, whole_bytes(item.bytes), item.why});
  }
  return out;
}

// --- explanations --------------------------------------------------------------------------------

std::string origin_of(const Model& model, const Factor& factor) {
  return factor.origin == Origin::none ? "derived" : std::string(model.origin_text(factor.origin));
}

Table explanation_of(const Model& model, const Explained& explained, std::string_view of) {
  const Traced& t = explained.bytes;
  Table out;
  out.title = fmt::format("{} of {}: {} bytes", explained.name, of, format_count(t.value.value));
  out.lead = {"= " + t.symbols, "= " + t.numbers};
  out.columns = {{"factor", "factor", Unit::text},
                 {"value", "value", Unit::count},
                 {"origin", "from", Unit::text}};
  for (const Factor& factor : t.factors) {
    out.rows.push_back({factor.name, factor.value, origin_of(model, factor)});
  }
  return out;
}

std::string range_text(std::int64_t first, std::int64_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
}

Table heads_of(const KvAnswer& a) {
  Table out;
  out.title = "which tensor-parallel rank holds which heads";
  out.columns = {{"tensor", "tensor", Unit::text},
                 {"ranks", "ranks", Unit::text},
                 {"heads", "heads", Unit::text}};
  for (const HeadShare& share : a.head_shares) {
    out.rows.push_back({share.tensor, range_text(share.first_rank, share.last_rank),
                        share.whole ? "all of it" : range_text(share.first_head, share.last_head)});
  }
  return out;
}

void add_explanations(const KvAnswer& a, std::vector<Block>& blocks) {
  for (const Explained& e : a.figures.explained) {
    blocks.push_back(explanation_of(a.model, e, "one sequence"));
  }
  for (const Explained& e : a.placed_explained) {
    blocks.push_back(explanation_of(a.model, e, "the fullest device"));
  }
  if (!a.head_shares.empty()) blocks.push_back(heads_of(a));
}

// --- the record ----------------------------------------------------------------------------------

class Record {
 public:
  void add(std::string key, Cell value) {
    table_.columns.push_back({std::move(key), {}, Unit::text});
    row_.push_back(std::move(value));
  }
  Table take() {
    table_.rows.push_back(std::move(row_));
    return std::move(table_);
  }

 private:
  Table table_;
  std::vector<Cell> row_;
};

Table record_of(const KvAnswer& a) {
  const KvScenario& s = a.scenario;
  Record r;
  r.add("model", a.model.name);
  r.add("as", s.as);
  r.add("attention", attention_label(a.model));
  r.add("parameters", a.parameters.total.value.value);
  r.add("context_tokens", s.query.tokens.value);
  r.add("batch", s.query.batch.value);
  r.add("encoder_tokens", s.encoder_used ? Cell(s.query.encoder_tokens.value) : Cell());
  r.add("kv_dtype", s.kv_dtype);
  r.add("engine", s.engine);
  r.add("tp", s.placement.tp.value);
  r.add("pp", s.placement.pp.value);
  r.add("dp", s.placement.dp.value);
  r.add("cp", s.placement.cp.value);
  r.add("dcp", s.placement.dcp.value);
  r.add("payload_bytes", whole_bytes(a.figures.payload));
  r.add("total_bytes", whole_bytes(a.placed.total));
  r.add("per_sequence_bytes", whole_bytes(a.figures.per_sequence));
  r.add("per_device_bytes", whole_bytes(a.placed.per_device));
  r.add("bytes_per_token", number_cell(a.figures.bytes_per_token));
  r.add("bytes_per_token_from_empty", number_cell(a.figures.bytes_per_token_from_empty));
  r.add("fixed_bytes_per_sequence", whole_bytes(a.figures.fixed_per_sequence));
  for (const NamedBytes& part : a.figures.components) {
    r.add(part.name + "_bytes", whole_bytes(part.bytes));
  }
  return r.take();
}

}  // namespace

Report kv_report(const KvAnswer& a) {
  Report report;
  report.title = title_of(a.model);
  report.blocks.push_back(opening(a));
  report.blocks.push_back(figures_of(a));
  if (a.figures.components.size() > 1) report.blocks.push_back(components_of(a));
  if (a.figures.groups.size() > 1) report.blocks.push_back(groups_of(a));
  if (!a.placed.allocation.empty()) report.blocks.push_back(allocation_of(a));
  if (a.explain) add_explanations(a, report.blocks);
  add_notes(a.model, report.blocks);
  report.record = record_of(a);
  return report;
}

}  // namespace attncalc
