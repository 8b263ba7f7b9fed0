// SPDX-License-Identifier: Apache-2.0
//
// What may stand in a config without being understood. A key whose name speaks of attention, heads,
// windows, layers or states and that no reader looked at could change the cache: it is an error
// that names it, unless the user lets it pass (`--assume KEY`), it is switched off (null, false, 0,
// an empty list), or it is listed here because it is known to change neither cache nor shapes.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

using Texts = std::span<const std::string_view>;

constexpr std::string_view telling_fragments[] = {
    "attn",   "attention", "head",   "kv",    "window", "sliding",  "cache",     "layer",
    "state",  "ssm",       "mamba",  "conv",  "lora",   "index",    "compress",  "chunk",
    "block",  "sparse",    "global", "local", "share",  "sharing",  "recurrent", "linear",
    "latent", "cross",     "stride", "dilat", "memory", "interval", "pattern"};

// Numerics, training and generation: never a shape.
constexpr std::string_view harmless_fragments[] = {
    "dropout", "norm", "_eps", "epsilon", "init", "rope", "rotary", "token_id", "token_index",
    "loss", "implementation", "softcap", "dtype", "pdrop", "layerdrop", "_beta", "_alpha_factor",
    "multiplier", "scaling", "quant", "_scale", "swiglu_limit",
    // of the towers beside the language model
    "audio", "vision", "speech", "image", "video", "tts"};

constexpr std::string_view harmless_keys[] = {"activation_situ_linear_beta",
                                              "activation_sparsity_pattern",
                                              "enable_lm_head_fp32",
                                              "layer_switch",
                                              "max_attn_value",
                                              "order_of_interleaved_layers",
                                              "use_embedding_sharing",
                                              "use_parallel_block",
                                              "attention_method",
                                              "linear_type",
                                              "add_classification_head",
                                              "add_cross_attention",
                                              "attn_temperature_len",
                                              "chunk_input",
                                              "compress_rates",
                                              "freq_allocation",
                                              "lm_head",
                                              "rm_head",
                                              "moe_every_n_layer",
                                              "moe_layer_offset",
                                              "num_gqa_groups",
                                              "qkv_multipliers",
                                              "rope_layout",
                                              "tie_lm_head",
                                              "apply_query_key_layer_scaling",
                                              "attention_softmax_in_fp32",
                                              "attn_mode",
                                              "block_size",
                                              "boi_token_index",
                                              "cache_implementation",
                                              "causal_attn",
                                              "chunk_size",
                                              "chunk_size_feed_forward",
                                              "cross_attention_hidden_size",
                                              "drop_vision_last_layer",
                                              "embd_layer",
                                              "encoder_no_repeat_ngram_size",
                                              "flash_attn",
                                              "for_llm_compressor",
                                              "freeze_vision_tower",
                                              "fuse_cross_entropy",
                                              "head_act",
                                              "headwise_attn_output_gate",
                                              "ignore_index",
                                              "ignored_index",
                                              "indexer_rope_interleave",
                                              "index_share_for_mtp_iteration",
                                              "index_skip_topk_offset",
                                              "insert_layer_id",
                                              "is_decoder",
                                              "is_encoder_decoder",
                                              "mlp_connector_layers",
                                              "mm_vision_select_layer",
                                              "mtp_layers_block_type",
                                              "mtp_hybrid_override_pattern",
                                              "mtp_share_layers",
                                              "mtp_transformer_layers",
                                              "mtp_num_hidden_layers",
                                              "num_beam_groups",
                                              "num_nextn_predict_layers",
                                              "num_segm_layers",
                                              "offset_alibi",
                                              "output_attentions",
                                              "output_hidden_states",
                                              "pre_allocate_kv_cache",
                                              "pad_key_length",
                                              "projector_hidden_act",
                                              "pruned_heads",
                                              "qk_head_dim",
                                              "query_pre_attn_scalar",
                                              "relative_attention_max_distance",
                                              "relative_attention_num_buckets",
                                              "reorder_and_upcast_attn",
                                              "scale_attention_softmax_in_fp32",
                                              "scale_attn_weights",
                                              "scale_attn_by_inverse_layer_idx",
                                              "select_layer",
                                              "shared_moe_mode",
                                              "skip_bias_add_qkv",
                                              "tie_encoder_decoder",
                                              "use_backbone_lora",
                                              "use_bidirectional_attention",
                                              "use_cache",
                                              "use_flash_attention",
                                              "use_flash_attn",
                                              "use_llm_lora",
                                              "use_logn_attn",
                                              "use_mamba_kernels",
                                              "use_weighted_layer_sum",
                                              "vision_feature_layer",
                                              "weight_share_add_bias",
                                              "attn_res_block_size",
                                              "mask_time_prob",
                                              "moe_layer_num_skipped",
                                              "use_unified_vision_chunk",
                                              "block_use_swiglu",
                                              "block_multiple_of",
                                              "blocksparse_block_size",
                                              "blocksparse_homo_head_pattern",
                                              "blocksparse_num_local_blocks",
                                              "blocksparse_triton_kernel_block_size",
                                              "blocksparse_vert_stride",
                                              "dense_attention_every_n_layers",
                                              "cla_share_factor",
                                              "compression_ratio",
                                              "enable_moe_block",
                                              "full_attn_mod",
                                              "gated_linear_unit",
                                              "max_window_size",
                                              "moe_shared_expert_overlap",
                                              "parallel_attn",
                                              "vocab_size_per_layer_input",
                                              "encoder_attention_heads",
                                              "num_media_embeds",
                                              "type_vocab_size",
                                              "attention_res",
                                              "kda_layers",
                                              "head_size_divisor",
                                              "num_logits_to_keep",
                                              "output_router_logits",
                                              "num_hash_layers",
                                              "pretraining_tp",
                                              "max_window_layers",
                                              "use_sliding_window",
                                              "num_mtp_modules",
                                              "_num_mtp_layers"};

bool contains_any(std::string_view key, Texts fragments) {
  return std::any_of(fragments.begin(), fragments.end(), [&](std::string_view fragment) {
    return key.find(fragment) != std::string_view::npos;
  });
}

bool is_one_of(std::string_view key, Texts keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool is_switched_off(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return true;
    case NodeKind::boolean:
      return node.as_boolean() == false;
    case NodeKind::integer:
    case NodeKind::real:
      return node.as_real() == 0.0;
    case NodeKind::string:
      return node.text.empty();
    case NodeKind::list:
    case NodeKind::map:
      return node.children.empty();
  }
  return false;
}

bool is_telling(const Node& node) {
  if (node.kind == NodeKind::map && node.key.ends_with("_config"))
    return node.key.find("attn") != std::string::npos;
  return contains_any(node.key, telling_fragments) && !contains_any(node.key, harmless_fragments) &&
         !is_one_of(node.key, harmless_keys);
}

}  // namespace

void check_leftovers(Config& config, const LoadOptions& options) {
  for (const Node& node : config.map().children) {
    if (config.understood().contains(node.key) || is_switched_off(node) || !is_telling(node))
      continue;
    const auto& pass = options.assume;
    if (std::find(pass.begin(), pass.end(), node.key) != pass.end()) {
      config.assume(node.key, "ignored", "--assume " + node.key);
      continue;
    }
    config.problem(node, fmt::format("{} is not understood, and it may change the cache", node.key),
                   fmt::format("if it changes nothing, pass --assume {}", node.key));
  }
}

}  // namespace attncalc::hf
