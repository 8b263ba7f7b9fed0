// SPDX-License-Identifier: Apache-2.0
//
// Cross-attention: queries come from the decoder, keys and values from an encoder's output, so the
// cache has a row for every encoder token (audio frame, image patch) and does not grow as the
// decoder writes. The encoder's length is an input (--encoder-ctx) or a fact of the config.
//
//   cache of one layer = encoder tokens × kv_heads × (head_dim + value_dim)  docs/model.md, "Cross"
//
// Found in T5, BART, Whisper (beside self-attention in each decoder layer) and mllama (in layers of
// its own, which add a learnt scalar gate).
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct Cross {
  static constexpr std::string_view keyword = "cross";

  Dim heads = 0;
  Dim kv_heads = 0;       // 0: as many as heads
  Dim head_dim = 0;       // of queries and keys; 0: hidden / heads
  Dim value_dim = 0;      // 0: head_dim
  Dim encoder_width = 0;  // of the encoder's output; 0: hidden

  bool q_bias = false, k_bias = false, v_bias = false, o_bias = false;
  bool qk_norm = false;  // over each head's width
  bool gate = false;     // one learnt scalar on the output (mllama)

  std::string label() const { return "cross"; }
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  // Keys and values are made once, of the encoder's tokens.
  bool puts(std::string_view role) const { return role == "k_proj" || role == "v_proj"; }
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Cross&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("kv_heads", self.kv_heads);
    visit("head_dim", self.head_dim);
    visit("value_dim", self.value_dim);
    visit("encoder_width", self.encoder_width);
    visit("q_bias", self.q_bias);
    visit("k_bias", self.k_bias);
    visit("v_bias", self.v_bias);
    visit("o_bias", self.o_bias);
    visit("qk_norm", self.qk_norm);
    visit("gate", self.gate);
  }
};

}  // namespace attncalc
