// SPDX-License-Identifier: Apache-2.0
//
// RetNet, gated RetNet and GLA, from the layer code of flash-linear-attention.
#include "attention/retention.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// fla-hub/gla-7B: hidden 4096, 32 heads, 8 of keys and values, expand_k 1, expand_v 1, low rank 16,
// use_output_gate false.
const Retention gla_7b{.heads = 32,
                       .kv_heads = 8,
                       .key_dim = 128,
                       .value_dim = 128,
                       .decay = Decay::channel,
                       .decay_rank = 16,
                       .output_gate = false};

TEST_CASE("a GLA layer keeps a matrix for every head, also where heads share keys and values") {
  CHECK(cache_bytes(gla_7b, bf16_at(1)) == 32 * 128 * 128 * 4);
  CHECK(cache_bytes(gla_7b, bf16_at(1'000'000)) == 32 * 128 * 128 * 4);
  CHECK(gla_7b.label() == "gla");
}

TEST_CASE("GLA weights are those of the layer code") {
  CHECK(weights(gla_7b, 4096) ==
        2 * 4096 * 4096 + 2 * 4096 * 1024 + 4096 * 16 + 16 * 1024 + 1024 + 128);
}

TEST_CASE("RetNet has values twice as wide as keys, an output gate and no gate weights") {
  // fla's RetNet 1.3B: hidden 2048, 8 heads, expand_k 1, expand_v 2.
  const Retention retnet = completed(Retention{.heads = 8, .key_dim = 256, .value_dim = 512}, 2048);
  CHECK(cache_bytes(retnet, bf16_at(1)) == 8 * 256 * 512 * 4);
  CHECK(weights(retnet, 2048) == 2 * 2048 * 2048 + 3 * 2048 * 4096 + 512);
  CHECK(retnet.label() == "retention");
}

TEST_CASE("a decay of one number a head takes hidden x heads") {
  Retention gated = completed(Retention{.heads = 8, .decay = Decay::head}, 2048);
  Retention fixed = gated;
  fixed.decay = Decay::fixed;
  CHECK(weights(gated, 2048) == weights(fixed, 2048) + 8 * 2048 + 8);
  gated.decay_bias = false;
  CHECK(weights(gated, 2048) == weights(fixed, 2048) + 8 * 2048);
}

TEST_CASE("short convolutions before retention keep columns of q, k and v") {
  Retention conv = gla_7b;
  conv.conv_kernel = 4;
  CHECK(cache_bytes(conv, bf16_at(1), Component::conv_state) == 3 * (4096 + 2 * 1024) * 2);
  CHECK(weights(conv, 4096) == weights(gla_7b, 4096) + 4 * (4096 + 2 * 1024));
}

TEST_CASE("a fixed decay has no rank") {
  Retention wrong = gla_7b;
  wrong.decay = Decay::fixed;
  CHECK(wrong.faults().size() == 1);
}

}  // namespace
}  // namespace attncalc
