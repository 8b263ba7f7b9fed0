// SPDX-License-Identifier: Apache-2.0
//
// Flags, else the checkpoint, else a default; and a note of which it was.
#include "cli/model_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace attncalc {
namespace {

// --- number formats ------------------------------------------------------------------------------

struct Choice {
  std::string name;
  std::string source;  // empty: the user's own
};

// A flag, else what the checkpoint says, else its activations, else bf16.
Choice choose_dtype(const TextFlag& flag, const std::string& stated, const std::string& source,
                    const Dtypes& dtypes) {
  if (flag) return {*flag, {}};
  if (!stated.empty()) return {stated, source};
  if (!dtypes.activations.empty()) return {dtypes.activations, dtypes.activations_source};
  return {"bf16", "default: the config names no dtype"};
}

void note(Model& model, std::string_view name, const Choice& choice) {
  if (choice.source.empty()) return;
  model.assumptions.push_back({std::string(name), choice.name, choice.source});
}

bool keeps(const CachePlan& plan, std::initializer_list<Component> components) {
  return std::ranges::any_of(plan.lines, [&](const CacheLine& line) {
    return std::ranges::find(components, line.tensor.component) != components.end();
  });
}

bool keeps_unformatted_state(const CachePlan& plan) {
  return std::ranges::any_of(plan.lines, [](const CacheLine& line) {
    return std::holds_alternative<Fixed>(line.tensor.slots) && !line.tensor.own_format &&
           line.tensor.component != Component::conv_state &&
           line.tensor.component != Component::shift_state;
  });
}

void set_format(Format& format, const TextFlag& flag, Gather& problems) {
  if (flag) format = problems.take(find_format(*flag), format);
}

// Whether anything is kept in the format that --kv-dtype names: states have their own.
bool keeps_rows(const CachePlan& plan, const KvFormats& formats) {
  return std::ranges::any_of(plan.lines, [&](const CacheLine& line) {
    const Format* format = &formats.of(line.tensor.component);
    return format == &formats.cache || format == &formats.rope_key;
  });
}

void note_kv_formats(const DtypeFlags& flags, const KvFormats& formats, const CachePlan& plan,
                     Model& model) {
  if (!flags.conv && keeps(plan, {Component::conv_state, Component::shift_state})) {
    note(model, "conv_dtype", {formats.conv.name, "the activation dtype"});
  }
  if (!flags.index && keeps(plan, {Component::index_key, Component::index_value})) {
    note(model, "index_dtype", {formats.index_key.name, "default: as DeepSeek-V3.2 keeps them"});
  }
  if (!flags.state && keeps_unformatted_state(plan)) {
    note(model, "state_dtype", {formats.state.name, "default for recurrent states"});
  }
}

}  // namespace

ChosenDtypes read_dtypes(const DtypeFlags& flags, Model& model, Gather& problems) {
  const Dtypes stated = model.dtypes;
  const Choice act = choose_dtype(flags.act, stated.activations, stated.activations_source, stated);
  const Choice kv = choose_dtype(flags.kv, stated.cache, stated.cache_source, stated);
  const Choice weights = choose_dtype(flags.weights, stated.weights, stated.weights_source, stated);
  ChosenDtypes out{.kv = kv.name,
                   .act = act.name,
                   .weights = weights.name,
                   .kv_used = true,
                   .formats = {},
                   .weight_formats = {},
                   .weights_source = weights.source};
  KvFormats& formats = out.formats.kv;
  formats = problems.take(kv_formats(kv.name, act.name), KvFormats{});
  if (const Result<Format> activation = find_format(act.name)) out.formats.activation = *activation;
  set_format(formats.index_key, flags.index, problems);
  set_format(formats.state, flags.state, problems);
  set_format(formats.conv, flags.conv, problems);
  formats.state_forced = flags.state.has_value();
  out.weight_formats = flags.weights
                           ? problems.take(named_formats(*flags.weights, model), WeightFormats{})
                           : checkpoint_formats(model);
  const CachePlan plan = cache_plan(model);
  out.kv_used = keeps_rows(plan, formats);
  if (out.kv_used) note(model, "kv_dtype", kv);
  note_kv_formats(flags, formats, plan, model);
  return out;
}

Dim read_context(const TextFlag& flag, Model& model, Gather& problems) {
  if (flag) return read_tokens(flag, "--ctx", model, problems);
  if (model.max_positions > 0) {
    note(model, "context_tokens",
         {std::to_string(model.max_positions.value),
          fmt::format("--ctx is not given: {}", model.origin_text(model.max_positions.origin))});
    return model.max_positions;
  }
  problems.add(
      usage_problem("--ctx is missing, and the config does not say how many positions it has",
                    "write --ctx 32k"));
  return 1;
}

namespace {

bool caches_encoder_tokens(const Model& model) {
  const CachePlan plan = cache_plan(model);
  return std::ranges::any_of(plan.lines, [](const CacheLine& line) {
    return std::holds_alternative<PerEncoderToken>(line.tensor.slots);
  });
}

Dim encoder_tokens(const TextFlag& flag, Model& model, Gather& problems) {
  if (flag) return read_tokens(flag, "--encoder-ctx", model, problems);
  if (model.encoder_tokens > 0) {
    note(model, "encoder_tokens", {std::to_string(model.encoder_tokens.value), "the config's own"});
    return model.encoder_tokens;
  }
  model.warnings.push_back(
      {"cross_cache_left_out",
       "layers with cross-attention keep a key and a value for each encoder or "
       "image token: say how many with --encoder-ctx; none are counted"});
  return 0;
}

}  // namespace

EncoderTokens read_encoder_tokens(const TextFlag& flag, Model& model, Gather& problems) {
  if (caches_encoder_tokens(model)) return {true, encoder_tokens(flag, model, problems)};
  if (flag) {
    model.warnings.push_back(
        {"encoder_ctx_unused", "--encoder-ctx changes nothing: no layer caches encoder tokens"});
  }
  return {};
}

}  // namespace attncalc
