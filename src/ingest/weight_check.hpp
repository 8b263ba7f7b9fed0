// SPDX-License-Identifier: Apache-2.0
//
// A model's weight tensors held against the header of its weights. Files hold more than the
// language model's parameters (draft layers, towers, scales, buffers, a tied head twice) and pack
// several of them into one word; each such difference is named and counted, and what is left must
// be equal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/gguf/header.hpp"
#include "ingest/safetensors/weights.hpp"
#include "model/model.hpp"

namespace attncalc {

// What a tensor of a file is to the language model.
enum class TensorUse : std::uint8_t { parameter, scale, tied_copy, draft, vision, audio, buffer };
std::string_view use_name(TensorUse use);  // "multi-token prediction", "vision", …

// One tensor of a file, whichever kind of file.
struct FileTensor {
  std::string name;
  std::string format;  // "BF16", "q4_K"
  std::vector<std::int64_t> shape;
  Elements elements;    // values of its type
  Elements parameters;  // as many, or more where words hold several
  Bytes bytes;
  TensorUse use = TensorUse::parameter;
};
std::vector<FileTensor> file_tensors(const safetensors::Weights& weights, const Model& model);
std::vector<FileTensor> file_tensors(const gguf::Header& header, const Model& model);

// The number of the layer that a tensor stands in: model.layers.61.…, blk.61.…, transformer.h.61.…
std::optional<std::size_t> layer_number(std::string_view name);

struct UseTotal {
  TensorUse use = TensorUse::parameter;
  std::int64_t tensors = 0;
  Elements parameters;
  Bytes bytes;
  std::string example;  // the first tensor's name
};

// Equal tensors that only one side has: "model.layers.*.mlp.extra: 32 of 64 × 64".
struct OneSided {
  std::string what;
  std::int64_t tensors = 0;
  Elements each;
};

struct WeightCheck {
  HeaderWeights file;
  std::vector<UseTotal> uses;   // of what is there, parameters first; their bytes are the file's
  Elements parameters_in_file;  // of the language model, words unpacked
  Elements parameters_of_model;
  Bytes bytes_in_file;  // of these, with their scales
  Bytes bytes_of_model;
  std::vector<OneSided> only_in_file, only_in_model;  // where the two differ
  std::vector<std::string> missing_shards;
  std::optional<Bytes> stated_size;  // the index's total_size

  bool is_complete() const { return missing_shards.empty(); }
  bool agrees() const { return parameters_in_file == parameters_of_model; }
  // Nothing contradicts: what is there is what the model says, and all of it if all is there.
  bool holds() const { return is_complete() ? agrees() : only_in_file.empty(); }
};

WeightCheck check_weights(const Model& model, std::string source,
                          const std::vector<FileTensor>& tensors);
WeightCheck check_weights(const Model& model, const safetensors::Weights& weights);

}  // namespace attncalc
