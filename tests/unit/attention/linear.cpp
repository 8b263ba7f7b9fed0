// SPDX-License-Identifier: Apache-2.0
//
// Linear attention without decay: the Linear Transformer, Performer and random feature attention.
#include "attention/linear.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// The Linear Transformer's model of MNIST: 8 heads of 32 (§4.2.1 of the paper).
const Linear classic = completed(Linear{.heads = 8}, 256);

TEST_CASE("a Linear Transformer layer keeps d_k x d_v and d_k numbers a head, in fp32") {
  CHECK(cache_bytes(classic, bf16_at(1), Component::linear_state) == 8 * 32 * 32 * 4);
  CHECK(cache_bytes(classic, bf16_at(1), Component::normaliser_state) == 8 * 32 * 4);
  CHECK(cache_bytes(classic, bf16_at(1'000'000)) == 8 * (32 * 32 + 32) * 4);
}

TEST_CASE("a Performer layer with m features keeps m x d_v and m numbers a head") {
  const Linear performer =
      completed(Linear{.heads = 8, .feature_map = FeatureMap::performer, .projections = 256}, 512);
  CHECK(cache_bytes(performer, bf16_at(1), Component::linear_state) == 8 * 256 * 64 * 4);
  CHECK(cache_bytes(performer, bf16_at(1), Component::normaliser_state) == 8 * 256 * 4);
  CHECK(performer.label() == "performer");
}

TEST_CASE("random feature attention has a sine and a cosine for each projection") {
  const Linear rfa =
      completed(Linear{.heads = 8, .feature_map = FeatureMap::rfa, .projections = 64}, 512);
  CHECK(cache_bytes(rfa, bf16_at(1), Component::linear_state) == 8 * 2 * 64 * 64 * 4);
  CHECK(cache_bytes(rfa, bf16_at(1), Component::normaliser_state) == 8 * 2 * 64 * 4);
  CHECK(rfa.label() == "rfa");
}

TEST_CASE("feature maps add no parameters, gates and norms do") {
  const std::int64_t projections = 4 * 512 * 512;
  Linear rfa = completed(Linear{.heads = 8, .feature_map = FeatureMap::rfa}, 512);
  CHECK(weights(rfa, 512) == projections);
  rfa.gate = true;
  CHECK(weights(rfa, 512) == projections + 8 * 512 + 8);
  rfa.qkv_bias = rfa.o_bias = rfa.norm = true;
  CHECK(weights(rfa, 512) == projections + 8 * 512 + 8 + 4 * 512 + 64);
}

TEST_CASE("a linear layer without a normaliser keeps only the matrix") {
  Linear plain = classic;
  plain.normaliser = false;
  CHECK(cache_bytes(plain, bf16_at(1)) == 8 * 32 * 32 * 4);
}

TEST_CASE("an elementwise feature map has no projections to count") {
  Linear wrong = classic;
  wrong.projections = 64;
  CHECK(wrong.faults().size() == 1);
}

}  // namespace
}  // namespace attncalc
