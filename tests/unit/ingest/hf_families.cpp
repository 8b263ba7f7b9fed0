// SPDX-License-Identifier: Apache-2.0
//
// Families with a story of their own, in full size where a published total can be met.
#include "hf_config.hpp"

namespace attncalc {
namespace {

// --- DeepSeek-V4 ---------------------------------------------------------------------------------

std::string deepseek_v4(std::string_view layers) {
  return fmt::format(R"({{"model_type": "deepseek_v4", "hidden_size": 512, "num_hidden_layers": 3,
"num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 128, "qk_rope_head_dim": 64,
"q_lora_rank": 64, "o_groups": 2, "o_lora_rank": 32, "sliding_window": 16, "index_n_heads": 4,
"index_head_dim": 128, "index_topk": 8, "hc_mult": 4, "n_routed_experts": 4, "n_shared_experts": 1,
"num_experts_per_tok": 2, "moe_intermediate_size": 64, "topk_method": "noaux_tc",
"vocab_size": 1000, {}}})",
                     layers);
}

TEST_CASE("DeepSeek-V4: the ratio that is left over belongs to the draft layer") {
  const Model model = model_of(deepseek_v4(R"("num_hash_layers": 1, "num_nextn_predict_layers": 1,
"compress_ratios": [0, 4, 128, 0])"));
  CHECK(layers(model) == "1 compressed, 1 compressed:4, 1 compressed:128");
  // At 256 tokens: three windows of 16 latents; 64 and 2 summaries of 128; 64 index keys of 128 fp8
  // with a scale; fp32 keys and scores of the groups in the making: 8 × 256 and 8 × 256 for ratio
  // 4, 128 × 128 for ratio 128.
  const std::int64_t windows = 3 * 16 * 128 * 2;
  const std::int64_t summaries = (64 + 2) * 128 * 2 + 64 * 132;
  const std::int64_t states = 4 * 2 * (8 * 256 + 8 * 256 + 128 * 128);
  CHECK(payload(model, 256) == windows + summaries + states);
  CHECK(fixed_state(model) == states);
}

TEST_CASE("DeepSeek-V4: a table chooses the experts of hash layers, so nothing corrects them") {
  const auto of = [](int hashed) {
    return total(model_of(deepseek_v4(
        fmt::format(R"("num_hash_layers": {}, "compress_ratios": [0, 4, 128])", hashed))));
  };
  CHECK(of(0) - of(2) == 2 * 4);  // one value an expert
}

TEST_CASE("DeepSeek-V4: transformers' layer types say the same as ratios") {
  const Model ratios = model_of(deepseek_v4(R"("compress_ratios": [0, 4, 128])"));
  const Model types = model_of(deepseek_v4(R"("layer_types": ["sliding_attention",
"compressed_sparse_attention", "heavily_compressed_attention"], "compress_rates": {
"compressed_sparse_attention": 4, "heavily_compressed_attention": 128})"));
  CHECK(types.decoder.distinct == ratios.decoder.distinct);
}

// --- encoders ------------------------------------------------------------------------------------

constexpr std::string_view whisper_tiny = R"({"model_type": "whisper", "is_encoder_decoder": true,
"d_model": 384, "encoder_layers": 4, "decoder_layers": 4, "encoder_attention_heads": 6,
"decoder_attention_heads": 6, "encoder_ffn_dim": 1536, "decoder_ffn_dim": 1536,
"num_hidden_layers": 4, "max_source_positions": 1500, "max_target_positions": 448,
"num_mel_bins": 80, "vocab_size": 51865})";

TEST_CASE("Whisper: the encoder is part of the model and caches nothing itself") {
  const Model model = model_of(std::string(whisper_tiny));
  CHECK(total(model) == 37'760'640);  // Hub: openai/whisper-tiny
  REQUIRE(model.beside.size() == 1);
  CHECK(model.beside[0].name == "encoder");
  CHECK(model.beside[0].depth() == 4);
  CHECK_FALSE(model.beside[0].caches);
}

TEST_CASE("Whisper's 1500 frames are cached once, by every decoder layer") {
  const Model model = model_of(std::string(whisper_tiny));
  CHECK(model.encoder_tokens == Dim(1500));
  CHECK(model.origin_text(model.encoder_tokens.origin).find("max_source_positions") !=
        std::string_view::npos);
  CHECK(payload(model, 100) == 4 * 2 * 6 * 64 * 2 * (100 + 1500));
  CHECK(per_token(model) == 4 * 2 * 6 * 64 * 2);
}

std::string flan_t5_base(std::string_view name) {
  return fmt::format(R"({{"architectures": ["{}"], "model_type": "t5", "is_encoder_decoder": true,
"d_model": 768, "d_ff": 2048, "d_kv": 64, "num_heads": 12, "num_layers": 12,
"num_decoder_layers": 12, "feed_forward_proj": "gated-gelu", "is_gated_act": true,
"n_positions": 512, "relative_attention_num_buckets": 32, "tie_word_embeddings": false,
"vocab_size": 32128}})",
                     name);
}

TEST_CASE("T5: d_kv is the heads' width, n_positions is no encoder length") {
  const Model model = model_of(flan_t5_base("T5ForConditionalGeneration"));
  CHECK(total(model) == 247'577'856);  // Hub: google/flan-t5-base
  CHECK(model.encoder_tokens == Dim(0));
  CHECK(layers(model) == "12 mha+cross");
  CHECK(per_token(model) == 12 * 2 * 12 * 64 * 2);
}

TEST_CASE("a T5 that was saved as an encoder caches nothing") {
  const Model model = model_of(flan_t5_base("T5EncoderModel"));
  CHECK(payload(model, 1000) == 0);
  // Embedding, 12 × (4 × 768 × 768 + 3 × 768 × 2048 + 2 norms), final norm, 32 × 12 biases.
  CHECK(total(model) ==
        32128 * 768 + 12 * (4 * 768 * 768 + 3 * 768 * 2048 + 2 * 768) + 768 + 32 * 12);
}

TEST_CASE("NLLB and mBART: sinusoidal and learnt positions") {
  const auto of = [](std::string_view type, int vocabulary) {
    return total(model_of(fmt::format(
        R"({{"model_type": "{}", "d_model": 1024, "encoder_layers": 12, "decoder_layers": 12,
"encoder_attention_heads": 16, "decoder_attention_heads": 16, "encoder_ffn_dim": 4096,
"decoder_ffn_dim": 4096, "max_position_embeddings": 1024, "vocab_size": {}}})",
        type, vocabulary)));
  };
  CHECK(of("m2m_100", 256206) == 615'073'792);  // Hub: facebook/nllb-200-distilled-600M
  CHECK(of("mbart", 250054) == 610'879'488);    // Hub: facebook/mbart-large-50
}

// --- recurrent -----------------------------------------------------------------------------------

TEST_CASE("RWKV 4 keeps three numbers a channel and two last inputs") {
  const Model model = model_of(R"({"model_type": "rwkv", "hidden_size": 512, "num_hidden_layers": 2,
"attention_hidden_size": 512, "intermediate_size": null, "context_length": 1024,
"vocab_size": 1000, "tie_word_embeddings": false})");
  CHECK(per_token(model) == 0);
  CHECK(fixed_state(model) == 2 * (3 * 512 * 4 + 2 * 512 * 2));
  CHECK(assumes(model, "intermediate_size", "2048"));
}

TEST_CASE("RWKV 6 has no keys for its thin matrices") {
  // RWKV/v6-Finch-1B6-HF: 1.6 B, head_size 64; num_attention_heads says 64 and means the width.
  const Model model = model_of(R"({"model_type": "rwkv6", "hidden_size": 2048,
"num_hidden_layers": 24, "attention_hidden_size": 2048, "head_size": 64,
"num_attention_heads": 64, "intermediate_size": null, "vocab_size": 65536,
"tie_word_embeddings": false})");
  CHECK(total(model) == 1'599'873'024);  // derived: RWKV_Tmix_x060 and RWKV_CMix_x060
  CHECK(fixed_state(model) == 24 * (32 * 64 * 64 * 4 + 2 * 2048 * 2));
}

TEST_CASE("RWKV 7: the first layer has no share of its own values") {
  const Model model = model_of(R"({"model_type": "rwkv7", "hidden_size": 2560,
"num_hidden_layers": 32, "head_dim": 64, "decay_low_rank_dim": 96, "gate_low_rank_dim": 320,
"a_low_rank_dim": 96, "v_low_rank_dim": 64, "intermediate_size": 10240, "vocab_size": 65536,
"tie_word_embeddings": false})");
  CHECK(total(model) == 2'947'735'040);  // 2.9B by name, arXiv:2503.14456's formula
}

TEST_CASE("GLA keeps a state a head although keys and values are shared") {
  const Model model = model_of(R"({"model_type": "gla", "hidden_size": 4096,
"num_hidden_layers": 32, "num_heads": 32, "num_kv_heads": 8, "expand_k": 1, "expand_v": 1,
"use_gk": true, "use_gv": false, "use_output_gate": false, "intermediate_size": 14336,
"vocab_size": 32000, "tie_word_embeddings": false})");
  CHECK(fixed_state(model) == 32 * 32 * 128 * 128 * 4);
  CHECK(per_token(model) == 0);
}

TEST_CASE("RecurrentGemma: two recurrences, one window, again and again") {
  const Model model = model_of(R"({"model_type": "recurrent_gemma", "hidden_size": 2560,
"num_hidden_layers": 26, "num_attention_heads": 10, "num_key_value_heads": 1, "head_dim": 256,
"intermediate_size": 15360, "lru_width": 2560, "conv1d_width": 4, "attention_window_size": 2048,
"block_types": ["recurrent", "recurrent", "attention"], "vocab_size": 256000})");
  CHECK(layers(model) == "18 rg_lru, 8 mqa:2048");
  CHECK(total(model) == 2'682'862'080);  // Hub: google/recurrentgemma-2b
  CHECK(fixed_state(model) == 18 * (2560 * 4 + 3 * 2560 * 2));
  CHECK(payload(model, 100'000) - fixed_state(model) == 8 * 2048 * 2 * 256 * 2);
}

// --- shared blocks -------------------------------------------------------------------------------

std::string zamba2(std::string_view more) {
  return fmt::format(R"({{"model_type": "zamba2", "hidden_size": 512, "num_hidden_layers": 6,
"num_attention_heads": 8, "num_key_value_heads": 8, "kv_channels": 32,
"layers_block_type": ["mamba", "hybrid", "mamba", "hybrid", "mamba", "hybrid"],
"mamba_headdim": 64, "mamba_ngroups": 2, "state_size": 32, "conv_dimension": 4,
"ffn_hidden_size": 1024, "num_mem_blocks": 2, "vocab_size": 1000{}}})",
                     more);
}

TEST_CASE("Zamba2's shared attention has heads of 2 × hidden / heads, not kv_channels") {
  const Model model = model_of(zamba2(""));
  CHECK(layers(model) == "6 mamba2, 3 mha");
  CHECK(per_token(model) == 3 * 2 * 8 * 128 * 2);
}

TEST_CASE("Zamba2: weights once a block, caches once a call, adapters once a call") {
  const Model one = model_of(zamba2(R"(, "use_shared_block_lora": false)"));
  const Model lora = model_of(zamba2(R"(, "lora_rank": 16, "use_shared_block_lora": true)"));
  CHECK(total(lora) - total(one) == 3 * (512 * 16 + 16 * 2 * 1024));
  std::int64_t sets = 0;
  for (const Layer& layer : one.decoder.distinct) sets += layer.weight_set.has_value();
  CHECK(sets == 2);
  CHECK(assumes(one, "shared blocks", "2"));
}

TEST_CASE("Zamba2-1.2B equals its checkpoint") {
  std::string types;
  for (int i = 0; i < 38; ++i) types += i % 6 == 5 ? "\"hybrid\"," : "\"mamba\",";
  types.pop_back();
  const Model model = model_of(fmt::format(R"({{"model_type": "zamba2", "hidden_size": 2048,
"num_hidden_layers": 38, "num_attention_heads": 32, "num_key_value_heads": 32,
"attention_head_dim": 128, "attention_hidden_size": 4096, "layers_block_type": [{}],
"mamba_headdim": 64, "mamba_ngroups": 1, "n_mamba_heads": 64, "mamba_d_state": 128,
"mamba_d_conv": 4, "mamba_expand": 2, "intermediate_size": 8192, "num_mem_blocks": 1,
"adapter_rank": 128, "use_shared_attention_adapter": true, "vocab_size": 32000}})",
                                           types));
  CHECK(total(model) == 1'215'064'704);  // Hub: Zyphra/Zamba2-1.2B
}

}  // namespace
}  // namespace attncalc
