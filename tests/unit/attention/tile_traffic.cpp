// SPDX-License-Identifier: Apache-2.0
//
// Tile traffic against figures computed by hand, and against the loops run through a simulated
// cache.
#include "attention/tile_traffic.hpp"

#include <cmath>

#include "attention/tile_simulation.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

constexpr LoopOrder both_flash[] = {LoopOrder::flash1, LoopOrder::flash2};

TileShape shape(std::int64_t tokens, std::int64_t head_dim, std::int64_t rows, std::int64_t cols) {
  return {.tokens = tokens, .head_dim = head_dim, .block_rows = rows, .block_cols = cols};
}

double off(Bytes got, Bytes want) {
  return std::abs(static_cast<double>(got.value.value) / static_cast<double>(want.value.value) - 1);
}

Bytes times(Bytes bytes, double factor) {
  return Bytes(static_cast<std::int64_t>(static_cast<double>(bytes.value.value) * factor));
}

// The tensors' bytes counted pair of blocks by pair of blocks, in no closed form at all.
Bytes counted(LoopOrder order, const TileShape& s) {
  std::int64_t bytes = 0;
  const std::int64_t row_bytes = s.head_dim * s.element_bytes;
  const std::int64_t n = s.tokens;
  const auto outer = order == LoopOrder::flash2 ? s.block_rows : s.block_cols;
  const auto inner = order == LoopOrder::flash2 ? s.block_cols : s.block_rows;
  if (order == LoopOrder::flash1) bytes += n * row_bytes + 2 * n * s.statistic_bytes;
  for (std::int64_t a = 0; a < n; a += outer) {
    const std::int64_t in_a = std::min<std::int64_t>(outer, n - a);
    bytes += 2 * in_a * row_bytes;  // flash2: Q in, O out; flash1: K and V in
    for (std::int64_t b = 0; b < n; b += inner) {
      const std::int64_t in_b = std::min<std::int64_t>(inner, n - b);
      const std::int64_t last_row = order == LoopOrder::flash2 ? a + in_a - 1 : b + in_b - 1;
      const std::int64_t first_col = order == LoopOrder::flash2 ? b : a;
      if (s.causal && first_col > last_row) continue;
      bytes += in_b *
               (order == LoopOrder::flash2 ? 2 * row_bytes : 3 * row_bytes + 4 * s.statistic_bytes);
    }
  }
  return Bytes(bytes);
}

void check_counts(LoopOrder order, TileShape s) {
  for (const bool causal : {false, true}) {
    s.causal = causal;
    CHECK(tile_traffic(order, s).total() == counted(order, s));
  }
}

}  // namespace

TEST_CASE("the formulas of --explain come out at the counts") {
  for (const LoopOrder order : {LoopOrder::standard, LoopOrder::flash1, LoopOrder::flash2}) {
    for (const bool causal : {false, true}) {
      TileShape s = shape(1000, 64, 48, 32);
      s.causal = s.writes_statistics = causal;
      const TileColumns<Traced> c = explain_tiles(order, s);
      const TileTraffic t = tile_traffic(order, s);
      CHECK(Bytes(c.q_read.value) == t.q_read);
      CHECK(Bytes(c.k_read.value + c.v_read.value) == t.k_read + t.v_read);
      CHECK(Bytes(c.score_read.value + c.score_write.value) == t.score_read + t.score_write);
      CHECK(Bytes(c.output_read.value + c.output_write.value) == t.output_read + t.output_write);
      CHECK(Bytes(c.statistics_read.value) == t.statistics_read);
      CHECK(Bytes(c.statistics_write.value) == t.statistics_write);
      CHECK(Bytes(explain_need(s).value) == tile_need(s));
    }
  }
}

TEST_CASE("standard attention moves four tensors once and the square four times") {
  // N = 2048, d = 64, fp16: 2 × (4·2048·64 + 4·2048²) bytes
  CHECK(tile_traffic(LoopOrder::standard, shape(2048, 64, 64, 64)).total() ==
        Bytes(2 * 17'301'504));
}

TEST_CASE("flash2 reads all keys and values once a block of queries") {
  // N = 2048, d = 64, B_r = 64: 2048/64 · 2 · 2048·64 · 2 + 2 · 2048·64 · 2 bytes
  CHECK(tile_traffic(LoopOrder::flash2, shape(2048, 64, 64, 64)).total() == Bytes(17'301'504));
}

TEST_CASE("closed forms equal a count over pairs of blocks") {
  for (const LoopOrder order : both_flash) {
    for (const std::int64_t tokens : {1, 63, 64, 65, 200, 257}) {
      for (const std::int64_t rows : {1, 16, 48, 300}) {
        for (const std::int64_t cols : {1, 16, 80, 300})
          check_counts(order, shape(tokens, 24, rows, cols));
      }
    }
  }
}

TEST_CASE("the loops through a cache of 1.5 to 4 times the need move what the formula says") {
  for (const LoopOrder order : both_flash) {
    for (const bool causal : {false, true}) {
      TileShape s = shape(4096, 64, 64, 32);
      s.causal = causal;
      for (const double times_need : {1.5, 2.0, 3.0, 4.0}) {
        const Bytes cache = times(tile_need(s), times_need);
        INFO(loop_order_name(order) << (causal ? " causal " : " ") << times_need);
        CHECK(off(simulate_tiles(order, s, cache).total(), tile_traffic(order, s).total()) < 0.03);
      }
    }
  }
}

TEST_CASE("below the need of a tile the formula no longer holds") {
  for (const LoopOrder order : both_flash) {
    const TileShape s = shape(2048, 64, 64, 64);
    const Bytes cache = times(tile_need(s), 0.5);
    CHECK(off(simulate_tiles(order, s, cache).total(), tile_traffic(order, s).total()) > 0.25);
  }
}

TEST_CASE("standard attention through a cache much smaller than the square") {
  const TileShape s = shape(1024, 64, 64, 64);
  const Bytes cache = kibibytes(256);
  CHECK(off(simulate_tiles(LoopOrder::standard, s, cache).total(),
            tile_traffic(LoopOrder::standard, s).total()) < 0.03);
}

TEST_CASE("the largest square block for 48 KiB at d = 64") {
  TileShape s = shape(4096, 64, 1, 1);
  s.output_tile = false;  // 2B² + 392B ≤ 49 152: B = 86, 48 504 bytes
  CHECK(largest_square_block(s, LoopOrder::flash2, kibibytes(48), 1)->rows == 86);
  CHECK(largest_square_block(s, LoopOrder::flash2, kibibytes(48), 1)->need == Bytes(48'504));
  CHECK(largest_square_block(s, LoopOrder::flash2, kibibytes(48), 16)->rows == 80);
  s.output_tile = true;  // 2B² + 520B
  CHECK(largest_square_block(s, LoopOrder::flash2, kibibytes(48), 1)->rows == 73);
  s.tile_bytes = 4;  // scores and output in fp32: 4B² + 648B
  CHECK(largest_square_block(s, LoopOrder::flash2, kibibytes(48), 1)->rows == 56);
  CHECK(largest_square_block(s, LoopOrder::flash2, kibibytes(48), 16)->rows == 48);
}

TEST_CASE("no pair of blocks moves less than the best one") {
  for (const LoopOrder order : both_flash) {
    TileShape s = shape(512, 64, 1, 1);
    const Bytes sram = kibibytes(40);
    const auto best = best_block(s, order, sram, 16);
    REQUIRE(best);
    for (std::int64_t rows = 16; rows <= 512; rows += 16) {
      for (std::int64_t cols = 16; cols <= 512; cols += 16) {
        s.block_rows = rows;
        s.block_cols = cols;
        if (tile_need(s) <= sram) CHECK(tile_traffic(order, s).total() >= best->traffic);
      }
    }
  }
}

TEST_CASE("an SRAM that holds no block has no best block") {
  CHECK_FALSE(best_block(shape(512, 128, 1, 1), LoopOrder::flash2, Bytes(1000), 16));
}
