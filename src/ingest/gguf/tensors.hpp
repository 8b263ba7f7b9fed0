// SPDX-License-Identifier: Apache-2.0
//
// What the tensors of a GGUF file know and its keys do not: biases, norms, gates, which layers have
// experts, whether the head is tied, and the exact number of parameters. Tensor names are
// llama.cpp's (gguf-py/gguf/constants.py, TENSOR_NAMES): blk.<layer>.<part>.<weight or bias>.
#pragma once

#include <string_view>
#include <vector>

#include "ingest/gguf/reader.hpp"

namespace attncalc::gguf {

class Tensors {
 public:
  Tensors(const Header& header, std::size_t layers);

  bool empty() const { return header_.tensors.empty(); }
  // A tensor of a layer ("attn_q.weight"), or null pointer.
  const Tensor* find(std::size_t layer, std::string_view part) const;
  bool has(std::size_t layer, std::string_view part) const { return find(layer, part) != nullptr; }
  const Tensor* outside(std::string_view name) const;  // "output.weight"

  const std::vector<const Tensor*>& in_layer(std::size_t layer) const { return layers_[layer]; }
  const std::vector<const Tensor*>& outside_layers() const { return outside_; }

 private:
  const Header& header_;
  std::vector<std::vector<const Tensor*>> layers_;
  std::vector<const Tensor*> outside_;
};

// Tables of positions that are stored like weights and are not learnt.
bool is_buffer(const Tensor& tensor);

// Puts what the tensors of layer `index` say into the layer that was read from keys. What no kind
// accounts for becomes a weight named "other", so that the layer has as many parameters as the file
// says; a layer whose keys ask for more than the file has is left as it is and told by the total.
void refine_layer(Keys& keys, const ArchRules& rules, const Tensors& tensors, std::size_t index,
                  Layer& layer);

// The embedding, the head and what else stands outside of the layers.
void refine_embedding(const Tensors& tensors, Dim hidden, Embedding& embedding);

// The file's own totals by format; MTP layers and buffers are in them.
HeaderWeights header_weights(const Header& header);

// In which format each module is stored, so that every later figure of weights is the file's own.
WeightFormats file_formats(const Tensors& tensors, std::size_t layers);

}  // namespace attncalc::gguf
