// SPDX-License-Identifier: Apache-2.0
//
// Gated delta rule (Gated DeltaNet as in Qwen3-Next and Qwen3.5): a linear-attention layer whose
// memory is one matrix a value head, whatever the context, behind a short causal convolution over
// queries, keys and values.
//
//   state = value_heads × key_dim × value_dim                             docs/model.md, "Gated
//   delta" convolution = (conv_kernel − 1) × (2 × key_heads × key_dim + value_heads × value_dim)
//
// The state is fp32 unless the config says otherwise; the convolution keeps its last inputs, in the
// activation dtype.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct GatedDelta {
  static constexpr std::string_view keyword = "gated_delta";

  Dim key_heads = 0;
  Dim value_heads = 0;  // 0: as many as key_heads
  Dim key_dim = 0;
  Dim value_dim = 0;  // 0: key_dim
  Dim conv_kernel = 4;
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return "gated_delta"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const GatedDelta&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("key_heads", self.key_heads);
    visit("value_heads", self.value_heads);
    visit("key_dim", self.key_dim);
    visit("value_dim", self.value_dim);
    visit("conv_kernel", self.conv_kernel);
    visit("state_format", self.state_format);
  }
};

// The state of a delta rule: a matrix of key_dim × value_dim a head, corrected by every token.
struct DeltaShape {
  Dim heads, key_dim, value_dim;
  std::optional<Format> format;
};
template <class N>
void add_delta_state(OpRows<N>& out, const DeltaShape& shape);

}  // namespace attncalc
