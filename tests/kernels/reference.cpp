// SPDX-License-Identifier: Apache-2.0
//
// The reference kernels against one another: two ways to the same sums must agree, and a pattern
// that hides nothing must change nothing. What they are all measured by is plain softmax attention,
// which is held to a sum worked out by hand.
#include <limits>

#include "kernels/random.hpp"
#include "kernels/reference/delta.hpp"
#include "kernels/reference/features.hpp"
#include "kernels/reference/latent.hpp"
#include "kernels/reference/linear.hpp"
#include "kernels/reference/masks.hpp"
#include "kernels/reference/scan.hpp"
#include "kernels/reference/softmax.hpp"
#include "support/catch.hpp"

namespace attncalc::reference {
namespace {

using test::Random;
using test::relative_error;

constexpr double rounding = 1e-12;  // of doubles, after a few hundred operations

struct Inputs {
  Matrix q, k, v;
};
Inputs inputs(std::size_t tokens, std::size_t width, std::size_t value_width) {
  Random random(tokens + width);
  return {random.matrix(tokens, width), random.matrix(tokens, width),
          random.matrix(tokens, value_width)};
}

Matrix causal_attention(const Inputs& in) {
  return attention(in.q, in.k, in.v, sees(Mask::causal()));
}

double pairs(const Sees& sees, std::int64_t tokens) {
  double n = 0;
  for (std::int64_t p = 0; p < tokens; ++p) {
    for (std::int64_t j = 0; j < tokens; ++j) n += sees(p, j) ? 1 : 0;
  }
  return n;
}

}  // namespace

TEST_CASE("two keys with scores ln 3 and 0 weigh three to one") {
  Matrix q(1, 1, 1), k(2, 1), v(2, 2);
  k(0, 0) = std::log(3.0);
  v(0, 0) = 8;
  v(1, 1) = 4;
  const Matrix o = attention(q, k, v, sees(Mask::everything()));
  CHECK(o(0, 0) == Approx(6));
  CHECK(o(0, 1) == Approx(1));
}

TEST_CASE("a learnt sink takes its share and gives nothing") {
  Matrix q(1, 1, 1), k(1, 1), v(1, 1, 10);
  k(0, 0) = std::log(4.0);
  const Matrix o = attention(q, k, v, sees(Mask::everything()), {.sink_logit = 0});
  CHECK(o(0, 0) == Approx(8));
}

TEST_CASE("online softmax is softmax, whatever the block") {
  const Inputs in = inputs(67, 16, 24);
  for (const std::size_t block : {1, 3, 16, 67, 100}) {
    const Matrix o = online_attention(in.q, in.k, in.v, sees(Mask::causal()), block,
                                      {.scale = 3, .sink_logit = 0.5});
    CHECK(relative_error(o, attention(in.q, in.k, in.v, sees(Mask::causal()),
                                      {.scale = 3, .sink_logit = 0.5})) < rounding);
  }
}

TEST_CASE("patterns that hide nothing change nothing") {
  const Inputs in = inputs(40, 8, 8);
  const Matrix full = causal_attention(in);
  Sparse everything, all_globals, one_block;
  all_globals.globals = 40;
  one_block.block_size = 40;
  one_block.local = 1;
  const std::vector<Sees> patterns = {sees(Mask::window(40)), sees(Mask::window(1, 40)),
                                      sees(Mask::chunk(40)),  sees(Mask::dilated(40, 1)),
                                      sees(Mask::strided(1)), sees(everything),
                                      sees(all_globals),      sees(one_block)};
  for (const Sees& pattern : patterns) {
    CHECK(relative_error(attention(in.q, in.k, in.v, pattern), full) == 0);
  }
  CHECK(relative_error(attention(in.q, in.k, in.v, sees(Mask::causal()), {.top_k = 40}), full) <
        rounding);
}

TEST_CASE("a pattern sees as many pairs as its closed form counts") {
  for (const Mask& mask : {Mask::causal(), Mask::window(7), Mask::window(5, 3), Mask::chunk(6),
                           Mask::dilated(4, 3), Mask::strided(5), Mask::everything()}) {
    CHECK(pairs(sees(mask), 50) == mask_pairs(mask, {0, 50}));
  }
  Sparse bigbird;
  bigbird.block_size = 4;
  bigbird.local = 2;
  bigbird.globals = 1;
  bigbird.random = 2;
  CHECK(pairs(sees(bigbird), 80) == bigbird.pairs(0, 80).scored);
}

TEST_CASE("Longformer's global tokens see and are seen") {
  const Sees pattern = longformer(4, 2);
  CHECK(pattern(0, 99));
  CHECK(pattern(99, 1));
  CHECK(pattern(50, 52));
  CHECK_FALSE(pattern(50, 53));
  CHECK(
      relative_error(attention(Matrix(3, 2, 1), Matrix(3, 2, 1), Matrix(3, 1, 5), longformer(6, 0)),
                     Matrix(3, 1, 5)) < rounding);
}

TEST_CASE("the best one key is a copy of its value") {
  const Inputs in = inputs(12, 4, 4);
  const Matrix o = attention(in.q, in.k, in.v, sees(Mask::everything()), {.top_k = 1});
  for (std::size_t i = 0; i < 12; ++i) {
    std::size_t best = 0;
    for (std::size_t j = 1; j < 12; ++j) {
      if (dot(in.q.row(i), in.k.row(j)) > dot(in.q.row(i), in.k.row(best))) best = j;
    }
    CHECK(relative_error(o.row(i), in.v.row(best)) < rounding);
  }
}

TEST_CASE("GQA is MHA with its KV heads repeated, MQA has one") {
  Random random;
  std::vector<Matrix> q, k, v, repeated_k, repeated_v;
  for (int h = 0; h < 14; ++h) q.push_back(random.matrix(9, 4));
  for (int h = 0; h < 2; ++h) {
    k.push_back(random.matrix(9, 4));
    v.push_back(random.matrix(9, 4));
  }
  for (int h = 0; h < 14; ++h) {
    repeated_k.push_back(k[h / 7]);
    repeated_v.push_back(v[h / 7]);
  }
  const Sees causal = sees(Mask::causal());
  const auto shared = attention(q, k, v, causal);
  const auto repeated = attention(q, repeated_k, repeated_v, causal);
  for (int h = 0; h < 14; ++h) CHECK(relative_error(shared[h], repeated[h]) == 0);
}

TEST_CASE("queries that see nothing answer zero; NaN and infinity spread as IEEE has it") {
  const Matrix ones(1, 1, 1);
  const Sees nothing = [](std::int64_t, std::int64_t) { return false; };
  CHECK(attention(ones, ones, ones, nothing)(0, 0) == 0);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto with_key = [&](double key) {
    Matrix k(2, 1, 1);
    k(1, 0) = key;
    return attention(ones, k, Matrix(2, 1, 5), sees(Mask::everything()))(0, 0);
  };
  CHECK(std::isnan(with_key(std::numeric_limits<double>::quiet_NaN())));
  CHECK(std::isnan(with_key(infinity)));
  CHECK(with_key(-infinity) == 5);
}

TEST_CASE("absorbed and expanded MLA are the same sums") {
  Random random;
  const std::size_t rank = 24, nope = 8, rope = 4, value = 10;
  const LatentHead head = {random.matrix(nope, rank), random.matrix(value, rank)};
  const LatentCache cache = {random.matrix(31, rank), random.matrix(31, rope)};
  const Matrix q = random.matrix(5, nope + rope);
  const SoftmaxOptions options = {.scale = 0.2, .cached = 26};
  const Sees causal = sees(Mask::causal());
  CHECK(relative_error(absorbed_attention(q, head, cache, causal, options),
                       expanded_attention(q, head, cache, causal, options)) < rounding);
}

TEST_CASE("linear attention in chunks is the recurrence, and both are weights over all pairs") {
  const Inputs raw = inputs(50, 8, 6);
  const auto map = [](const Matrix& m) { return features(m, elu_plus_one); };
  for (const LinearOptions& options :
       {LinearOptions{}, LinearOptions{.decay = 0.9, .normalise = false}}) {
    LinearState once(8, 6);
    const Matrix o = linear_recurrent(map(raw.q), map(raw.k), raw.v, once, options);
    for (const std::size_t chunk : {1, 7, 16, 64}) {
      LinearState state(8, 6);
      CHECK(relative_error(linear_chunked(map(raw.q), map(raw.k), raw.v, chunk, state, options),
                           o) < rounding);
      CHECK(relative_error(state.s, once.s) < rounding);
      CHECK(relative_error(state.z, once.z) < rounding);
    }
  }
  LinearState state(8, 6);
  const Matrix q = map(raw.q), k = map(raw.k);
  const Matrix o = linear_recurrent(q, k, raw.v, state);
  Vector direct(6);
  double sum = 0;
  for (std::size_t j = 0; j < 50; ++j) {
    add_scaled(direct, dot(q.row(49), k.row(j)), raw.v.row(j));
    sum += dot(q.row(49), k.row(j));
  }
  scale(direct, 1 / sum);
  CHECK(relative_error(o.row(49), direct) < rounding);
}

TEST_CASE("FAVOR+ and random Fourier features estimate exp(q · k)") {
  Random random(7);
  const Matrix q = random.matrix(1, 8, 0.4), k = random.matrix(1, 8, 0.4);
  const Matrix projections = random.matrix(40'000, 8);
  const double exact = std::exp(dot(q.row(0), k.row(0)));
  const double by_favor = dot(favor(q.row(0), projections), favor(k.row(0), projections));
  const double by_fourier =
      dot(random_fourier(q.row(0), projections), random_fourier(k.row(0), projections));
  // The error of m projections is about 1 / √m of the value: 0.005 here, and a few times that.
  CHECK(by_favor == Approx(exact).epsilon(0.03));
  CHECK(by_fourier == Approx(exact).epsilon(0.03));
}

TEST_CASE("the gated delta rule in chunks is the recurrence") {
  Random random;
  DeltaInputs in = {random.matrix(45, 6), random.matrix(45, 6, 0.4), random.matrix(45, 5),
                    random.vector(45, 0.7, 1), random.vector(45, 0, 1)};
  Matrix once(6, 5, 0.3);
  const Matrix o = delta_recurrent(in, once);
  for (const std::size_t chunk : {1, 8, 13, 64}) {
    Matrix state(6, 5, 0.3);
    CHECK(relative_error(delta_chunked(in, chunk, state), o) < rounding);
    CHECK(relative_error(state, once) < rounding);
  }
}

TEST_CASE("with full strength the delta rule answers a key of length one by its value") {
  DeltaInputs in = {Matrix(1, 4), Matrix(1, 4), Matrix(1, 3, 7), Vector{0.5}, Vector{1}};
  in.q(0, 2) = in.k(0, 2) = 1;
  Matrix state(4, 3, 9);  // whatever was there before
  const Matrix o = delta_recurrent(in, state);
  for (std::size_t c = 0; c < 3; ++c) CHECK(o(0, c) == Approx(7));
}

TEST_CASE("without decay and correction Mamba-2 is linear attention") {
  const Inputs in = inputs(20, 8, 6);
  const ScanInputs scan = {in.v, in.k, in.q, Vector(20, 1), 0, 0};
  Matrix state(6, 8);
  LinearState linear(8, 6);
  const Matrix expected = linear_recurrent(in.q, in.k, in.v, linear, {.normalise = false});
  CHECK(relative_error(scan_recurrent(scan, state), expected) < rounding);
}

TEST_CASE("Mamba-2 in chunks is the recurrence") {
  Random random;
  const ScanInputs in = {random.matrix(45, 6),
                         random.matrix(45, 8),
                         random.matrix(45, 8),
                         random.vector(45, 0.1, 1.5),
                         -0.7,
                         0.3};
  Matrix once(6, 8, 0.2);
  const Matrix y = scan_recurrent(in, once);
  for (const std::size_t chunk : {1, 8, 13, 64}) {
    Matrix state(6, 8, 0.2);
    CHECK(relative_error(scan_chunked(in, chunk, state), y) < rounding);
    CHECK(relative_error(state, once) < rounding);
  }
}

}  // namespace attncalc::reference
