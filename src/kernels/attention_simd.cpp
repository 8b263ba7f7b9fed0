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

#include "kernels/simd_panels.inl"

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
