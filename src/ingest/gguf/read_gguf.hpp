// SPDX-License-Identifier: Apache-2.0
//
// From a GGUF file to a Model: what the model is, by the file's keys, the rules of its
// architecture, and its tensors where it has them. The whole-number keys stay with the model
// (Model::gguf), because llama.cpp makes something else of some of them.
#pragma once

#include <string>

#include "ingest/gguf/header.hpp"
#include "ingest/load.hpp"
#include "model/model.hpp"

namespace attncalc {

Result<Model> read_gguf(gguf::Header header, const LoadOptions& options);
Result<Model> read_gguf(const std::string& path, const LoadOptions& options);

}  // namespace attncalc
