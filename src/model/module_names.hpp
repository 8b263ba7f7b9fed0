// SPDX-License-Identifier: Apache-2.0
//
// What checkpoints call the modules that our weight tensors stand in. Quantisation configs name
// modules (`model.layers.3.mlp.experts.7.gate_proj`, `*.self_attn*`, `re:.*attn.wo_a$`); we name
// roles. A tensor gets every name that some checkpoint gives it, so a pattern reaches it by any of
// them; the containers (`mlp`, `block_sparse_moe`, `mixer` …), where one word means different
// things in different families, are read off the patterns of the file at hand instead.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attention/tensors.hpp"

namespace attncalc {

struct Layer;
struct Embedding;

// How one file spells containers.
struct ModuleSpelling {
  std::string layers = "model.layers.";  // what stands before the number of a layer
  std::string attention = "self_attn";
  std::string recurrent = "linear_attn";
  std::string dense = "mlp";
  std::string experts = "mlp";
};
ModuleSpelling spelling_of(std::span<const std::string_view> patterns);

// Whom a quantiser means by "every linear layer".
enum class Reach : std::uint8_t {
  never,    // norms, biases, convolutions, decays: no method touches them
  by_name,  // only where a pattern names it: embedding, routers, small gates
  head,     // the output head: some methods count it in
  linear,   // a matrix of a linear layer
};

struct NamedTensor {
  WeightTensor tensor;
  Reach reach = Reach::never;
  std::vector<std::string> modules;  // behind the layer's number: "self_attn.q_proj"
  // The checkpoint stores it in one matrix with the tensor before it (kv_b_proj is k_up and v_up),
  // so what comes once a matrix has been counted there.
  bool shares_module = false;
};

// In the order of the layer's weight tensors: mixers, channel, the rest.
std::vector<NamedTensor> named_tensors(const Layer& layer, Dim hidden,
                                       const ModuleSpelling& spelling);

// What stands outside of the layers, by the role of its weight line.
NamedTensor named_outside(const WeightTensor& tensor);

}  // namespace attncalc
