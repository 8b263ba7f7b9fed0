// SPDX-License-Identifier: Apache-2.0
//
// Multi-head latent attention of DeepSeek-V3 and V3.2.
#include "attention/latent.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

const Latent deepseek_v3{.heads = 128,
                         .kv_lora_rank = 512,
                         .rope_dim = 64,
                         .nope_dim = 128,
                         .value_dim = 128,
                         .q_lora_rank = 1536};

TEST_CASE("DeepSeek-V3 keeps 70,272 bytes a token in 61 layers, for all heads together") {
  CHECK(61 * cache_bytes(deepseek_v3, bf16_at(1)) == 70'272);  // arXiv:2505.09343, table 1
  CHECK(cache_bytes(deepseek_v3, bf16_at(100), Component::latent) == 100 * 512 * 2);
  CHECK(cache_bytes(deepseek_v3, bf16_at(100), Component::rope_key) == 100 * 64 * 2);
}

TEST_CASE("DeepSeek-V3's layers and head add up to its 671,026,419,200 parameters") {
  // Three dense layers of 18,432; then 256 experts of 2,048 and a shared one, a router and its
  // correction bias. Without the MTP layer.
  const std::int64_t hidden = 7168;
  const std::int64_t mla = hidden * 1536 + 1536 + 1536 * 128 * 192 + hidden * 576 + 512 +
                           512 * 128 * 256 + 128 * 128 * hidden;
  CHECK(weights(deepseek_v3, 7168) == mla);
  const std::int64_t moe = 257 * 3 * hidden * 2048 + 256 * hidden + 256;
  CHECK(61 * (mla + 2 * hidden) + 3 * 3 * hidden * 18432 + 58 * moe + hidden +
            2 * 129280 * hidden ==
        671'026'419'200);
}

TEST_CASE("an indexer keeps one key of 128 in fp8 with a scale, unless the layer shares one") {
  Latent v32 = deepseek_v3;
  v32.index_heads = 64;
  v32.index_head_dim = 128;
  CHECK(cache_bytes(v32, bf16_at(10)) == 10 * (576 * 2 + 132));
  CHECK(weights(v32, 7168) ==
        weights(deepseek_v3, 7168) + 1536 * 64 * 128 + 7168 * 128 + 2 * 128 + 7168 * 64);
  v32.shares_indexer = true;
  CHECK(cache_bytes(v32, bf16_at(10)) == cache_bytes(deepseek_v3, bf16_at(10)));
  CHECK(weights(v32, 7168) == weights(deepseek_v3, 7168));
}

TEST_CASE("fp8_ds_mla keeps 656 bytes a token: 512 in fp8, four scales, 64 in bf16") {
  KvQuery query = bf16_at(1);
  query.formats = *kv_formats("fp8_ds_mla", "bf16");
  CHECK(cache_bytes(deepseek_v3, query) == 512 + 4 * 4 + 64 * 2);
}

}  // namespace
}  // namespace attncalc
