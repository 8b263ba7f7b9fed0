// SPDX-License-Identifier: Apache-2.0
//
// Payloads of catalog models that a person can derive on paper; the derivation stands beside each.
#include <string_view>

#include "ingest/load.hpp"
#include "model/kv.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

struct Case {
  std::string_view model;
  std::int64_t tokens;
  std::string_view dtype;
  std::int64_t bytes;
};

constexpr Case cases[] = {
    // 80 layers × 32768 tokens × 2 × 8 heads × 128 × 2 B
    {"llama3-70b", 32768, "bf16", 10'737'418'240},
    // 10 full layers × 131072 + 52 windows × 1024, each × 2 × 16 heads × 128 × 2 B
    {"gemma-3-27b", 131072, "bf16", 10'737'418'240 + 436'207'616},
    // 61 layers × (512 + 64) × 2 B
    {"deepseek-v3", 1, "bf16", 70'272},
    // the same and 61 index keys of 128 B fp8 with one fp32 scale
    {"deepseek-v3.2", 1, "bf16", 70'272 + 61 * 132},
    // 61 × 656 B: 512 fp8, 4 fp32 scales, 64 bf16
    {"deepseek-v3", 1, "fp8_ds_mla", 61 * 656},
    // 12 full layers × 32768 + 36 chunks of 8192, each × 2 × 8 × 128 × 2 B
    {"llama-4-scout", 32768, "bf16", 4096LL * (12 * 32768 + 36 * 8192)},
    // 18 full layers × 32768 + 18 windows of 128, each × 2 × 8 × 64 × 2 B
    {"gpt-oss-120b", 32768, "bf16", 2048LL * (18 * 32768 + 18 * 128)},
    // 12 layers × 32768 × 2 × 2 × 256 × 2 B, and 36 states: 32 × 128 × 128 fp32 and 3 × 8192 bf16
    {"qwen3-next-80b-a3b", 32768, "bf16", 805'306'368 + 36 * (2'097'152 + 49'152)},
    // q8_0: 34 bytes for 32 values
    {"llama3-8b", 8192, "q8_0", 32LL * 8192 * 2 * 8 * 128 / 32 * 34},
    // q4_0: 18 bytes for 32
    {"llama3-8b", 8192, "q4_0", 32LL * 8192 * 2 * 8 * 128 / 32 * 18},
    // nvfp4: 8 bytes and an fp8 scale for 16
    {"llama3-8b", 8192, "nvfp4", 32LL * 8192 * 2 * 8 * 128 / 16 * 9},
    // one fp32 scale a head, for keys and for values
    {"llama3-8b", 8192, "fp8_per_token_head", 32LL * 8192 * 2 * 8 * (128 + 4)},
};

}  // namespace

TEST_CASE("payloads that can be derived on paper") {
  for (const Case& c : cases) {
    INFO(c.model << " " << c.tokens << " " << c.dtype);
    const Result<Model> model = load_model(c.model);
    REQUIRE(model);
    const KvQuery query{.tokens = c.tokens, .formats = *kv_formats(c.dtype, "bf16")};
    CHECK(kv_payload(cache_plan(*model), query) == Bytes(c.bytes));
    CHECK(kv_figures(*model, query)->payload == Bytes(c.bytes));
  }
}

TEST_CASE("the token that fills a window still brings a row, the next one does not") {
  const Result<Model> model = load_model("gemma-3-27b");
  REQUIRE(model);
  const auto growth = [&](std::int64_t tokens) {
    return kv_figures(*model, {.tokens = tokens, .formats = *kv_formats("bf16", "bf16")})
        ->bytes_per_token;
  };
  CHECK(growth(1024) == 62 * 8192);
  CHECK(growth(1025) == 10 * 8192);
}
