// SPDX-License-Identifier: Apache-2.0
//
// What the headers of a checkpoint say beyond its config.
#pragma once

#include "ingest/weight_check.hpp"

namespace attncalc {

// Puts into a model that was read from a config what its safetensors say: their totals, the format
// of each module where the config quantises nothing, what towers take; and warns where they do not
// hold the language model that the config describes.
void take_weights(const safetensors::Weights& weights, Model& model);

}  // namespace attncalc
