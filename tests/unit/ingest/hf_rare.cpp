// SPDX-License-Identifier: Apache-2.0
//
// Families with a spelling of their own. Configs are those of the models that the cases name, cut
// to the keys that decide; expected figures are derived beside them.
#include "hf_config.hpp"

namespace attncalc {
namespace {

TEST_CASE("GPT-Neo says its windows as words and how often they stand") {
  // EleutherAI/gpt-neo-125m: its checkpoint has 125,198,592 parameters.
  const Model model = model_of(R"({"model_type": "gpt_neo", "hidden_size": 768, "num_layers": 12,
"num_heads": 12, "attention_types": [[["global", "local"], 6]], "window_size": 256,
"intermediate_size": null, "max_position_embeddings": 2048, "vocab_size": 50257})");
  CHECK(layers(model) == "6 mha, 6 mha:256");
  CHECK(per_token(model) == 12 * 2 * 768 * 2);
  CHECK(payload(model, 1024) == 6 * (1024 + 256) * 2 * 768 * 2);
  CHECK(total(model) == 125'198'592);
}

TEST_CASE("GPT-Neo's list must hold words and counts") {
  const std::string bad = R"({"model_type": "gpt_neo", "hidden_size": 768, "num_layers": 12,
"num_heads": 12, "attention_types": ["global"], "vocab_size": 50257})";
  CHECK(errors(bad).find("attention_types holds lists of words, each with how often it stands") !=
        std::string::npos);
}

TEST_CASE("SambaY: one cache and one memory for the second half of the layers") {
  // microsoft/Phi-4-mini-flash-reasoning, whole. Nine state spaces, eight windows, one full layer
  // that seven others read.
  const Model model = model_of(R"({"model_type": "phi4flash", "hidden_size": 2560,
"intermediate_size": 10240, "mb_per_layer": 2, "num_attention_heads": 40, "num_hidden_layers": 32,
"num_key_value_heads": 20, "sliding_window": 512, "tie_word_embeddings": true, "mlp_bias": false,
"lm_head_bias": false, "vocab_size": 200064, "max_position_embeddings": 262144})");
  const std::int64_t row = 2 * 20 * 64 * 2;
  const std::int64_t state = 9 * (5120 * 16 * 4 + 3 * 5120 * 2);
  CHECK(fixed_state(model) == state);
  CHECK(payload(model, 32'768) == 32'768 * row + 8 * 512 * row + state);
  // 200064·2560 + 9 state spaces of 41,241,600 + 7 memory units of 2·2560·5120 + 9 attentions of
  // 19,668,864 + 7 without keys and values of 13,112,704 + 32·3·2560·10240 + 65·2·2560
  CHECK(total(model) == 512'163'840 + 9LL * 41'241'600 + 7LL * 26'214'400 + 9LL * 19'668'864 +
                            7LL * 13'112'704 + 32LL * 78'643'200 + 332'800);
}

TEST_CASE("Baichuan-M1: heads of windowed layers have a number and so a width of their own") {
  // baichuan-inc/Baichuan-M1-14B
  const Model model = model_of(R"({"model_type": "baichuan_m1", "hidden_size": 5120,
"num_hidden_layers": 4, "num_attention_heads": 20, "num_key_value_heads": 2,
"num_swa_attention_heads": 40, "num_swa_key_value_heads": 8, "sliding_window": 8192,
"sliding_window_layers": [1, 3], "conv_window": 2, "intermediate_size": 1024, "vocab_size": 1000})");
  CHECK(layers(model) == "2 gqa, 2 gqa:8192");
  CHECK(per_token(model) == 2 * (2 * 2 * 256 * 2) + 2 * (2 * 8 * 128 * 2));
  CHECK(assumes(model, "conv_window", "no state"));
}

TEST_CASE("PLaMo-2: the middle of every mamba_step layers attends, windowed unless it is listed") {
  // pfnet/plamo-2-8b with four layers
  const auto plamo = [](const char* full) {
    return model_of(fmt::format(R"({{"model_type": "plamo2", "hidden_size": 4096,
"num_hidden_layers": 4, "num_attention_heads": 32, "num_key_value_heads": 4,
"hidden_size_per_head": 128, "intermediate_size": 16384, "vocab_size": 1000,
"attention_window_size": 2048, "full_attention_idx": {}, "mamba_d_state": 64, "mamba_d_conv": 4,
"mamba_num_heads": 64, "mamba_step": 2, "mamba_chunk_size": 256, "mamba_enabled": true}})",
                                full));
  };
  CHECK(layers(plamo("[]")) == "2 mamba1, 2 gqa:2048");
  CHECK(layers(plamo("[3]")) == "2 mamba1, 1 gqa:2048, 1 gqa");
  CHECK(per_token(plamo("[]")) == 2 * 2 * 4 * 128 * 2);
  // A state of 64 numbers for each of 64 heads × 128 channels, a convolution over the channels.
  CHECK(fixed_state(plamo("[]")) == 2 * (64 * 128 * 64 * 4 + 3 * 64 * 128 * 2));
}

TEST_CASE("Zamba: the shared block is called at layer 2, then once a period") {
  // Zyphra/Zamba-7B-v1
  const Model model = model_of(R"({"model_type": "zamba", "hidden_size": 3712,
"attention_hidden_size": 7424, "attention_head_dim": 232, "num_hidden_layers": 76,
"num_attention_heads": 32, "num_key_value_heads": 32, "intermediate_size": 14848,
"n_mamba_heads": 2, "mamba_d_state": 16, "mamba_d_conv": 4, "mamba_expand": 2,
"mamba_dt_rank": "auto", "attn_layer_offset": 4, "attn_layer_period": 6, "vocab_size": 32000})");
  CHECK(layers(model) == "76 mamba1, 13 mha");
  CHECK(per_token(model) == 13 * 2 * 32 * 232 * 2);
}

TEST_CASE("Moonshine: two stacks with names of their own, and a stem over raw sound") {
  // UsefulSensors/moonshine-base: 61,513,920 parameters in its checkpoint.
  const Model model = model_of(R"({"model_type": "moonshine", "hidden_size": 416,
"intermediate_size": 1664, "encoder_num_hidden_layers": 8, "decoder_num_hidden_layers": 8,
"encoder_num_attention_heads": 8, "decoder_num_attention_heads": 8,
"encoder_num_key_value_heads": 8, "decoder_num_key_value_heads": 8, "vocab_size": 32768,
"is_encoder_decoder": true, "attention_bias": false})");
  CHECK(per_token(model) == 8 * 2 * 416 * 2);
  CHECK(total(model) == 61'513'920);
}

TEST_CASE("T5Gemma: the decoder's map is the language model, the encoder's its other stack") {
  // The shape of google/t5gemma-2b-2b-ul2 with two layers: windows in the decoder, one cross
  // attention a layer.
  const auto config = [](int encoder_width) {
    return fmt::format(R"({{"model_type": "t5gemma", "is_encoder_decoder": true,
"encoder": {{"model_type": "t5_gemma_module", "hidden_size": {}, "num_hidden_layers": 3,
 "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 32, "intermediate_size": 1024,
 "vocab_size": 1000}},
"decoder": {{"model_type": "t5_gemma_module", "hidden_size": 256, "num_hidden_layers": 2,
 "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 32, "intermediate_size": 1024,
 "vocab_size": 1000, "sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"],
 "is_decoder": true, "cross_attention_hidden_size": 256}}}})",
                       encoder_width);
  };
  const Model model = model_of(config(256));
  CHECK(per_token(model) == 2 * 2 * 4 * 32 * 2);
  const std::int64_t attention = 2 * 256 * 256 + 2 * 128 * 256;
  const std::int64_t mlp = 3 * 1024 * 256;
  CHECK(total(model) == 1000 * 256 + 3 * (attention + mlp + 4 * 256) + 256 +
                            2 * (2 * attention + mlp + 6 * 256) + 256);
  CHECK(errors(config(512)).find("an encoder of another width than its decoder is not read") !=
        std::string::npos);
}

TEST_CASE("OPT-350m embeds in half of its width and has no last norm") {
  // facebook/opt-350m: 331,196,416 parameters in its checkpoint.
  const Model model = model_of(R"({"model_type": "opt", "hidden_size": 1024,
"num_hidden_layers": 24, "num_attention_heads": 16, "ffn_dim": 4096, "vocab_size": 50272,
"max_position_embeddings": 2048, "word_embed_proj_dim": 512, "do_layer_norm_before": false})");
  CHECK(total(model) == 331'196'416);
}

TEST_CASE("a width a layer and sparsity of activations are Gemma 3n's") {
  // google/gemma-3n-E4B-it writes both as lists with an entry a layer.
  const Model model = model_of(R"({"model_type": "gemma3n_text", "hidden_size": 512,
"num_hidden_layers": 2, "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 64,
"intermediate_size": [1024, 2048], "vocab_size": 1000, "sliding_window": 512,
"layer_types": ["sliding_attention", "full_attention"],
"activation_sparsity_pattern": [0.95, 0.0]})");
  CHECK(per_token(model) == 2 * 2 * 2 * 64 * 2);
  std::vector<std::int64_t> widths;
  for (const Layer& layer : model.decoder.distinct)
    widths.push_back(std::get<Dense>(layer.channel).intermediate.value);
  CHECK(widths == std::vector<std::int64_t>{1024, 2048});
}

TEST_CASE("mamba_ssm's own files are read like those of transformers") {
  // state-spaces/mamba-2.8b and mamba2-2.7b: 2,768,345,600 and 2,702,599,680 parameters.
  const Model first = model_of(R"({"d_model": 2560, "n_layer": 64, "vocab_size": 50277,
"ssm_cfg": {}, "rms_norm": true, "residual_in_fp32": true, "fused_add_norm": true,
"pad_vocab_size_multiple": 8})");
  CHECK(layers(first) == "64 mamba1");
  CHECK(total(first) == 2'768'345'600);
  CHECK(fixed_state(first) == 64 * (5120 * 16 * 4 + 3 * 5120 * 2));
  const Model second = model_of(R"({"d_model": 2560, "d_intermediate": 0, "n_layer": 64,
"vocab_size": 50277, "ssm_cfg": {"layer": "Mamba2"}, "attn_layer_idx": [], "attn_cfg": {},
"rms_norm": true, "pad_vocab_size_multiple": 16, "tie_embeddings": true})");
  CHECK(layers(second) == "64 mamba2");
  CHECK(total(second) == 2'702'599'680);
}

TEST_CASE("ChatGLM's first version has neither groups nor gates") {
  // THUDM/chatglm-6b: 6,173,286,400 parameters.
  const Model model = model_of(R"({"model_type": "chatglm", "hidden_size": 4096,
"inner_hidden_size": 16384, "num_layers": 28, "num_attention_heads": 32,
"position_encoding_2d": true, "max_sequence_length": 2048, "vocab_size": 130528})");
  CHECK(per_token(model) == 28 * 2 * 4096 * 2);
  CHECK(total(model) == 6'173'286'400);
}

TEST_CASE("a file without a model_type is of the class that it was saved from") {
  const std::string keys = R"("hidden_size": 512, "num_hidden_layers": 2,
"num_attention_heads": 8, "kv_lora_rank": 64, "q_lora_rank": 64, "qk_nope_head_dim": 64,
"qk_rope_head_dim": 32, "intermediate_size": 1024, "vocab_size": 1000})";
  const Model by_class = model_of(R"({"architectures": ["MiniCPM3ForCausalLM"], )" + keys);
  const Model by_type = model_of(R"({"model_type": "minicpm3", )" + keys);
  CHECK(by_class.model_type == "minicpm3");
  CHECK(total(by_class) == total(by_type));
  CHECK(by_class.warnings.empty());
}

TEST_CASE("what Cohere, Grok and Hunyuan write beside their shapes changes nothing") {
  const Model plain = model_of(llama());
  const Model more = model_of(llama(R"("layer_switch": 4, "use_parallel_block": true,
"order_of_interleaved_layers": "local_attn_first", "use_embedding_sharing": true,
"max_attn_value": 30.0, "enable_lm_head_fp32": true)"));
  CHECK(per_token(more) == per_token(plain));
  CHECK(total(more) == total(plain));
}

}  // namespace
}  // namespace attncalc
