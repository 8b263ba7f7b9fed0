// SPDX-License-Identifier: Apache-2.0
//
// Small configs, typed into a test, through the whole Hugging Face reader.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/document.hpp"
#include "ingest/load.hpp"
#include "model/kv.hpp"
#include "support/catch.hpp"

namespace attncalc {

inline Result<Model> read_config(std::string json, const LoadOptions& options = {}) {
  const Result<Document> document = parse_json("config.json", std::move(json));
  if (!document) return document.problems();
  return read_hf(*document, options);
}

// Everything that is said about a config that cannot be read.
inline std::string errors(std::string json, const LoadOptions& options = {}) {
  const Result<Model> model = read_config(std::move(json), options);
  return model ? "no error" : render(model.problems());
}

inline Model model_of(std::string json) {
  const Result<Model> model = read_config(std::move(json));
  if (!model) FAIL(render(model.problems()));
  return *model;
}

// Keys of a small Llama, one a line, and more of them: hidden 512, 8 heads of 64, 4 layers.
inline std::string llama(std::string_view more = "", std::string_view type = "llama") {
  return fmt::format(
      R"({{
"model_type": "{}", "hidden_size": 512, "num_hidden_layers": 4, "num_attention_heads": 8,
"intermediate_size": 1024, "vocab_size": 1000{}{}
}})",
      type, more.empty() ? "" : ",\n", more);
}

inline KvFigures figures(const Model& model, std::int64_t tokens = 1) {
  KvQuery query{.tokens = tokens, .encoder_tokens = model.encoder_tokens};
  query.formats = *kv_formats("bf16", "bf16");
  return *kv_figures(model, query);
}

// Bytes in bf16, states in fp32, of one sequence.
inline std::int64_t payload(const Model& model, std::int64_t tokens) {
  return figures(model, tokens).per_sequence.value.value;
}
inline std::int64_t fixed_state(const Model& model) {
  return figures(model).fixed_per_sequence.value.value;
}
inline double per_token(const Model& model) { return figures(model).bytes_per_token_from_empty; }
inline std::int64_t total(const Model& model) { return parameters(model).total.value.value; }

// "2 gqa, 2 gqa:1024"
inline std::string layers(const Model& model) {
  std::string text;
  for (const LabelCount& count : layer_labels(model))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.layers, count.label);
  return text;
}

inline bool assumes(const Model& model, std::string_view name, std::string_view value) {
  for (const Assumption& assumption : model.assumptions) {
    if (assumption.name == name && assumption.value == value) return true;
  }
  return false;
}

}  // namespace attncalc
