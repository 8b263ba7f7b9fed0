// SPDX-License-Identifier: Apache-2.0
//
// What the tests of quantised checkpoints ask: the weights that a config describes, in bytes and in
// the numbers that a hub counts. A hub's "safetensors total" counts each stored number once:
// weights, scales of groups, rows and tiles, and vectors of one element, but no tensor without
// dimensions (NVIDIA's scales of a whole matrix). Numbers of four bits count by the packed byte or
// word, or one by one where the hub knows the packing.
#pragma once

#include <fmt/format.h>

#include "ingest/load.hpp"
#include "model/weight_formats.hpp"
#include "support/catch.hpp"

namespace attncalc {

inline Result<Model> read_config(const std::string& json, const LoadOptions& options = {},
                                 const std::string& side = {}) {
  const Result<Document> document = parse_json("config.json", json);
  REQUIRE(document);
  SideFiles files;
  if (!side.empty()) {
    Result<Document> beside = parse_json("hf_quant_config.json", side);
    REQUIRE(beside);
    files.quantisation = *std::move(beside);
  }
  return read_hf(*document, options, files);
}

inline Model model_of(const std::string& json, const std::string& side = {}) {
  Result<Model> model = read_config(json, {}, side);
  if (!model) FAIL(render(model.problems()));
  return *std::move(model);
}

inline StoredWeights weights_of(const Model& model) {
  return stored_weights(model, checkpoint_formats(model));
}

inline std::int64_t total(const StoredWeights& weights) {
  return weight_bytes(weights).total().value.value;
}

// Scales that stand beside the weights, one each; those of whole matrices apart.
inline std::int64_t scales(const StoredWeights& weights) {
  Count sum;
  for (const StoredTensor& t : weights.tensors) {
    const Count copies = Count(t.layers) * Count(t.tensor.copies);
    sum += matrix_scales(weights.format_of(t), Count(t.tensor.rows), Count(t.tensor.cols)) * copies;
  }
  return sum.value;
}

// How many matrices are stored in formats that are not the plain one.
inline std::int64_t quantised_matrices(const StoredWeights& weights) {
  Count sum;
  for (const StoredTensor& t : weights.tensors) {
    if (t.format != 0 && !t.shares_module) sum += Count(t.layers) * Count(t.tensor.copies);
  }
  return sum.value;
}

// The format of a tensor in its layers: "int4 g32", or "bf16 4, int4 g32 56" where layers differ.
inline std::string formats_of(const StoredWeights& weights, std::string_view role) {
  std::string out;
  for (const StoredTensor& t : weights.tensors) {
    if (t.tensor.role != role) continue;
    const std::string text = fmt::format("{}×{} {} {}", t.layers, t.tensor.copies.value,
                                         t.tensor.rows.value, weights.format_of(t).name);
    out += out.empty() ? text : ", " + text;
  }
  return out;
}

inline std::int64_t bytes_in(const StoredWeights& weights, std::string_view format) {
  for (const NamedWeightBytes& share : weight_bytes_by_format(weights)) {
    if (share.name == format) return share.bytes.total().value.value;
  }
  return 0;
}

// --- models, without their quantisation ----------------------------------------------------------

inline std::string with(std::string_view config, std::string_view quantisation) {
  return fmt::format("{{{}, \"quantization_config\": {}}}", config, quantisation);
}

// meta-llama/Llama-3.1-8B: 8,030,261,248 parameters, of which 6,979,321,856 in the layers'
// matrices: 32 × (2 × 4096² + 2 × 1024 × 4096 + 3 × 14336 × 4096).
constexpr std::string_view llama_8b = R"("model_type": "llama", "hidden_size": 4096,
  "intermediate_size": 14336, "num_attention_heads": 32, "num_key_value_heads": 8,
  "num_hidden_layers": 32, "vocab_size": 128256, "tie_word_embeddings": false,
  "torch_dtype": "bfloat16", "architectures": ["LlamaForCausalLM"])";
constexpr std::int64_t llama_8b_parameters = 8'030'261'248;
constexpr std::int64_t llama_8b_matrices = 6'979'321'856;
constexpr std::int64_t llama_8b_plain_bytes = (llama_8b_parameters - llama_8b_matrices) * 2;
constexpr std::int64_t llama_8b_modules = 32 * 7;

}  // namespace attncalc
