// SPDX-License-Identifier: Apache-2.0
//
// RWKV's time mixing, versions 4 to 7: a recurrent layer whose memory does not grow. Version 4
// keeps three numbers a channel (arXiv:2305.13048), versions 5 (arXiv:2404.05892, "Eagle"), 6
// ("Finch", the same paper) and 7 (arXiv:2503.14456, "Goose") a matrix a head. Before their
// projections both the time mixing and the channel mixing blend each token with the one before it,
// so a layer also remembers its last input twice.
//
//   shift = shifts × hidden                                                  docs/model.md, "RWKV"
//   wkv   = heads × head_dim × head_dim      (version 4: heads × head_dim × 3)
//
// The channel mixing itself is a Dense without a gate, and its blending vectors and receptance
// matrix are the layer's `extra` weights; only its shift state is counted here.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct Rwkv {
  static constexpr std::string_view keyword = "rwkv";

  Dim version = 7;  // 4, 5 (the final 5.2, with a gate), 6 or 7
  Dim heads = 0;    // 0: hidden / head_dim
  Dim head_dim = 64;
  Dim shifts = 2;       // last inputs kept: of time mixing and of channel mixing
  Dim shift_width = 0;  // 0: hidden

  // Inner widths of what each version makes from the token through two thin matrices.
  Dim mix_rank = 0;    // 6: how much of the token before to blend in
  Dim decay_rank = 0;  // 6, 7
  Dim rate_rank = 0;   // 7: in-context learning rate ("a")
  Dim gate_rank = 0;   // 7
  Dim value_rank = 0;  // 7: share of the first layer's values; the first layer itself has none: 0
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const;
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Rwkv&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("version", self.version);
    visit("heads", self.heads);
    visit("head_dim", self.head_dim);
    visit("shifts", self.shifts);
    visit("shift_width", self.shift_width);
    visit("mix_rank", self.mix_rank);
    visit("decay_rank", self.decay_rank);
    visit("rate_rank", self.rate_rank);
    visit("gate_rank", self.gate_rank);
    visit("value_rank", self.value_rank);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
