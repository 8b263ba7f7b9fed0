// SPDX-License-Identifier: Apache-2.0
//
// Small models for tests, put together layer by layer, and real ones from the catalog.
#pragma once

#include <initializer_list>

#include "ingest/load.hpp"
#include "model/kv.hpp"
#include "support/catch.hpp"

namespace attncalc {

// A model of layers with one token mixer each and no channel mixer.
inline Model model_of(std::initializer_list<Kind> mixers) {
  Model model;
  model.name = "sample";
  model.hidden = 256;
  model.embedding.vocabulary = 1000;  // literal: a small vocabulary
  for (const Kind& mixer : mixers) model.decoder.append({.mixers = {mixer}});
  return model;
}

inline Model catalog_model(std::string_view name) {
  Result<Model> model = load_model(name);
  INFO(name);
  REQUIRE(model);
  return *std::move(model);
}

inline KvQuery bf16_query(std::int64_t tokens, std::int64_t batch = 1) {
  return {.tokens = tokens,
          .batch = batch,
          .encoder_tokens = 100,  // for layers with cross-attention
          .formats = *kv_formats("bf16", "bf16")};
}

}  // namespace attncalc
