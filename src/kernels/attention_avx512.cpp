// SPDX-License-Identifier: Apache-2.0
//
// Softmax attention over bf16 with AVX512_BF16: VDPBF16PS multiplies 16 pairs and adds each pair's
// sum to one of 16 fp32 lanes, twice the rate of fp32 where a core has it in full. Scores, weights'
// sums and answers are fp32; weights are rounded to bf16 for their product with the values, whose
// relative error, 2^-9 a weight, is below that of a bf16 answer. 2^x by a polynomial of degree 3.
//
// Rows are fetched into the second cache eight blocks ahead: into the first, and nearer, they came
// at half the rate on Zen 4, where a core waits for few lines at once.
//
// Direct: a row of K is multiplied as it lies; sixteen sums are added up across lanes together. Two
// rows of V are interleaved so that a pair is two tokens, and columns stay in that order until the
// end. Blocked: panels of 32 columns, twelve rows at a time: 24 sums stay in registers and each
// loaded value is used 12 or 32 times.
#include "kernels/attention_targets.hpp"

#if defined(__AVX512BF16__)
#include <immintrin.h>

namespace attncalc::avx512 {
namespace {

using Element = std::uint16_t;
constexpr Storage element_storage = Storage::bf16;
constexpr std::int64_t direct_tokens = 32;
constexpr std::size_t direct_rows = 8;
constexpr std::int64_t blocks_ahead = 8;
constexpr std::int64_t most_direct_rows = 16;  // beyond, packing is repaid

using Half = __m512bh;

inline Half load_half(const void* p) { return (Half)_mm512_loadu_si512(p); }
inline Half pair_everywhere(const Element* p) {
  int pair = 0;
  __builtin_memcpy(&pair, p, sizeof pair);
  return (Half)_mm512_set1_epi32(pair);
}

// --- direct --------------------------------------------------------------------------------------

// The sum of each of 16 vectors, in their order.
inline __m512 sum_of_each(const __m512* a) {
  __m512 b[8], c[4], d[2];
  for (int i = 0; i < 8; ++i) {
    b[i] = _mm512_add_ps(_mm512_unpacklo_ps(a[2 * i], a[2 * i + 1]),
                         _mm512_unpackhi_ps(a[2 * i], a[2 * i + 1]));
  }
  for (int i = 0; i < 4; ++i) {
    const __m512d x = _mm512_castps_pd(b[2 * i]), y = _mm512_castps_pd(b[2 * i + 1]);
    c[i] = _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                         _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
  }
  constexpr int even = 0x88, odd = 0xdd;  // quarters 0 and 2, 1 and 3, of both operands
  for (int i = 0; i < 2; ++i) {
    d[i] = _mm512_add_ps(_mm512_shuffle_f32x4(c[2 * i], c[2 * i + 1], even),
                         _mm512_shuffle_f32x4(c[2 * i], c[2 * i + 1], odd));
  }
  return _mm512_add_ps(_mm512_shuffle_f32x4(d[0], d[1], even),
                       _mm512_shuffle_f32x4(d[0], d[1], odd));
}

// `heads` rows against 16 / heads tokens: 16 sums.
template <int heads, bool prefetches>
inline void scores_of(const Element* q, std::size_t depth, const Element* const* k,
                      const std::byte* const* ahead, float* s) {
  constexpr int tokens = 16 / heads;
  __m512 sums[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) sums[i] = _mm512_setzero_ps();
    // Token by token, so that lines are asked for in the order in which they lie.
#pragma GCC unroll 16
  for (int t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < depth; c += 32) {
      const Half key = load_half(k[t] + c);
      if (prefetches) _mm_prefetch(ahead[t] + 2 * c, _MM_HINT_T1);
#pragma GCC unroll 2
      for (int h = 0; h < heads; ++h) {
        const Half row = load_half(q + static_cast<std::size_t>(h) * depth + c);
        sums[h * tokens + t] = _mm512_dpbf16_ps(sums[h * tokens + t], key, row);
      }
    }
  }
  const __m512 all = sum_of_each(sums);
  if constexpr (heads == 1) {
    _mm512_storeu_ps(s, all);
  } else {
    _mm256_storeu_ps(s, _mm512_castps512_ps256(all));
    _mm256_storeu_ps(s + direct_tokens, _mm512_extractf32x8_ps(all, 1));
  }
}

inline void direct_scores(const Element* q, std::size_t depth, int rows, const Element* const* k,
                          const std::byte* const* ahead, float* s) {
  int r = 0;
  for (; r + 2 <= rows; r += 2) {
    const Element* two = q + static_cast<std::size_t>(r) * depth;
    for (int t = 0; t < direct_tokens; t += 8) {
      float* to = s + r * direct_tokens + t;
      if (r == 0) {
        scores_of<2, true>(two, depth, k + t, ahead + t, to);
      } else {
        scores_of<2, false>(two, depth, k + t, ahead + t, to);
      }
    }
  }
  if (r == rows) return;
  const Element* one = q + static_cast<std::size_t>(r) * depth;
  for (int t = 0; t < direct_tokens; t += 16) {
    float* to = s + r * direct_tokens + t;
    if (r == 0) {
      scores_of<1, true>(one, depth, k + t, ahead + t, to);
    } else {
      scores_of<1, false>(one, depth, k + t, ahead + t, to);
    }
  }
}

// Rows times so many chunks of 32 columns: o = alpha × o + Σ weight × value.
template <int rows, int chunks>
inline void values_of(float* o, std::size_t o_stride, const float* alpha, const Element* w,
                      const Element* const* v, const std::byte* const* ahead, std::size_t column) {
  __m512 sums[rows][2 * chunks];
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
    const __m512 factor = _mm512_set1_ps(alpha[r]);
#pragma GCC unroll 8
    for (int c = 0; c < 2 * chunks; ++c) {
      const float* from = o + static_cast<std::size_t>(r) * o_stride + column + 16 * c;
      sums[r][c] = _mm512_mul_ps(factor, _mm512_loadu_ps(from));
    }
  }
  for (int t = 0; t < direct_tokens; t += 2) {
    Half pairs[2 * chunks];
#pragma GCC unroll 4
    for (int c = 0; c < chunks; ++c) {
      const __m512i a = _mm512_loadu_si512(v[t] + column + 32 * c);
      const __m512i b = _mm512_loadu_si512(v[t + 1] + column + 32 * c);
      _mm_prefetch(ahead[t] + 2 * (column + 32 * c), _MM_HINT_T1);
      _mm_prefetch(ahead[t + 1] + 2 * (column + 32 * c), _MM_HINT_T1);
      pairs[2 * c] = (Half)_mm512_unpacklo_epi16(a, b);
      pairs[2 * c + 1] = (Half)_mm512_unpackhi_epi16(a, b);
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) {
      const Half weight = pair_everywhere(w + r * direct_tokens + t);
#pragma GCC unroll 8
      for (int c = 0; c < 2 * chunks; ++c) {
        sums[r][c] = _mm512_dpbf16_ps(sums[r][c], pairs[c], weight);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < 2 * chunks; ++c) {
      _mm512_storeu_ps(o + static_cast<std::size_t>(r) * o_stride + column + 16 * c, sums[r][c]);
    }
  }
}

template <int rows, int chunks>
inline void values_of_rows(float* o, std::size_t width, const float* alpha, const Element* w,
                           const Element* const* v, const std::byte* const* ahead) {
  std::size_t column = 0;
  for (; column + 32 * chunks <= width; column += 32 * chunks) {
    values_of<rows, chunks>(o, width, alpha, w, v, ahead, column);
  }
  for (; column < width; column += 32) {
    values_of<rows, 1>(o, width, alpha, w, v, ahead, column);
  }
}

inline void direct_values(float* o, std::size_t width, const float* alpha, const Element* w,
                          int rows, const Element* const* v, const std::byte* const* ahead) {
  switch (rows) {
    case 1:
      return values_of_rows<1, 4>(o, width, alpha, w, v, ahead);
    case 2:
      return values_of_rows<2, 4>(o, width, alpha, w, v, ahead);
    case 3:
      return values_of_rows<3, 2>(o, width, alpha, w, v, ahead);
    case 4:
      return values_of_rows<4, 2>(o, width, alpha, w, v, ahead);
    case 5:
      return values_of_rows<5, 2>(o, width, alpha, w, v, ahead);
    case 6:
      return values_of_rows<6, 2>(o, width, alpha, w, v, ahead);
    case 7:
      return values_of_rows<7, 1>(o, width, alpha, w, v, ahead);
    default:
      return values_of_rows<8, 1>(o, width, alpha, w, v, ahead);
  }
}

// The interleaving takes four columns of every eight first: 0-3, 8-11, 16-19, 24-27, then the rest.
inline std::size_t direct_column(std::size_t c) {
  const std::size_t within = c % 32, eight = within / 8, upper = within % 8 / 4;
  return c - within + upper * 16 + eight * 4 + within % 4;
}

// --- blocked -------------------------------------------------------------------------------------

// 16 rows of 16 pairs become 16 columns of them, `stride` pairs apart.
inline void transpose_pairs(const Element* const* rows, std::size_t column, std::uint32_t* to,
                            std::size_t stride) {
  __m512i a[16], b[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) a[i] = _mm512_loadu_si512(rows[i] + column);
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
    a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
    a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
    a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
  }
  constexpr int even = 0x88, odd = 0xdd;
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {  // pairs j, j + 4, j + 8, j + 12
    const __m512i low_even = _mm512_shuffle_i32x4(a[j], a[4 + j], even);
    const __m512i low_odd = _mm512_shuffle_i32x4(a[j], a[4 + j], odd);
    const __m512i high_even = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], even);
    const __m512i high_odd = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], odd);
    const auto at = [&](int pair) { return to + static_cast<std::size_t>(pair) * stride; };
    _mm512_storeu_si512(at(j), _mm512_shuffle_i32x4(low_even, high_even, even));
    _mm512_storeu_si512(at(j + 4), _mm512_shuffle_i32x4(low_odd, high_odd, even));
    _mm512_storeu_si512(at(j + 8), _mm512_shuffle_i32x4(low_even, high_even, odd));
    _mm512_storeu_si512(at(j + 12), _mm512_shuffle_i32x4(low_odd, high_odd, odd));
  }
}

// Panel: 32 tokens; for each pair of a key's elements, 32 pairs side by side.
inline void pack_keys(const Element* const* k, std::size_t tokens, std::size_t depth,
                      Element* panels) {
  auto* out = reinterpret_cast<std::uint32_t*>(panels);
  for (std::size_t t = 0; t < tokens; t += 16) {
    std::uint32_t* panel = out + t / 32 * 32 * (depth / 2) + t % 32;
    for (std::size_t c = 0; c < depth; c += 32) {
      transpose_pairs(k + t, c, panel + c / 2 * 32, 32);
    }
  }
}

// Panel: 32 columns; for each pair of tokens, 32 pairs side by side.
inline void pack_values(const Element* const* v, std::size_t tokens, std::size_t width,
                        Element* panels) {
  alignas(64) std::uint16_t order[32];
  for (int i = 0; i < 32; ++i) order[i] = static_cast<std::uint16_t>(i / 2 + i % 2 * 32);
  const __m512i low = _mm512_load_si512(order);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  for (std::size_t t = 0; t < tokens; t += 2) {
    for (std::size_t c = 0; c < width; c += 32) {
      const __m512i a = _mm512_loadu_si512(v[t] + c), b = _mm512_loadu_si512(v[t + 1] + c);
      Element* to = panels + c * tokens + t * 32;
      _mm512_storeu_si512(to, _mm512_permutex2var_epi16(a, low, b));
      _mm512_storeu_si512(to + 32, _mm512_permutex2var_epi16(a, high, b));
    }
  }
}

// `rows` rows times one panel.
template <int rows>
inline void multiply_panel(const Element* a, std::size_t a_stride, const Element* panel,
                           std::size_t depth, float* c, std::size_t c_stride, const float* alpha) {
  __m512 low[rows], high[rows];
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
    if (alpha == nullptr) {
      low[r] = high[r] = _mm512_setzero_ps();
    } else {
      const __m512 factor = _mm512_set1_ps(alpha[r]);
      const float* from = c + static_cast<std::size_t>(r) * c_stride;
      low[r] = _mm512_mul_ps(factor, _mm512_loadu_ps(from));
      high[r] = _mm512_mul_ps(factor, _mm512_loadu_ps(from + 16));
    }
  }
  for (std::size_t k = 0; k < depth; k += 2) {
    const Half b0 = load_half(panel + k * 32), b1 = load_half(panel + k * 32 + 32);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const Half x = pair_everywhere(a + static_cast<std::size_t>(r) * a_stride + k);
      low[r] = _mm512_dpbf16_ps(low[r], b0, x);
      high[r] = _mm512_dpbf16_ps(high[r], b1, x);
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
    float* to = c + static_cast<std::size_t>(r) * c_stride;
    _mm512_storeu_ps(to, low[r]);
    _mm512_storeu_ps(to + 16, high[r]);
  }
}

// c = a × panels, or alpha × c + a × panels. A panel stays in the first cache for all rows.
inline void multiply(const Element* a, std::size_t a_stride, int rows, const Element* panels,
                     std::size_t depth, std::size_t columns, float* c, std::size_t c_stride,
                     const float* alpha) {
  for (std::size_t column = 0; column < columns; column += 32) {
    const Element* panel = panels + column * depth;
    const auto part = [&](auto multiply_some, int r) {
      multiply_some(a + static_cast<std::size_t>(r) * a_stride, a_stride, panel, depth,
                    c + static_cast<std::size_t>(r) * c_stride + column, c_stride,
                    alpha == nullptr ? nullptr : alpha + r);
    };
    int r = 0;
    for (; r + 12 <= rows; r += 12) part(multiply_panel<12>, r);
    if (r + 8 <= rows) part(multiply_panel<8>, r), r += 8;
    if (r + 4 <= rows) part(multiply_panel<4>, r), r += 4;
    for (; r < rows; ++r) part(multiply_panel<1>, r);
  }
}

// --- weights -------------------------------------------------------------------------------------

// 2^x, see simd_exp.inl. VREDUCEPS and VSCALEFPS do what is right with −∞ and NaN.
inline __m512 exp2_of(__m512 x) {
  const __m512 f = _mm512_reduce_ps(x, 0);
  const __m512 n = _mm512_sub_ps(x, f);
  __m512 p = _mm512_fmadd_ps(_mm512_set1_ps(0.055171669F), f, _mm512_set1_ps(0.24261112F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.69326099F));
  p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(0.99992807F));
  return _mm512_scalef_ps(p, n);
}

inline __mmask16 lanes_within(std::int64_t first, std::int64_t begin, std::int64_t end) {
  const std::int64_t low = begin - first, high = end - first;
  const unsigned below_high = high >= 16 ? 0xffffU : high <= 0 ? 0U : (1U << high) - 1;
  const unsigned below_low = low >= 16 ? 0xffffU : low <= 0 ? 0U : (1U << low) - 1;
  return static_cast<__mmask16>(below_high & ~below_low);
}

// Scores of `tokens` tokens become weights relative to the running maximum; those outside of
// [begin, end) are 0.
inline void weigh(const float* s, std::int64_t tokens, std::int64_t begin, std::int64_t end,
                  float scale, float& m, float& l, float& alpha, Element* w) {
  const __m512 factor = _mm512_set1_ps(scale);
  const __m512 least = _mm512_set1_ps(-__builtin_inff());
  __m512 best = least;
  for (std::int64_t t = 0; t < tokens; t += 16) {
    const __mmask16 seen = lanes_within(t, begin, end);
    best = _mm512_max_ps(best, _mm512_mask_mul_ps(least, seen, factor, _mm512_loadu_ps(s + t)));
  }
  const float block = _mm512_reduce_max_ps(best);
  const float now = m > block ? m : block;
  alpha = now == m ? 1 : __builtin_exp2f(m - now);
  const __m512 base = _mm512_set1_ps(now == -__builtin_inff() ? 0 : now);
  __m512 sum = _mm512_setzero_ps();
  for (std::int64_t t = 0; t < tokens; t += 16) {
    const __mmask16 seen = lanes_within(t, begin, end);
    const __m512 x = _mm512_fmsub_ps(factor, _mm512_loadu_ps(s + t), base);
    const __m512 weight = _mm512_maskz_mov_ps(seen, exp2_of(x));
    sum = _mm512_add_ps(sum, weight);
    const __m256i half = (__m256i)_mm512_cvtneps_pbh(weight);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(w + t), half);
  }
  l = l * alpha + _mm512_reduce_add_ps(sum);
  m = now;
}

#include "kernels/attention_rows.inl"

bool can(const AttentionShape& shape) { return shape.storage == Storage::bf16; }

}  // namespace
}  // namespace attncalc::avx512

namespace attncalc {

AttentionKernel avx512_bf16_attention() {
  return {"avx512_bf16", avx512::can, avx512::run_task, avx512::scratch_bytes};
}

}  // namespace attncalc

#else  // another architecture, or a compiler without them

namespace attncalc {
AttentionKernel avx512_bf16_attention() { return {}; }
}  // namespace attncalc

#endif
