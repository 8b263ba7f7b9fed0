// SPDX-License-Identifier: Apache-2.0
//
// The short convolution of LFM2-1.2B, whose safetensors hold 1,170,340,608 parameters.
#include "attention/short_conv.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

const ShortConv lfm2 = completed(ShortConv{}, 2048);  // conv_L_cache 3, conv_bias false

TEST_CASE("a short convolution keeps two columns of hidden, whatever the context") {
  CHECK(cache_bytes(lfm2, bf16_at(1)) == 2 * 2048 * 2);  // vLLM: "state only 8,192 B"
  CHECK(cache_bytes(lfm2, bf16_at(32'768)) == 2 * 2048 * 2);
}

TEST_CASE("short convolution weights equal those of the checkpoint") {
  const std::int64_t mixer = 3 * 2048 * 2048 + 3 * 2048 + 2048 * 2048;
  CHECK(weights(lfm2, 2048) == mixer);

  // 10 of these and 6 attention layers of 32 query and 8 KV heads of 64 with q/k norms; MLP 8192.
  const std::int64_t attention = 2 * 2048 * 2048 + 2 * 2048 * 8 * 64 + 2 * 64;
  CHECK(10 * mixer + 6 * attention + 16 * (3 * 2048 * 8192 + 2 * 2048) + 65536 * 2048 + 2048 ==
        1'170'340'608);
}

TEST_CASE("a biased short convolution has one on both projections and on itself") {
  ShortConv biased = lfm2;
  biased.bias = true;
  CHECK(weights(biased, 2048) == weights(lfm2, 2048) + 3 * 2048 + 2048 + 2048);
}

}  // namespace
}  // namespace attncalc
