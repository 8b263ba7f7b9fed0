// SPDX-License-Identifier: Apache-2.0
//
// A small matrix product in fp32: rows times panels of 32 columns that lie packed, as many rows at
// a time as registers hold the sums of. Attention's blocks and linear attention's chunks are made
// of it. Included inside a namespace of files that Highway compiles for each target, with `hn` an
// alias of Highway's.

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
