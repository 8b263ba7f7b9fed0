// SPDX-License-Identifier: Apache-2.0
//
// The table of classes. Source, unless a row says otherwise: the class's modelling and configuration
// files in huggingface/transformers (src/transformers/models/<model_type>/), or for classes that
// live in the model's own repository, its modeling file there.
#include "ingest/hf/classes.hpp"

#include <algorithm>

namespace attncalc::hf {
namespace {

constexpr auto per_head = QkNorm::per_head;
constexpr auto all_heads = QkNorm::all_heads;
constexpr auto rms = NormParameters::scale;
constexpr auto layer_norm = NormParameters::scale_and_bias;

constexpr OmittedKey llama_omitted[] = {
    {"hidden_size", "4096"}, {"num_hidden_layers", "32"}, {"num_attention_heads", "32"},
    {"intermediate_size", "11008"}, {"vocab_size", "32000"}};
constexpr OmittedKey qwen2_omitted[] = {
    {"hidden_size", "4096"}, {"num_hidden_layers", "32"}, {"num_attention_heads", "32"},
    {"num_key_value_heads", "32"}, {"intermediate_size", "22016"}, {"vocab_size", "151936"}};
constexpr OmittedKey gemma_omitted[] = {{"head_dim", "256"}};
constexpr OmittedKey gemma2_omitted[] = {
    {"head_dim", "256"}, {"sliding_window", "4096"}, {"sliding_window_pattern", "2"}};
constexpr OmittedKey gemma3_omitted[] = {
    {"hidden_size", "2304"}, {"num_hidden_layers", "26"}, {"num_attention_heads", "8"},
    {"num_key_value_heads", "4"}, {"head_dim", "256"}, {"intermediate_size", "9216"},
    {"vocab_size", "262208"}, {"sliding_window", "4096"}, {"sliding_window_pattern", "6"}};
constexpr OmittedKey gpt_oss_omitted[] = {{"sliding_window_pattern", "2"}};
constexpr OmittedKey mixtral_omitted[] = {{"num_local_experts", "8"}, {"num_experts_per_tok", "2"}};

constexpr ClassFacts table[] = {
    {.model_type = "llama", .omitted = llama_omitted},
    {.model_type = "llama4_text"},
    {.model_type = "mistral"},
    {.model_type = "ministral3"},
    {.model_type = "mixtral", .omitted = mixtral_omitted},
    {.model_type = "qwen", .qkv_bias = true},
    {.model_type = "qwen2", .qkv_bias = true, .omitted = qwen2_omitted},
    {.model_type = "qwen2_vl", .qkv_bias = true},
    {.model_type = "qwen2_vl_text", .qkv_bias = true},
    {.model_type = "qwen2_5_vl", .qkv_bias = true},
    {.model_type = "qwen2_5_vl_text", .qkv_bias = true},
    {.model_type = "qwen2_moe", .qkv_bias = true, .shared_gate = true},
    {.model_type = "qwen3", .qk_norm = per_head},
    {.model_type = "qwen3_moe", .qk_norm = per_head},
    {.model_type = "qwen3_vl_text", .qk_norm = per_head},
    {.model_type = "qwen3_vl_moe_text", .qk_norm = per_head},
    {.model_type = "qwen3_next", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5_text", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5_moe", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "qwen3_5_moe_text", .qk_norm = per_head, .output_gate = true, .shared_gate = true},
    {.model_type = "deepseek"},
    {.model_type = "deepseek_v2"},
    {.model_type = "deepseek_v3"},
    {.model_type = "deepseek_v32"},
    {.model_type = "gemma", .tied = true, .omitted = gemma_omitted},
    {.model_type = "gemma2", .norms = 4, .tied = true, .omitted = gemma2_omitted},
    {.model_type = "gemma3_text", .qk_norm = per_head, .norms = 4, .tied = true, .omitted = gemma3_omitted},
    {.model_type = "gpt_oss", .qkv_bias = true, .o_bias = true, .learnt_sinks = true,
     .router_bias = true, .expert_bias = true, .omitted = gpt_oss_omitted},
    {.model_type = "gpt2", .qkv_bias = true, .o_bias = true, .mlp_bias = true, .gated_mlp = false,
     .norm = layer_norm, .tied = true},
};

}  // namespace

std::optional<ClassFacts> class_facts(std::string_view model_type) {
  const auto row = std::find_if(std::begin(table), std::end(table),
                                [&](const ClassFacts& facts) { return facts.model_type == model_type; });
  if (row == std::end(table)) return std::nullopt;
  return *row;
}

}  // namespace attncalc::hf
