// SPDX-License-Identifier: Apache-2.0
//
// Payload of the caches: the layers' cache tensors gathered into lines that are alike, each counted
// by the one formula of the header, as plain numbers or as numbers that explain themselves.
#include "model/kv.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace attncalc {
namespace {

bool is_state(Component component) {
  switch (component) {
    case Component::ssm_state:
    case Component::linear_state:
    case Component::normaliser_state:
    case Component::wkv_state:
    case Component::compressor_state:
      return true;
    default:
      return false;
  }
}

bool is_fixed(const Slots& slots) { return std::holds_alternative<Fixed>(slots); }

Bytes total(const LineBytes<Count>& bytes) { return Bytes(bytes.data + bytes.scale); }

// Bytes that one more token adds to one line while it still grows.
double growth(const CacheLine& line, const KvFormats& formats) {
  KvQuery one{.tokens = 1, .formats = formats};
  CacheLine per_row = line;
  double every = 1;
  if (const auto* group = std::get_if<Every>(&line.tensor.slots)) {
    every = static_cast<double>(group->tokens.value);
  }
  per_row.tensor.slots = PerToken{};
  return static_cast<double>(total(line_bytes<Count>(per_row, one)).value.value) / every;
}

bool grows_at_all(const Slots& slots) {
  return !is_fixed(slots) && !std::holds_alternative<PerEncoderToken>(slots);
}

// Whether the last of `tokens` tokens added a row: the one that fills a window still did.
bool grows_at(const Slots& slots, std::int64_t tokens) {
  if (!grows_at_all(slots)) return false;
  const std::optional<std::int64_t> full = full_at(slots);
  return !full || tokens <= *full;
}

void add_named(std::vector<NamedBytes>& out, std::string_view name, Bytes bytes) {
  const auto at =
      std::find_if(out.begin(), out.end(), [&](const NamedBytes& n) { return n.name == name; });
  if (at == out.end()) {
    out.push_back({std::string(name), bytes});
  } else {
    at->bytes += bytes;
  }
}

void add_group(std::vector<GroupBytes>& out, const CacheLine& line, Bytes bytes) {
  const auto at = std::find_if(out.begin(), out.end(),
                               [&](const GroupBytes& g) { return g.kind == line.label; });
  if (at == out.end()) {
    out.push_back({line.label, 0, bytes});
  } else {
    at->bytes += bytes;
  }
}

// How many layers of the decoder own a cache of each label.
std::int64_t layers_with(const Model& model, std::string_view wanted) {
  std::int64_t layers = 0;
  for (const std::uint32_t index : model.decoder.order) {
    const Layer& layer = model.decoder.distinct[index];
    if (layer.cache_of) continue;
    layers += std::any_of(layer.mixers.begin(), layer.mixers.end(),
                          [&](const Kind& kind) { return label(kind) == wanted; });
  }
  return layers;
}

void explain(const CacheLine& line, const KvQuery& query, std::vector<Explained>& out) {
  const LineBytes<Traced> traced = line_bytes<Traced>(line, query);
  const std::string_view component = component_name(line.tensor.component);
  out.push_back({fmt::format("{} ({}, {})", component, line.label,
                             format_of(line.tensor, query.formats).name),
                 traced.data});
  if (traced.scale.value > Count(0)) {
    out.push_back({fmt::format("scales of {} ({})", component, line.label), traced.scale});
  }
}

// Adds a layer's tensors to the lines of equal ones. A layer may have two equal tensors (a
// convolution over queries and keys, and over values): each gets a line of its own, so that a line
// counts layers.
void add_layer(CachePlan& plan, const Layer& layer, std::int64_t times) {
  std::vector<bool> taken(plan.lines.size(), false);
  for (const Kind& mixer : layer.mixers) {
    const std::string name = label(mixer);
    for (const CacheTensor& tensor : cache_tensors(mixer)) {
      std::size_t at = 0;
      while (at < plan.lines.size() &&
             (taken[at] || plan.lines[at].label != name || !(plan.lines[at].tensor == tensor)))
        ++at;
      if (at == plan.lines.size()) {
        plan.lines.push_back({tensor, 0, name});
        taken.push_back(false);
      }
      plan.lines[at].layers += times;
      taken[at] = true;
    }
  }
}

KvFigures figures(const Model& model, const KvQuery& query) {
  KvFigures out;
  const CachePlan plan = cache_plan(model);
  for (const CacheLine& line : plan.lines) {
    const LineBytes<Count> bytes = line_bytes<Count>(line, query);
    const Bytes one = total(bytes);
    const Bytes all = one * Count(query.batch);
    out.per_sequence += one;
    out.payload += all;
    add_named(out.components, component_name(line.tensor.component),
              Bytes(bytes.data) * Count(query.batch));
    if (bytes.scale > Count(0))
      add_named(out.components, "scale", Bytes(bytes.scale) * Count(query.batch));
    add_group(out.groups, line, all);
    if (is_fixed(line.tensor.slots)) out.fixed_per_sequence += one;
    if (grows_at(line.tensor.slots, query.tokens))
      out.bytes_per_token += growth(line, query.formats);
    if (grows_at_all(line.tensor.slots))
      out.bytes_per_token_from_empty += growth(line, query.formats);
    explain(line, query, out.explained);
  }
  for (GroupBytes& group : out.groups) group.layers = layers_with(model, group.kind);
  return out;
}

}  // namespace

const Format& format_of(const CacheTensor& tensor, const KvFormats& formats) {
  if (tensor.own_format && !(formats.state_forced && is_state(tensor.component))) {
    return *tensor.own_format;
  }
  return formats.of(tensor.component);
}

CachePlan cache_plan(const Model& model) {
  CachePlan plan;
  if (!model.decoder.caches) return plan;
  const std::vector<std::int64_t> times = model.decoder.times();
  for (std::size_t i = 0; i < model.decoder.distinct.size(); ++i) {
    if (!model.decoder.distinct[i].cache_of) add_layer(plan, model.decoder.distinct[i], times[i]);
  }
  return plan;
}

Bytes kv_payload(const CachePlan& plan, const KvQuery& query) {
  Bytes sum;
  for (const CacheLine& line : plan.lines) sum += total(line_bytes<Count>(line, query));
  return sum * Count(query.batch);
}

Result<KvFigures> kv_figures(const Model& model, const KvQuery& query) {
  try {
    return figures(model, query);
  } catch (const Overflow& overflow) {
    return usage_problem(fmt::format("the KV cache of {} sequences of {} tokens is too large: {}",
                                     query.batch.value, query.tokens.value, overflow.what()));
  }
}

}  // namespace attncalc
