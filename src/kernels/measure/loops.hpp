// SPDX-License-Identifier: Apache-2.0
//
// The loops that ceilings are made of: nothing but loads, stores or arithmetic, in as many vectors
// as the machine's best instruction set has. Each is chosen at run time; which was chosen is told.
#pragma once

#include <cstddef>

namespace attncalc {

// Reads `floats` numbers as so many streams side by side, 256 bytes of each in turn. `ahead` is how
// many bytes before their use lines are prefetched; 0: the hardware does as it likes. Floats must
// be a multiple of 64 × streams; streams are 1, 2, 4, 8 or 16.
void read_loop(const float* from, std::size_t floats, int streams, std::size_t ahead);

enum class Stores : bool { cached, streaming };
void copy_loop(float* to, const float* from, std::size_t floats, Stores stores);
void triad_loop(float* to, const float* a, const float* b, std::size_t floats, Stores stores);

// Independent chains of fused multiply-adds; returns FLOPs done.
double fma_loop(std::size_t rounds);
// 2^x of numbers in registers by a polynomial of that degree (2, 3, 5); returns values made.
double exp_loop(std::size_t rounds, int degree);
// bf16 to fp32 and back; returns values converted either way.
double convert_loop(std::size_t rounds);
const char* loop_target();

// What needs instructions of its own. Each must be called only where cpu_features() has them.
double bf16_dot_loop(std::size_t rounds);  // AVX512_BF16; FLOPs
double int8_dot_loop(std::size_t rounds);  // AVX512_VNNI; operations, two a multiply-add
// AMX: so many rounds of four products of tiles, alone or each with a tile loaded from L1.
enum class TileLoads : bool { none, one_a_product };
double amx_bf16_loop(std::size_t rounds, TileLoads loads);
double amx_int8_loop(std::size_t rounds, TileLoads loads);

}  // namespace attncalc
