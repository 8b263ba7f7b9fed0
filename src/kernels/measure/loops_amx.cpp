// SPDX-License-Identifier: Apache-2.0
//
// Products of tiles. A tile is 16 rows of 64 bytes; TDPBF16PS adds to 16 × 16 sums the products of
// 32 pairs each, TDPBSSD of 64 (Intel SDM, "AMX"). Two ceilings, because on some machines tile
// loads and products share what throttles: products alone, and each with one tile loaded from L1,
// which is what a 2 × 2 block of tiles needs.
#include "kernels/measure/loops.hpp"

#if defined(__AMX_BF16__) && defined(__AMX_INT8__)
#include <immintrin.h>

namespace attncalc {
namespace {

constexpr int tile_rows = 16, tile_row_bytes = 64;

struct alignas(64) TileConfig {
  unsigned char palette = 1, start_row = 0, reserved[14] = {};
  unsigned short row_bytes[16] = {};
  unsigned char rows[16] = {};
};

// gcc 12 declares only the first bytes of what _tile_loadconfig reads, and then drops the stores to
// the rest; so this says it in full.
void load_config() {
  TileConfig config;
  for (int t = 0; t < 8; ++t) {
    config.row_bytes[t] = tile_row_bytes;
    config.rows[t] = tile_rows;
  }
  asm volatile("ldtilecfg %0" : : "m"(config) : "memory");
}

double operations(std::size_t rounds, double depth) {
  constexpr double products = 4, operations_a_value = 2;
  return static_cast<double>(rounds) * products * tile_rows * tile_rows * depth *
         operations_a_value;
}

alignas(64) unsigned char tiles[4 * tile_rows * tile_row_bytes];

}  // namespace

double amx_bf16_loop(std::size_t rounds, TileLoads loads) {
  load_config();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, tiles, tile_row_bytes);
  _tile_loadd(5, tiles, tile_row_bytes);
  _tile_loadd(6, tiles, tile_row_bytes);
  _tile_loadd(7, tiles, tile_row_bytes);
  constexpr int tile = tile_rows * tile_row_bytes;
  for (std::size_t r = 0; r < rounds; ++r) {
    if (loads == TileLoads::one_a_product) {
      _tile_loadd(4, tiles, tile_row_bytes);
      _tile_loadd(6, tiles + 2 * tile, tile_row_bytes);
    }
    _tile_dpbf16ps(0, 4, 6);
    if (loads == TileLoads::one_a_product) _tile_loadd(7, tiles + 3 * tile, tile_row_bytes);
    _tile_dpbf16ps(1, 4, 7);
    if (loads == TileLoads::one_a_product) _tile_loadd(5, tiles + tile, tile_row_bytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
  return operations(rounds, 32);
}

double amx_int8_loop(std::size_t rounds, TileLoads loads) {
  load_config();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, tiles, tile_row_bytes);
  _tile_loadd(5, tiles, tile_row_bytes);
  _tile_loadd(6, tiles, tile_row_bytes);
  _tile_loadd(7, tiles, tile_row_bytes);
  constexpr int tile = tile_rows * tile_row_bytes;
  for (std::size_t r = 0; r < rounds; ++r) {
    if (loads == TileLoads::one_a_product) {
      _tile_loadd(4, tiles, tile_row_bytes);
      _tile_loadd(6, tiles + 2 * tile, tile_row_bytes);
    }
    _tile_dpbssd(0, 4, 6);
    if (loads == TileLoads::one_a_product) _tile_loadd(7, tiles + 3 * tile, tile_row_bytes);
    _tile_dpbssd(1, 4, 7);
    if (loads == TileLoads::one_a_product) _tile_loadd(5, tiles + tile, tile_row_bytes);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
  }
  _tile_release();
  return operations(rounds, 64);
}

}  // namespace attncalc

#else  // cpu_features() never offers these

namespace attncalc {
double amx_bf16_loop(std::size_t, TileLoads) { return 0; }
double amx_int8_loop(std::size_t, TileLoads) { return 0; }
}  // namespace attncalc

#endif
