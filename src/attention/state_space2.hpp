// SPDX-License-Identifier: Apache-2.0
//
// Mamba-2 (state space duality, Dao and Gu 2024, arXiv:2405.21060): every head keeps a matrix of
// head_dim × state_dim, whatever the context. A group of heads shares the vectors B and C, as query
// heads share a KV head; values, B and C pass a short causal convolution first.
//
//   state = heads × head_dim × state_dim                                  docs/model.md, "Mamba-2"
//   convolution = (conv_kernel − 1) × (heads × head_dim + 2 × groups × state_dim)
//
// Found in Mamba2, Codestral-Mamba, Nemotron-H and Nemotron-3, Granite 4 H, Bamba, Zamba2 and,
// beside attention in the same layer, Falcon-H1. They differ in biases and in the norm before
// out_proj.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct StateSpace2 {
  static constexpr std::string_view keyword = "mamba2";

  Dim heads = 0;
  Dim head_dim = 0;
  Dim groups = 1;  // of heads that share B and C
  Dim state_dim = 0;
  Dim conv_kernel = 4;
  bool in_bias = false;
  bool conv_bias = true;
  bool out_bias = false;
  bool norm = true;  // false: the gate is applied without one (Falcon-H1, mamba_rms_norm)
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return "mamba2"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim) {}
  std::vector<std::string> faults() const;
  bool operator==(const StateSpace2&) const = default;

  Dim inner() const { return heads * head_dim; }
  Dim shared_channels() const { return 2 * groups * state_dim; }  // B and C

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("head_dim", self.head_dim);
    visit("groups", self.groups);
    visit("state_dim", self.state_dim);
    visit("conv_kernel", self.conv_kernel);
    visit("in_bias", self.in_bias);
    visit("conv_bias", self.conv_bias);
    visit("out_bias", self.out_bias);
    visit("norm", self.norm);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
