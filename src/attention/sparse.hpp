// SPDX-License-Identifier: Apache-2.0
//
// Softmax attention that scores or reads only some of the tokens but must keep them all, because
// each may still be seen: strided and fixed patterns (Sparse Transformer, arXiv:1904.10509),
// dilated ones (Longformer, arXiv:2004.05150), BigBird (arXiv:2007.14062), a mask of blocks, the
// top k. The cache is that of full attention; the pattern says which pairs cost anything.
//
//   cache of one layer = tokens × kv_heads × (head_dim + value_dim)         docs/model.md, "Sparse"
//                      + tokens × index_head_dim                            with an indexer
//
// A query sees a key that is no later than itself and that any of the patterns given allows:
//
//   query 9 of 10, local 3      .......789        stride 4                  .1...5...9
//          local 3, dilation 2    .....5.7.9        stride 4, summaries 1     ...3...7..
//                    globals 2    01........        block_size 2, local 2     ......6789
//
// All of them count blocks of block_size tokens. Patterns that forget (a window, with or without
// sink tokens) are fields of softmax, since they change what is kept.
#pragma once

#include "attention/softmax.hpp"

namespace attncalc {

struct Sparse {
  static constexpr std::string_view keyword = "sparse";

  Dim heads = 0;
  Dim kv_heads = 0;   // 0: as many as heads
  Dim head_dim = 0;   // of queries and keys; 0: hidden / heads
  Dim value_dim = 0;  // 0: head_dim
  bool q_bias = false, k_bias = false, v_bias = false, o_bias = false;
  QkNorm qk_norm = QkNorm::none;

  Dim block_size = 1;                 // tokens that the pattern treats alike
  std::optional<Dim> local = {};      // the last so many, the query's own included …
  Dim dilation = 1;                   // … this far apart
  std::optional<Dim> stride = {};     // those a whole number of strides back
  std::optional<Dim> summaries = {};  // instead, the last so many of each stride (fixed pattern)
  Dim globals = 0;                    // the first so many
  Dim random = 0;                     // so many more, drawn for each query block
  std::string mask;              // rows of 1 and 0, one for each query block, a 1 for a block seen
  std::optional<Dim> topk = {};  // of the tokens seen and scored, read the best so many
  Dim index_heads = 0;     // scored by an indexer of so many query heads (MiniMax-M3); 0: none …
  Dim index_head_dim = 0;  // … whose one key a token is cached too

  std::string label() const;
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Sparse&) const = default;

  // Whether the token at position `query` scores the one at `key`; random blocks are left out.
  bool sees(std::int64_t query, std::int64_t key) const;
  // Pairs of `count` queries behind `cached` tokens that are scored, and that a choice of the best
  // leaves; with random blocks, the expected number. Throws Overflow above a million query blocks:
  // patterns add up in too many ways for one closed form, so query blocks are gone through.
  struct Pairs {
    double scored = 0;
    double read = 0;
  };
  Pairs pairs(std::int64_t cached, std::int64_t count) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)

  // The same layer without its pattern.
  Softmax full() const;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("kv_heads", self.kv_heads);
    visit("head_dim", self.head_dim);
    visit("value_dim", self.value_dim);
    visit("q_bias", self.q_bias);
    visit("k_bias", self.k_bias);
    visit("v_bias", self.v_bias);
    visit("o_bias", self.o_bias);
    visit("qk_norm", self.qk_norm);
    visit("block_size", self.block_size);
    visit("local", self.local);
    visit("dilation", self.dilation);
    visit("stride", self.stride);
    visit("summaries", self.summaries);
    visit("globals", self.globals);
    visit("random", self.random);
    visit("mask", self.mask);
    visit("topk", self.topk);
    visit("index_heads", self.index_heads);
    visit("index_head_dim", self.index_head_dim);
  }
};

}  // namespace attncalc
