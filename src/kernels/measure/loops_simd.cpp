// SPDX-License-Identifier: Apache-2.0
//
// The portable loops, compiled once for each instruction set that Highway knows and chosen at run
// time. Their sums go to a volatile, or the compiler would leave the loops out.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/measure/loops_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/measure/loops.hpp"
#include "kernels/simd_exp.inl"

HWY_BEFORE_NAMESPACE();
namespace attncalc::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vec = hn::Vec<Floats>;

inline void keep(Vec v) {
  static volatile float sink = 0;
  sink = hn::GetLane(hn::SumOfLanes(Floats(), v)) + sink;
}

constexpr std::size_t group_floats = 64;  // 256 bytes

// One group of each stream in turn. Two sums: adding is not what limits a cache's reads.
template <int streams, bool prefetches>
void read_streams(const float* from, std::size_t floats, std::size_t ahead) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t each = floats / streams;
  Vec sum0 = hn::Zero(d), sum1 = hn::Zero(d), sum2 = hn::Zero(d), sum3 = hn::Zero(d);
  for (std::size_t at = 0; at < each; at += group_floats) {
    for (int s = 0; s < streams; ++s) {
      const float* p = from + static_cast<std::size_t>(s) * each + at;
      if (prefetches) {
        for (std::size_t line = 0; line < group_floats; line += 16) {
          __builtin_prefetch(p + line + ahead / sizeof(float));
        }
      }
      for (std::size_t i = 0; i < group_floats; i += 4 * lanes) {
        sum0 = hn::Add(sum0, hn::Load(d, p + i));
        sum1 = hn::Add(sum1, hn::Load(d, p + i + lanes));
        sum2 = hn::Add(sum2, hn::Load(d, p + i + 2 * lanes));
        sum3 = hn::Add(sum3, hn::Load(d, p + i + 3 * lanes));
      }
    }
  }
  keep(hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)));
}

template <int streams>
void read_some(const float* from, std::size_t floats, std::size_t ahead) {
  if (ahead > 0) return read_streams<streams, true>(from, floats, ahead);
  read_streams<streams, false>(from, floats, 0);
}

void ReadLoop(const float* from, std::size_t floats, int streams, std::size_t ahead) {
  switch (streams) {
    case 1:
      return read_some<1>(from, floats, ahead);
    case 2:
      return read_some<2>(from, floats, ahead);
    case 4:
      return read_some<4>(from, floats, ahead);
    case 8:
      return read_some<8>(from, floats, ahead);
    default:
      return read_some<16>(from, floats, ahead);
  }
}

void store(Vec v, float* to, bool streaming) {
  if (streaming) return hn::Stream(v, Floats(), to);
  hn::Store(v, Floats(), to);
}

void CopyLoop(float* to, const float* from, std::size_t floats, bool streaming) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < floats; i += 4 * lanes) {
    for (std::size_t k = 0; k < 4; ++k) {
      store(hn::Load(d, from + i + k * lanes), to + i + k * lanes, streaming);
    }
  }
}

// to = a + 3 b, as STREAM has it (McCalpin 1995).
void TriadLoop(float* to, const float* a, const float* b, std::size_t floats, bool streaming) {
  const Floats d;
  const Vec three = hn::Set(d, 3.0F);
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < floats; i += 4 * lanes) {
    for (std::size_t k = 0; k < 4; ++k) {
      const std::size_t at = i + k * lanes;
      store(hn::MulAdd(three, hn::Load(d, b + at), hn::Load(d, a + at)), to + at, streaming);
    }
  }
}

// Twelve chains: enough for two units of latency six, and they fit sixteen registers. Each begins
// elsewhere, or the compiler would make one of them.
double FmaLoop(std::size_t rounds) {
  const Floats d;
  const Vec m = hn::Set(d, 0.75F), a = hn::Set(d, 0.5F);
  constexpr int chains = 12;
  Vec c[chains];
  for (int i = 0; i < chains; ++i) c[i] = hn::Set(d, 1.5F + static_cast<float>(i));
  for (std::size_t r = 0; r < rounds; ++r) {
    HWY_UNROLL(12) for (int i = 0; i < chains; ++i) c[i] = hn::MulAdd(c[i], m, a);
  }
  Vec sum = c[0];
  for (int i = 1; i < chains; ++i) sum = hn::Add(sum, c[i]);
  keep(sum);
  constexpr double flops = 2;
  return static_cast<double>(rounds) * chains * flops * static_cast<double>(hn::Lanes(d));
}

// Eight vectors of logits around −4 and their weights; each round feeds the next.
template <int degree>
double exp_rounds(std::size_t rounds) {
  const Floats d;
  constexpr int vectors = 8;
  Vec x[vectors];
  for (int i = 0; i < vectors; ++i) x[i] = hn::Set(d, -4.0F - static_cast<float>(i));
  const Vec shift = hn::Set(d, -4.0F);
  for (std::size_t r = 0; r < rounds; ++r) {
    HWY_UNROLL(8)
    for (int i = 0; i < vectors; ++i) x[i] = hn::Add(exp2_polynomial<degree>(d, x[i]), shift);
  }
  Vec sum = x[0];
  for (int i = 1; i < vectors; ++i) sum = hn::Add(sum, x[i]);
  keep(sum);
  return static_cast<double>(rounds) * vectors * static_cast<double>(hn::Lanes(d));
}

double ExpLoop(std::size_t rounds, int degree) {
  if (degree == 2) return exp_rounds<2>(rounds);
  if (degree == 3) return exp_rounds<3>(rounds);
  return exp_rounds<5>(rounds);
}

double ConvertLoop(std::size_t rounds) {
  const Floats d;
  const hn::Rebind<hwy::bfloat16_t, Floats> half;
  constexpr int vectors = 8;
  Vec x[vectors];
  for (int i = 0; i < vectors; ++i) x[i] = hn::Set(d, 1.5F + static_cast<float>(i));
  const Vec step = hn::Set(d, 0.25F);
  for (std::size_t r = 0; r < rounds; ++r) {
    HWY_UNROLL(8) for (int i = 0; i < vectors; ++i) {
      x[i] = hn::Add(hn::PromoteTo(d, hn::DemoteTo(half, x[i])), step);
    }
  }
  Vec sum = x[0];
  for (int i = 1; i < vectors; ++i) sum = hn::Add(sum, x[i]);
  keep(sum);
  constexpr double ways = 2;
  return static_cast<double>(rounds) * vectors * ways * static_cast<double>(hn::Lanes(d));
}

const char* Target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace attncalc::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attncalc {

HWY_EXPORT(ReadLoop);
HWY_EXPORT(CopyLoop);
HWY_EXPORT(TriadLoop);
HWY_EXPORT(FmaLoop);
HWY_EXPORT(ExpLoop);
HWY_EXPORT(ConvertLoop);
HWY_EXPORT(Target);

void read_loop(const float* from, std::size_t floats, int streams, std::size_t ahead) {
  HWY_DYNAMIC_DISPATCH(ReadLoop)(from, floats, streams, ahead);
}
void copy_loop(float* to, const float* from, std::size_t floats, Stores stores) {
  HWY_DYNAMIC_DISPATCH(CopyLoop)(to, from, floats, stores == Stores::streaming);
}
void triad_loop(float* to, const float* a, const float* b, std::size_t floats, Stores stores) {
  HWY_DYNAMIC_DISPATCH(TriadLoop)(to, a, b, floats, stores == Stores::streaming);
}
double fma_loop(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(FmaLoop)(rounds); }
double exp_loop(std::size_t rounds, int degree) {
  return HWY_DYNAMIC_DISPATCH(ExpLoop)(rounds, degree);
}
double convert_loop(std::size_t rounds) { return HWY_DYNAMIC_DISPATCH(ConvertLoop)(rounds); }
const char* loop_target() { return HWY_DYNAMIC_DISPATCH(Target)(); }

}  // namespace attncalc
#endif
