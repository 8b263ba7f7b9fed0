// SPDX-License-Identifier: Apache-2.0
//
// What several verbs ask about a model before they compute: number formats, tokens in the cache,
// tokens of an encoder. What no flag says is taken from the model and noted among its assumptions.
#pragma once

#include <string>

#include "cli/shared_flags.hpp"
#include "model/cost.hpp"

namespace attncalc {

struct ChosenDtypes {
  std::string kv, act, weights;  // by name
  bool kv_used = true;           // false: only states are kept, in formats of their own
  CostFormats formats;           // activations and cache
  WeightFormats weight_formats;
  std::string weights_source;  // empty: the user's own
};
ChosenDtypes read_dtypes(const DtypeFlags& flags, Model& model, Gather& problems);

// --ctx, else as many tokens as the model has positions.
Dim read_context(const TextFlag& flag, Model& model, Gather& problems);

// Whether some layer caches a row an encoder token, and how many tokens that are: --encoder-ctx,
// else the config's own.
struct EncoderTokens {
  bool used = false;
  Dim tokens = 0;
};
EncoderTokens read_encoder_tokens(const TextFlag& flag, Model& model, Gather& problems);

}  // namespace attncalc
