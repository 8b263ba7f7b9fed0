// SPDX-License-Identifier: Apache-2.0
//
// Where in a Hugging Face config the language model is: many configs nest it under text_config or
// a kin of it, beside the vision tower whose keys have the same names.
#pragma once

#include <vector>

#include "base/document.hpp"

namespace attncalc::hf {

// The maps from the outermost to the language model's own, which is the last.
std::vector<Node*> path_to_language(Node& root);

}  // namespace attncalc::hf
