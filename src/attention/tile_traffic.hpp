// SPDX-License-Identifier: Apache-2.0
//
// What one pass of softmax attention over N tokens moves between the large memory (HBM) and the
// small one (SRAM, a cache), counted exactly, for three ways to run it:
//
//   standard  S = QKᵀ and P = softmax(S) are written out whole and read back (three kernels)
//   flash1    blocks of K and V outside, blocks of Q inside; O and its two statistics go back and
//             forth once a pair of blocks (FlashAttention, arXiv:2205.14135, Algorithm 1)
//   flash2    blocks of Q outside, blocks of K and V inside; O is written once
//             (FlashAttention-2, arXiv:2307.08691, Algorithm 1)
//
// All counts are of one head; blocks at the end may be short. Formulas: docs/model.md, "Tiles".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/dim.hpp"
#include "attention/number.hpp"
#include "base/units.hpp"

namespace attncalc {

enum class LoopOrder : std::uint8_t { standard, flash1, flash2 };
std::string_view loop_order_name(LoopOrder order);

struct TileShape {
  Dim tokens = 0;         // N: queries and keys
  Dim head_dim = 0;       // d
  Dim block_rows = 64;    // B_r: queries of a tile
  Dim block_cols = 64;    // B_c: keys of a tile
  Dim element_bytes = 2;  // of Q, K, V and O in memory
  Dim tile_bytes = 2;  // of an element of the score tile, and of the output tile where it is kept
  Dim statistic_bytes = 4;         // of a running maximum or sum
  bool causal = false;             // tiles wholly above the diagonal are skipped
  bool output_tile = true;         // O's tile stays in SRAM (flash2 does; older texts leave it out)
  bool writes_statistics = false;  // flash2 writes one statistic a row for a backward pass
};

// Bytes by tensor; `total` is their sum.
struct TileTraffic {
  Bytes q_read, k_read, v_read, score_read, score_write, output_read, output_write;
  Bytes statistics_read, statistics_write;

  Bytes reads() const {
    return q_read + k_read + v_read + score_read + output_read + statistics_read;
  }
  Bytes writes() const { return score_write + output_write + statistics_write; }
  Bytes total() const { return reads() + writes(); }
};

TileTraffic tile_traffic(LoopOrder order, const TileShape& shape);

// The same columns as formulas.
template <class N>
struct TileColumns {
  N q_read = plain<N>(0), k_read = plain<N>(0), v_read = plain<N>(0);
  N score_read = plain<N>(0), score_write = plain<N>(0);
  N output_read = plain<N>(0), output_write = plain<N>(0);
  N statistics_read = plain<N>(0), statistics_write = plain<N>(0);
};
TileColumns<Traced> explain_tiles(LoopOrder order, const TileShape& shape);

// What must fit into SRAM at once for the counts above to be true:
//   Q_i, K_j, V_j, the score tile, the output tile if it is kept, and two statistics a row.
Bytes tile_need(const TileShape& shape);
Traced explain_need(const TileShape& shape);

// Which block to choose for an SRAM size: square (one number for rows and columns), or the pair
// that moves least. Multiples of `align`. Nullopt: not even the smallest block fits.
struct BlockChoice {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  Bytes need;
  Bytes traffic;  // of one head
};
std::optional<BlockChoice> largest_square_block(TileShape shape, LoopOrder order, Bytes sram,
                                                std::int64_t align);
std::optional<BlockChoice> best_block(TileShape shape, LoopOrder order, Bytes sram,
                                      std::int64_t align);

}  // namespace attncalc
