// SPDX-License-Identifier: Apache-2.0
//
// Models that llama-gguf-split cut into several files: model-00001-of-00003.gguf and so on. The
// first has the keys, each has some of the tensors.
#pragma once

#include <string>

#include "ingest/gguf/header.hpp"
#include "model/model.hpp"

namespace attncalc::gguf {

// The header of a file, with the tensors of its other parts where it is the first of several. Parts
// that are absent are a warning: the cache needs none of them. Errors: a part that is not the
// first, a part that is no part of this model.
Result<Header> read_parts(const std::string& path, std::vector<Warning>& warnings);

}  // namespace attncalc::gguf
