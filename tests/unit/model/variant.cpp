// SPDX-License-Identifier: Apache-2.0
//
// The same model with other attention: shapes by the rules of docs/model.md, "Variants", parameters
// by hand.
#include "model/variant.hpp"

#include <algorithm>

#include "sample.hpp"

namespace attncalc {
namespace {

Model changed(const Model& model, std::string_view text) {
  const Result<Variant> variant = parse_variant(text);
  REQUIRE(variant);
  Result<Model> out = as_variant(model, *variant);
  INFO((out ? std::string() : render(out.problems())));
  REQUIRE(out);
  return *std::move(out);
}

std::string refusal(std::string_view text) {
  const Result<Variant> variant = parse_variant(text);
  return variant ? "no error" : render(variant.problems());
}

std::string refusal(const Model& model, std::string_view text) {
  const Result<Variant> variant = parse_variant(text);
  REQUIRE(variant);
  const Result<Model> out = as_variant(model, *variant);
  return out ? "no error" : render(out.problems());
}

std::int64_t cache_of(const Model& model, std::int64_t tokens) {
  return kv_payload(cache_plan(model), bf16_query(tokens)).value.value;
}

std::int64_t parameters_in(const Model& model) { return parameters(model).total.value.value; }

bool assumes(const Model& model, const Assumption& wanted) {
  return std::ranges::find(model.assumptions, wanted) != model.assumptions.end();
}

}  // namespace

TEST_CASE("fewer KV heads take less cache and fewer weights, in proportion") {
  const Model llama = catalog_model("llama-3-8b");  // 32 layers, 32 heads, 8 KV heads of 128
  CHECK(cache_of(changed(llama, "mha"), 1) == 2 * 32 * 32 * 128 * 2);
  CHECK(cache_of(changed(llama, "gqa:4"), 1) == 2 * 32 * 4 * 128 * 2);
  CHECK(cache_of(changed(llama, "mqa"), 1) == 2 * 32 * 1 * 128 * 2);
  // k_proj and v_proj: 24 heads of 128 more, from 4096.
  CHECK(parameters_in(changed(llama, "mha")) - parameters_in(llama) == 32LL * 2 * 24 * 128 * 4096);
  CHECK(attention_label(changed(llama, "mqa")) == "mqa");
}

TEST_CASE("mla made from softmax keeps the heads' widths as the part that is not rotated") {
  const Model llama = catalog_model("llama-3-8b");
  const Model mla = changed(llama, "mla:512+64");
  CHECK(cache_of(mla, 1) == 32 * (512 + 64) * 2);
  const std::int64_t h = 4096, heads = 32, d = 128;
  const std::int64_t before = h * d * (heads + 2 * 8) + heads * d * h;
  const std::int64_t after =
      h * heads * (d + 64) + h * (512 + 64) + 512 + 2 * heads * d * 512 + heads * d * h;
  CHECK(parameters_in(mla) - parameters_in(llama) == 32 * (after - before));
  CHECK(assumes(mla, {"nope_dim", "128", "--as mla:512+64: head_dim of the softmax layers"}));
  CHECK(assumes(mla, {"q_lora_rank", "none", "--as mla:512+64: queries are projected at once"}));
  CHECK(assumes(mla, {"attention", "mla:512+64", "--as"}));
}

TEST_CASE("softmax made from mla has the heads that mla expands to") {
  const Model mha = changed(catalog_model("deepseek-v3"), "mha");  // 128 heads, 128 + 64 and 128
  CHECK(cache_of(mha, 1) == 61 * 128 * (192 + 128) * 2);
  CHECK(assumes(mha, {"head_dim", "192", "--as mha: nope_dim + rope_dim of the MLA layers"}));
  CHECK(cache_of(changed(catalog_model("deepseek-v3"), "mla:256+32"), 1) == 61 * (256 + 32) * 2);
}

TEST_CASE("softmax made from sparse mla keeps no index keys, and says so") {
  const Model mha = changed(catalog_model("deepseek-v3.2"), "mha");
  CHECK(cache_of(mha, 1) == 61 * 128 * (192 + 128) * 2);
  CHECK(assumes(mha, {"indexer", "none", "--as mha: attention becomes dense"}));
}

TEST_CASE("a window comes into every attention layer, and full takes all of them out") {
  const Model gemma = catalog_model("gemma-3-27b");  // 62 layers, 16 KV heads of 128
  const std::int64_t row = 62 * 2 * 16 * 128 * 2;
  CHECK(cache_of(changed(gemma, "window:2k"), 8192) == row * 2048);
  CHECK(cache_of(changed(gemma, "full"), 8192) == row * 8192);
  CHECK(changed(gemma, "full").decoder.distinct.size() == 1);
  CHECK(parameters_in(changed(gemma, "full")) == parameters_in(gemma));
}

TEST_CASE("a chunk made into mla becomes a window as long") {
  const Model chunked = model_of(
      {Softmax{.heads = 4, .kv_heads = 2, .head_dim = 8, .value_dim = 8, .chunk = Dim(16)}});
  const Model mla = changed(chunked, "mla:8+4");
  CHECK(cache_of(mla, 100) == 16 * (8 + 4) * 2);
  CHECK(assumes(mla, {"window", "16", "--as mla:8+4: a chunk becomes a window as long"}));
}

TEST_CASE("states stay as they are, which is said") {
  const Model hybrid = catalog_model("qwen3-next-80b-a3b");
  const Model mqa = changed(hybrid, "mqa");
  CHECK(cache_of(mqa, 1) - 77'266'944 == 12 * 2 * 1 * 256 * 2);
  CHECK(
      assumes(mqa, {"gated_delta", "unchanged", "--as mqa: layers of this kind stay as they are"}));
}

TEST_CASE("a model without attention is left alone with a warning") {
  const Model states =
      model_of({GatedDelta{.key_heads = 2, .value_heads = 2, .key_dim = 8, .value_dim = 8}});
  const Model same = changed(states, "mha");
  REQUIRE(same.warnings.size() == 1);
  CHECK(same.warnings[0].code == "as_changes_nothing");
}

TEST_CASE("the model as it was asked for is the model as it was") {
  const Model llama = catalog_model("llama-3-8b");
  const Model same = changed(llama, "gqa:8");
  CHECK(same.decoder.distinct == llama.decoder.distinct);
  CHECK(same.decoder.order == llama.decoder.order);
}

TEST_CASE("a variant that the heads do not allow is refused") {
  CHECK(refusal(catalog_model("llama-3-8b"), "gqa:5") ==
        "error: --as gqa:5: kv_heads is 5; it must divide heads, 32\n");
  CHECK(refusal(catalog_model("deepseek-v3"), "gqa:3") ==
        "error: --as gqa:3: kv_heads is 3; it must divide heads, 128\n");
}

TEST_CASE("a variant that cannot be read says what it could be") {
  const std::string forms =
      "hint: the forms are mha, gqa:N, mqa, mla:R+P (latent and rotary width), window:TOKENS, full "
      "and linear\n";
  CHECK(refusal("mlq") == "error: --as has no form 'mlq'\nhint: did you mean mla?\n");
  CHECK(refusal("") == "error: --as has no form ''\n" + forms);
  CHECK(refusal("gqa") == "error: --as gqa needs a value after a colon\n" + forms);
  CHECK(refusal("mha:2") == "error: --as mha takes no value\n" + forms);
  CHECK(refusal("gqa:0") == "error: --as gqa:N '0' is too small: it must be at least 1\n");
  CHECK(refusal("mla:512") ==
        "error: --as mla '512' names no two widths\n"
        "hint: write mla:512+64: the latent's width and the rotary key's\n");
  CHECK(refusal("window:-1").starts_with("error: --as window:TOKENS '-1' is no number of tokens"));
}

}  // namespace attncalc
