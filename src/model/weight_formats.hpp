// SPDX-License-Identifier: Apache-2.0
//
// How a model's weights are stored, and what that takes: one format for what nothing quantises, one
// for the matrices that a method quantises, and the exceptions that checkpoints list by module
// (docs/model.md, "Weight formats").
//
// Layers that are equal in every dimension may still be stored differently (a list that spares the
// first and the last). So formats are no part of a Layer: they are resolved once a model, into
// lines that say "this tensor, in this format, in so many layers", and every figure is a sum over
// lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/format.hpp"
#include "attention/tensors.hpp"
#include "base/pattern.hpp"

namespace attncalc {

struct Model;

// An entry of a checkpoint's list. "re:…" is a regular expression as Python's re.match; with * or ?
// a glob that a module or its parent must match; else a name that must stand in the module's name
// between dots ("gate" is `mlp.gate`, and neither `mlp.gate_proj` nor `mlp.shared_expert_gate`).
class ModulePattern {
 public:
  static Result<ModulePattern> parse(std::string_view text);
  bool matches(std::string_view module) const;

  const std::string& text() const { return text_; }
  bool is_regex() const { return regex_.has_value(); }
  bool operator==(const ModulePattern&) const = default;

 private:
  std::string text_;
  std::optional<Regex> regex_;
};

using FormatIndex = std::uint32_t;

struct WeightRule {
  ModulePattern modules;
  FormatIndex format = 0;
};

// The first rule that matches decides, then `linear` for the matrices of linear layers, then
// formats[0], which is also all that norms, biases and the like are ever stored in.
struct WeightFormats {
  std::vector<Format> formats = {Format{}};
  std::vector<WeightRule> rules = {};
  FormatIndex linear = 0;
  bool linear_has_head = false;  // the method counts the output head in

  FormatIndex add(const Format& format);  // of an equal one that is there, else of a new one
  // "bf16", "nvfp4", or "mixed" where several formats are given out beside the plain one.
  std::string name() const;
};

// What the model's checkpoint says, or its plain dtype.
WeightFormats checkpoint_formats(const Model& model);

// What `--weights-dtype NAME` stands for. A number format holds for every matrix, embedding and
// head included; the schemes w4a16, w4a16:gN and w8a8 for the layers' matrices alone; a llama.cpp
// mix (q4_k_m …) gives each tensor what llama-quantize gives it. Errors: no such name; a mix whose
// rules depend on more than this model says.
Result<WeightFormats> named_formats(std::string_view name, const Model& model);

// One weight tensor in one format.
struct StoredTensor {
  WeightTensor tensor;
  FormatIndex format = 0;
  std::int64_t layers = 1;  // so many layers store it so; 1 for what stands outside of layers
  bool shares_module = false;
  std::string where;  // as WeightLine::where
  // Where it comes from: which distinct layer of the decoder, and which of its weight tensors.
  // Absent outside of the decoder's layers.
  std::optional<std::uint32_t> distinct;
  std::uint32_t position = 0;
};

struct StoredWeights {
  std::vector<Format> formats;
  std::vector<StoredTensor> tensors;

  const Format& format_of(const StoredTensor& t) const { return formats[t.format]; }
};

// Every weight tensor of `weight_lines(model)` with its format. Each layer is looked at only where
// a rule can tell layers apart.
StoredWeights stored_weights(const Model& model, const WeightFormats& formats);

// --- bytes ---------------------------------------------------------------------------------------

struct WeightBytes {
  Bytes data;
  Bytes scales;  // and zero points, orders, second-level scales
  Bytes active;  // of both, what one token reads: all but the experts that it does not choose
  Elements elements;

  Bytes total() const { return data + scales; }
};
// One copy of the tensor in one layer (an expert's matrix).
WeightBytes bytes_of_copy(const StoredWeights& weights, const StoredTensor& tensor);
WeightBytes bytes_of(const StoredWeights& weights,
                     const StoredTensor& tensor);  // in all its layers
WeightBytes weight_bytes(const StoredWeights& weights);

struct NamedWeightBytes {
  std::string name;
  WeightBytes bytes;
};
// In order of first appearance.
std::vector<NamedWeightBytes> weight_bytes_by_format(const StoredWeights& weights);
std::vector<NamedWeightBytes> weight_bytes_by_role(const StoredWeights& weights);

}  // namespace attncalc
