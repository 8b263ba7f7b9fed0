// SPDX-License-Identifier: Apache-2.0
//
// Published checkpoints, to the byte or to the number: what our list of weights under their own
// quantisation configs comes to, against what their authors uploaded.
//
// "Hub" figures are safetensors totals (unit/ingest/quantised.hpp says what they count), from
// AlexsJones/llmfit, llmfit-core/data/hf_models.json, commit 5bdc9df9d8. A difference of two of
// them, a quantised repository and the one it was made from, has neither drafts nor vision in it.
#include "unit/ingest/quantised.hpp"

namespace attncalc {
namespace {

// One dense layer or more, then experts, as DeepSeek-V3 and its kin.
constexpr std::string_view v3_shape = R"("model_type": "deepseek_v3", "hidden_size": 7168,
  "intermediate_size": 18432, "moe_intermediate_size": 2048, "kv_lora_rank": 512,
  "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
  "n_shared_experts": 1, "num_hidden_layers": 61, "topk_method": "noaux_tc",
  "scoring_func": "sigmoid", "tie_word_embeddings": false, "torch_dtype": "bfloat16")";

std::string deepseek_v3(std::string_view quantisation) {
  return with(fmt::format(R"({}, "num_attention_heads": 128, "num_key_value_heads": 128,
      "n_routed_experts": 256, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
      "vocab_size": 129280)",
                          v3_shape),
              quantisation);
}

std::string kimi_k2(std::string_view quantisation) {
  return with(fmt::format(R"({}, "num_attention_heads": 64, "num_key_value_heads": 64,
      "n_routed_experts": 384, "num_experts_per_tok": 8, "first_k_dense_replace": 1,
      "vocab_size": 163840)",
                          v3_shape),
              quantisation);
}

// --- gpt-oss -------------------------------------------------------------------------------------

std::string gpt_oss(int layers, int experts) {
  return with(fmt::format(R"("model_type": "gpt_oss", "hidden_size": 2880,
      "intermediate_size": 2880, "num_attention_heads": 64, "num_key_value_heads": 8,
      "head_dim": 64, "num_hidden_layers": {}, "num_local_experts": {}, "num_experts_per_tok": 4,
      "vocab_size": 201088, "attention_bias": true, "sliding_window": 128,
      "tie_word_embeddings": false)",
                          layers, experts),
              R"({"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn",
      "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]})");
}

TEST_CASE("gpt-oss is its published bytes") {
  // metadata.total_size of openai/gpt-oss-20b's model.safetensors.index.json.
  CHECK(total(weights_of(model_of(gpt_oss(24, 32)))) == 13'761'264'768);
  // Sum over the tensors of openai/gpt-oss-120b's 15 safetensors files; 65,248,893,184 with
  // headers.
  CHECK(total(weights_of(model_of(gpt_oss(36, 128)))) == 65'248'815'744);
}

TEST_CASE("gpt-oss is its published numbers, scales included") {
  const Model model = model_of(gpt_oss(24, 32));
  CHECK(model.dtypes.weights == "mxfp4");
  CHECK(parameters(model).total.value.value + scales(weights_of(model)) == 21'511'953'984);  // Hub
}

// --- fp8 in tiles --------------------------------------------------------------------------------

TEST_CASE("Qwen3-8B-FP8") {
  const Model model = model_of(with(R"("model_type": "qwen3", "hidden_size": 4096,
      "intermediate_size": 12288, "num_attention_heads": 32, "num_key_value_heads": 8,
      "head_dim": 128, "num_hidden_layers": 36, "vocab_size": 151936,
      "tie_word_embeddings": false)",
                                    R"({"quant_method": "fp8", "fmt": "e4m3",
      "activation_scheme": "dynamic", "weight_block_size": [128, 128]})"));
  CHECK(parameters(model).total.value.value + scales(weights_of(model)) == 8'191'159'296);  // Hub
}

TEST_CASE("DeepSeek-V3: main model and draft layer are the Hub's total") {
  const StoredWeights weights = weights_of(model_of(
      deepseek_v3(R"({"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]})")));
  constexpr std::int64_t main = 671'026'419'200;
  // The draft layer, with an embedding and a head of its own: the expert layer (q_down and so on),
  // eh_proj, three norms. In tiles: 257 experts of 3 × 16 × 56, attention 672 + 2304 + 280 + 1024 +
  // 7168; eh_proj is spared.
  constexpr std::int64_t draft = 13'463'426'304, draft_tiles = 257 * 3 * 16 * 56 + 11'448;
  CHECK(main + scales(weights) + draft + draft_tiles == 684'531'386'000);
  // Three dense layers and 58 with experts; router, norms, embedding and head are plain.
  CHECK(formats_of(weights, "router") == "58×1 256 bf16");
  CHECK(formats_of(weights, "kv_down") == "3×1 576 fp8, 58×1 576 fp8");
}

TEST_CASE("GLM-5-FP8 has as many numbers more than GLM-5 as there are tiles") {
  const StoredWeights weights = weights_of(model_of(with(R"("model_type": "glm_moe_dsa",
      "hidden_size": 6144, "intermediate_size": 12288, "moe_intermediate_size": 2048,
      "num_attention_heads": 64, "num_key_value_heads": 64, "q_lora_rank": 2048,
      "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64, "v_head_dim": 256,
      "index_n_heads": 32, "index_head_dim": 128, "index_topk": 2048, "n_routed_experts": 256,
      "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
      "num_hidden_layers": 78, "vocab_size": 154880, "tie_word_embeddings": false)",
                                                         R"({"quant_method": "fp8",
      "weight_block_size": [128, 128], "modules_to_not_convert": ["lm_head", "model.embed_tokens",
      "model.layers.3.mlp.gate", "model.layers.0.self_attn.indexers_proj"]})")));
  // Hub: 753,910,024,032 and 753,864,139,008, both with a draft layer. Its tiles: 257 × 3 × 16 ×
  // 48, attention 768 + 2048 + 240 + 896 + 6144, indexer 512 + 48.
  constexpr std::int64_t draft_tiles = 257 * 3 * 16 * 48 + 10'656;
  CHECK(scales(weights) + draft_tiles == 753'910'024'032 - 753'864'139'008);
}

TEST_CASE("MiniMax-M2.5: \"gate\" spares the router and not the gate projections") {
  const Model model = model_of(with(R"("model_type": "minimax_m2", "hidden_size": 3072,
      "intermediate_size": 1536, "num_attention_heads": 48, "num_key_value_heads": 8,
      "head_dim": 128, "num_hidden_layers": 62, "num_local_experts": 256,
      "num_experts_per_tok": 8, "vocab_size": 200064, "use_qk_norm": true,
      "use_routing_bias": true, "tie_word_embeddings": false)",
                                    R"({"quant_method": "fp8", "fmt": "float8_e4m3fn",
      "weight_block_size": [128, 128], "modules_to_not_convert": ["gate",
      "e_score_correction_bias", "lm_head"]})"));
  const StoredWeights weights = weights_of(model);
  CHECK(parameters(model).total.value.value + scales(weights) == 228'703'644'928);  // Hub
  CHECK(formats_of(weights, "router") == "62×1 256 bf16");
  CHECK(formats_of(weights, "gate_proj") == "62×256 1536 fp8");
}

// --- fp8 in rows ---------------------------------------------------------------------------------

TEST_CASE("Llama-4-Maverick-FP8: experts alone, a scale a row") {
  const StoredWeights weights = weights_of(model_of(with(R"("model_type": "llama4_text",
      "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384,
      "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
      "num_hidden_layers": 48, "num_local_experts": 128, "num_experts_per_tok": 1,
      "interleave_moe_layer_step": 2, "attention_chunk_size": 8192, "vocab_size": 202048,
      "tie_word_embeddings": false)",
                                                         R"({"quant_method": "compressed-tensors",
      "format": "float-quantized", "ignore": ["vision_model.model.layers.0.self_attn.q_proj",
      "re:.*self_attn.*", "re:.*shared_expert.*", "re:.*feed_forward\\.(gate|up|down)_proj",
      "re:.*router", "language_model.lm_head"], "config_groups": {"group_0": {
      "targets": ["Linear"], "weights": {"num_bits": 8, "strategy": "channel",
      "type": "float"}}}})")));
  // Hub: 401,649,841,664, and 401,583,781,376 in bf16, both with the vision tower.
  CHECK(scales(weights) == 401'649'841'664 - 401'583'781'376);
  CHECK(formats_of(weights, "up_proj") ==
        "24×1 16384 bf16, 12×128 8192 fp8, 12×1 8192 bf16, "
        "12×128 8192 fp8, 12×1 8192 bf16");
}

// --- int4 ----------------------------------------------------------------------------------------

TEST_CASE("Kimi-K2-Thinking: int4 experts; the dense layer and shared experts stay") {
  const Model model = model_of(kimi_k2(R"({"quant_method": "compressed-tensors",
      "format": "pack-quantized", "ignore": ["lm_head", "re:.*self_attn.*", "re:.*shared_experts.*",
      "re:.*mlp\\.(gate|up|gate_up|down)_proj.*"], "config_groups": {"group_0": {
      "targets": ["Linear"], "weights": {"dynamic": false, "group_size": 32, "num_bits": 4,
      "strategy": "group", "symmetric": true, "type": "int"}}}})"));
  const StoredWeights weights = weights_of(model);
  CHECK(model.dtypes.weights == "int4 g32");
  CHECK(formats_of(weights, "gate_proj") == "1×1 18432 bf16, 60×384 2048 int4 g32, 60×1 2048 bf16");
  constexpr std::int64_t experts = 60LL * 384 * 3;
  CHECK(quantised_matrices(weights) == experts);
  // Hub: 1,058,118,284,416. A 32-bit word counts as eight: so do the two of each shape. What is
  // left over, 7808, is left over in Kimi-K2-Instruct-0905 as well.
  const std::int64_t counted =
      parameters(model).total.value.value + scales(weights) + experts * 2 * 8;
  CHECK(1'058'118'284'416 - counted == 7'808);
}

TEST_CASE("Kimi-K2-Instruct-0905 has the same 7808 numbers that no tile explains") {
  const Model model = model_of(kimi_k2(R"({"quant_method": "fp8", "fmt": "e4m3",
      "weight_block_size": [128, 128]})"));
  const std::int64_t counted = parameters(model).total.value.value + scales(weights_of(model));
  CHECK(1'026'470'735'448 - counted == 7'808);  // Hub
}

// --- nvfp4 ---------------------------------------------------------------------------------------

// Numbers of a checkpoint whose weights are packed two a byte; scales of matrices have no
// dimension.
std::int64_t packed_numbers(const StoredWeights& weights) {
  Count sum = scales(weights);
  for (const StoredTensor& t : weights.tensors) {
    const Count elements = bytes_of(weights, t).elements.value;
    sum += weights.format_of(t).name == "nvfp4" ? floor_div(elements, 2) : elements;
  }
  return sum.value;
}

TEST_CASE("nvidia/DeepSeek-V3.1-NVFP4: a list with a name for each layer") {
  std::string excluded = R"("lm_head", "model.layers.61*")";
  for (int layer = 0; layer < 61; ++layer) {
    for (const std::string_view module :
         {"kv_a_proj_with_mqa", "kv_b_proj", "q_a_proj", "q_b_proj"}) {
      excluded += fmt::format(R"(, "model.layers.{}.self_attn.{}")", layer, module);
    }
  }
  const Model model = model_of(deepseek_v3("null"), fmt::format(R"({{"quantization": {{
      "quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "group_size": 16,
      "exclude_modules": [{}]}}}})",
                                                                excluded));
  const StoredWeights weights = weights_of(model);
  CHECK(formats_of(weights, "o_proj") == "3×1 7168 nvfp4, 58×1 7168 nvfp4");
  CHECK(formats_of(weights, "v_up") == "3×1 16384 bf16, 58×1 16384 bf16");
  constexpr std::int64_t draft = 13'463'426'304;              // layer 61, plain
  CHECK(packed_numbers(weights) + draft == 393'632'819'968);  // Hub
}

TEST_CASE("nvidia/Nemotron-3-Nano-30B-A3B-NVFP4: some of the Mamba layers are spared") {
  std::string excluded = R"("lm_head")";
  for (const int layer : {4, 11, 18, 25, 32, 41}) {
    excluded += fmt::format(R"(, "backbone.layers.{0}.mixer.in_proj",
        "backbone.layers.{0}.mixer.out_proj")",
                            layer);
  }
  for (const int layer : {5, 12, 19, 26, 33, 42}) {
    for (const char letter : {'q', 'k', 'v', 'o'}) {
      excluded += fmt::format(R"(, "backbone.layers.{}.mixer.{}_proj")", layer, letter);
    }
  }
  const Model model = model_of(R"({"model_type": "nemotron_h", "hidden_size": 2688,
      "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME",
      "num_hidden_layers": 52, "num_attention_heads": 32, "num_key_value_heads": 2,
      "head_dim": 128, "intermediate_size": 1856, "moe_intermediate_size": 1856,
      "moe_shared_expert_intermediate_size": 3712, "n_routed_experts": 128,
      "n_shared_experts": 1, "num_experts_per_tok": 6, "mamba_num_heads": 64,
      "mamba_head_dim": 64, "n_groups": 8, "ssm_state_size": 128, "conv_kernel": 4,
      "use_conv_bias": true, "vocab_size": 131072, "tie_word_embeddings": false})",
                               fmt::format(R"({{"quantization": {{"quant_algo": "NVFP4",
      "kv_cache_quant_algo": "FP8", "group_size": 16, "exclude_modules": [{}]}}}})",
                                           excluded));
  const StoredWeights weights = weights_of(model);
  CHECK(packed_numbers(weights) == 18'237'772'608);  // Hub
  CHECK(quantised_matrices(weights) == 23 * (128 + 1) * 2 + 17 * 2);
}

TEST_CASE("experts that are listed one by one, as in MiniMax-M3 and Nemotron-3.5") {
  std::string layers;
  for (int layer = 1; layer < 3; ++layer) {
    for (int expert = 0; expert < 4; ++expert) {
      for (const std::string_view matrix : {"w1", "w2", "w3"}) {
        layers += fmt::format(R"("language_model.model.layers.{}.block_sparse_moe.experts.{}.{}":
            {{"quant_algo": "NVFP4", "group_size": 16}}, )",
                              layer, expert, matrix);
      }
    }
    layers += fmt::format(R"("language_model.model.layers.{}.self_attn.q_proj":
        {{"quant_algo": "MXFP8"}}, )",
                          layer);
  }
  layers += R"("lm_head": {"quant_algo": "W4A16_NVFP4", "group_size": 16})";
  const std::string config = R"({"model_type": "mixtral", "hidden_size": 1024,
      "intermediate_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2,
      "num_hidden_layers": 3, "vocab_size": 2048, "num_local_experts": 4,
      "num_experts_per_tok": 2, "tie_word_embeddings": false})";
  const auto side = [](const std::string& map) {
    return fmt::format(R"({{"quantization": {{"quant_algo": "MIXED_PRECISION",
        "exclude_modules": ["model.embed_tokens", "vision_tower"],
        "quantized_layers": {{{}}}}}}})",
                       map);
  };
  const Model model = model_of(config, side(layers));
  const StoredWeights weights = weights_of(model);
  CHECK(model.dtypes.weights == "mixed");
  CHECK(formats_of(weights, "down_proj") == "1×4 1024 bf16, 2×4 1024 nvfp4");
  CHECK(formats_of(weights, "q_proj") == "1×1 1024 bf16, 2×1 1024 mxfp8");
  CHECK(formats_of(weights, "o_proj") == "3×1 1024 bf16");
  CHECK(formats_of(weights, "lm_head") == "1×1 2048 nvfp4");
  // q_proj: 1024² bytes and one for 32, in two layers.
  CHECK(bytes_in(weights, "mxfp8") == 2 * (1'048'576 + 32'768));  // literal: 1024 squared
  // Matrices of 4 experts in 2 layers, and the head, which scales no inputs.
  const std::int64_t of_experts = 2LL * 4 * 3 * 512 * 1'024;  // literal: the hidden width
  const std::int64_t of_head = 2'048LL * 1'024;               // literal: the hidden width
  CHECK(bytes_in(weights, "nvfp4") == (of_experts + of_head) * 9 / 16 + 2 * 4 * 3 * 8 + 4);
}

TEST_CASE("experts of one layer in two formats are refused") {
  const Result<Model> model = read_config(R"({"model_type": "mixtral", "hidden_size": 512,
      "intermediate_size": 512, "num_attention_heads": 8, "num_key_value_heads": 2,
      "num_hidden_layers": 1, "vocab_size": 512, "num_local_experts": 2,
      "num_experts_per_tok": 2})",
                                          {}, R"({"quantization": {"quant_algo": "MIXED_PRECISION",
      "quantized_layers": {
      "model.layers.0.block_sparse_moe.experts.0.w1": {"quant_algo": "NVFP4"},
      "model.layers.0.block_sparse_moe.experts.1.w1": {"quant_algo": "FP8"}}}})");
  REQUIRE_FALSE(model);
  CHECK(model.problems()[0].message == "experts of one layer are stored in different formats");
  CHECK(model.problems()[0].at.file == "hf_quant_config.json");
}

// --- mixtures of methods -------------------------------------------------------------------------

TEST_CASE("DeepSeek-V4: fp8 with experts in fp4, by a key outside of the quantisation config") {
  constexpr std::string_view shape = R"("model_type": "deepseek_v4", "hidden_size": 4096,
      "moe_intermediate_size": 2048, "num_attention_heads": 64, "num_key_value_heads": 1,
      "head_dim": 512, "qk_rope_head_dim": 64, "q_lora_rank": 1024, "o_lora_rank": 1024,
      "o_groups": 8, "sliding_window": 128, "compress_ratios": [0, 4, 128], "index_n_heads": 64,
      "index_head_dim": 128, "index_topk": 512, "n_routed_experts": 256, "n_shared_experts": 1,
      "num_experts_per_tok": 6, "num_hidden_layers": 3, "num_hash_layers": 0, "hc_mult": 4,
      "vocab_size": 129280, "tie_word_embeddings": false)";
  constexpr std::string_view fp8 =
      R"("quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128])";
  const StoredWeights native = weights_of(model_of(
      with(fmt::format("{}, \"expert_dtype\": \"fp4\"", shape), fmt::format("{{{}}}", fp8))));
  CHECK(formats_of(native, "gate_proj").find("3×256 2048 mxfp4") == std::string::npos);
  for (const StoredTensor& t : native.tensors) {
    if (t.tensor.copies == Dim(256)) CHECK(native.format_of(t).name == "mxfp4");
    if (t.tensor.role == "q_down") CHECK(native.format_of(t).name == "fp8");
    if (t.tensor.role == "compress") CHECK(native.format_of(t).name == "bf16");
  }
  // NVIDIA's export of it: experts by a map, and a list that says where its own method stops.
  const StoredWeights exported = weights_of(model_of(with(shape, fmt::format(R"({{{},
      "quant_algo": "MIXED_PRECISION", "ignore": ["*.attn.*", "*.ffn.shared_experts.*", "head"],
      "quantized_layers": {{"layers.0.ffn.experts": {{"quant_algo": "NVFP4", "group_size": 16}},
      "layers.1.ffn.experts": {{"quant_algo": "NVFP4", "group_size": 16}},
      "layers.2.ffn.experts": {{"quant_algo": "NVFP4", "group_size": 16}}}}}})",
                                                                             fp8))));
  for (const StoredTensor& t : exported.tensors) {
    if (t.tensor.copies == Dim(256)) CHECK(exported.format_of(t).name == "nvfp4");
    if (t.tensor.role == "q_down") CHECK(exported.format_of(t).name == "fp8");
  }
  // RedHat's: two groups, each with patterns for targets; what no pattern names stays.
  const StoredWeights groups = weights_of(model_of(with(shape, R"({
      "quant_method": "compressed-tensors", "format": "mixed-precision", "ignore": [],
      "config_groups": {"group_0": {"targets": ["re:.*attn.*(fused_wqa_wkv|wq_b|wo_a|wo_b)$"],
      "weights": {"num_bits": 8, "strategy": "block", "block_structure": [128, 128],
      "type": "float"}}, "group_1": {"targets": ["re:.*ffn.*(gate|up|down)_proj$"],
      "weights": {"num_bits": 4, "group_size": 16, "strategy": "tensor_group",
      "scale_dtype": "torch.float8_e4m3fn", "type": "float"}}}})")));
  for (const StoredTensor& t : groups.tensors) {
    if (t.tensor.role == "down_proj") CHECK(groups.format_of(t).name == "nvfp4");
    if (t.tensor.role == "o_proj") CHECK(groups.format_of(t).name == "fp8");
    if (t.tensor.role == "router") CHECK(groups.format_of(t).name == "bf16");
  }
}

TEST_CASE("Gemma 4: \"mlp*\" spares the dense MLP beside the experts, and not them") {
  const Model model = model_of(R"({"model_type": "gemma4_text", "hidden_size": 2816,
      "intermediate_size": 2112, "moe_intermediate_size": 704, "num_attention_heads": 16,
      "num_key_value_heads": 8, "num_global_key_value_heads": 2, "head_dim": 256,
      "global_head_dim": 512, "num_hidden_layers": 2, "enable_moe_block": true,
      "num_experts": 128, "top_k_experts": 8, "vocab_size": 262144, "sliding_window": 1024,
      "layer_types": ["sliding_attention", "full_attention"]})",
                               R"({"quantization": {"quant_algo": "NVFP4", "group_size": 16,
      "exclude_modules": ["lm_head", "model.language_model.layers.0.mlp*",
      "model.language_model.layers.0.router*", "model.language_model.layers.0.self_attn*",
      "model.language_model.layers.1.mlp*", "model.language_model.layers.1.self_attn*"]}})");
  const StoredWeights weights = weights_of(model);
  for (const StoredTensor& t : weights.tensors) {
    if (t.tensor.role != "up_proj") continue;
    CHECK(weights.format_of(t).name == (t.tensor.copies == Dim(128) ? "nvfp4" : "bf16"));
  }
}

}  // namespace
}  // namespace attncalc
