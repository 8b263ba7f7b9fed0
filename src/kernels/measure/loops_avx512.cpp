// SPDX-License-Identifier: Apache-2.0
//
// Dot products that Highway 1.0 has no name for: pairs of bf16 (AVX512_BF16) and fours of int8
// (AVX512_VNNI). Compiled for those instructions; call only where cpu_features() has them. Nothing
// of the standard library is used here, so that no inline function compiled with these flags can
// be taken for everybody's.
#include "kernels/measure/loops.hpp"

#if defined(__AVX512BF16__) && defined(__AVX512VNNI__)
#include <immintrin.h>

namespace attncalc {
namespace {

constexpr int chains = 16;  // of latency six, at two a cycle where a core has two such units

// The compiler must believe that somebody reads it.
void keep(float value) { asm volatile("" : : "x"(value)); }

// 16 lanes, so many values each, an addition and a multiplication each.
double operations(std::size_t rounds, double values_a_lane) {
  constexpr double lanes = 16, operations_a_value = 2;
  return static_cast<double>(rounds) * chains * lanes * values_a_lane * operations_a_value;
}

}  // namespace

double bf16_dot_loop(std::size_t rounds) {
  const auto ones = (__m512bh)_mm512_set1_epi32(0x3f803f80);  // 1.0 in either half
  const auto halves = (__m512bh)_mm512_set1_epi32(0x3f003f00);
  __m512 sums[chains];
  float start = 0;  // chains begin apart, or the compiler would make one of them
  for (auto& sum : sums) sum = _mm512_set1_ps(start += 1);
  for (std::size_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 16
    for (int i = 0; i < chains; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], ones, halves);
  }
  __m512 sum = sums[0];
  for (int i = 1; i < chains; ++i) sum = _mm512_add_ps(sum, sums[i]);
  keep(_mm512_reduce_add_ps(sum));
  return operations(rounds, 2);
}

double int8_dot_loop(std::size_t rounds) {
  const __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
  __m512i sums[chains];
  int start = 0;
  for (auto& sum : sums) sum = _mm512_set1_epi32(start += 1);
  for (std::size_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 16
    for (int i = 0; i < chains; ++i) sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
  }
  __m512i sum = sums[0];
  for (int i = 1; i < chains; ++i) sum = _mm512_add_epi32(sum, sums[i]);
  keep(static_cast<float>(_mm512_reduce_add_epi32(sum)));
  return operations(rounds, 4);
}

}  // namespace attncalc

#else  // another architecture, or a compiler without them: cpu_features() never offers these

namespace attncalc {
double bf16_dot_loop(std::size_t) { return 0; }
double int8_dot_loop(std::size_t) { return 0; }
}  // namespace attncalc

#endif
