// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention (MLA, DeepSeek-V2 §2.1): one compressed latent and one rotary key a
// token, shared by all heads, on every tensor-parallel rank.
//
//   cache of one layer = tokens × (kv_lora_rank + rope_dim)              docs/model.md, "Latent"
//
// With a sparse indexer (DSA, DeepSeek-V3.2) the layer also caches one index key a token, unless it
// reuses the choice that an earlier layer made (`shares_indexer`).
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct Latent {
  static constexpr std::string_view keyword = "latent";

  Dim heads = 0;
  Dim kv_lora_rank = 0;
  Dim rope_dim = 0;                     // may really be 0 (no position in the key)
  Dim nope_dim = 0;                     // of each head's query and key, not rotated
  Dim value_dim = 0;                    // 0: nope_dim
  std::optional<Dim> q_lora_rank = {};  // absent: queries are projected at once
  std::optional<Dim> window = {};

  Dim index_heads = 0;  // 0: no indexer
  Dim index_head_dim = 0;
  Dim index_topk = 0;
  bool shares_indexer = false;

  bool bias = false;         // on q_down, kv_down and o_proj
  bool output_gate = false;  // o_proj's input is gated by hidden → heads × value_dim
  bool latent_norms = true;  // norms on the compressed query and latent

  std::string label() const;
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  bool puts(std::string_view role) const { return role == "k_up" || role == "v_up"; }
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool has_own_indexer() const { return index_heads > 0 && !shares_indexer; }
  Mask mask() const;
  bool operator==(const Latent&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("kv_lora_rank", self.kv_lora_rank);
    visit("rope_dim", self.rope_dim);
    visit("nope_dim", self.nope_dim);
    visit("value_dim", self.value_dim);
    visit("q_lora_rank", self.q_lora_rank);
    visit("window", self.window);
    visit("index_heads", self.index_heads);
    visit("index_head_dim", self.index_head_dim);
    visit("index_topk", self.index_topk);
    visit("shares_indexer", self.shares_indexer);
    visit("bias", self.bias);
    visit("output_gate", self.output_gate);
    visit("latent_norms", self.latent_norms);
  }
};

}  // namespace attncalc
