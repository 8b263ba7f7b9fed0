// SPDX-License-Identifier: Apache-2.0
//
// Lightning attention (MiniMax-01, arXiv:2501.08313): linear attention whose decay is a fixed
// number a head. Every head keeps one matrix, whatever the context; there is no convolution.
//
//   state = heads × head_dim × head_dim                                docs/model.md, "Lightning"
//
// Found in MiniMax-Text-01 and M1, and in Ling and Ring linear 2.0 and 2.5, which add norms on
// queries and keys.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct Lightning {
  static constexpr std::string_view keyword = "lightning";

  Dim heads = 0;
  Dim head_dim = 0;  // 0: hidden / heads
  bool qkv_bias = false;
  bool out_bias = false;
  bool qk_norm = false;                     // over each head's width
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return "lightning"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Lightning&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("head_dim", self.head_dim);
    visit("qkv_bias", self.qkv_bias);
    visit("out_bias", self.out_bias);
    visit("qk_norm", self.qk_norm);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
