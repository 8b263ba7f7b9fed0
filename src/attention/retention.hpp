// SPDX-License-Identifier: Apache-2.0
//
// Linear attention with decay and no normaliser: every head keeps one matrix that is multiplied by
// a decay before each new token is added. What sets the decay is a field:
//
//   fixed      a constant a head: RetNet (Sun et al. 2023, arXiv:2307.08621)
//   head       one number a head, made from the token: gated RetNet (YOCO), simple GLA
//   channel    one for each element of the key: GLA (Yang et al. 2024, arXiv:2312.06635)
//
//   state = heads × key_dim × value_dim                                  docs/model.md, "Retention"
//
// Where query heads share keys and values, a group's states are equal. They are counted for every
// head all the same: the published kernels repeat keys and values first, and keep each (fla).
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

enum class Decay : std::uint8_t { fixed, head, channel };
constexpr std::array<std::string_view, 3> words(Decay) { return {"fixed", "head", "channel"}; }

struct Retention {
  static constexpr std::string_view keyword = "retention";

  Dim heads = 0;
  Dim kv_heads = 0;   // 0: as many as heads
  Dim key_dim = 0;    // 0: hidden / heads
  Dim value_dim = 0;  // 0: key_dim
  Decay decay = Decay::fixed;
  Dim decay_rank = 0;       // of two thin matrices that make the decay; 0: one matrix makes it
  bool decay_bias = true;   // where the decay is made
  bool output_gate = true;  // as wide as the values
  bool norm = true;         // learnt, over each head's width (original RetNet: without weights)
  Dim conv_kernel = 0;      // of short convolutions over q, k and v; 0: none
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const { return decay == Decay::fixed ? "retention" : "gla"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Retention&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("kv_heads", self.kv_heads);
    visit("key_dim", self.key_dim);
    visit("value_dim", self.value_dim);
    visit("decay", self.decay);
    visit("decay_rank", self.decay_rank);
    visit("decay_bias", self.decay_bias);
    visit("output_gate", self.output_gate);
    visit("norm", self.norm);
    visit("conv_kernel", self.conv_kernel);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
