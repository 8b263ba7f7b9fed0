// SPDX-License-Identifier: Apache-2.0
//
// 2^x of a vector, x ≤ 0 or a little above: what online softmax needs, once log2(e) is in the scale
// of the scores. Included by files that Highway compiles for each target.
//
//   2^x = 2^n × 2^f, n = x rounded, −1/2 ≤ f ≤ 1/2; 2^n is n + 127 in the exponent's bits.
//
// The polynomials have the least largest relative error over f (found by Remez exchange): degree 5
// 7.5e-8, about that of fp32; degree 3 7.5e-5 and degree 2 1.7e-3, below the half unit of bf16,
// 2e-3. Below −126 the answer is 0; NaN stays NaN.
#if defined(ATTNCALC_SIMD_EXP_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef ATTNCALC_SIMD_EXP_INL
#undef ATTNCALC_SIMD_EXP_INL
#else
#define ATTNCALC_SIMD_EXP_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace attncalc::HWY_NAMESPACE {

template <int degree, class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V exp2_fraction(D d, V f) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto c = [d](double value) HWY_ATTR { return hn::Set(d, static_cast<float>(value)); };
  if constexpr (degree == 2) {
    const V p = hn::MulAdd(c(0.2384289358094525), f, c(0.7034480059096527));
    return hn::MulAdd(p, f, c(1.0004431419479758));
  } else if constexpr (degree == 3) {
    V p = hn::MulAdd(c(0.055171669074864024), f, c(0.24261112219433098));
    p = hn::MulAdd(p, f, c(0.6932609854573362));
    return hn::MulAdd(p, f, c(0.9999280735404955));
  } else {
    static_assert(degree == 5);
    V p = hn::MulAdd(c(0.001327646862678289), f, c(0.009675541353775817));
    p = hn::MulAdd(p, f, c(0.055507132890633804));
    p = hn::MulAdd(p, f, c(0.24022119726642246));
    p = hn::MulAdd(p, f, c(0.6931469670497242));
    return hn::MulAdd(p, f, c(1.0000000716507331));
  }
}

template <int degree, class D, class V = hwy::HWY_NAMESPACE::Vec<D>>
HWY_INLINE V exp2_polynomial(D d, V x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<int32_t, D> bits;
  const V least = hn::Set(d, -126.0F);
  const V n = hn::Round(x);
  const V fraction = exp2_fraction<degree>(d, hn::Sub(x, n));
  const auto biased = hn::Add(hn::ConvertTo(bits, hn::Max(n, least)), hn::Set(bits, 127));
  // A product, not a sum of bits: NaN stays NaN.
  const V scaled = hn::Mul(fraction, hn::BitCast(d, hn::ShiftLeft<23>(biased)));
  return hn::IfThenZeroElse(hn::Lt(x, least), scaled);
}

}  // namespace attncalc::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
