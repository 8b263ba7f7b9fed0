// SPDX-License-Identifier: Apache-2.0
//
// Where configs keep things, and in which shape: nulls, class defaults, lists for scalars, nesting.
#include "hf_config.hpp"

namespace attncalc {
namespace {

// 4 layers × 2 × KV heads × 64 × 2 bytes.
constexpr double of_kv_heads(int kv_heads) { return 4 * 2 * kv_heads * 64 * 2; }

TEST_CASE("a bare Infinity is a number, as Python writes it") {
  CHECK(per_token(model_of(llama(R"("time_step_limit": [0.0, Infinity])"))) == of_kv_heads(8));
}

TEST_CASE("a null means what an absent key means") {
  // Hunyuan-A13B has the keys of MLA, all null, and use_mla false.
  const Model hunyuan = model_of(llama(R"("kv_lora_rank": null, "q_lora_rank": null,
"v_head_dim": null, "use_mla": false, "num_key_value_heads": 2)",
                                       "hunyuan"));
  CHECK(layers(hunyuan) == "4 gqa");
  CHECK(per_token(model_of(llama(R"("num_key_value_heads": null)"))) == of_kv_heads(8));
}

TEST_CASE("MLA that is switched off is not MLA, whatever its widths say") {
  // DeepSeek-VL2-tiny: use_mla false, and zeros.
  const Model model = model_of(llama(R"("use_mla": false, "kv_lora_rank": 512,
"qk_nope_head_dim": 0, "qk_rope_head_dim": 0, "v_head_dim": 0, "q_lora_rank": null)",
                                     "deepseek_v2"));
  CHECK(layers(model) == "4 mha");
}

TEST_CASE("gemma-3-4b states six keys; its class supplies the others, and we say so") {
  const Model model = model_of(R"({"model_type": "gemma3", "text_config": {
"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
"num_hidden_layers": 34, "sliding_window": 1024, "rope_scaling": {"factor": 8.0}}})");
  // 29 windows of 1024 and 5 full layers, 4 KV heads of 256.
  CHECK(layers(model) == "29 gqa:1024, 5 gqa");
  CHECK(per_token(model) == 34 * 2 * 4 * 256 * 2);
  CHECK(total(model) == 3'880'263'168);  // Hub: google/gemma-3-4b-it less its vision tower
  CHECK(assumes(model, "num_key_value_heads", "4"));
  CHECK(assumes(model, "sliding_window_pattern", "6"));
}

TEST_CASE("LLaVA's Llama states a model type and a vocabulary") {
  const Model model = model_of(R"({"model_type": "llava",
"text_config": {"model_type": "llama", "vocab_size": 32064}, "vision_config": {"hidden_size": 1024}})");
  CHECK(layers(model) == "32 mha");
  CHECK(per_token(model) == 32 * 2 * 32 * 128 * 2);
}

TEST_CASE("Mistral's window is 4096 where the key is absent and none where it is null") {
  const auto with = [](std::string_view more) { return layers(model_of(llama(more, "mistral"))); };
  CHECK(with(R"("num_key_value_heads": 2)") == "4 gqa:4096");
  CHECK(with(R"("num_key_value_heads": 2, "sliding_window": null)") == "4 gqa");
}

TEST_CASE("a list of layers is a count of layers") {
  // Nemotron-3-Ultra has no num_hidden_layers.
  const Model model = model_of(R"({"model_type": "nemotron_h", "hidden_size": 512,
"num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64, "vocab_size": 1000,
"layers_block_type": ["mamba", "moe", "attention", "moe"], "mamba_num_heads": 16,
"mamba_head_dim": 64, "n_groups": 2, "ssm_state_size": 32, "conv_kernel": 4,
"n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 128})");
  CHECK(layers(model) == "1 mamba2, 2 none, 1 gqa");
}

TEST_CASE("one number in one model is a list, one each layer, in another") {
  const Model scalar = model_of(llama(R"("num_experts": 4, "moe_topk": 2,
"moe_intermediate_size": 128, "num_shared_expert": 1)",
                                      "hunyuan"));
  const Model lists = model_of(llama(R"("num_experts": 4, "moe_topk": [2, 2, 2, 2],
"moe_intermediate_size": [128, 128, 128, 128], "num_shared_expert": [1, 1, 1, 1])",
                                     "hunyuan"));
  CHECK(total(scalar) == total(lists));
}

TEST_CASE(
    "the language model is found in every nesting, and towers beside it are not taken for it") {
  const std::string inner = llama();
  const auto nested = [&](std::string_view name) {
    return per_token(model_of(fmt::format(
        R"({{"model_type": "x", "vision_config": {{"num_hidden_layers": 99, "hidden_size": 7}}, "{}": {}}})",
        name, inner)));
  };
  for (const std::string_view name : {"text_config", "llm_config", "llm_cfg", "language_config"})
    CHECK(nested(name) == of_kv_heads(8));
  const std::string thinker = fmt::format(
      R"({{"model_type": "qwen2_5_omni", "thinker_config": {{"text_config": {}}}}})", inner);
  CHECK(per_token(model_of(thinker)) == of_kv_heads(8));
}

TEST_CASE("a language model at the top stands beside its vision_config") {
  CHECK(per_token(model_of(llama(R"("vision_config": {"num_hidden_layers": 99})", "qwen2_vl"))) ==
        of_kv_heads(8));
}

TEST_CASE("tie_word_embeddings may stand outside of the language model's map") {
  const auto of = [](std::string_view tied) {
    return model_of(
        fmt::format(R"({{"tie_word_embeddings": {}, "text_config": {}}})", tied, llama()));
  };
  CHECK(total(of("false")) - total(of("true")) == 1000 * 512);
}

TEST_CASE("the inner model_type decides the class") {
  // nvidia/Kimi-K2.6-NVFP4: kimi_k25 around deepseek_v3.
  const Model model = model_of(
      fmt::format(R"({{"model_type": "kimi_k25", "text_config": {}}})", llama("", "deepseek_v3")));
  CHECK(model.model_type == "deepseek_v3");
}

TEST_CASE("what is known of an unknown class comes from its keys, with a warning") {
  const Model model = model_of(llama(R"("num_key_value_heads": 2)", "never_seen"));
  CHECK(per_token(model) == of_kv_heads(2));
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "unknown_class");
}

}  // namespace
}  // namespace attncalc
