// SPDX-License-Identifier: Apache-2.0
//
// A gated short convolution (LFM2): the layer mixes a few neighbouring tokens and remembers nothing
// else. Its only cache is the convolution's last inputs.
//
//   convolution = (conv_kernel − 1) × channels                  docs/model.md, "Short convolution"
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct ShortConv {
  static constexpr std::string_view keyword = "short_conv";

  Dim channels = 0;  // 0: hidden
  Dim conv_kernel = 3;
  bool bias = false;  // on both projections and the convolution

  std::string label() const { return "short_conv"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const ShortConv&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("channels", self.channels);
    visit("conv_kernel", self.conv_kernel);
    visit("bias", self.bias);
  }
};

}  // namespace attncalc
