// SPDX-License-Identifier: Apache-2.0
//
// Cross-attention of mllama, T5 and Whisper.
#include "attention/cross.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// Llama-3.2-11B-Vision: hidden 4096, 32 heads, 8 KV heads.
const Cross mllama =
    completed(Cross{.heads = 32, .kv_heads = 8, .qk_norm = true, .gate = true}, 4096);

TEST_CASE("cross-attention caches a row for every encoder token and none for the decoder's") {
  // One image of 4 tiles × 1,601 patches.
  CHECK(cache_bytes(mllama, bf16_at(1, 6404)) == 6404 * 2 * 8 * 128 * 2);
  CHECK(cache_bytes(mllama, bf16_at(131'072, 6404)) == 6404 * 2 * 8 * 128 * 2);
  CHECK(cache_bytes(mllama, bf16_at(131'072, 0)) == 0);
}

TEST_CASE("cross keys and values are components of their own") {
  CHECK(cache_bytes(mllama, bf16_at(1, 100), Component::cross_key) == 100 * 8 * 128 * 2);
  CHECK(cache_bytes(mllama, bf16_at(1, 100), Component::cross_value) == 100 * 8 * 128 * 2);
}

TEST_CASE("cross-attention weights equal those of the model classes") {
  // mllama: no biases, norms of head_dim on queries and keys, a scalar gate.
  CHECK(weights(mllama, 4096) == 2 * 4096 * 4096 + 2 * 4096 * 1024 + 2 * 128 + 1);

  // T5-v1.1-XXL: d_model 4096, 64 heads of d_kv 64, no biases.
  const Cross t5 = completed(Cross{.heads = 64, .head_dim = 64}, 4096);
  CHECK(weights(t5, 4096) == 4 * 4096 * 64 * 64);

  // Whisper-large-v3-turbo: width 1280, 20 heads; biases on all but the keys. Its 1,500 audio
  // frames give 4 layers 30,720,000 bytes.
  const Cross whisper =
      completed(Cross{.heads = 20, .q_bias = true, .v_bias = true, .o_bias = true}, 1280);
  CHECK(weights(whisper, 1280) == 4 * 1280 * 1280 + 3 * 1280);
  CHECK(4 * cache_bytes(whisper, bf16_at(448, 1500)) == 30'720'000);
}

TEST_CASE("keys and values are projected from the encoder's own width") {
  const Cross narrow = completed(Cross{.heads = 8, .encoder_width = 512}, 1024);
  CHECK(weights(narrow, 1024) == 2 * 1024 * 1024 + 2 * 1024 * 512);
}

}  // namespace
}  // namespace attncalc
