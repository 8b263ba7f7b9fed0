// SPDX-License-Identifier: Apache-2.0
//
// The three kinds of layer of DeepSeek-V4-Flash, whose safetensors' total is explained to the unit
// with these weights (tests/expect/hf_configs_a.tsv), and the state that llama.cpp allocates for
// it.
#include "attention/compressed.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// hidden 4096, 64 heads of 512 (64 rotated), q_lora 1024, o_lora 1024 in 8 groups, window 128.
const Compressed window_only{.heads = 64,
                             .head_dim = 512,
                             .rope_dim = 64,
                             .q_lora_rank = 1024,
                             .o_groups = 8,
                             .o_lora_rank = 1024,
                             .window = 128};

Compressed every_128() {
  Compressed c = window_only;
  c.ratio = 128;
  return c;
}

Compressed every_4() {
  Compressed c = window_only;
  c.ratio = 4;
  c.overlap = true;
  c.index_heads = 64;
  c.index_head_dim = 128;
  return c;
}

TEST_CASE("a compressed layer keeps a window of latents and a summary for each full group") {
  CHECK(cache_bytes(window_only, bf16_at(100)) == 100 * 512 * 2);
  CHECK(cache_bytes(window_only, bf16_at(32'768)) == 128 * 512 * 2);
  CHECK(cache_bytes(every_128(), bf16_at(32'768), Component::latent) == 128 * 512 * 2);
  CHECK(cache_bytes(every_128(), bf16_at(32'768), Component::compressed_key) == 256 * 512 * 2);
  CHECK(cache_bytes(every_128(), bf16_at(127), Component::compressed_key) == 0);
  CHECK(cache_bytes(every_4(), bf16_at(4099), Component::compressed_key) == 1024 * 512 * 2);
}

TEST_CASE("an index key is 128 fp8 elements and a scale, every fourth token") {
  CHECK(cache_bytes(every_4(), bf16_at(32'768), Component::index_key) == 8192 * 132);
  CHECK(cache_bytes(every_128(), bf16_at(32'768), Component::index_key) == 0);
}

TEST_CASE("what compressors gather equals the state that llama.cpp allocates for V4-Flash") {
  // 8 × (21 × 8 × 1,024 + 20 × 128 × 512 + 21 × 8 × 256) = 12,206,080 bytes of fp32 in the 21
  // layers of ratio 4 and the 20 of ratio 128 (llama-kv-cache-dsv4.cpp).
  const Component state = Component::compressor_state;
  CHECK(21 * cache_bytes(every_4(), bf16_at(1), state) +
            20 * cache_bytes(every_128(), bf16_at(1), state) ==
        12'206'080);
  CHECK(cache_bytes(window_only, bf16_at(1), state) == 0);
}

TEST_CASE("compressed weights equal those of V4-Flash's checkpoint") {
  const std::int64_t core = 4096 * 1024 + 1024 + 1024 * 64 * 512 + 4096 * 512 + 512 +
                            64 * 512 * 1024 + 8 * 1024 * 4096 + 64;
  CHECK(weights(window_only, 4096) == core);
  CHECK(weights(every_128(), 4096) == core + 2 * 4096 * 512 + 128 * 512 + 512);
  CHECK(weights(every_4(), 4096) == core + 4 * 4096 * 512 + 4 * 2 * 512 + 512 + 4 * 4096 * 128 +
                                        4 * 2 * 128 + 128 + 1024 * 64 * 128 + 4096 * 64);
}

TEST_CASE("compressed weights equal those of V4-Pro's checkpoint") {
  Compressed pro = every_4();  // hidden 7168, 128 heads, q_lora 1536, 16 groups
  pro.heads = 128;
  pro.q_lora_rank = 1536;
  pro.o_groups = 16;
  const std::int64_t core = 7168 * 1536 + 1536 + 1536 * 128 * 512 + 7168 * 512 + 512 +
                            128 * 512 * 1024 + 16 * 1024 * 7168 + 128;
  CHECK(weights(pro, 7168) == core + 4 * 7168 * 512 + 4 * 2 * 512 + 512 + 4 * 7168 * 128 +
                                  4 * 2 * 128 + 128 + 1536 * 64 * 128 + 7168 * 64);
}

TEST_CASE("labels tell compressed layers apart") {
  CHECK(window_only.label() == "compressed");
  CHECK(every_4().label() == "compressed:4");
  CHECK(every_128().label() == "compressed:128");
}

}  // namespace
}  // namespace attncalc
