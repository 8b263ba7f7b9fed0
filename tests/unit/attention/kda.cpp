// SPDX-License-Identifier: Apache-2.0
//
// Kimi Delta Attention of Kimi-Linear-48B-A3B, whose safetensors hold 49,122,681,728 parameters,
// and of its relatives.
#include "attention/kda.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

const Kda kimi_linear{.heads = 32, .head_dim = 128};  // hidden 2304, short_conv_kernel_size 4

TEST_CASE("a KDA layer keeps a matrix a head in fp32 and three columns of q, k and v") {
  CHECK(cache_bytes(kimi_linear, bf16_at(1), Component::linear_state) == 32 * 128 * 128 * 4);
  CHECK(cache_bytes(kimi_linear, bf16_at(1), Component::conv_state) == 3 * 3 * 4096 * 2);
  CHECK(cache_bytes(kimi_linear, bf16_at(1'048'576)) == cache_bytes(kimi_linear, bf16_at(1)));
}

TEST_CASE("KDA weights equal those of Kimi-Linear's checkpoint") {
  const std::int64_t low_rank = 2304 * 128 + 128 * 4096;
  const std::int64_t kda =
      3 * 2304 * 4096 + 3 * 4096 * 4 + 2 * low_rank + 32 + 4096 + 2304 * 32 + 128 + 4096 * 2304;
  CHECK(weights(kimi_linear, 2304) == kda);

  // 20 of these and 7 MLA layers (queries projected at once); one dense layer, 26 of 256 experts
  // and a shared one.
  const std::int64_t mla = 2304 * 32 * 192 + 2304 * 576 + 512 + 512 * 32 * 256 + 32 * 128 * 2304;
  const std::int64_t expert = 3 * 2304 * 1024;
  CHECK(20 * kda + 7 * mla + 26 * (257 * expert + 256 * 2304 + 256) + 3 * 2304 * 9216 +
            27 * 2 * 2304 + 2304 + 2 * 163840 * 2304 ==
        49'122'681'728);
}

TEST_CASE("KDA gates may be one full matrix") {
  // Kimi-K3, hidden 7168, 96 heads: the output gate. From its tensor names; the checkpoint pads
  // A_log from 96 to 128 elements with zeros.
  const Kda k3{.heads = 96, .head_dim = 128, .full_rank_gate = true};
  CHECK(weights(k3, 7168) ==
        5 * 7168 * 12288 + 7168 * 128 + 128 * 12288 + 7168 * 96 + 12288 + 3 * 12288 * 4 + 96 + 128);

  // Ling 3.0 Tiny, hidden 1536, 16 heads, no_kda_lora: both.
  const Kda ling{.heads = 16, .head_dim = 128, .full_rank_decay = true, .full_rank_gate = true};
  CHECK(weights(ling, 1536) == 6 * 1536 * 2048 + 1536 * 16 + 2048 + 3 * 2048 * 4 + 16 + 128);
}

}  // namespace
}  // namespace attncalc
