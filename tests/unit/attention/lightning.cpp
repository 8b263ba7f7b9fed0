// SPDX-License-Identifier: Apache-2.0
//
// Lightning attention of MiniMax-Text-01 and of Ling and Ring linear.
#include "attention/lightning.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

const Lightning minimax{.heads = 64, .head_dim = 128};  // hidden 6144

TEST_CASE("a lightning layer keeps one matrix a head in fp32 and nothing else") {
  CHECK(cache_bytes(minimax, bf16_at(1)) == 64 * 128 * 128 * 4);
  CHECK(cache_bytes(minimax, bf16_at(1'000'000)) == 64 * 128 * 128 * 4);
}

TEST_CASE("the state of MiniMax-M1 is what the Step-3 report counts") {
  // Its 923 MB at 8,192 tokens: 10 softmax layers of 8 KV heads in bf16, and the states of 70
  // lightning layers read and written.
  const std::int64_t softmax = 10 * 8192 * 2 * 8 * 128 * 2;
  const std::int64_t total = softmax + 2 * 70 * cache_bytes(minimax, bf16_at(8192));
  CHECK(total == 922'746'880);
  CHECK((total + 500'000) / 1'000'000 == 923);
}

TEST_CASE("lightning weights are those of the model classes") {
  // MiniMax-Text-01: q, k, v, the output gate and out_proj of 64 × 128, a norm over all heads. With
  // 10 softmax layers, 32 experts of 9216 in each layer and an untied head the model has
  // 456,089,655,296 parameters ("456B").
  const std::int64_t hidden = 6144;
  const std::int64_t lightning = 5 * hidden * 8192 + 8192;
  CHECK(weights(minimax, 6144) == lightning);
  const std::int64_t softmax = 2 * hidden * 8192 + 2 * hidden * 1024;
  const std::int64_t moe = 32 * 3 * hidden * 9216 + 32 * hidden;
  CHECK(70 * lightning + 10 * softmax + 80 * (moe + 2 * hidden) + hidden + 2 * 200064 * hidden ==
        456'089'655'296);

  // Ling and Ring linear: likewise, with q/k norms of head_dim and, by flags, biases.
  const Lightning ring{.heads = 16, .head_dim = 128, .qk_norm = true};
  CHECK(weights(ring, 2048) == 5 * 2048 * 2048 + 2048 + 2 * 128);
  const Lightning biased{
      .heads = 16, .head_dim = 128, .qkv_bias = true, .out_bias = true, .qk_norm = true};
  CHECK(weights(biased, 2048) == weights(ring, 2048) + 3 * 2048 + 2048);
}

TEST_CASE("the heads of a lightning layer share hidden evenly unless told otherwise") {
  CHECK(completed(Lightning{.heads = 16}, 2048).head_dim == Dim(128));
}

}  // namespace
}  // namespace attncalc
