// SPDX-License-Identifier: Apache-2.0
//
// Kimi Delta Attention (Kimi Linear, arXiv:2510.26692): the gated delta rule with a decay of its
// own for every channel of the key. Every head keeps one matrix, whatever the context; queries,
// keys and values each pass a short causal convolution.
//
//   state = heads × head_dim × head_dim                                      docs/model.md, "KDA"
//   convolution = (conv_kernel − 1) × 3 × heads × head_dim
//
// Found in Kimi-Linear, Kimi-K3 (whose output gate is one full matrix) and Ling 3.0 (both gates
// are).
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct Kda {
  static constexpr std::string_view keyword = "kda";

  Dim heads = 0;
  Dim head_dim = 0;
  Dim conv_kernel = 4;
  bool full_rank_decay = false;  // one matrix, not two with head_dim between them (no_kda_lora)
  bool full_rank_gate = false;   // likewise for the output gate (use_full_rank_gate, no_kda_lora)
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return "kda"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim) {}
  std::vector<std::string> faults() const;
  bool operator==(const Kda&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("head_dim", self.head_dim);
    visit("conv_kernel", self.conv_kernel);
    visit("full_rank_decay", self.full_rank_decay);
    visit("full_rank_gate", self.full_rank_gate);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
