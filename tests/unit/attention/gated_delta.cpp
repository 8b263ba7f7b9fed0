// SPDX-License-Identifier: Apache-2.0
//
// The gated delta rule of Qwen3-Next and Qwen3.6.
#include "attention/gated_delta.hpp"

#include "attention/softmax.hpp"
#include "one_layer.hpp"

namespace attncalc {
namespace {

// linear_num_key_heads 16, linear_num_value_heads 32, both of 128, linear_conv_kernel_dim 4.
const GatedDelta qwen3_next{.key_heads = 16, .value_heads = 32, .key_dim = 128, .value_dim = 128};

TEST_CASE("a gated delta layer keeps a matrix a value head and three columns of q, k and v") {
  CHECK(cache_bytes(qwen3_next, bf16_at(1), Component::linear_state) == 32 * 128 * 128 * 4);
  CHECK(cache_bytes(qwen3_next, bf16_at(1), Component::conv_state) ==
        3 * (2 * 16 * 128 + 32 * 128) * 2);
}

TEST_CASE("Qwen3-Next-80B keeps 884,342,784 bytes at 32,768 tokens in llama.cpp's formats") {
  // 12 attention layers of 2 KV heads of 256: 805,306,368; 36 of these, convolution in fp32 too:
  // 79,036,416.
  const Softmax attention{.heads = 16, .kv_heads = 2, .head_dim = 256, .value_dim = 256};
  KvQuery query = bf16_at(32'768);
  query.formats = *kv_formats("fp16", "fp32");
  CHECK(12 * cache_bytes(attention, query) == 805'306'368);
  CHECK(36 * cache_bytes(qwen3_next, query) == 79'036'416);
}

TEST_CASE("gated delta weights equal those of Qwen3.6-27B's checkpoint") {
  // hidden 5120, 48 value heads; 48 such layers in a total explained to the unit
  // (tests/expect/hf_configs_b.tsv).
  GatedDelta qwen36 = qwen3_next;
  qwen36.value_heads = 48;
  CHECK(weights(qwen36, 5120) ==
        5120 * 10240 + 5120 * 6144 + 2 * 5120 * 48 + 10240 * 4 + 2 * 48 + 128 + 6144 * 5120);
}

TEST_CASE("values take after keys where the config says nothing of them") {
  const GatedDelta same = completed(GatedDelta{.key_heads = 16, .key_dim = 128}, 2048);
  CHECK(same.value_heads == Dim(16));
  CHECK(same.value_dim == Dim(128));
}

}  // namespace
}  // namespace attncalc
