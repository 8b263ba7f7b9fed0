// SPDX-License-Identifier: Apache-2.0
//
// The table of classes. Source, unless a row says otherwise: the class's modelling and configuration
// files in huggingface/transformers (src/transformers/models/<model_type>/), or for classes that
// live in the model's own repository, its modeling file there. Rows are sorted by family.
#include "ingest/hf/classes.hpp"

#include <algorithm>

namespace attncalc::hf {
namespace {

constexpr auto per_head = QkNorm::per_head;
constexpr auto all_heads = QkNorm::all_heads;
constexpr auto no_weight = NormParameters::none;
constexpr auto layer_norm = NormParameters::scale_and_bias;

using Omitted = OmittedKey;

constexpr Omitted llama_omitted[] = {
    {"hidden_size", "4096"}, {"num_hidden_layers", "32"}, {"num_attention_heads", "32"},
    {"intermediate_size", "11008"}, {"vocab_size", "32000"}};
constexpr Omitted qwen2_omitted[] = {
    {"hidden_size", "4096"}, {"num_hidden_layers", "32"}, {"num_attention_heads", "32"},
    {"num_key_value_heads", "32"}, {"intermediate_size", "22016"}, {"vocab_size", "151936"}};
constexpr Omitted gemma_omitted[] = {{"head_dim", "256"}};
constexpr Omitted gemma2_omitted[] = {
    {"head_dim", "256"}, {"sliding_window", "4096"}, {"sliding_window_pattern", "2"}};
constexpr Omitted gemma3_omitted[] = {
    {"hidden_size", "2304"}, {"num_hidden_layers", "26"}, {"num_attention_heads", "8"},
    {"num_key_value_heads", "4"}, {"head_dim", "256"}, {"intermediate_size", "9216"},
    {"vocab_size", "262208"}, {"sliding_window", "4096"}, {"sliding_window_pattern", "6"}};
constexpr Omitted every_second[] = {{"sliding_window_pattern", "2"}};
constexpr Omitted every_fourth[] = {{"sliding_window_pattern", "4"}};
constexpr Omitted mixtral_omitted[] = {{"num_local_experts", "8"}, {"num_experts_per_tok", "2"}};

constexpr ClassFacts table[] = {
    // Llama and what is shaped like it
    {.model_type = "llama", .omitted = llama_omitted},
    {.model_type = "llama4_text"},
    {.model_type = "mllama_text_model"},
    {.model_type = "mllama"},
    {.model_type = "mistral"},
    {.model_type = "ministral3"},
    {.model_type = "mixtral", .omitted = mixtral_omitted},
    {.model_type = "yi"},
    {.model_type = "baichuan"},
    {.model_type = "xverse"},
    {.model_type = "exaone"},
    {.model_type = "exaone4", .qk_norm = per_head},
    {.model_type = "exaone4_5_text", .qk_norm = per_head},
    {.model_type = "internlm"},
    {.model_type = "internlm2"},
    {.model_type = "paddleocr_vl"},
    {.model_type = "ernie4_5"},
    {.model_type = "ernie4_5_moe", .correction_bias = true},
    {.model_type = "smollm3", .tied = true},
    {.model_type = "seed_oss"},
    {.model_type = "minicpm", .tied = true},
    {.model_type = "minicpmv"},
    {.model_type = "minicpmv-2.6", .qkv_bias = true, .reads_bias_key = false},  // its language model is Qwen2
    {.model_type = "minicpm3", .tied = true, .value_dim_is_per_head = true},
    {.model_type = "mimo", .qkv_bias = true, .bias_key_covers_o = false},
    {.model_type = "mimo_v2_flash", .correction_bias = true},
    {.model_type = "muse_glimmer_text", .qk_norm = per_head, .qk_norm_parameters = no_weight, .norms = 4, .output_gate = true},
    {.model_type = "molmo", .mlp_width_over = 2, .extra_vocabulary = 128},
    {.model_type = "falcon_perception", .norms = 0, .learnt_sinks = true},
    {.model_type = "nemotron-nas"},
    {.model_type = "granite", .tied = false},
    // Qwen
    {.model_type = "qwen", .qkv_bias = true, .reads_bias_key = false, .mlp_width_over = 2},
    {.model_type = "qwen2", .qkv_bias = true, .reads_bias_key = false, .omitted = qwen2_omitted},
    {.model_type = "qwen2_vl", .qkv_bias = true, .reads_bias_key = false},
    {.model_type = "qwen2_vl_text", .qkv_bias = true, .reads_bias_key = false},
    {.model_type = "qwen2_5_vl", .qkv_bias = true, .reads_bias_key = false},
    {.model_type = "qwen2_5_vl_text", .qkv_bias = true, .reads_bias_key = false},
    {.model_type = "qwen2_5_omni_text", .qkv_bias = true, .reads_bias_key = false},
    {.model_type = "qwen2_moe", .qkv_bias = true, .reads_bias_key = false, .shared_gate = true},
    {.model_type = "qwen3", .qk_norm = per_head},
    {.model_type = "qwen3_moe", .qk_norm = per_head},
    {.model_type = "qwen3_vl_text", .qk_norm = per_head},
    {.model_type = "qwen3_vl_moe_text", .qk_norm = per_head},
    {.model_type = "qwen3_asr_text", .qk_norm = per_head},
    {.model_type = "qwen3_asr", .qk_norm = per_head},
    {.model_type = "qwen3_omni_moe_text", .qk_norm = per_head},
    {.model_type = "qwen3_next", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5_text", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5_moe", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5_moe_text", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    // DeepSeek, Kimi and GLM
    {.model_type = "deepseek"},
    {.model_type = "deepseek_v2"},
    {.model_type = "deepseek_v3"},
    {.model_type = "deepseek_v32"},
    {.model_type = "kimi_k2", .correction_bias = true},
    {.model_type = "chatglm", .bias_key_covers_o = false},
    {.model_type = "glm", .qkv_bias = true, .bias_key_covers_o = false},
    {.model_type = "glm4", .qkv_bias = true, .bias_key_covers_o = false, .norms = 4},
    {.model_type = "glm4v", .qkv_bias = true, .bias_key_covers_o = false, .norms = 4},
    {.model_type = "glm4v_text", .qkv_bias = true, .bias_key_covers_o = false, .norms = 4},
    {.model_type = "glm4_moe", .bias_key_covers_o = false, .qk_norm_by_key = true,
     .qk_norm = per_head, .correction_bias = true},
    {.model_type = "glm4_moe_lite", .correction_bias = true},
    {.model_type = "glm_moe_dsa", .correction_bias = true},
    {.model_type = "longcat_flash"},
    // Gemma
    {.model_type = "gemma", .tied = true, .omitted = gemma_omitted},
    {.model_type = "gemma2", .norms = 4, .tied = true, .omitted = gemma2_omitted},
    {.model_type = "gemma3_text", .qk_norm = per_head, .norms = 4, .tied = true, .omitted = gemma3_omitted},
    {.model_type = "gemma3n_text", .qk_norm = per_head, .norms = 4, .tied = true},
    {.model_type = "gemma4_text", .qk_norm = per_head, .norms = 4, .tied = true},
    // gpt-oss, MiniMax, OLMo, Cohere, Hunyuan, Ling and other mixtures
    {.model_type = "gpt_oss", .qkv_bias = true, .o_bias = true, .learnt_sinks = true,
     .router_bias = true, .expert_bias = true, .omitted = every_second},
    {.model_type = "minimax_m2", .qk_norm = all_heads, .correction_bias = true},
    {.model_type = "olmo"},
    {.model_type = "olmo2", .qk_norm = all_heads},
    {.model_type = "olmo3", .qk_norm = all_heads, .omitted = every_fourth},
    {.model_type = "olmoe", .qk_norm = all_heads},
    {.model_type = "cohere", .qk_norm_by_key = true, .qk_norm = all_heads, .norms = 1,
     .tied = true},
    {.model_type = "cohere2", .qk_norm_by_key = true, .qk_norm = all_heads, .norms = 1,
     .tied = true, .omitted = every_fourth},
    {.model_type = "hunyuan", .qk_norm_by_key = true, .qk_norm = per_head},
    {.model_type = "bailing_moe"},
    {.model_type = "laguna", .qk_norm = per_head, .gate_per_head = true, .correction_bias = true},
    {.model_type = "step3p7", .qk_norm = per_head, .correction_bias = true},
    {.model_type = "step3p5", .qk_norm = per_head, .correction_bias = true},
    {.model_type = "dbrx"},
    {.model_type = "grok-1", .norms = 4, .tied = true},
    // encoders
    {.model_type = "bert", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm, .final_norm = false, .bidirectional = true, .tied = true, .embedding_norm = true,
     .learnt_positions = true},
    {.model_type = "roberta", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm, .final_norm = false, .bidirectional = true, .tied = true, .embedding_norm = true,
     .learnt_positions = true},
    {.model_type = "longformer", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm, .final_norm = false, .bidirectional = true, .tied = true, .embedding_norm = true,
     .learnt_positions = true},
    {.model_type = "big_bird", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm, .final_norm = false, .bidirectional = true, .tied = true, .embedding_norm = true,
     .learnt_positions = true},
    // encoder-decoders
    {.model_type = "t5", .gated_mlp = false, .tied = true},
    {.model_type = "whisper", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm, .tied = true, .learnt_positions = true},
    // state spaces and hybrids
    {.model_type = "nemotron_h", .gated_mlp = false, .norms = 1, .correction_bias = true},
    {.model_type = "mamba2", .norms = 1, .tied = true},
    {.model_type = "mamba", .norms = 1, .tied = true},
    {.model_type = "falcon_mamba", .norms = 1, .tied = true},
    {.model_type = "falcon_h1"},
    {.model_type = "bamba"},
    {.model_type = "granitemoehybrid", .tied = true},
    {.model_type = "jamba"},
    {.model_type = "lfm2", .qk_norm = per_head, .tied = true},
    {.model_type = "lfm2_moe", .qk_norm = per_head, .tied = true, .correction_bias = true},
    // Phi
    {.model_type = "phi", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm, .norms = 1,
     .head_bias = true},
    {.model_type = "phi-msft", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm, .norms = 1,
     .head_bias = true},
    {.model_type = "phi3"},
    {.model_type = "phi3_v"},
    {.model_type = "phi3small", .qkv_bias = true, .o_bias = true, .reads_bias_key = false, .mlp_bias = true, .norm = layer_norm, .tied = true},
    {.model_type = "phimoe", .o_bias = true, .norm = layer_norm},
    // the GPT line
    {.model_type = "gpt2", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm,
     .tied = true, .learnt_positions = true},
    {.model_type = "gpt_bigcode", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm,
     .tied = true, .learnt_positions = true},
    {.model_type = "gptj", .reads_bias_key = false, .mlp_bias = true, .gated_mlp = false,
     .mlp_times_hidden = 4, .norm = layer_norm, .norms = 1, .head_bias = true},
    {.model_type = "gpt_neox", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm},
    {.model_type = "gpt_neo", .o_bias = true, .reads_bias_key = false, .mlp_bias = true,
     .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm, .tied = true,
     .learnt_positions = true},
    {.model_type = "opt", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .norm = layer_norm, .tied = true,
     .learnt_positions = true},
    {.model_type = "bloom", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm,
     .tied = true, .embedding_norm = true},
    {.model_type = "falcon", .gated_mlp = false, .mlp_times_hidden = 4, .norm = layer_norm, .tied = true},
    {.model_type = "mpt", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .mlp_times_hidden = 4, .norm = layer_norm, .no_bias_key = true, .tied = true},
    {.model_type = "stablelm", .bias_key_covers_o = false, .norm = layer_norm},
    {.model_type = "starcoder2", .qkv_bias = true, .o_bias = true, .reads_bias_key = false,
     .mlp_bias = true, .gated_mlp = false, .norm = layer_norm, .tied = true},
    {.model_type = "palm", .gated_mlp = true, .mlp_times_hidden = 4, .norms = 1, .tied = true},
};

}  // namespace

std::optional<ClassFacts> class_facts(std::string_view model_type) {
  const auto row = std::find_if(std::begin(table), std::end(table),
                                [&](const ClassFacts& facts) { return facts.model_type == model_type; });
  if (row == std::end(table)) return std::nullopt;
  return *row;
}

}  // namespace attncalc::hf
