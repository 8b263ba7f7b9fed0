// SPDX-License-Identifier: Apache-2.0
//
// RWKV 4 to 7 against the parameter formulas of their papers, which count embeddings, norms and
// channel mixing too: D is hidden, L layers, V the vocabulary.
#include "attention/rwkv.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// A whole model: one more LayerNorm before the first layer and one after the last, two in each
// layer (each with a bias), an untied head, and in each layer a channel mixing of two matrices of
// `wide`, its blends, and for versions 4 to 6 its receptance.
struct Whole {
  std::int64_t hidden, layers, vocabulary, wide;
};
std::int64_t around_time_mixing(const Whole& m, bool receptance) {
  const std::int64_t d = m.hidden;
  const std::int64_t channel_mixing = 2 * d * m.wide + d + (receptance ? d * d + d : 0);
  return 2 * m.vocabulary * d + m.layers * (channel_mixing + 4 * d) + 4 * d;
}

TEST_CASE("an RWKV 7 layer keeps a matrix a head in fp32 and two shifted inputs") {
  const Rwkv goose = completed(Rwkv{}, 2560);  // 2.9B: 40 heads of 64
  CHECK(cache_bytes(goose, bf16_at(1), Component::wkv_state) == 40 * 64 * 64 * 4);
  CHECK(cache_bytes(goose, bf16_at(1), Component::shift_state) == 2 * 2560 * 2);
  CHECK(cache_bytes(goose, bf16_at(1'000'000)) == cache_bytes(goose, bf16_at(1)));
}

TEST_CASE("llama.cpp's RWKV states are these in fp32") {
  // It reports 21,626,880 bytes for rwkv7-2.9b, both states in fp32: 32 layers.
  KvQuery fp32 = bf16_at(4096);
  fp32.formats = *kv_formats("bf16", "fp32");
  CHECK(32 * cache_bytes(completed(Rwkv{}, 2560), fp32) == 21'626'880);
}

TEST_CASE("an RWKV 4 layer keeps three sums a channel") {
  const Rwkv four = completed(Rwkv{.version = 4}, 4096);
  CHECK(cache_bytes(four, bf16_at(1), Component::wkv_state) == 3 * 4096 * 4);
}

TEST_CASE("RWKV 4 weights follow 2VD + 13DDL + D(11L + 4)") {
  // RWKV-4-Pile-169M: 169,342,464 parameters.
  const Rwkv four = completed(Rwkv{.version = 4}, 768);
  const std::int64_t around = around_time_mixing({768, 12, 50277, 4 * 768}, true);
  CHECK(12 * weights(four, 768) + around == 169'342'464);
}

TEST_CASE("RWKV 5 weights follow 13DDL + 14DL + 4D + 2DV") {
  // RWKV-5-World-3B: D 2560, L 32, V 65536, channel mixing 3.5 D.
  const Rwkv five = completed(Rwkv{.version = 5}, 2560);
  const std::int64_t around = around_time_mixing({2560, 32, 65536, 8960}, true);
  CHECK(32 * weights(five, 2560) + around == 3'062'999'040);
}

TEST_CASE("RWKV 6 weights follow 13DDL + 464DL + 4D + 2DV") {
  // RWKV-6-World-1.6B: D 2048, L 24, V 65536.
  const Rwkv six = completed(Rwkv{.version = 6, .mix_rank = 32, .decay_rank = 64}, 2048);
  const std::int64_t around = around_time_mixing({2048, 24, 65536, 7168}, true);
  CHECK(24 * weights(six, 2048) + around == 1'599'873'024);
}

TEST_CASE("RWKV 7 weights equal the released models'") {
  struct Released {
    Rwkv first;  // without a share of the first layer's values
    Dim value_rank;
    Whole whole;
    std::int64_t parameters;
  };
  const auto ranks = [](Dim decay, Dim rate, Dim gate) {
    return Rwkv{.decay_rank = decay, .rate_rank = rate, .gate_rank = gate};
  };
  const Released released[] = {
      {ranks(64, 64, 128), 32, {768, 12, 65536, 3072}, 191'034'624},
      {ranks(64, 64, 128), 32, {1024, 24, 65536, 4096}, 450'767'872},
      {ranks(96, 96, 256), 64, {2048, 24, 65536, 8192}, 1'527'404'544},
      {ranks(96, 96, 320), 64, {2560, 32, 65536, 10240}, 2'947'735'040},
  };
  for (const Released& r : released) {
    const Rwkv first = completed(r.first, r.whole.hidden);
    Rwkv later = first;
    later.value_rank = r.value_rank;
    const std::int64_t mixing =
        weights(first, r.whole.hidden) + (r.whole.layers - 1) * weights(later, r.whole.hidden);
    CHECK(mixing + around_time_mixing(r.whole, false) == r.parameters);
  }
}

TEST_CASE("an RWKV version that nobody knows is a fault, and so is a rank that it needs") {
  CHECK(completed(Rwkv{.version = 3}, 1024).faults() ==
        std::vector<std::string>{"version is 3; RWKV 4, 5, 6 and 7 are known"});
  CHECK(completed(Rwkv{.version = 6, .mix_rank = 32}, 1024).faults() ==
        std::vector<std::string>{"decay_rank is 0; version 6 needs it"});
}

TEST_CASE("the label of an RWKV layer names its version") {
  CHECK(Rwkv{.version = 5}.label() == "rwkv5");
}

}  // namespace
}  // namespace attncalc
