// SPDX-License-Identifier: Apache-2.0
//
// DeepSeek-V4's layers: one latent of head_dim a token is key and value for all heads. Every layer
// keeps the latents of a short window; most keep, of everything before, one learnt summary every
// `ratio` tokens. A ratio of 4 has overlapping groups and an indexer that chooses among the
// summaries (CSA); a ratio of 128 has neither (HCA); 0 is the window alone.
//
//   tokens   [ 4 ][ 4 ][ 4 ] … [ 4 ][ 4 ][ 4 ][ part ]    a full group leaves one summary and,
//                                 └─── window ───────┘     for the indexer, one key; the last
//                                 tokens
//                                                          also stay as they are
//
//   cache = min(n, window) × head_dim                                docs/model.md, "Compressed"
//         + ⌊n / ratio⌋ × (head_dim + index_head_dim)
//         + what a group still in the making has gathered, in fp32, for each of the two compressors
//
// Nothing is divided among tensor-parallel ranks: the latent belongs to all heads.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

struct Compressed {
  static constexpr std::string_view keyword = "compressed";

  Dim heads = 0;
  Dim head_dim = 0;  // of the latent, the rotary part included
  Dim rope_dim = 0;  // its last elements, which are rotated; fp8_ds_mla keeps them in bf16
  Dim q_lora_rank = 0;
  Dim o_groups = 0;     // of heads, each with a projection of its own …
  Dim o_lora_rank = 0;  // … to this many elements, before all go back to hidden
  Dim window = 0;
  Dim ratio = 0;         // tokens a summary; 0: no summaries
  bool overlap = false;  // a group also looks at the one before it (published code: ratio 4)

  Dim index_heads = 0;  // 0: no indexer
  Dim index_head_dim = 0;
  Dim index_topk = 0;
  bool learnt_sinks = true;
  std::optional<Format> state_format = {};  // of the compressors; fp32 if the config does not say

  std::string label() const;
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim) {}
  std::vector<std::string> faults() const;
  bool operator==(const Compressed&) const = default;

  bool compresses() const { return ratio > 0; }
  bool has_indexer() const { return compresses() && index_heads > 0; }
  Mask summary_mask() const;  // which summaries a token attends to

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("head_dim", self.head_dim);
    visit("rope_dim", self.rope_dim);
    visit("q_lora_rank", self.q_lora_rank);
    visit("o_groups", self.o_groups);
    visit("o_lora_rank", self.o_lora_rank);
    visit("window", self.window);
    visit("ratio", self.ratio);
    visit("overlap", self.overlap);
    visit("index_heads", self.index_heads);
    visit("index_head_dim", self.index_head_dim);
    visit("index_topk", self.index_topk);
    visit("learnt_sinks", self.learnt_sinks);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
