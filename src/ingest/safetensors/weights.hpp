// SPDX-License-Identifier: Apache-2.0
//
// All safetensors headers of a model: one file, or the shards that an index names
// (model.safetensors.index.json, or the number in each shard's own name).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/safetensors/header.hpp"

namespace attncalc::safetensors {

struct Weights {
  std::string source;                       // the file that was read, or the index
  std::vector<Tensor> tensors;              // of all shards that are there
  std::vector<std::string> missing_shards;  // named and not there, or only as a Git LFS pointer
  std::optional<Bytes> total_size;          // as the index says
};

// "x.safetensors" or "x.safetensors.index.json".
bool is_weights_name(std::string_view path);

// Nothing if the folder has no safetensors. Errors: a header that is wrong, an index that does not
// agree with the shards.
Result<std::optional<Weights>> read_folder(const std::string& path);

// A file that the user named: an index, a shard (all of them are read), or all weights in one.
Result<Weights> read_weights(const std::string& path);

}  // namespace attncalc::safetensors
