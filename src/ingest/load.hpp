// SPDX-License-Identifier: Apache-2.0
//
// From what a user types after --model to a Model: a catalog name or alias, a file or folder, or a
// Hub id in the local cache. Which reader takes a file is decided by what is in it, not by its
// name: the GGUF magic, a map with `layers:` (native YAML), a map with `config:` (a catalog entry),
// or a Hugging Face config.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "ingest/safetensors/weights.hpp"
#include "model/model.hpp"

namespace attncalc {

// `--set key=value`: overrides a key of the config before it is read. A bare key is set where the
// config has it (in the nested text config, if it stands there), a dotted one exactly there.
struct Override {
  std::string key;
  std::string value;
};

struct LoadOptions {
  std::vector<Override> set = {};
  // Keys that the reader does not understand and the user lets pass (`--assume KEY`): each becomes
  // an assumption in the output instead of an error.
  std::vector<std::string> assume = {};
};

// What may stand beside a config.json and says more about the same model.
struct SideFiles {
  std::optional<Document> quantisation;         // hf_quant_config.json
  std::optional<safetensors::Weights> weights;  // the headers of its safetensors
};

Result<Model> load_model(std::string_view spec, const LoadOptions& options = {});

// The two steps of it, for who also wants what else the document says (`expect`, `aliases`).
struct FoundModel {
  Document document;
  std::string name;    // as typed, or of the file
  std::string source;  // "catalog:llama-3-70b", or the file
  SideFiles side = {};
  bool is_gguf = false;  // then the document is empty, and the file is read by read_model
};
Result<FoundModel> find_model(std::string_view spec);
Result<FoundModel> find_model_file(const std::string& path);  // a file or folder, no catalog name
Result<Model> read_model(const FoundModel& found, const LoadOptions& options = {});

// The readers, one a dialect. Each takes a whole document.
Result<Model> read_hf(const Document& document, const LoadOptions& options,
                      const SideFiles& side = {});
Result<Model> read_native(const Document& document, const LoadOptions& options);

}  // namespace attncalc
