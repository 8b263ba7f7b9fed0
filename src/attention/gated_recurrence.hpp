// SPDX-License-Identifier: Apache-2.0
//
// Real-gated linear recurrent unit (RG-LRU, Griffin, arXiv:2402.19427): every channel keeps one
// number, whatever the context, behind a short causal convolution. Its two gates are
// block-diagonal, one block a head.
//
//   state = width                                              docs/model.md, "Gated recurrence"
//   convolution = (conv_kernel − 1) × width
//
// Found in RecurrentGemma, two layers of three; the third is attention with a window.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct GatedRecurrence {
  static constexpr std::string_view keyword = "gated_recurrence";

  Dim width = 0;  // of the recurrence; 0: hidden
  Dim heads = 1;  // blocks of the gates
  Dim conv_kernel = 4;
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return "rg_lru"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const GatedRecurrence&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("width", self.width);
    visit("heads", self.heads);
    visit("conv_kernel", self.conv_kernel);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
