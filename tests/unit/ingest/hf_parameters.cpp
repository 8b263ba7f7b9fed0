// SPDX-License-Identifier: Apache-2.0
//
// What decides parameters, in small configs and, where a published total can be met, in full size.
#include "hf_config.hpp"

namespace attncalc {
namespace {

// An MLP with a gate, h × f three times, in each of the four layers of llama().
constexpr std::int64_t of_width(std::int64_t f) { return 4 * 3 * 512 * f; }

std::int64_t width_of_mlp(const Model& model) {
  return std::get<Dense>(model.decoder.distinct[0].channel).intermediate;
}
Moe experts_of(const Model& model) { return std::get<Moe>(model.decoder.distinct.back().channel); }

TEST_CASE("granite-3.0-8b equals its checkpoint") {
  CHECK(total(model_of(R"({"model_type": "granite", "hidden_size": 4096,
"intermediate_size": 12800, "num_hidden_layers": 40, "num_attention_heads": 32,
"num_key_value_heads": 8, "tie_word_embeddings": true, "vocab_size": 49155,
"attention_bias": false, "mlp_bias": false})")) == 8'170'848'256);
}

TEST_CASE("Apertus: no gate, norms on queries and keys, two slopes a layer") {
  CHECK(total(model_of(R"({"model_type": "apertus", "hidden_size": 4096,
"intermediate_size": 21504, "num_hidden_layers": 32, "num_attention_heads": 32,
"num_key_value_heads": 8, "hidden_act": "xielu", "qk_norm": true,
"tie_word_embeddings": false, "vocab_size": 131072})")) == 8'053'338'176);
}

TEST_CASE("BitNet has norms before o_proj and down_proj") {
  CHECK(total(model_of(R"({"model_type": "bitnet", "hidden_size": 2560,
"intermediate_size": 6912, "num_hidden_layers": 30, "num_attention_heads": 20,
"num_key_value_heads": 5, "tie_word_embeddings": true, "vocab_size": 128256})")) == 2'412'820'480);
}

TEST_CASE("OLMo 1's norms learn nothing") {
  CHECK(total(model_of(R"({"model_type": "olmo", "hidden_size": 4096, "intermediate_size": 11008,
"num_hidden_layers": 32, "num_attention_heads": 32, "tie_word_embeddings": false,
"vocab_size": 50304})")) == 6'888'095'744);
}

TEST_CASE("OpenELM: heads and widths differ by layer") {
  const Model model = model_of(R"({"model_type": "openelm", "model_dim": 1280, "head_dim": 64,
"num_transformer_layers": 16, "ffn_dim_divisor": 256, "ffn_with_glu": true,
"ffn_multipliers": [0.5, 0.73, 0.97, 1.2, 1.43, 1.67, 1.9, 2.13, 2.37, 2.6, 2.83, 3.07, 3.3, 3.53,
3.77, 4.0], "num_kv_heads": [3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5],
"num_query_heads": [12, 12, 12, 12, 12, 16, 16, 16, 16, 16, 16, 16, 20, 20, 20, 20],
"normalize_qk_projections": true, "share_input_output_layers": true, "vocab_size": 32000})");
  CHECK(total(model) == 271'527'168);  // Hub: apple/OpenELM-270M
  CHECK(per_token(model) == (5 * 3 + 7 * 4 + 4 * 5) * 2 * 64 * 2);
}

TEST_CASE("a bias key of Falcon speaks of attention and MLP") {
  CHECK(total(model_of(R"({"model_type": "falcon", "hidden_size": 2048, "num_hidden_layers": 24,
"num_attention_heads": 32, "num_kv_heads": null, "multi_query": false, "alibi": true, "bias": true,
"new_decoder_architecture": false, "parallel_attn": false, "vocab_size": 50304})")) ==
        1'311'625'216);  // Hub: tiiuae/falcon-rw-1b
}

TEST_CASE("intermediate_size is the experts' width where they have no key of their own") {
  const Model model =
      model_of(llama(R"("num_local_experts": 4, "num_experts_per_tok": 2)", "mixtral"));
  CHECK(experts_of(model).intermediate == Dim(1024));
}

TEST_CASE(
    "Llama 4: intermediate_size is the shared expert's, intermediate_size_mlp the dense one's") {
  const Model model = model_of(llama(R"("num_local_experts": 4, "num_experts_per_tok": 1,
"intermediate_size_mlp": 2048, "interleave_moe_layer_step": 2)",
                                     "llama4_text"));
  CHECK(width_of_mlp(model) == 2048);
  CHECK(experts_of(model).shared_intermediate == Dim(1024));
}

TEST_CASE("Qwen 1 states twice the width of its MLP") {
  CHECK(width_of_mlp(model_of(llama("", "qwen"))) == 512);
}

TEST_CASE("LFM2 states the width before its own adjustment") {
  CHECK(width_of_mlp(model_of(llama(R"("block_ff_dim": 1024, "block_auto_adjust_ff_dim": true,
"block_multiple_of": 256, "full_attn_idxs": [0], "conv_L_cache": 3)",
                                    "lfm2"))) == 768);  // ⌈(2 × 1024 / 3) / 256⌉ × 256
}

TEST_CASE("no width at all is four times hidden where the class says so") {
  const Model model = model_of(R"({"model_type": "bloom", "hidden_size": 512, "n_layer": 4,
"n_head": 8, "vocab_size": 1000})");
  CHECK(width_of_mlp(model) == 2048);
  CHECK(assumes(model, "intermediate_size", "2048"));
}

TEST_CASE("one expert is a dense MLP without a router") {
  const Model dense = model_of(llama("", "hunyuan_v1_dense"));
  const Model one = model_of(llama(R"("num_experts": 1)", "hunyuan_v1_dense"));
  CHECK(total(one) == total(dense));
}

TEST_CASE("Nemotron-3's and Kimi-K3's experts work in a narrower width") {
  const auto of = [](std::string_view more) {
    return total(model_of(llama(fmt::format(R"("n_routed_experts": 8, "num_experts_per_tok": 2,
"moe_intermediate_size": 128{})",
                                            more))));
  };
  // 4 layers × (8 experts × 3 × (512 − 64) × 128 less; two matrices of 512 × 64 more).
  CHECK(of("") - of(R"(, "moe_latent_size": 64)") == 4 * (8 * 3 * (512 - 64) * 128 - 2 * 512 * 64));
}

TEST_CASE("LongCat's zero experts are routed to and hold nothing") {
  const auto of = [](int zero) {
    return total(model_of(fmt::format(R"({{"model_type": "longcat_flash", "hidden_size": 512,
"num_layers": 1, "num_attention_heads": 8, "vocab_size": 1000, "ffn_hidden_size": 1024,
"expert_ffn_hidden_size": 128, "n_routed_experts": 4, "zero_expert_num": {}, "moe_topk": 2,
"kv_lora_rank": 64, "qk_rope_head_dim": 16, "qk_nope_head_dim": 32, "v_head_dim": 32}})",
                                      zero)));
  };
  CHECK(of(3) - of(1) == 2 * (512 + 1));  // rows of the router and of its correction
}

TEST_CASE("where experts stand: first dense layers, lists, steps, periods, a text") {
  const auto dense_layers = [](std::string_view more) {
    const Model model = model_of(llama(fmt::format(R"("num_experts": 4, "num_experts_per_tok": 2,
"moe_intermediate_size": 128, {})",
                                                   more)));
    std::int64_t count = 0;
    for (const std::uint32_t index : model.decoder.order)
      count += std::holds_alternative<Dense>(model.decoder.distinct[index].channel);
    return count;
  };
  CHECK(dense_layers(R"("first_k_dense_replace": 1)") == 1);
  CHECK(dense_layers(R"("num_dense_layers": 2)") == 2);
  CHECK(dense_layers(R"("moe_layer_freq": [0, 1, 1, 0])") == 2);
  CHECK(dense_layers(R"("decoder_sparse_step": 2)") == 2);
  CHECK(dense_layers(R"("mlp_only_layers": [3])") == 1);
  CHECK(dense_layers(R"("mlp_layer_types": ["dense", "sparse", "sparse", "sparse"])") == 1);
  CHECK(dense_layers(R"("is_moe_layer": [false, true, true, true])") == 1);
  CHECK(dense_layers(R"("expert_layer_period": 2, "expert_layer_offset": 1)") == 2);
  CHECK(dense_layers(R"("moe_layers_enum": "1,3")") == 2);
}

TEST_CASE("Qwen 2 has biases without a key, and no key takes them away") {
  constexpr std::int64_t biases = 4 * 3 * 512;
  CHECK(total(model_of(llama(R"("num_key_value_heads": 8)", "qwen2"))) -
            total(model_of(llama("\"tie_word_embeddings\": false"))) ==
        biases);
}

TEST_CASE("two matrices or three") {
  const std::int64_t gate = of_width(1024) / 3;
  CHECK(total(model_of(llama())) - total(model_of(llama("", "arcee"))) == gate);
}

TEST_CASE("an absent tie_word_embeddings is the class's own, and an assumption") {
  CHECK(model_of(llama("", "gemma")).embedding.tied);
  CHECK_FALSE(model_of(llama()).embedding.tied);
  CHECK(assumes(model_of(llama()), "tie_word_embeddings", "false"));
}

TEST_CASE("Grok-2's dense MLP stands beside its experts") {
  const Model model = model_of(llama(R"("residual_moe": true, "num_local_experts": 4,
"num_experts_per_tok": 2, "moe_intermediate_size": 128, "sliding_window_size": -1)",
                                     "git"));
  CHECK(experts_of(model).dense_beside == Dim(1024));
  CHECK(experts_of(model).intermediate == Dim(128));
}

TEST_CASE("ERNIE VL's pairs are experts for text and for images; the first count") {
  const Model model = model_of(llama(R"("moe_num_experts": [8, 8],
"moe_intermediate_size": [128, 64], "moe_k": 2, "moe_layer_start_index": [1, 1],
"moe_layer_end_index": [3, 2])",
                                     "ernie4_5_moe_vl"));
  CHECK(experts_of(model).intermediate == Dim(128));
  CHECK(assumes(model, "moe_num_experts", "8"));
}

}  // namespace
}  // namespace attncalc
