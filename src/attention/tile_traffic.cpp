// SPDX-License-Identifier: Apache-2.0
//
// Each count is a sum over blocks of the rows that the block loads, times what a row takes.
#include "attention/tile_traffic.hpp"

#include <algorithm>

namespace attncalc {
namespace {

template <class N>
N rows_of(const TileShape& s, const N& rows) {
  return rows * factor<N>("head_dim", s.head_dim) * factor<N>("element bytes", s.element_bytes);
}

template <class N>
N statistics_of(const TileShape& s, const N& rows, std::int64_t each) {
  return rows * plain<N>(each) * factor<N>("statistic bytes", s.statistic_bytes);
}

// flash2: the keys that all blocks of queries load together. A causal block of queries needs the
// blocks of keys that begin at or before its last row.
Count keys_loaded(const TileShape& s) {
  const std::int64_t n = s.tokens;
  Count keys = 0;
  for (std::int64_t first = 0; first < n; first += s.block_rows) {
    const std::int64_t last = std::min<std::int64_t>(first + s.block_rows, n) - 1;
    const std::int64_t whole_blocks = (last / s.block_cols + 1) * s.block_cols;
    keys += s.causal ? std::min(n, whole_blocks) : n;
  }
  return keys;
}

// flash1: the queries that all blocks of keys load together. A causal block of keys meets the
// blocks of queries whose last row is at or after its first key.
Count queries_loaded(const TileShape& s) {
  const std::int64_t n = s.tokens;
  Count queries = 0;
  for (std::int64_t first = 0; first < n; first += s.block_cols) {
    queries += s.causal ? n - first / s.block_rows * s.block_rows : n;
  }
  return queries;
}

// Four tensors of N × d once, and the square of scores four times: S out and in, P out and in. The
// mask is applied to a square that is there: causal changes nothing.
template <class N>
TileColumns<N> standard_traffic(const TileShape& s) {
  const N n = factor<N>("tokens", s.tokens);
  const N square = n * n * factor<N>("element bytes", s.element_bytes);
  TileColumns<N> t;
  t.q_read = t.k_read = t.v_read = t.output_write = rows_of(s, n);
  t.score_read = t.score_write = plain<N>(2) * square;
  return t;
}

// O and its statistics start in memory (line 2 of the algorithm), and go in and out with every
// pair.
template <class N>
TileColumns<N> flash1_traffic(const TileShape& s) {
  const N n = factor<N>("tokens", s.tokens);
  const N queries = factor<N>("queries loaded", Dim(queries_loaded(s).value));
  TileColumns<N> t;
  t.k_read = t.v_read = rows_of(s, n);
  t.q_read = t.output_read = rows_of(s, queries);
  t.output_write = rows_of<N>(s, queries + n);
  t.statistics_read = statistics_of(s, queries, 2);
  t.statistics_write = statistics_of<N>(s, queries + n, 2);
  return t;
}

template <class N>
TileColumns<N> flash2_traffic(const TileShape& s) {
  const N n = factor<N>("tokens", s.tokens);
  TileColumns<N> t;
  t.q_read = t.output_write = rows_of(s, n);
  t.k_read = t.v_read = rows_of(s, factor<N>("keys loaded", Dim(keys_loaded(s).value)));
  if (s.writes_statistics) t.statistics_write = statistics_of(s, n, 1);
  return t;
}

template <class N>
TileColumns<N> columns_of(LoopOrder order, const TileShape& shape) {
  switch (order) {
    case LoopOrder::standard:
      return standard_traffic<N>(shape);
    case LoopOrder::flash1:
      return flash1_traffic<N>(shape);
    case LoopOrder::flash2:
      break;
  }
  return flash2_traffic<N>(shape);
}

template <class N>
N need_of(const TileShape& s) {
  const N rows = factor<N>("block_rows", s.block_rows);
  const N cols = factor<N>("block_cols", s.block_cols);
  const N tile_element = factor<N>("tile element bytes", s.tile_bytes);
  const N query_tile = rows_of(s, rows);
  const N key_and_value_tiles = plain<N>(2) * rows_of(s, cols);
  const N score_tile = rows * cols * tile_element;
  const N statistics = statistics_of(s, rows, 2);
  const N tiles = query_tile + key_and_value_tiles + score_tile;
  if (!s.output_tile) return tiles + statistics;
  return tiles + rows * factor<N>("head_dim", s.head_dim) * tile_element + statistics;
}

BlockChoice choice(const TileShape& shape, LoopOrder order) {
  return {shape.block_rows, shape.block_cols, tile_need(shape), tile_traffic(order, shape).total()};
}

bool better(const BlockChoice& a, const std::optional<BlockChoice>& b) {
  return !b || a.traffic < b->traffic || (a.traffic == b->traffic && a.need < b->need);
}

// The largest multiple of `align` for which `fits` holds, at most `most`; 0 if none does.
template <class Fits>
std::int64_t largest_fitting(std::int64_t align, std::int64_t most, Fits fits) {
  std::int64_t low = 0, high = most / align;
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    if (fits(middle * align))
      low = middle;
    else
      high = middle - 1;
  }
  return low * align;
}

}  // namespace

std::string_view loop_order_name(LoopOrder order) {
  switch (order) {
    case LoopOrder::standard:
      return "standard";
    case LoopOrder::flash1:
      return "flash1";
    case LoopOrder::flash2:
      return "flash2";
  }
  return "";
}

TileTraffic tile_traffic(LoopOrder order, const TileShape& shape) {
  const TileColumns<Count> c = columns_of<Count>(order, shape);
  return {Bytes(c.q_read),       Bytes(c.k_read),          Bytes(c.v_read),
          Bytes(c.score_read),   Bytes(c.score_write),     Bytes(c.output_read),
          Bytes(c.output_write), Bytes(c.statistics_read), Bytes(c.statistics_write)};
}

TileColumns<Traced> explain_tiles(LoopOrder order, const TileShape& shape) {
  return columns_of<Traced>(order, shape);
}

Bytes tile_need(const TileShape& shape) { return Bytes(need_of<Count>(shape)); }
Traced explain_need(const TileShape& shape) { return need_of<Traced>(shape); }

std::optional<BlockChoice> largest_square_block(TileShape shape, LoopOrder order, Bytes sram,
                                                std::int64_t align) {
  const std::int64_t block = largest_fitting(align, shape.tokens, [&](std::int64_t size) {
    shape.block_rows = shape.block_cols = size;
    return tile_need(shape) <= sram;
  });
  if (block == 0) return std::nullopt;
  shape.block_rows = shape.block_cols = block;
  return choice(shape, order);
}

// Traffic falls as the block of the outer loop's *inner partner* grows, so for every number of rows
// only the largest and the smallest number of columns that fit can be best.
std::optional<BlockChoice> best_block(TileShape shape, LoopOrder order, Bytes sram,
                                      std::int64_t align) {
  std::optional<BlockChoice> best;
  for (std::int64_t rows = align; rows <= std::max<std::int64_t>(shape.tokens, align);
       rows += align) {
    shape.block_rows = rows;
    const std::int64_t cols =
        largest_fitting(align, std::max<std::int64_t>(shape.tokens, align), [&](std::int64_t size) {
          shape.block_cols = size;
          return tile_need(shape) <= sram;
        });
    if (cols == 0) break;  // more rows need more
    for (const std::int64_t tried : {cols, align}) {
      shape.block_cols = tried;
      const BlockChoice candidate = choice(shape, order);
      if (better(candidate, best)) best = candidate;
    }
  }
  return best;
}

}  // namespace attncalc
