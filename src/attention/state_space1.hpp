// SPDX-License-Identifier: Apache-2.0
//
// Mamba-1 (selective state space, Gu and Dao 2023, arXiv:2312.00752): every channel keeps its own
// vector of state_dim numbers, whatever the context, behind a short causal convolution over the
// channels.
//
//   state = inner × state_dim                                             docs/model.md, "Mamba-1"
//   convolution = (conv_kernel − 1) × inner
//
// Found in Mamba, Falcon-Mamba (whose extra norms have no weights) and Jamba (whose have).
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct StateSpace1 {
  static constexpr std::string_view keyword = "mamba1";

  Dim inner = 0;  // channels; 0: twice hidden
  Dim state_dim = 0;
  Dim conv_kernel = 4;
  Dim dt_rank = 0;    // of the projection that makes the time steps; 0: hidden / 16, rounded up
  bool bias = false;  // on in_proj and out_proj
  bool conv_bias = true;
  bool norms = false;  // learnt norms on the time steps' input, B and C (Jamba)
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return "mamba1"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const StateSpace1&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("inner", self.inner);
    visit("state_dim", self.state_dim);
    visit("conv_kernel", self.conv_kernel);
    visit("dt_rank", self.dt_rank);
    visit("bias", self.bias);
    visit("conv_bias", self.conv_bias);
    visit("norms", self.norms);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
