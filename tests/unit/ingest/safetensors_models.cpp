// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints of real families with small widths, config and header: the header's tensors are our
// weight tensors, to the parameter and to the byte, and what else it holds is named. Tensor names
// and shapes are those of the state dicts of the transformers classes and of the checkpoints on the
// Hub that the cases name.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "ingest/expect.hpp"
#include "ingest/header_formats.hpp"
#include "support/catch.hpp"
#include "support/safetensors_writer.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;
using test::SafetensorsFile;

// A model's folder, that goes away again.
struct ModelFolder {
  fs::path path;
  ModelFolder(const std::string& config, const std::string& weights)
      : path(fs::path("safetensors_models_test." + std::to_string(getpid())) / "m") {
    fs::create_directories(path);
    write("config.json", config);
    write("model.safetensors", weights);
  }
  ~ModelFolder() { fs::remove_all(path.parent_path()); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
  }
};

CheckedModel checked(const std::string& config, const SafetensorsFile& weights) {
  const ModelFolder folder(config, weights.header());
  const Result<FoundModel> found = find_model_file(folder.path.string());
  if (!found) FAIL(render(found.problems()));
  Result<CheckedModel> out = check_model(*found);
  if (!out) FAIL(render(out.problems()));
  REQUIRE(out->weights);
  return *std::move(out);
}

UseTotal of(const WeightCheck& check, TensorUse use) {
  for (const UseTotal& total : check.uses) {
    if (total.use == use) return total;
  }
  return {};
}

std::int64_t parameters_of(const WeightCheck& check, TensorUse use) {
  return of(check, use).parameters.value.value;
}

// Every byte of the file has a use and a type, and the language model's are ours.
void check_whole(const CheckedModel& model, const SafetensorsFile& file) {
  const WeightCheck& w = *model.weights;
  CHECK(w.parameters_in_file == w.parameters_of_model);
  CHECK(w.bytes_in_file == w.bytes_of_model);
  CHECK(w.holds());
  Bytes by_use, by_type;
  for (const UseTotal& use : w.uses) by_use += use.bytes;
  for (const HeaderFormat& type : w.file.formats) by_type += type.bytes;
  CHECK(by_use == bytes(static_cast<std::int64_t>(file.data())));
  CHECK(by_type == by_use);
  CHECK(w.file.bytes == by_use);
}

const std::string llama_layer =
    "model.layers.*.input_layernorm.weight=BF16[64] "
    "model.layers.*.post_attention_layernorm.weight=BF16[64] "
    "model.layers.*.self_attn.q_proj.weight=BF16[64,64] "
    "model.layers.*.self_attn.k_proj.weight=BF16[32,64] "
    "model.layers.*.self_attn.v_proj.weight=BF16[32,64] "
    "model.layers.*.self_attn.o_proj.weight=BF16[64,64] ";
const std::string llama_mlp =
    "model.layers.*.mlp.gate_proj.weight=BF16[128,64] "
    "model.layers.*.mlp.up_proj.weight=BF16[128,64] "
    "model.layers.*.mlp.down_proj.weight=BF16[64,128] ";
const std::string llama_outside =
    "model.embed_tokens.weight=BF16[100,64] model.norm.weight=BF16[64] ";
const std::string head = "lm_head.weight=BF16[100,64] ";

// Hidden 64, 4 heads of 16, 2 of them for keys, 3 layers.
std::string config(const std::string& type, const std::string& more = "") {
  return R"({"model_type":")" + type +
         R"(","torch_dtype":"bfloat16","hidden_size":64,"num_hidden_layers":3,)"
         R"("num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":128,)"
         R"("vocab_size":100)" +
         more + "}";
}

}  // namespace

TEST_CASE("the tensors of a Llama are its header's, to the byte") {
  const SafetensorsFile file =
      SafetensorsFile().add(llama_outside + head).add(llama_layer + llama_mlp, {0, 3});
  const CheckedModel model = checked(config("llama"), file);
  check_whole(model, file);
  CHECK(model.weights->file.formats.size() == 1);
  CHECK(model.summary.model.dtypes.weights == "bf16");
  CHECK(model.summary.model.stored->bytes == model.weights->file.bytes);
}

TEST_CASE("a tied head that is stored twice is named, and counted once") {
  const SafetensorsFile file =
      SafetensorsFile().add(llama_outside + head).add(llama_layer + llama_mlp, {0, 3});
  const CheckedModel model = checked(config("llama", R"(,"tie_word_embeddings":true)"), file);
  check_whole(model, file);
  CHECK(parameters_of(*model.weights, TensorUse::tied_copy) == 100 * 64);
  CHECK(of(*model.weights, TensorUse::tied_copy).example == "lm_head.weight");
}

TEST_CASE("buffers that old checkpoints store are no parameters") {
  // Llama-2: model.layers.*.self_attn.rotary_emb.inv_freq; GPT-2: a square mask in every layer.
  const SafetensorsFile file =
      SafetensorsFile()
          .add(llama_outside + head)
          .add(llama_layer + llama_mlp, {0, 3})
          .add("model.layers.*.self_attn.rotary_emb.inv_freq=F32[8]", {0, 3});
  const CheckedModel model = checked(config("llama"), file);
  check_whole(model, file);
  CHECK(parameters_of(*model.weights, TensorUse::buffer) == 3 * 8);

  const SafetensorsFile gpt2 =
      SafetensorsFile()
          .add("wte.weight=F32[100,64] wpe.weight=F32[32,64] ln_f.weight=F32[64] ln_f.bias=F32[64]")
          .add(
              "h.*.ln_1.weight=F32[64] h.*.ln_1.bias=F32[64] h.*.attn.bias=F32[1,1,32,32] "
              "h.*.attn.c_attn.weight=F32[64,192] h.*.attn.c_attn.bias=F32[192] "
              "h.*.attn.c_proj.weight=F32[64,64] h.*.attn.c_proj.bias=F32[64] "
              "h.*.ln_2.weight=F32[64] h.*.ln_2.bias=F32[64] "
              "h.*.mlp.c_fc.weight=F32[64,256] h.*.mlp.c_fc.bias=F32[256] "
              "h.*.mlp.c_proj.weight=F32[256,64] h.*.mlp.c_proj.bias=F32[64]",
              {0, 2});
  const CheckedModel second = checked(
      R"({"model_type":"gpt2","n_embd":64,"n_layer":2,"n_head":4,"n_positions":32,"vocab_size":100})",
      gpt2);
  check_whole(second, gpt2);
  CHECK(parameters_of(*second.weights, TensorUse::buffer) == 2 * 32 * 32);
  // The config does not say in what its weights are stored: the header does.
  CHECK(second.summary.model.dtypes.weights == "fp32");
}

TEST_CASE("experts of a Qwen3-MoE are counted one by one") {
  const SafetensorsFile file =
      SafetensorsFile()
          .add(llama_outside + head)
          .add(llama_layer +
                   "model.layers.*.self_attn.q_norm.weight=BF16[16] "
                   "model.layers.*.self_attn.k_norm.weight=BF16[16] "
                   "model.layers.*.mlp.gate.weight=BF16[4,64] "
                   "model.layers.*.mlp.experts.@.gate_proj.weight=BF16[32,64] "
                   "model.layers.*.mlp.experts.@.up_proj.weight=BF16[32,64] "
                   "model.layers.*.mlp.experts.@.down_proj.weight=BF16[64,32]",
               {0, 3}, {0, 4});
  const CheckedModel model = checked(
      config(
          "qwen3_moe",
          R"(,"head_dim":16,"num_experts":4,"num_experts_per_tok":2,"moe_intermediate_size":32)"),
      file);
  check_whole(model, file);
}

TEST_CASE("DeepSeek-V3: a draft layer behind the others, and a scale a tile of 128 × 128") {
  // hidden 256, latents 128 + 64, 4 heads of 64 + 64 (rope) and values of 64; the first of 2 layers
  // is dense; 2 experts.
  const auto fp8 = [](const std::string& name, int rows, int cols) {
    const auto tiles = [](int n) { return std::to_string((n + 127) / 128); };
    return name + ".weight=F8_E4M3[" + std::to_string(rows) + "," + std::to_string(cols) + "] " +
           name + ".weight_scale_inv=F32[" + tiles(rows) + "," + tiles(cols) + "] ";
  };
  const std::string layer = "model.layers.*.";
  const std::string attention =
      layer + "input_layernorm.weight=BF16[256] " + layer +
      "post_attention_layernorm.weight=BF16[256] " + fp8(layer + "self_attn.q_a_proj", 128, 256) +
      layer + "self_attn.q_a_layernorm.weight=BF16[128] " +
      fp8(layer + "self_attn.q_b_proj", 4 * 128, 128) +
      fp8(layer + "self_attn.kv_a_proj_with_mqa", 128 + 64, 256) + layer +
      "self_attn.kv_a_layernorm.weight=BF16[128] " +
      fp8(layer + "self_attn.kv_b_proj", 4 * 128, 128) + fp8(layer + "self_attn.o_proj", 256, 256);
  const auto mlp = [&](const std::string& part, int width) {
    return fp8(layer + part + "gate_proj", width, 256) + fp8(layer + part + "up_proj", width, 256) +
           fp8(layer + part + "down_proj", 256, width);
  };
  const std::string moe = layer + "mlp.gate.weight=BF16[2,256] " + layer +
                          "mlp.gate.e_score_correction_bias=BF16[2] " +
                          mlp("mlp.shared_experts.", 128) + mlp("mlp.experts.@.", 128);
  const std::string draft =
      layer + "embed_tokens.weight=BF16[100,256] " + layer + "enorm.weight=BF16[256] " + layer +
      "hnorm.weight=BF16[256] " + layer + "eh_proj.weight=BF16[256,512] " + layer +
      "shared_head.norm.weight=BF16[256] " + layer + "shared_head.head.weight=BF16[100,256] ";
  SafetensorsFile file;
  file.add(
      "model.embed_tokens.weight=BF16[100,256] model.norm.weight=BF16[256] "
      "lm_head.weight=BF16[100,256]");
  file.add(attention + mlp("mlp.", 384), {0, 1});
  file.add(attention + moe, {1, 3}, {0, 2});
  file.add(draft, {2, 3});
  const CheckedModel model = checked(
      R"({"model_type":"deepseek_v3","torch_dtype":"bfloat16","hidden_size":256,
      "num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":4,"q_lora_rank":128,
      "kv_lora_rank":128,"qk_nope_head_dim":64,"qk_rope_head_dim":64,"v_head_dim":64,
      "intermediate_size":384,"moe_intermediate_size":128,"n_routed_experts":2,
      "num_experts_per_tok":1,"n_shared_experts":1,"first_k_dense_replace":1,"moe_layer_freq":1,
      "topk_method":"noaux_tc","num_nextn_predict_layers":1,"vocab_size":100,
      "tie_word_embeddings":false,"quantization_config":{"quant_method":"fp8","fmt":"e4m3",
      "activation_scheme":"dynamic","weight_block_size":[128,128]}})",
      file);
  check_whole(model, file);
  // As arithmetic: the expert layer once more, two embeddings, the joining matrix, three norms.
  const std::int64_t mla = 128 * 256 + 128 + 512 * 128 + 192 * 256 + 128 + 512 * 128 + 256 * 256;
  const std::int64_t layer_of_experts = mla + 2 * 256 + 2 * 256 + 2 + 3 * 3 * 128 * 256;
  const std::int64_t scales = of(*model.weights, TensorUse::draft).parameters.value.value -
                              (layer_of_experts + 2 * 100 * 256 + 256 * 512 + 3 * 256);
  // Its own fp8 scales, one a tile: 2+4+2·2+4+4 of attention, 2 for each of 9 expert matrices.
  CHECK(scales == 2 + 4 + 4 + 4 + 4 + 9 * 2);
}

TEST_CASE("Gemma 3: the vision tower and the projector are counted apart") {
  const std::string layer = "language_model.model.layers.*.";
  const SafetensorsFile file =
      SafetensorsFile()
          .add(
              "language_model.model.embed_tokens.weight=BF16[100,64] "
              "language_model.model.norm.weight=BF16[64] "
              "vision_tower.vision_model.embeddings.position_embedding.weight=BF16[10,32] "
              "multi_modal_projector.mm_input_projection_weight=BF16[32,64]")
          .add(layer + "input_layernorm.weight=BF16[64] " + layer +
                   "post_attention_layernorm.weight=BF16[64] " + layer +
                   "pre_feedforward_layernorm.weight=BF16[64] " + layer +
                   "post_feedforward_layernorm.weight=BF16[64] " + layer +
                   "self_attn.q_proj.weight=BF16[64,64] " + layer +
                   "self_attn.k_proj.weight=BF16[32,64] " + layer +
                   "self_attn.v_proj.weight=BF16[32,64] " + layer +
                   "self_attn.o_proj.weight=BF16[64,64] " + layer +
                   "self_attn.q_norm.weight=BF16[16] " + layer +
                   "self_attn.k_norm.weight=BF16[16] " + layer +
                   "mlp.gate_proj.weight=BF16[128,64] " + layer +
                   "mlp.up_proj.weight=BF16[128,64] " + layer + "mlp.down_proj.weight=BF16[64,128]",
               {0, 7});
  const CheckedModel model = checked(
      R"({"model_type":"gemma3","torch_dtype":"bfloat16","text_config":{"model_type":"gemma3_text",
      "hidden_size":64,"num_hidden_layers":7,"num_attention_heads":4,"num_key_value_heads":2,
      "head_dim":16,"intermediate_size":128,"vocab_size":100,"sliding_window":8},
      "vision_config":{"hidden_size":32}})",
      file);
  check_whole(model, file);
  CHECK(parameters_of(*model.weights, TensorUse::vision) == 10 * 32 + 32 * 64);
  CHECK(model.summary.model.vision_parameters == 10 * 32 + 32 * 64);
}

TEST_CASE("Mamba 2: states have no weights of their own") {
  // 128 inner channels, 8 heads of 16, 2 groups, state 8, a convolution of 4 with its bias.
  const std::string mixer = "backbone.layers.*.mixer.";
  const SafetensorsFile file =
      SafetensorsFile()
          .add("backbone.embeddings.weight=BF16[100,64] backbone.norm_f.weight=BF16[64] " + head)
          .add("backbone.layers.*.norm.weight=BF16[64] " + mixer + "A_log=BF16[8] " + mixer +
                   "D=BF16[8] " + mixer + "dt_bias=BF16[8] " + mixer +
                   "in_proj.weight=BF16[296,64] " + mixer + "conv1d.weight=BF16[160,1,4] " + mixer +
                   "conv1d.bias=BF16[160] " + mixer + "norm.weight=BF16[128] " + mixer +
                   "out_proj.weight=BF16[64,128]",
               {0, 3});
  const CheckedModel model = checked(
      R"({"model_type":"mamba2","torch_dtype":"bfloat16","hidden_size":64,"num_hidden_layers":3,
      "num_heads":8,"head_dim":16,"n_groups":2,"state_size":8,"conv_kernel":4,"expand":2,
      "use_conv_bias":true,"use_bias":false,"vocab_size":100,"tie_word_embeddings":false})",
      file);
  check_whole(model, file);
}

TEST_CASE("Qwen3-Next: gated delta layers, gated attention, a shared expert, a draft layer") {
  // 2 key and 4 value heads of 16 in linear layers; attention 4 heads of 16 with an output gate.
  const std::string layer = "model.layers.*.";
  const std::string norms = layer + "input_layernorm.weight=BF16[64] " + layer +
                            "post_attention_layernorm.weight=BF16[64] ";
  const std::string moe = layer + "mlp.gate.weight=BF16[4,64] " + layer +
                          "mlp.experts.@.gate_proj.weight=BF16[32,64] " + layer +
                          "mlp.experts.@.up_proj.weight=BF16[32,64] " + layer +
                          "mlp.experts.@.down_proj.weight=BF16[64,32] " + layer +
                          "mlp.shared_expert.gate_proj.weight=BF16[32,64] " + layer +
                          "mlp.shared_expert.up_proj.weight=BF16[32,64] " + layer +
                          "mlp.shared_expert.down_proj.weight=BF16[64,32] " + layer +
                          "mlp.shared_expert_gate.weight=BF16[1,64] ";
  const std::string linear = layer + "linear_attn.in_proj_qkvz.weight=BF16[192,64] " + layer +
                             "linear_attn.in_proj_ba.weight=BF16[8,64] " + layer +
                             "linear_attn.conv1d.weight=BF16[128,1,4] " + layer +
                             "linear_attn.A_log=BF16[4] " + layer + "linear_attn.dt_bias=BF16[4] " +
                             layer + "linear_attn.norm.weight=BF16[16] " + layer +
                             "linear_attn.out_proj.weight=BF16[64,64] ";
  const std::string full =
      layer + "self_attn.q_proj.weight=BF16[128,64] " + layer +
      "self_attn.k_proj.weight=BF16[32,64] " + layer + "self_attn.v_proj.weight=BF16[32,64] " +
      layer + "self_attn.o_proj.weight=BF16[64,64] " + layer + "self_attn.q_norm.weight=BF16[16] " +
      layer + "self_attn.k_norm.weight=BF16[16] ";
  const SafetensorsFile file = SafetensorsFile()
                                   .add(llama_outside + head)
                                   .add(norms + moe + linear, {0, 3}, {0, 4})
                                   .add(norms + moe + full, {3, 4}, {0, 4})
                                   .add("mtp.fc.weight=BF16[64,128] mtp.norm.weight=BF16[64]");
  const CheckedModel model = checked(
      R"({"model_type":"qwen3_next","torch_dtype":"bfloat16","hidden_size":64,
      "num_hidden_layers":4,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
      "full_attention_interval":4,"linear_num_key_heads":2,"linear_num_value_heads":4,
      "linear_key_head_dim":16,"linear_value_head_dim":16,"linear_conv_kernel_dim":4,
      "intermediate_size":128,"num_experts":4,"num_experts_per_tok":2,"moe_intermediate_size":32,
      "shared_expert_intermediate_size":32,"decoder_sparse_step":1,"vocab_size":100,
      "tie_word_embeddings":false})",
      file);
  check_whole(model, file);
  CHECK(parameters_of(*model.weights, TensorUse::draft) == 64 * 128 + 64);
}

TEST_CASE("gpt-oss: two 4-bit values a byte, and an exponent for 32 of them") {
  const std::string layer = "model.layers.*.";
  const SafetensorsFile file =
      SafetensorsFile()
          .add(llama_outside + head)
          .add(layer + "input_layernorm.weight=BF16[64] " + layer +
                   "post_attention_layernorm.weight=BF16[64] " + layer +
                   "self_attn.q_proj.weight=BF16[64,64] " + layer +
                   "self_attn.q_proj.bias=BF16[64] " + layer +
                   "self_attn.k_proj.weight=BF16[32,64] " + layer +
                   "self_attn.k_proj.bias=BF16[32] " + layer +
                   "self_attn.v_proj.weight=BF16[32,64] " + layer +
                   "self_attn.v_proj.bias=BF16[32] " + layer +
                   "self_attn.o_proj.weight=BF16[64,64] " + layer +
                   "self_attn.o_proj.bias=BF16[64] " + layer + "self_attn.sinks=BF16[4] " + layer +
                   "mlp.router.weight=BF16[4,64] " + layer + "mlp.router.bias=BF16[4] " + layer +
                   "mlp.experts.gate_up_proj_blocks=U8[4,128,2,16] " + layer +
                   "mlp.experts.gate_up_proj_scales=U8[4,128,2] " + layer +
                   "mlp.experts.gate_up_proj_bias=BF16[4,128] " + layer +
                   "mlp.experts.down_proj_blocks=U8[4,64,2,16] " + layer +
                   "mlp.experts.down_proj_scales=U8[4,64,2] " + layer +
                   "mlp.experts.down_proj_bias=BF16[4,64] ",
               {0, 2});
  const CheckedModel model = checked(
      R"({"model_type":"gpt_oss","torch_dtype":"bfloat16","hidden_size":64,"num_hidden_layers":2,
      "num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,"intermediate_size":64,
      "num_local_experts":4,"num_experts_per_tok":2,"sliding_window":8,"vocab_size":100,
      "tie_word_embeddings":false,"attention_bias":true,
      "quantization_config":{"quant_method":"mxfp4","modules_to_not_convert":["model.layers.*.self_attn",
      "model.layers.*.mlp.router","model.embed_tokens","lm_head"]}})",
      file);
  check_whole(model, file);
}

TEST_CASE("words of GPTQ and AWQ hold eight parameters each") {
  const auto layers = [](auto matrix) {
    const std::string l = "model.layers.*.";
    return l + "input_layernorm.weight=F16[64] " + l + "post_attention_layernorm.weight=F16[64] " +
           matrix(l + "self_attn.q_proj", 64, 64) + matrix(l + "self_attn.k_proj", 32, 64) +
           matrix(l + "self_attn.v_proj", 32, 64) + matrix(l + "self_attn.o_proj", 64, 64) +
           matrix(l + "mlp.gate_proj", 128, 64) + matrix(l + "mlp.up_proj", 128, 64) +
           matrix(l + "mlp.down_proj", 64, 128);
  };
  const auto n = [](int value) { return std::to_string(value); };
  const auto gptq = [&](const std::string& name, int out, int in) {
    return name + ".qweight=I32[" + n(in / 8) + "," + n(out) + "] " + name + ".qzeros=I32[" +
           n(in / 32) + "," + n(out / 8) + "] " + name + ".scales=F16[" + n(in / 32) + "," +
           n(out) + "] " + name + ".g_idx=I32[" + n(in) + "] ";
  };
  const auto awq = [&](const std::string& name, int out, int in) {
    return name + ".qweight=I32[" + n(in) + "," + n(out / 8) + "] " + name + ".qzeros=I32[" +
           n(in / 32) + "," + n(out / 8) + "] " + name + ".scales=F16[" + n(in / 32) + "," +
           n(out) + "] ";
  };
  const std::string outside =
      "model.embed_tokens.weight=F16[100,64] model.norm.weight=F16[64] lm_head.weight=F16[100,64] ";
  const auto with = [](const std::string& method) {
    std::string text = config("llama", R"(,"quantization_config":{"quant_method":")" + method +
                                           R"(","bits":4,"group_size":32,"desc_act":false,)"
                                           R"("version":"gemm","zero_point":true})");
    return text.replace(text.find("bfloat16"), 8, "float16");
  };
  const SafetensorsFile gptq_file = SafetensorsFile().add(outside).add(layers(gptq), {0, 3});
  check_whole(checked(with("gptq"), gptq_file), gptq_file);
  const SafetensorsFile awq_file = SafetensorsFile().add(outside).add(layers(awq), {0, 3});
  check_whole(checked(with("awq"), awq_file), awq_file);
}

TEST_CASE("fp8 matrices whose config says nothing are read from their headers") {
  const std::string l = "model.layers.*.";
  const auto fp8 = [](const std::string& name, const std::string& shape) {
    return name + ".weight=F8_E4M3[" + shape + "] " + name + ".weight_scale=F32[] ";
  };
  const SafetensorsFile file =
      SafetensorsFile()
          .add(llama_outside + head)
          .add(l + "input_layernorm.weight=BF16[64] " + l +
                   "post_attention_layernorm.weight=BF16[64] " +
                   fp8(l + "self_attn.q_proj", "64,64") + fp8(l + "self_attn.k_proj", "32,64") +
                   fp8(l + "self_attn.v_proj", "32,64") + fp8(l + "self_attn.o_proj", "64,64") +
                   llama_mlp,
               {0, 3});
  const CheckedModel model = checked(config("llama"), file);
  check_whole(model, file);
  CHECK(model.summary.model.dtypes.weights == "fp8");
}

TEST_CASE("weights that are not those of their config are told apart by name") {
  const SafetensorsFile file = SafetensorsFile()
                                   .add(llama_outside + head)
                                   .add(llama_layer + llama_mlp, {0, 3})
                                   .add("model.layers.*.self_attn.extra.weight=BF16[7,64]", {0, 3});
  const CheckedModel model = checked(config("llama"), file);
  CHECK_FALSE(model.holds());
  const WeightCheck& w = *model.weights;
  CHECK((w.parameters_in_file - w.parameters_of_model) == Elements(Count(3 * 7 * 64)));
  REQUIRE(w.only_in_file.size() == 1);
  CHECK(w.only_in_file[0].what == "model.layers.*.self_attn.extra.weight");
  CHECK(w.only_in_file[0].tensors == 3);
  CHECK(w.only_in_file[0].each == Elements(Count(7 * 64)));
  CHECK(w.only_in_model.empty());
  const auto& warnings = model.summary.model.warnings;
  CHECK(std::ranges::any_of(warnings, [](const Warning& x) { return x.code == "weights_differ"; }));
}

TEST_CASE("a file of weights or of quantisation stands for the folder that it is in") {
  const SafetensorsFile file =
      SafetensorsFile().add(llama_outside + head).add(llama_layer + llama_mlp, {0, 3});
  const ModelFolder folder(config("llama"), file.header());
  folder.write("hf_quant_config.json",
               R"({"producer":{"name":"modelopt"},"quantization":{"quant_algo":"FP8"}})");
  const auto name = [&](const std::string& leaf) {
    const Result<Model> model = load_model((folder.path / leaf).string());
    if (!model) return render(model.problems());
    return model->name + " " + model->dtypes.weights;
  };
  CHECK(name("model.safetensors") == "m fp8");
  CHECK(name("hf_quant_config.json") == "m fp8");
  fs::remove(folder.path / "config.json");
  CHECK(name("model.safetensors") ==
        (folder.path / "model.safetensors").string() +
            ": error: this file says how weights are stored, and not what the model is\n"
            "hint: put the model's config.json beside it, and name that or the folder\n");
}

}  // namespace attncalc
