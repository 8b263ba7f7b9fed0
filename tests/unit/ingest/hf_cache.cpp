// SPDX-License-Identifier: Apache-2.0
//
// What decides a cache, and what only looks as if it did. Four layers, eight heads of 64, unless a
// test says otherwise; bytes are bf16.
#include "hf_config.hpp"

namespace attncalc {
namespace {

constexpr double of_kv_heads(int kv_heads, int width = 64) { return 4 * 2 * kv_heads * width * 2; }

// --- KV heads ------------------------------------------------------------------------------------

TEST_CASE("falcon-7b states 71 KV heads and stores one") {
  const Model model = model_of(R"({"model_type": "falcon", "hidden_size": 4544,
"num_hidden_layers": 32, "num_attention_heads": 71, "num_kv_heads": 71, "multi_query": true,
"new_decoder_architecture": false, "parallel_attn": true, "bias": false, "vocab_size": 65024})");
  CHECK(per_token(model) == 32 * 2 * 1 * 64 * 2);
  CHECK(total(model) == 6'921'720'704);  // Hub: tiiuae/falcon-7b
}

TEST_CASE("falcon-40b's new architecture means its 8 KV heads") {
  const Model model = model_of(R"({"model_type": "falcon", "hidden_size": 8192,
"num_hidden_layers": 60, "num_attention_heads": 128, "num_kv_heads": 8, "multi_query": true,
"new_decoder_architecture": true, "vocab_size": 65024})");
  CHECK(per_token(model) == 60 * 2 * 8 * 64 * 2);
}

TEST_CASE("no num_key_value_heads is MHA, but MQA where multi_query says so") {
  CHECK(per_token(model_of(llama())) == of_kv_heads(8));
  CHECK(per_token(model_of(llama(R"("multi_query": true)", "gpt_bigcode"))) == of_kv_heads(1));
}

TEST_CASE("ChatGLM and DBRX have their own words for KV heads") {
  CHECK(per_token(model_of(llama(R"("multi_query_attention": true, "multi_query_group_num": 2,
"kv_channels": 64)",
                                 "chatglm"))) == of_kv_heads(2));
  CHECK(per_token(model_of(llama(R"("attn_config": {"kv_n_heads": 4, "clip_qkv": 8})", "dbrx"))) ==
        of_kv_heads(4));
}

TEST_CASE("KV heads may differ by layer: DeciLM's list, OpenELM's lists") {
  CHECK(per_token(model_of(llama(R"("num_key_value_heads_per_layer": [4, 2, 1, 1])", "deci"))) ==
        2 * (4 + 2 + 1 + 1) * 64 * 2);
}

// --- widths --------------------------------------------------------------------------------------

TEST_CASE("head_dim is what is stated, not hidden / heads") {
  CHECK(per_token(model_of(llama(R"("head_dim": 128)"))) == of_kv_heads(8, 128));
}

TEST_CASE("head_dim and KV heads are noise beside MLA") {
  // 4 layers × (512 + 64) × 2 bytes, as in DeepSeek-V3.
  const Model model = model_of(llama(R"("kv_lora_rank": 512, "qk_rope_head_dim": 64,
"qk_nope_head_dim": 128, "v_head_dim": 128, "q_lora_rank": null, "num_key_value_heads": 8,
"head_dim": 192)",
                                     "deepseek_v3"));
  CHECK(per_token(model) == 4 * (512 + 64) * 2);
}

TEST_CASE("MiniCPM3 is MLA without v_head_dim: hidden / heads") {
  const Model model = model_of(llama(R"("kv_lora_rank": 256, "qk_rope_head_dim": 32,
"qk_nope_head_dim": 64, "q_lora_rank": 768)",
                                     "minicpm3"));
  CHECK(per_token(model) == 4 * (256 + 32) * 2);
  CHECK(std::get<Latent>(model.decoder.distinct[0].mixers[0]).value_dim == Dim(64));
}

TEST_CASE("LongCat runs two MLAs a layer, each with a cache") {
  const Model model = model_of(R"({"model_type": "longcat_flash", "hidden_size": 512,
"num_layers": 4, "num_attention_heads": 8, "vocab_size": 1000, "ffn_hidden_size": 1024,
"expert_ffn_hidden_size": 128, "n_routed_experts": 4, "zero_expert_num": 2, "moe_topk": 2,
"kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128,
"q_lora_rank": 256})");
  CHECK(per_token(model) == 4 * 2 * (512 + 64) * 2);
}

TEST_CASE("Gemma 4's full layers have wider and fewer KV heads than its windows") {
  const Model model = model_of(llama(R"("head_dim": 64, "global_head_dim": 128,
"num_key_value_heads": 4, "num_global_key_value_heads": 1, "sliding_window": 16,
"layer_types": ["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"])",
                                     "gemma4_text"));
  CHECK(per_token(model) == 3 * 2 * 4 * 64 * 2 + 2 * 1 * 128 * 2);
}

TEST_CASE("MiMo-V2: keys of 192, values of 128, and twice the KV heads in its windows") {
  const Model model = model_of(llama(R"("head_dim": 192, "v_head_dim": 128,
"num_key_value_heads": 4, "swa_num_key_value_heads": 8, "swa_head_dim": 192, "swa_v_head_dim": 128,
"hybrid_layer_pattern": [0, 1, 1, 1], "sliding_window": 128, "attention_chunk_size": 128)",
                                     "mimo_v2_flash"));
  CHECK(layers(model) == "1 gqa, 3 mha:128");
  CHECK(per_token(model) == (4 + 3 * 8) * (192 + 128) * 2);
}

TEST_CASE("Laguna's heads differ by layer; its cache does not") {
  const Model model = model_of(llama(R"("num_key_value_heads": 2,
"num_attention_heads_per_layer": [8, 16, 16, 16], "head_dim": 64)",
                                     "laguna"));
  CHECK(per_token(model) == of_kv_heads(2));
}

TEST_CASE("Step-3.5's windows have heads of their own, in a map") {
  const Model model = model_of(llama(R"("num_attention_groups": 4, "head_dim": 64,
"sliding_window": 512, "layer_types": ["full_attention", "sliding_attention", "sliding_attention",
"sliding_attention"], "attention_other_setting": {"attention_type": "sliding_attention",
"num_attention_heads": 12, "num_attention_groups": 2, "head_dim": 32})",
                                     "step3p5"));
  CHECK(per_token(model) == 2 * 4 * 64 * 2 + 3 * 2 * 2 * 32 * 2);
}

// --- indexers ------------------------------------------------------------------------------------

std::string sparse(std::string_view more) {
  return llama(fmt::format(R"("kv_lora_rank": 512, "qk_rope_head_dim": 64,
"qk_nope_head_dim": 128, "v_head_dim": 128, "q_lora_rank": 256, "index_n_heads": 4,
"index_head_dim": 128, "index_topk": 2048{})",
                           more),
               "glm_moe_dsa");
}

TEST_CASE("DSA caches an fp8 key of 128 and its scale beside the latent") {
  CHECK(per_token(model_of(sparse(""))) == 4 * ((512 + 64) * 2 + 132));
}

TEST_CASE("GLM-5.2's layers that share a choice of tokens cache no index key") {
  CHECK(per_token(model_of(sparse(R"(, "indexer_types": ["full", "shared", "shared", "full"])"))) ==
        4 * (512 + 64) * 2 + 2 * 132);
}

TEST_CASE("deepseek_sparse_attention is MLA like any other") {
  CHECK(per_token(model_of(sparse(R"(, "layer_types": ["deepseek_sparse_attention",
"deepseek_sparse_attention", "deepseek_sparse_attention", "deepseek_sparse_attention"])"))) ==
        4 * ((512 + 64) * 2 + 132));
}

TEST_CASE("MiniMax-M3's sparse layers cache one bf16 index key a token beside keys and values") {
  const Model model = model_of(llama(R"("num_key_value_heads": 4, "sparse_attention_config": {
"use_sparse_attention": true, "sparse_attention_freq": [0, 1, 1, 1], "sparse_index_dim": 128,
"sparse_num_index_heads": 4, "sparse_block_size": 128, "sparse_topk_blocks": 16, "sparse_disable_index_value": [0, 1, 1, 1]})",
                                     "minimax_m3"));
  CHECK(per_token(model) == of_kv_heads(4) + 3 * 128 * 2);
}

// --- windows -------------------------------------------------------------------------------------

std::string with_window(std::string_view more, std::string_view type = "llama") {
  return layers(model_of(
      llama(fmt::format(R"("num_key_value_heads": 8, "sliding_window": 16{})", more), type)));
}

TEST_CASE("a window that is switched off, or -1, is no window") {
  CHECK(with_window(R"(, "use_sliding_window": false, "max_window_layers": 2)", "qwen2") ==
        "4 mha");
  CHECK(layers(model_of(llama(R"("sliding_window_size": -1, "global_attn_every_n": 1)", "git"))) ==
        "4 mha");
}

TEST_CASE("Qwen's window is on from max_window_layers") {
  CHECK(with_window(R"(, "use_sliding_window": true, "max_window_layers": 3)", "qwen2") ==
        "3 mha, 1 mha:16");
}

TEST_CASE("a window and no more means every layer") { CHECK(with_window("") == "4 mha:16"); }

TEST_CASE("window patterns: a period, letters, layer types, bits, and the classes' own") {
  CHECK(with_window(R"(, "sliding_window_pattern": 4)") == "3 mha:16, 1 mha");
  CHECK(with_window(R"(, "sliding_window_pattern": "LLG")", "exaone4") == "3 mha:16, 1 mha");
  CHECK(with_window("", "gemma2") == "2 mha:16, 2 mha");
  CHECK(with_window("", "gpt_oss") == "2 mha:16, 2 mha");
  CHECK(layers(model_of(llama(R"("sliding_window_size": 16, "sliding_window_layout": [0, 1, 1, 1])",
                              "smallthinker"))) == "1 mha, 3 mha:16");
  CHECK(layers(model_of(llama(R"("window_size": 256, "attention_layers": ["global", "local",
"global", "local"], "attention_types": [[["global", "local"], 2]])",
                              "gpt_neo"))) == "2 mha, 2 mha:256");
}

TEST_CASE("Gemma 2's even layers are the windows") {
  const Model model = model_of(llama(R"("sliding_window": 16)", "gemma2"));
  CHECK(layer_label(model.decoder.distinct[model.decoder.order[0]]) == "mha:16");
}

TEST_CASE("Llama 4: an empty no_rope_layers is every fourth layer full, the others chunks") {
  CHECK(layers(model_of(llama(R"("attention_chunk_size": 8192, "no_rope_layers": [])",
                              "llama4_text"))) == "3 mha:chunk8192, 1 mha");
}

TEST_CASE("SmolLM3's no_rope_layers only say where positions are rotated") {
  CHECK(layers(model_of(llama(R"("no_rope_layers": [1, 1, 1, 0], "no_rope_layer_interval": 4)",
                              "smollm3"))) == "4 mha");
}

// --- layers of other kinds -----------------------------------------------------------------------

constexpr std::string_view gated_delta = R"("linear_num_key_heads": 2, "linear_num_value_heads": 4,
"linear_key_head_dim": 32, "linear_value_head_dim": 32, "linear_conv_kernel_dim": 4)";

TEST_CASE("Qwen3-Next: the last layer of each full_attention_interval is full") {
  const Model model = model_of(
      llama(fmt::format(R"({}, "full_attention_interval": 4)", gated_delta), "qwen3_next"));
  CHECK(layers(model) == "3 gated_delta, 1 mha");
}

TEST_CASE("Qwen3.5 without any of these keys has them from its class") {
  CHECK(layers(model_of(llama("", "qwen3_5_text"))) == "3 gated_delta, 1 mha");
}

TEST_CASE("mamba_ssm_dtype is the state's format; else it is fp32") {
  const auto state = [&](std::string_view more) {
    return fixed_state(model_of(llama(fmt::format("{}{}", gated_delta, more), "qwen3_next")));
  };
  // 3 layers × (4 heads × 32 × 32 elements + 3 × (2 × 2 × 32 + 4 × 32) bf16 inputs)
  CHECK(state("") == 3 * (4 * 32 * 32 * 4 + 3 * 256 * 2));
  CHECK(state(R"(, "mamba_ssm_dtype": "float32")") == 3 * (4 * 32 * 32 * 4 + 3 * 256 * 2));
  CHECK(state(R"(, "mamba_ssm_dtype": "bfloat16")") == 3 * (4 * 32 * 32 * 2 + 3 * 256 * 2));
}

TEST_CASE("MiniMax's attn_type_list: 1 is full") {
  CHECK(layers(model_of(llama(R"("attn_type_list": [0, 0, 0, 1])", "minimax_m1"))) ==
        "3 lightning, 1 mha");
  CHECK(layers(model_of(llama(R"("attn_type_list": [1, 1, 1, 1])", "minimax_m2"))) == "4 mha");
}

TEST_CASE("Kimi counts its full layers from 1") {
  const Model model = model_of(llama(R"("kv_lora_rank": 512, "qk_rope_head_dim": 64,
"qk_nope_head_dim": 128, "v_head_dim": 128, "linear_attn_config": {"full_attn_layers": [4],
"kda_layers": [1, 2, 3], "num_heads": 8, "head_dim": 64, "short_conv_kernel_size": 4})",
                                     "kimi_linear"));
  CHECK(layers(model) == "3 kda, 1 mla");
  CHECK(model.decoder.order.back() == 1);
}

TEST_CASE("Ring linear: the last of each group is full, and what the groups leave over") {
  CHECK(layers(model_of(llama(R"("layer_group_size": 3, "use_qk_norm": true)",
                              "bailing_moe_linear"))) == "2 lightning, 2 mha");
}

TEST_CASE("Jamba: attention at offset, offset + period") {
  CHECK(layers(model_of(llama(R"("attn_layer_period": 4, "attn_layer_offset": 1,
"mamba_d_state": 16, "mamba_d_conv": 4, "mamba_expand": 2, "mamba_dt_rank": 32)",
                              "jamba"))) == "3 mamba1, 1 mha");
}

constexpr std::string_view mamba2 = R"("mamba_n_heads": 16, "mamba_d_head": 64,
"mamba_d_state": 32, "mamba_n_groups": 1, "mamba_d_conv": 4)";

TEST_CASE("Falcon-H1 has attention and Mamba in every layer, and attn_layer_indices null") {
  CHECK(layers(model_of(llama(fmt::format(R"({}, "attn_layer_indices": null)", mamba2),
                              "falcon_h1"))) == "4 mha+mamba2");
  CHECK(layers(model_of(llama(fmt::format(R"({}, "attn_layer_indices": [1])", mamba2), "bamba"))) ==
        "3 mamba2, 1 mha");
}

TEST_CASE("Nemotron-H's pattern has layers without any mixer") {
  CHECK(layers(model_of(llama(fmt::format(R"({}, "hybrid_override_pattern": "M-*E",
"n_routed_experts": 2, "num_experts_per_tok": 1)",
                                          mamba2),
                              "nemotron_h"))) == "1 mamba2, 2 none, 1 mha");
}

TEST_CASE("Nemotron-NAS: layers without attention, and KV heads as heads over a group") {
  const Model model = model_of(llama(R"("num_key_value_heads": null, "block_configs": [
{"attention": {"n_heads_in_group": 4, "no_op": false}, "ffn": {"ffn_mult": 2.0, "no_op": false}},
{"attention": {"n_heads_in_group": null, "no_op": true}, "ffn": {"ffn_mult": 1.0}},
{"attention": {"n_heads_in_group": 8}, "ffn": {"ffn_mult": null, "no_op": true}},
{"attention": {"no_op": true}, "ffn": {"ffn_mult": 0.5}}])",
                                     "nemotron-nas"));
  CHECK(layers(model) == "1 gqa, 2 none, 1 mqa");
  CHECK(per_token(model) == 2 * (2 + 1) * 64 * 2);
}

TEST_CASE("LFM2: short convolutions but for the indices of full attention") {
  CHECK(layers(model_of(llama(R"("full_attn_idxs": [2], "conv_L_cache": 3)", "lfm2"))) ==
        "3 short_conv, 1 mha");
}

// --- sharing -------------------------------------------------------------------------------------

TEST_CASE("the last num_kv_shared_layers own no cache") {
  CHECK(per_token(model_of(llama(R"("num_kv_shared_layers": 2)", "gemma4_text"))) ==
        of_kv_heads(8) / 2);
}

TEST_CASE("cla_share_factor counts only where use_cla is true") {
  CHECK(per_token(model_of(llama(R"("use_cla": false, "cla_share_factor": 2)", "hunyuan"))) ==
        of_kv_heads(8));
  CHECK(per_token(model_of(llama(R"("use_cla": true, "cla_share_factor": 2)", "hunyuan"))) ==
        of_kv_heads(8) / 2);
}

TEST_CASE("mllama's cross layers keep a row an encoder token, none a token") {
  const Model model = model_of(llama(R"("cross_attention_layers": [1])", "mllama_text_model"));
  CHECK(layers(model) == "3 mha, 1 cross");
  CHECK(per_token(model) == of_kv_heads(8) * 3 / 4);
}

TEST_CASE("an encoder keeps nothing, and says so") {
  const Model model = model_of(llama(R"("attention_window": [16, 16, 16, 16],
"max_position_embeddings": 64)",
                                     "longformer"));
  CHECK(payload(model, 1000) == 0);
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "no_cache");
}

TEST_CASE("draft layers are seen, counted apart, and left out") {
  const Model without = model_of(llama());
  const Model with = model_of(llama(R"("num_nextn_predict_layers": 1)"));
  CHECK(payload(with, 100) == payload(without, 100));
  CHECK(total(with) == total(without));
  REQUIRE(with.warnings.size() == 1);
  CHECK(with.warnings[0].code == "mtp_left_out");
}

}  // namespace
}  // namespace attncalc
