// SPDX-License-Identifier: Apache-2.0
//
// What a model is to attncalc, wherever it was read from: stacks of layers, each layer parallel
// token mixers and a channel mixer, around an embedding and a head. Every later figure (cache,
// parameters, FLOPs, shards) is a pure function of this value.
//
// Layers repeat, so a stack keeps each distinct layer once and the order as indices: figures that
// do not depend on order cost as many steps as there are distinct layers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attention/kinds.hpp"
#include "base/result.hpp"
#include "model/channel.hpp"
#include "model/weight_formats.hpp"

namespace attncalc {

struct Layer {
  std::vector<Kind> mixers;  // run side by side (Falcon-H1: attention and state space)
  ChannelMixer channel = {};
  std::vector<WeightTensor> extra = {};  // norms, and what only this family has

  // This layer reads the cache of an earlier one and keeps none itself (Gemma 3n, CLA). Which one
  // matters to engines; payload only needs to know that there is nothing here to count. The number
  // counts layers of the same stack from 0.
  std::optional<std::uint32_t> cache_of = {};
  // Layers with the same number share one set of weights (Zamba2): counted once.
  std::optional<std::uint32_t> weight_set = {};

  bool operator==(const Layer&) const = default;
};

struct Stack {
  std::string name = "decoder";  // decoder, encoder, mtp, vision
  std::vector<Layer> distinct;
  std::vector<std::uint32_t> order;  // indices into `distinct`, first layer first
  bool caches = true;                // false: every layer sees the whole input at once (BERT)

  std::size_t depth() const { return order.size(); }
  void append(const Layer& layer);          // shares it with an equal one that is there
  std::vector<std::int64_t> times() const;  // how often each distinct layer stands
};

struct Embedding {
  Dim vocabulary = 0;
  Dim width = 0;         // of a row; differs from hidden where a projection follows
  Dim positions = 0;     // learnt position embeddings; 0: none
  bool tied = false;     // the head is the embedding's transpose
  bool has_head = true;  // false: an encoder or a reward model
  bool head_bias = false;
  std::vector<WeightTensor> extra;  // final norm and what else stands outside of the layers
};

struct Assumption {
  std::string name;
  std::string value;
  std::string source;
  bool operator==(const Assumption&) const = default;
};

struct Warning {
  std::string code;  // short and stable: "no_cache", "mtp_left_out"
  std::string text;
  bool operator==(const Warning&) const = default;
};

// What the checkpoint says about number formats; empty where it does not say.
struct Dtypes {
  std::string weights;      // "bf16", or a quantised format by name
  std::string activations;  // torch_dtype
  std::string cache;        // a KV scheme in the quantisation config
  std::string weights_source, activations_source, cache_source;
};

// What a weights file says of its own tensors, whatever the layers make of them.
struct HeaderFormat {
  std::string name;  // as the file's kind calls it: "q4_K", "BF16"
  std::int64_t tensors = 0;
  Elements elements;
  Bytes bytes;
};
struct HeaderWeights {
  std::string source;
  Elements elements;
  Bytes bytes;
  std::vector<HeaderFormat> formats;  // most bytes first
};

// The whole-number keys of a GGUF header without the architecture's name before them, as they stand
// in the file. The layers say what the model is; llama.cpp decides from these (docs/gguf.md).
struct GgufFacts {
  struct Key {
    std::string name;
    std::vector<std::int64_t> values;
    bool is_array = false;
  };
  std::vector<Key> keys;
  bool has_tensors = false;
  bool has_draft_projection = false;  // blk.<trunk>.nextn.eh_proj.weight

  const Key* find(std::string_view name) const;
};

struct Model {
  std::string name;
  std::string source;      // "catalog:llama-3-70b", a path
  std::string model_type;  // as in the config
  std::string arch;        // of a GGUF file
  Dim hidden = 0;
  Dim max_positions = 0;      // 0: not said
  Stack decoder;              // the layers that a generated token passes
  std::vector<Stack> beside;  // encoder, MTP: known, and left out of the decoder's figures
  Embedding embedding;
  Dtypes dtypes;
  std::optional<WeightFormats> weight_formats;  // of a quantised checkpoint; absent: all plain
  Dim encoder_tokens = 0;  // the config's own encoder length, where it has one (Whisper: 1500)
  std::optional<std::int64_t> mtp_parameters;     // counted apart from `parameters`
  std::optional<std::int64_t> vision_parameters;  // absent: there is none, or it is not read
  std::optional<GgufFacts> gguf;                  // of a GGUF file
  std::optional<HeaderWeights> stored;            // where the weights' own headers were read

  std::vector<std::string> origins;  // texts for Origin handles; [0] is for Origin::none
  std::vector<Assumption> assumptions;
  std::vector<Warning> warnings;

  std::string_view origin_text(Origin origin) const;
};

// "gqa", or "mixed" where layers differ in kind; "none" without any mixer.
std::string attention_label(const Model& model);

// Each distinct label of a layer and how many layers carry it, in order of first appearance. A
// layer with parallel mixers reads "gqa+mamba2".
struct LabelCount {
  std::string label;
  std::int64_t layers = 0;
  bool operator==(const LabelCount&) const = default;
};
std::vector<LabelCount> layer_labels(const Model& model);
std::string layer_label(const Layer& layer);

// Every fault of every layer, in words with the layer's number; empty if the model is sound.
std::vector<std::string> faults(const Model& model);

// --- parameters (docs/model.md, "Parameters") ----------------------------------------------------

// One weight tensor of the model and how many layers have it.
struct WeightLine {
  WeightTensor tensor;
  std::int64_t layers = 1;  // 1 for what stands outside of the layers
  std::string where;        // the layer's label, "embed", "head", "norm"
};

// All weight tensors of the language model: embedding, layers (a text or audio encoder's too),
// final norm, head. A tied head is left out; layers of one weight set are there once.
std::vector<WeightLine> weight_lines(const Model& model);
std::vector<WeightLine> outside_lines(const Model& model);  // those of them outside of the layers

struct Parameters {
  Elements total;
  Elements active;  // read for one token: all but the experts that the router does not choose
};
Parameters parameters(const Model& model);
Elements parameters_of(const Stack& stack, Dim hidden);

}  // namespace attncalc
