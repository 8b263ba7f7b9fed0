// SPDX-License-Identifier: Apache-2.0
//
// Softmax attention in fp32 with the vectors that the processor has, compiled for each instruction
// set that Highway knows and chosen at run time. It takes every storage: what is not fp32 is
// converted block by block. 2^x by a polynomial of degree 5, so errors are those of fp32 sums.
//
// Direct: four rows of K at once, whose sums are added across lanes together; a value is loaded
// once for up to four rows. Blocked: panels of 32 columns, as many rows at a time as registers hold
// the sums of.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/attention_targets.hpp"
#include "kernels/simd_exp.inl"

HWY_BEFORE_NAMESPACE();
namespace attncalc::HWY_NAMESPACE {
namespace attention {
namespace hn = hwy::HWY_NAMESPACE;

using Element = float;
constexpr Storage element_storage = Storage::fp32;
constexpr std::int64_t direct_tokens = 16;
constexpr std::size_t direct_rows = 4;
constexpr std::int64_t blocks_ahead = 8;
constexpr int second_cache = 2;               // where lines are fetched to
constexpr std::int64_t most_direct_rows = 8;  // beyond, packing is repaid

// At most 16 lanes: what a panel and a block are multiples of.
using Floats = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Floats>;
constexpr std::size_t lanes =
    HWY_TARGET == HWY_SCALAR ? 1 : HWY_MIN(HWY_MAX_BYTES / sizeof(float), 16);
constexpr bool many_registers = HWY_TARGET == HWY_NEON || HWY_MAX_BYTES >= 64;  // 32, else 16

inline Vec load(const float* p) { return hn::LoadU(Floats(), p); }
inline void store(Vec v, float* p) { hn::StoreU(v, Floats(), p); }
inline Vec zero() { return hn::Zero(Floats()); }
inline Vec everywhere(float x) { return hn::Set(Floats(), x); }

// --- direct --------------------------------------------------------------------------------------

// The sum of each of four vectors, in their order, to `to`.
inline void sum_of_each(Vec a, Vec b, Vec c, Vec d, float* to) {
#if HWY_TARGET == HWY_SCALAR
  to[0] = hn::GetLane(a);
  to[1] = hn::GetLane(b);
  to[2] = hn::GetLane(c);
  to[3] = hn::GetLane(d);
#else
  const Floats f;
  const hn::Repartition<double, Floats> pairs;
  const Vec ab = hn::Add(hn::InterleaveLower(f, a, b), hn::InterleaveUpper(f, a, b));
  const Vec cd = hn::Add(hn::InterleaveLower(f, c, d), hn::InterleaveUpper(f, c, d));
  const auto x = hn::BitCast(pairs, ab), y = hn::BitCast(pairs, cd);
  const Vec all = hn::Add(hn::BitCast(f, hn::InterleaveLower(pairs, x, y)),
                          hn::BitCast(f, hn::InterleaveUpper(pairs, x, y)));
  const hn::CappedTag<float, 4> four;  // a quarter of a vector has one sum of each
  float parts[lanes];
  store(all, parts);
  auto sum = hn::LoadU(four, parts);
  for (std::size_t i = 4; i < lanes; i += 4) sum = hn::Add(sum, hn::LoadU(four, parts + i));
  hn::StoreU(sum, four, to);
#endif
}

template <int rows>
HWY_INLINE void scores_of(const float* q, std::size_t depth, const float* const* k,
                          const std::byte* const* ahead, float* s) {
  for (int t = 0; t < direct_tokens; t += 4) {
    Vec sums[rows][4];
    for (int r = 0; r < rows; ++r) {
      for (int i = 0; i < 4; ++i) sums[r][i] = zero();
    }
    for (std::size_t c = 0; c < depth; c += lanes) {
      Vec keys[4];
      for (int i = 0; i < 4; ++i) {
        keys[i] = load(k[t + i] + c);
        if (c % 16 == 0) __builtin_prefetch(ahead[t + i] + c * sizeof(float), 0, second_cache);
      }
      for (int r = 0; r < rows; ++r) {
        const Vec x = load(q + static_cast<std::size_t>(r) * depth + c);
        for (int i = 0; i < 4; ++i) sums[r][i] = hn::MulAdd(keys[i], x, sums[r][i]);
      }
    }
    for (int r = 0; r < rows; ++r) {
      sum_of_each(sums[r][0], sums[r][1], sums[r][2], sums[r][3], s + r * direct_tokens + t);
    }
  }
}

inline void direct_scores(const float* q, std::size_t depth, int rows, const float* const* k,
                          const std::byte* const* ahead, float* s) {
  switch (rows) {
    case 1:
      return scores_of<1>(q, depth, k, ahead, s);
    case 2:
      return scores_of<2>(q, depth, k, ahead, s);
    case 3:
      return scores_of<3>(q, depth, k, ahead, s);
    default:
      return scores_of<4>(q, depth, k, ahead, s);
  }
}

template <int rows, int vectors>
HWY_INLINE void values_of(float* o, std::size_t width, const float* alpha, const float* w,
                          const float* const* v, const std::byte* const* ahead,
                          std::size_t column) {
  Vec sums[rows][vectors];
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < vectors; ++c) {
      const float* from = o + static_cast<std::size_t>(r) * width + column + lanes * c;
      sums[r][c] = hn::Mul(everywhere(alpha[r]), load(from));
    }
  }
  for (int t = 0; t < direct_tokens; ++t) {
    for (std::size_t line = 0; line < lanes * vectors; line += 16) {
      __builtin_prefetch(ahead[t] + (column + line) * sizeof(float), 0, second_cache);
    }
    Vec values[vectors];
    for (int c = 0; c < vectors; ++c) values[c] = load(v[t] + column + lanes * c);
    for (int r = 0; r < rows; ++r) {
      const Vec weight = everywhere(w[r * direct_tokens + t]);
      for (int c = 0; c < vectors; ++c) sums[r][c] = hn::MulAdd(values[c], weight, sums[r][c]);
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < vectors; ++c) {
      store(sums[r][c], o + static_cast<std::size_t>(r) * width + column + lanes * c);
    }
  }
}

template <int rows>
HWY_INLINE void values_of_rows(float* o, std::size_t width, const float* alpha, const float* w,
                               const float* const* v, const std::byte* const* ahead) {
  // Widths are multiples of 32, which is two vectors of sixteen lanes.
  constexpr int vectors = many_registers || rows < 3 ? (lanes == 16 ? 2 : 4) : 2;
  std::size_t column = 0;
  if constexpr (lanes == 16) {
    for (; column + 4 * lanes <= width; column += 4 * lanes) {
      values_of<rows, 4>(o, width, alpha, w, v, ahead, column);
    }
  }
  for (; column < width; column += vectors * lanes) {
    values_of<rows, vectors>(o, width, alpha, w, v, ahead, column);
  }
}

inline void direct_values(float* o, std::size_t width, const float* alpha, const float* w, int rows,
                          const float* const* v, const std::byte* const* ahead) {
  switch (rows) {
    case 1:
      return values_of_rows<1>(o, width, alpha, w, v, ahead);
    case 2:
      return values_of_rows<2>(o, width, alpha, w, v, ahead);
    case 3:
      return values_of_rows<3>(o, width, alpha, w, v, ahead);
    default:
      return values_of_rows<4>(o, width, alpha, w, v, ahead);
  }
}

inline std::size_t direct_column(std::size_t c) { return c; }

// --- blocked -------------------------------------------------------------------------------------

// Panel: 32 tokens; for each element of a key, 32 of them side by side. In squares of 4 by 4.
inline void pack_keys(const float* const* k, std::size_t tokens, std::size_t depth, float* panels) {
#if HWY_TARGET == HWY_SCALAR
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < depth; ++c) panels[t / 32 * 32 * depth + c * 32 + t % 32] = k[t][c];
  }
#else
  const hn::CappedTag<float, 4> four;
  const hn::Repartition<double, decltype(four)> two;
  for (std::size_t t = 0; t < tokens; t += 4) {
    float* panel = panels + t / 32 * 32 * depth + t % 32;
    for (std::size_t c = 0; c < depth; c += 4) {
      const auto r0 = hn::LoadU(four, k[t] + c), r1 = hn::LoadU(four, k[t + 1] + c);
      const auto r2 = hn::LoadU(four, k[t + 2] + c), r3 = hn::LoadU(four, k[t + 3] + c);
      const auto a = hn::BitCast(two, hn::InterleaveLower(four, r0, r1));
      const auto b = hn::BitCast(two, hn::InterleaveLower(four, r2, r3));
      const auto x = hn::BitCast(two, hn::InterleaveUpper(four, r0, r1));
      const auto y = hn::BitCast(two, hn::InterleaveUpper(four, r2, r3));
      float* to = panel + c * 32;
      hn::StoreU(hn::BitCast(four, hn::InterleaveLower(two, a, b)), four, to);
      hn::StoreU(hn::BitCast(four, hn::InterleaveUpper(two, a, b)), four, to + 32);
      hn::StoreU(hn::BitCast(four, hn::InterleaveLower(two, x, y)), four, to + 64);
      hn::StoreU(hn::BitCast(four, hn::InterleaveUpper(two, x, y)), four, to + 96);
    }
  }
#endif
}

inline void pack_values(const float* const* v, std::size_t tokens, std::size_t width,
                        float* panels) {
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t c = 0; c < width; c += lanes) {
      store(load(v[t] + c), panels + c / 32 * 32 * tokens + t * 32 + c % 32);
    }
  }
}

template <int rows, int vectors>
HWY_INLINE void multiply_panel(const float* a, std::size_t a_stride, const float* panel,
                               std::size_t depth, float* c, std::size_t c_stride,
                               const float* alpha) {
  Vec sums[rows][vectors];
  for (int r = 0; r < rows; ++r) {
    const float factor = alpha == nullptr ? 0 : alpha[r];
    for (int i = 0; i < vectors; ++i) {
      const float* from = c + static_cast<std::size_t>(r) * c_stride + lanes * i;
      sums[r][i] = alpha == nullptr ? zero() : hn::Mul(everywhere(factor), load(from));
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vec b[vectors];
    for (int i = 0; i < vectors; ++i) b[i] = load(panel + k * 32 + lanes * i);
    for (int r = 0; r < rows; ++r) {
      const Vec x = everywhere(a[static_cast<std::size_t>(r) * a_stride + k]);
      for (int i = 0; i < vectors; ++i) sums[r][i] = hn::MulAdd(b[i], x, sums[r][i]);
    }
  }
  for (int r = 0; r < rows; ++r) {
    for (int i = 0; i < vectors; ++i) {
      store(sums[r][i], c + static_cast<std::size_t>(r) * c_stride + lanes * i);
    }
  }
}

template <int rows>
HWY_INLINE void multiply_rows(const float* a, std::size_t a_stride, const float* panel,
                              std::size_t depth, float* c, std::size_t c_stride,
                              const float* alpha) {
  for (std::size_t at = 0; at < 32; at += 2 * lanes) {
    multiply_panel<rows, 2>(a, a_stride, panel + at, depth, c + at, c_stride, alpha);
  }
}

inline void multiply(const float* a, std::size_t a_stride, int rows, const float* panels,
                     std::size_t depth, std::size_t columns, float* c, std::size_t c_stride,
                     const float* alpha) {
  constexpr int most = many_registers ? 12 : 6;  // rows whose sums stay in registers
  for (std::size_t column = 0; column < columns; column += 32) {
    const float* panel = panels + column * depth;
    int r = 0;
    while (r < rows) {
      const float* from = a + static_cast<std::size_t>(r) * a_stride;
      float* to = c + static_cast<std::size_t>(r) * c_stride + column;
      const float* factor = alpha == nullptr ? nullptr : alpha + r;
      if (rows - r >= most) {
        multiply_rows<most>(from, a_stride, panel, depth, to, c_stride, factor);
        r += most;
      } else if (rows - r >= 4) {
        multiply_rows<4>(from, a_stride, panel, depth, to, c_stride, factor);
        r += 4;
      } else {
        multiply_rows<1>(from, a_stride, panel, depth, to, c_stride, factor);
        r += 1;
      }
    }
  }
}

// --- weights -------------------------------------------------------------------------------------

// Scores of `tokens` tokens become weights relative to the running maximum; those outside of
// [begin, end) are 0.
inline void weigh(float* s, std::int64_t tokens, std::int64_t begin, std::int64_t end, float scale,
                  float& m, float& l, float& alpha, float* w) {
  const Floats d;
  for (std::int64_t t = 0; t < begin; ++t) s[t] = -__builtin_inff();
  for (std::int64_t t = end; t < tokens; ++t) s[t] = -__builtin_inff();
  const Vec factor = everywhere(scale);
  Vec best = everywhere(-__builtin_inff());
  const auto step = static_cast<std::int64_t>(lanes);
  // A hidden token stays hidden whatever the sign of the scale.
  const Vec hidden = best;
  for (std::int64_t t = 0; t < tokens; t += step) {
    const Vec x = load(s + t);
    const Vec scaled = hn::Mul(x, factor);
    best = hn::Max(best, t < begin || t + step > end
                             ? hn::IfThenElse(hn::Eq(x, hidden), hidden, scaled)
                             : scaled);
  }
  float block = -__builtin_inff();
  float parts[lanes];
  store(best, parts);
  for (std::size_t i = 0; i < lanes; ++i) block = parts[i] > block ? parts[i] : block;
  const float now = m > block ? m : block;
  alpha = now == m ? 1 : __builtin_exp2f(m - now);
  const Vec base = everywhere(now == -__builtin_inff() ? 0 : now);
  Vec sum = zero();
  for (std::int64_t t = 0; t < tokens; t += step) {
    const Vec weight = exp2_polynomial<5>(d, hn::MulSub(load(s + t), factor, base));
    sum = hn::Add(sum, weight);
    store(weight, w + t);
  }
  for (std::int64_t t = 0; t < begin; ++t) w[t] = 0;
  for (std::int64_t t = end; t < tokens; ++t) w[t] = 0;
  float total = 0;
  store(sum, parts);
  for (std::size_t i = 0; i < lanes; ++i) total += parts[i];
  l = l * alpha + total;
  m = now;
}

#include "kernels/attention_rows.inl"

}  // namespace attention

void RunTask(const AttentionWork& work, const AttentionTask& task, std::byte* scratch) {
  attention::run_task(work, task, scratch);
}
std::size_t ScratchBytes(const AttentionShape& shape) { return attention::scratch_bytes(shape); }
const char* AttentionTarget() { return hwy::TargetName(HWY_TARGET); }

}  // namespace attncalc::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attncalc {

HWY_EXPORT(RunTask);
HWY_EXPORT(ScratchBytes);
HWY_EXPORT(AttentionTarget);

namespace {

bool can_all(const AttentionShape&) { return true; }
void run_task(const AttentionWork& work, const AttentionTask& task, std::byte* scratch) {
  HWY_DYNAMIC_DISPATCH(RunTask)(work, task, scratch);
}
std::size_t scratch_bytes(const AttentionShape& shape) {
  return HWY_DYNAMIC_DISPATCH(ScratchBytes)(shape);
}

}  // namespace

AttentionKernel simd_attention() {
  return {HWY_DYNAMIC_DISPATCH(AttentionTarget)(), can_all, run_task, scratch_bytes};
}

}  // namespace attncalc
#endif
