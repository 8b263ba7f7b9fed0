// SPDX-License-Identifier: Apache-2.0
//
// Linear attention with the vectors that the processor has, compiled for each instruction set that
// Highway knows. A chunk of C tokens is
//
//   A = Q Kᵀ, zero above the diagonal      O = A V + Q S      S += Kᵀ V      z += Σ k
//
// where packed keys serve twice: as panels for Q Kᵀ and, read as rows, as Kᵀ.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/linear_attention.cpp"
#include "kernels/linear_attention.hpp"

#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace attncalc::HWY_NAMESPACE {
namespace linear {
namespace hn = hwy::HWY_NAMESPACE;

#include "kernels/simd_panels.inl"

constexpr std::size_t chunk_tokens = 64, panel = 32;
constexpr std::size_t padded_features_most = 128;  // rows of a product at once
inline std::size_t padded(std::int64_t n) {
  return (static_cast<std::size_t>(n) + panel - 1) / panel * panel;
}

inline float dot(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// --- step ----------------------------------------------------------------------------------------

// So many vectors of columns: o = qᵀ (S + k vᵀ), S written back.
template <int vectors>
HWY_INLINE void step_columns(float* s, std::size_t width, std::size_t features, const float* q,
                             const float* k, const float* v, float* o) {
  Vec value[vectors], answer[vectors];
  for (int i = 0; i < vectors; ++i) {
    value[i] = load(v + lanes * i);
    answer[i] = zero();
  }
  for (std::size_t f = 0; f < features; ++f) {
    const Vec key = everywhere(k[f]), query = everywhere(q[f]);
    float* row = s + f * width;
    for (int i = 0; i < vectors; ++i) {
      const Vec now = hn::MulAdd(key, value[i], load(row + lanes * i));
      store(now, row + lanes * i);
      answer[i] = hn::MulAdd(query, now, answer[i]);
    }
  }
  for (int i = 0; i < vectors; ++i) store(answer[i], o + lanes * i);
}

inline void step(float* s, float* z, std::size_t features, std::size_t width, const float* q,
                 const float* k, const float* v, float* o, bool normalise) {
  constexpr int most = many_registers ? 8 : 4;
  std::size_t c = 0;
  for (; c + most * lanes <= width; c += most * lanes) {
    step_columns<most>(s + c, width, features, q, k, v + c, o + c);
  }
  for (; c + lanes <= width; c += lanes) {
    step_columns<1>(s + c, width, features, q, k, v + c, o + c);
  }
  for (; c < width; ++c) {
    float answer = 0;
    for (std::size_t f = 0; f < features; ++f) {
      s[f * width + c] += k[f] * v[c];
      answer += q[f] * s[f * width + c];
    }
    o[c] = answer;
  }
  for (std::size_t f = 0; f < features; ++f) z[f] += k[f];
  if (!normalise) return;
  const float share = 1 / dot(q, z, features);
  for (c = 0; c < width; ++c) o[c] *= share;
}

inline void steps(const LinearProblem& p, std::int64_t state) {
  const auto f = static_cast<std::size_t>(p.features), w = static_cast<std::size_t>(p.value_dim);
  const auto at = static_cast<std::size_t>(state), n = static_cast<std::size_t>(p.tokens);
  for (std::size_t t = at * n; t < (at + 1) * n; ++t) {
    step(p.s + at * f * w, p.z + at * f, f, w, p.q + t * f, p.k + t * f, p.v + t * w, p.o + t * w,
         p.normalise);
  }
}

// --- chunk ---------------------------------------------------------------------------------------

struct Room {
  float *q, *k, *v, *o, *s;        // padded rows
  float *keys, *values, *weights;  // panels; C × C
  float* state;                    // panels
};
inline std::size_t room_floats(const LinearProblem& p) {
  const std::size_t f = padded(p.features), w = padded(p.value_dim), c = chunk_tokens;
  return 3 * c * f + 3 * c * w + 2 * f * w + c * c;
}
inline Room make_room(const LinearProblem& p, float* at) {
  const std::size_t f = padded(p.features), w = padded(p.value_dim), c = chunk_tokens;
  const auto take = [&at](std::size_t n) HWY_ATTR {
    float* here = at;
    at += n;
    return here;
  };
  Room r{};
  r.q = take(c * f);
  r.k = take(c * f);
  r.keys = take(c * f);
  r.v = take(c * w);
  r.o = take(c * w);
  r.values = take(c * w);
  r.s = take(f * w);
  r.state = take(f * w);
  r.weights = take(c * c);
  return r;
}

inline void copy_rows(const float* from, std::size_t rows, std::size_t cols, float* to,
                      std::size_t all_rows, std::size_t all_cols) {
  for (std::size_t r = 0; r < all_rows; ++r) {
    const std::size_t n = r < rows ? cols : 0;
    for (std::size_t c = 0; c < n; ++c) to[r * all_cols + c] = from[r * cols + c];
    for (std::size_t c = n; c < all_cols; ++c) to[r * all_cols + c] = 0;
  }
}

// Rows of a padded matrix as panels.
inline void pack_rows(const float* m, std::size_t rows, std::size_t cols, float* panels) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; c += lanes) {
      store(load(m + r * cols + c), panels + c / panel * panel * rows + r * panel + c % panel);
    }
  }
}

inline void one_chunk(const LinearProblem& p, std::int64_t state, std::size_t first,
                      std::size_t count, const Room& r) {
  const auto f = static_cast<std::size_t>(p.features), w = static_cast<std::size_t>(p.value_dim);
  const std::size_t depth = padded(p.features), width = padded(p.value_dim);
  const std::size_t c = (count + panel - 1) / panel * panel;
  const std::size_t t = static_cast<std::size_t>(state * p.tokens) + first;
  copy_rows(p.q + t * f, count, f, r.q, c, depth);
  copy_rows(p.k + t * f, count, f, r.k, c, depth);
  copy_rows(p.v + t * w, count, w, r.v, c, width);
  const float* rows[chunk_tokens];
  for (std::size_t i = 0; i < c; ++i) rows[i] = r.k + i * depth;
  pack_keys(rows, c, depth, r.keys);
  pack_rows(r.v, c, width, r.values);
  const auto n = static_cast<int>(count);
  multiply(r.q, depth, n, r.keys, depth, c, r.weights, c, nullptr);
  float sums[chunk_tokens];
  float* z = p.z + static_cast<std::size_t>(state) * f;
  for (std::size_t i = 0; i < count; ++i) {
    sums[i] = dot(r.q + i * depth, z, f);
    for (std::size_t j = 0; j <= i; ++j) sums[i] += r.weights[i * c + j];
    for (std::size_t j = i + 1; j < c; ++j) r.weights[i * c + j] = 0;
  }
  // Rows keep what they get from the state and add what they get from the chunk.
  float ones[padded_features_most];
  for (float& one : ones) one = 1;
  pack_rows(r.s, depth, width, r.state);
  multiply(r.q, depth, n, r.state, depth, width, r.o, width, nullptr);
  multiply(r.weights, c, n, r.values, c, width, r.o, width, ones);
  for (std::size_t i = 0; i < count; ++i) {
    const float share = p.normalise ? 1 / sums[i] : 1;
    for (std::size_t j = 0; j < w; ++j) p.o[(t + i) * w + j] = r.o[i * width + j] * share;
  }
  // Kᵀ: a panel of keys holds, feature by feature, 32 tokens.
  for (std::size_t part = 0; part < c; part += panel) {
    for (std::size_t g = 0; g < depth; g += padded_features_most) {
      const std::size_t some = depth - g < padded_features_most ? depth - g : padded_features_most;
      for (std::size_t column = 0; column < width; column += panel) {
        multiply(r.keys + part * depth + g * panel, panel, static_cast<int>(some),
                 r.values + column * c + part * panel, panel, panel, r.s + g * width + column,
                 width, ones);
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t g = 0; g < f; ++g) z[g] += r.k[i * depth + g];
  }
}

inline void chunks(const LinearProblem& p, std::int64_t state, float* scratch) {
  const Room room = make_room(p, scratch);
  const auto f = static_cast<std::size_t>(p.features), w = static_cast<std::size_t>(p.value_dim);
  const std::size_t width = padded(p.value_dim);
  float* s = p.s + static_cast<std::size_t>(state) * f * w;
  copy_rows(s, f, w, room.s, padded(p.features), width);
  const auto tokens = static_cast<std::size_t>(p.tokens);
  for (std::size_t first = 0; first < tokens; first += chunk_tokens) {
    one_chunk(p, state, first, tokens - first < chunk_tokens ? tokens - first : chunk_tokens, room);
  }
  for (std::size_t g = 0; g < f; ++g) {
    for (std::size_t c = 0; c < w; ++c) s[g * w + c] = room.s[g * width + c];
  }
}

}  // namespace linear

void Steps(const LinearProblem& p, std::int64_t state) { linear::steps(p, state); }
void Chunks(const LinearProblem& p, std::int64_t state, float* scratch) {
  linear::chunks(p, state, scratch);
}
std::size_t RoomFloats(const LinearProblem& p) { return linear::room_floats(p); }

}  // namespace attncalc::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace attncalc {

HWY_EXPORT(Steps);
HWY_EXPORT(Chunks);
HWY_EXPORT(RoomFloats);

namespace {

// Neighbours go to one worker.
struct Share {
  std::int64_t begin, end;
};
Share share_of(std::int64_t states, const Worker& worker) {
  return {states * worker.index / worker.count, states * (worker.index + 1) / worker.count};
}

}  // namespace

void linear_steps(const LinearProblem& p, const Worker& worker) {
  const Share mine = share_of(p.states, worker);
  for (std::int64_t i = mine.begin; i < mine.end; ++i) HWY_DYNAMIC_DISPATCH(Steps)(p, i);
}
std::size_t linear_scratch_floats(const LinearProblem& p) {
  return HWY_DYNAMIC_DISPATCH(RoomFloats)(p);
}
void linear_chunks(const LinearProblem& p, const Worker& worker, float* scratch) {
  const Share mine = share_of(p.states, worker);
  for (std::int64_t i = mine.begin; i < mine.end; ++i) HWY_DYNAMIC_DISPATCH(Chunks)(p, i, scratch);
}

}  // namespace attncalc
#endif
