// SPDX-License-Identifier: Apache-2.0
//
// One model under every method: what each stores beside the weights, derived by hand, and equal to
// the numbers that published checkpoints of this model hold. "Hub" figures are safetensors totals
// in AlexsJones/llmfit, llmfit-core/data/hf_models.json, commit 5bdc9df9d8.
#include "unit/ingest/quantised.hpp"

namespace attncalc {
namespace {

StoredWeights llama(std::string_view quantisation) {
  return weights_of(model_of(with(llama_8b, quantisation)));
}

TEST_CASE("without a quantisation config every weight is plain") {
  const Model model = model_of(fmt::format("{{{}}}", llama_8b));
  CHECK_FALSE(model.weight_formats);
  CHECK(total(weights_of(model)) == 2 * llama_8b_parameters);
  CHECK(parameters(model).total == weight_bytes(weights_of(model)).elements);
}

TEST_CASE("fp8 in tiles of 128 × 128: one fp32 scale a tile") {
  const StoredWeights weights = llama(R"({"quant_method": "fp8", "fmt": "e4m3",
      "activation_scheme": "dynamic", "weight_block_size": [128, 128]})");
  // Every dimension is a multiple of 128, so a tile holds 16384 weights.
  CHECK(scales(weights) == llama_8b_matrices / 16'384);
  CHECK(total(weights) ==
        llama_8b_plain_bytes + llama_8b_matrices + llama_8b_matrices / 16'384 * 4);
}

TEST_CASE("a tile that a matrix does not fill has its scale all the same") {
  Format tiles = *find_format("fp8");
  tiles.scale_per = ScalePer::tile;
  tiles.scale_rows = tiles.scale_elements = 128;
  tiles.scale_bytes = 4;
  // kv_a_proj_with_mqa of DeepSeek-V3: 576 × 7168 is 5 × 56 tiles.
  CHECK(matrix_scale_bytes(tiles, Count(576), Count(7168)) == Count(5 * 56 * 4));
  CHECK(matrix_data_bytes(tiles, Count(576), Count(7168)) == Count(576 * 7168));
}

TEST_CASE("fp8 with one scale a matrix, and one for its inputs where they are static") {
  const StoredWeights both = llama(R"({"quant_method": "fp8", "activation_scheme": "static",
      "modules_to_not_convert": ["model.vision_tower", "lm_head"], "weight_block_size": null})");
  CHECK(total(both) == llama_8b_plain_bytes + llama_8b_matrices + llama_8b_modules * 2 * 4);
  const StoredWeights one = llama(R"({"quant_method": "fp8", "activation_scheme": "dynamic"})");
  CHECK(total(one) == total(both) - llama_8b_modules * 4);
}

TEST_CASE("fbgemm_fp8: a scale a row, and layers that are spared by name") {
  const StoredWeights weights = llama(R"({"quant_method": "fbgemm_fp8",
      "activation_scale_ub": 1200.0, "modules_to_not_convert": [
      "model.layers.0.mlp.down_proj", "model.layers.0.self_attn.q_proj",
      "model.layers.31.mlp.down_proj"]})");
  CHECK(formats_of(weights, "down_proj") == "2×1 4096 bf16, 30×1 4096 fp8");
  CHECK(formats_of(weights, "q_proj") == "1×1 4096 bf16, 31×1 4096 fp8");
  CHECK(formats_of(weights, "up_proj") == "32×1 14336 fp8");
  // Rows of a layer: 4096 + 1024 + 1024 + 4096 + 14336 + 14336 + 4096.
  CHECK(scales(weights) == 32 * 43'008 - 3 * 4'096);
}

TEST_CASE("compressed-tensors: fp8 a matrix, as RedHatAI/Meta-Llama-3.1-8B-FP8") {
  const StoredWeights weights = llama(R"({"quant_method": "compressed-tensors",
      "format": "float-quantized", "ignore": ["lm_head"], "config_groups": {"group_0": {
      "targets": ["Linear"],
      "input_activations": {"dynamic": false, "num_bits": 8, "strategy": "tensor", "type": "float"},
      "weights": {"dynamic": false, "num_bits": 8, "strategy": "tensor", "type": "float"}}}})");
  // Hub: 8,030,261,696, two scales for each of 224 matrices.
  CHECK(llama_8b_parameters + 2 * quantised_matrices(weights) == 8'030'261'696);
  CHECK(total(weights) == llama_8b_plain_bytes + llama_8b_matrices + llama_8b_modules * 2 * 2);
}

TEST_CASE("compressed-tensors: a scale a row, as RedHatAI's FP8-dynamic and w8a8") {
  constexpr std::string_view config = R"({{"quant_method": "compressed-tensors",
      "ignore": ["lm_head"], "config_groups": {{"group_0": {{"targets": ["Linear"],
      "input_activations": {{"dynamic": true, "num_bits": 8, "strategy": "token"}},
      "weights": {{"num_bits": 8, "strategy": "channel", "symmetric": true, "type": "{}"}}}}}}}})";
  for (const std::string_view type : {"float", "int"}) {
    const StoredWeights weights = llama(fmt::format(config, type));
    CHECK(llama_8b_parameters + scales(weights) == 8'031'637'504);  // Hub, both
    CHECK(total(weights) == llama_8b_plain_bytes + llama_8b_matrices + 2 * scales(weights));
  }
}

TEST_CASE("compressed-tensors: fp8 in tiles; patterns spare attention in every layer") {
  const Model model = model_of(with(llama_8b, R"({"quant_method": "compressed-tensors",
      "format": "float-quantized", "ignore": ["lm_head", "re:.*\\.self_attn\\.(q|k|v|o)_proj$",
      "model.layers.0.mlp.gate_proj"], "kv_cache_scheme": {"dynamic": false, "num_bits": 8,
      "strategy": "tensor", "type": "float"}, "config_groups": {"group_0": {"targets": ["Linear"],
      "weights": {"num_bits": 8, "strategy": "block", "block_structure": [128, 128],
      "type": "float"}}}})"));
  const StoredWeights weights = weights_of(model);
  CHECK(formats_of(weights, "q_proj") == "32×1 4096 bf16");
  CHECK(formats_of(weights, "gate_proj") == "1×1 14336 bf16, 31×1 14336 fp8");
  CHECK(scales(weights) == (3 * 32 - 1) * 112 * 32);
  CHECK(model.dtypes.weights == "fp8");
  CHECK(model.dtypes.cache == "fp8");
  CHECK(model.dtypes.cache_source == "config.json:6:59 kv_cache_scheme");
}

TEST_CASE("compressed-tensors: int4 in groups of 128, as w4a16 exports") {
  const Model model = model_of(with(llama_8b, R"({"quant_method": "compressed-tensors",
      "format": "pack-quantized", "ignore": ["lm_head"], "config_groups": {"group_0": {
      "targets": ["Linear"], "weights": {"num_bits": 4, "group_size": 128, "strategy": "group",
      "symmetric": true, "type": "int"}}}})"));
  CHECK(model.dtypes.weights == "int4 g128");
  // Half a byte a weight, a bf16 scale a group, and the shape as two 64-bit numbers.
  CHECK(total(weights_of(model)) == llama_8b_plain_bytes + llama_8b_matrices / 2 +
                                        llama_8b_matrices / 128 * 2 + llama_8b_modules * 16);
}

TEST_CASE("compressed-tensors: zero points where the scheme is not symmetric") {
  const StoredWeights weights = llama(R"({"quant_method": "compressed-tensors",
      "ignore": ["lm_head"], "config_groups": {"group_0": {"targets": ["Linear"],
      "weights": {"num_bits": 4, "group_size": 128, "strategy": "group", "symmetric": false,
      "type": "int"}}}})");
  CHECK(total(weights) == llama_8b_plain_bytes + llama_8b_matrices / 2 +
                              llama_8b_matrices / 128 * 2 + llama_8b_matrices / 128 / 2 +
                              llama_8b_modules * 16);
}

TEST_CASE("compressed-tensors: nvfp4, as RedHatAI/Llama-3.1-8B-Instruct-NVFP4") {
  const Model model = model_of(with(llama_8b, R"({"quant_method": "compressed-tensors",
      "format": "nvfp4-pack-quantized", "ignore": ["lm_head"], "config_groups": {"group_0": {
      "targets": ["Linear"],
      "input_activations": {"dynamic": "local", "num_bits": 4, "group_size": 16},
      "weights": {"num_bits": 4, "group_size": 16, "strategy": "tensor_group", "type": "float",
      "scale_dtype": "torch.float8_e4m3fn"}}}})"));
  const StoredWeights weights = weights_of(model);
  CHECK(model.dtypes.weights == "nvfp4");
  // Hub: two weights a byte, a scale for 16, two more for the matrix and its inputs.
  CHECK(llama_8b_parameters - llama_8b_matrices / 2 + scales(weights) +
            2 * quantised_matrices(weights) ==
        4'976'808'384);
  CHECK(total(weights) == llama_8b_plain_bytes + llama_8b_matrices / 2 + llama_8b_matrices / 16 +
                              llama_8b_modules * 8);
}

TEST_CASE("compressed-tensors: the head is a linear layer unless it is ignored") {
  constexpr std::string_view groups = R"("config_groups": {"group_0": {"targets": ["Linear"],
      "weights": {"num_bits": 8, "strategy": "channel", "type": "int"}}})";
  const auto head = [&](std::string_view ignored) {
    return formats_of(llama(fmt::format(R"({{"quant_method": "compressed-tensors",
        "ignore": [{}], {}}})",
                                        ignored, groups)),
                      "lm_head");
  };
  CHECK(head("") == "1×1 128256 int8");
  CHECK(head("\"lm_head\"") == "1×1 128256 bf16");
  CHECK(head("\"re:.*lm_head.*\"") == "1×1 128256 bf16");
}

TEST_CASE("awq: int4 with half-precision scales and packed zero points") {
  const StoredWeights weights = llama(R"({"quant_method": "awq", "bits": 4, "group_size": 128,
      "zero_point": true, "version": "gemm", "modules_to_not_convert": ["visual"]})");
  CHECK(total(weights) == llama_8b_plain_bytes + llama_8b_matrices / 2 +
                              llama_8b_matrices / 128 * 2 + llama_8b_matrices / 128 / 2);
}

TEST_CASE("gptq adds the group of each input; auto-round does not") {
  const std::int64_t awq = total(llama(R"({"quant_method": "awq", "bits": 4, "group_size": 128})"));
  // Inputs of a layer's matrices: 4 × 4096 of attention, 2 × 4096 and 14336 of the MLP.
  const std::int64_t orders = 32 * (6 * 4'096 + 14'336) * 4;
  CHECK(total(llama(R"({"quant_method": "gptq", "bits": 4, "group_size": 128, "sym": true,
      "desc_act": false, "true_sequential": true})")) == awq + orders);
  CHECK(total(llama(R"({"quant_method": "auto-round", "bits": 4, "group_size": 128, "sym": true,
      "data_type": "int", "packing_format": "auto_round:auto_gptq"})")) == awq);
}

TEST_CASE("gptq: group_size -1 is a scale a row; dynamic rules spare and differ") {
  const StoredWeights rows =
      llama(R"({"quant_method": "gptq", "bits": 8, "group_size": -1, "desc_act": true})");
  CHECK(scales(rows) == 32 * 43'008);
  const StoredWeights mixed = llama(R"({"quant_method": "gptq", "bits": 4, "group_size": 128,
      "dynamic": {"-:.*self_attn.*": {}, "+:.*down_proj.*": {"bits": 8, "group_size": 64}}})");
  CHECK(formats_of(mixed, "o_proj") == "32×1 4096 bf16");
  CHECK(formats_of(mixed, "down_proj") == "32×1 4096 int8 g64");
  CHECK(formats_of(mixed, "up_proj") == "32×1 14336 int4 g128");
}

TEST_CASE("bitsandbytes: nf4 with a maximum for 64, of fp32 or quantised again; int8 by rows") {
  const Model nf4 = model_of(with(llama_8b, R"({"quant_method": "bitsandbytes",
      "_load_in_4bit": true, "load_in_4bit": true, "bnb_4bit_quant_type": "nf4",
      "bnb_4bit_use_double_quant": false})"));
  CHECK(nf4.dtypes.weights == "nf4");
  const std::int64_t plain = llama_8b_plain_bytes + llama_8b_matrices / 2;
  CHECK(total(weights_of(nf4)) == plain + llama_8b_matrices / 64 * 4 + llama_8b_modules * 16 * 4);
  CHECK(total(llama(R"({"quant_method": "bitsandbytes", "load_in_4bit": true,
      "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": true})")) ==
        plain + llama_8b_matrices / 64 + llama_8b_matrices / (64 * 256) * 4 +
            llama_8b_modules * (16 + 256) * 4);
  CHECK(total(llama(R"({"quant_method": "bitsandbytes", "load_in_8bit": true})")) ==
        llama_8b_plain_bytes + llama_8b_matrices + 32 * 43'008 * 4 + llama_8b_modules);
}

TEST_CASE("modelopt without quant_method, and a cache named by a word") {
  const Model model = model_of(with(llama_8b, R"({"config_groups": {"group_0": {
      "weights": {"dynamic": false, "num_bits": 8, "type": "float"}}}, "ignore": ["lm_head"],
      "quant_algo": "FP8", "kv_cache_scheme": "FP8", "producer": {"name": "modelopt"}})"));
  CHECK(model.dtypes.weights == "fp8");
  CHECK(model.dtypes.weights_source == "config.json:6:21 quantization_config.quant_algo");
  CHECK(model.dtypes.cache == "fp8");
  CHECK(total(weights_of(model)) ==
        llama_8b_plain_bytes + llama_8b_matrices + llama_8b_modules * 8);
}

TEST_CASE("hf_quant_config.json alone says it, or adds the cache") {
  const std::string config = fmt::format("{{{}}}", llama_8b);
  const Model model = model_of(config, R"({"producer": {"name": "modelopt", "version": "0.23.0"},
      "quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "group_size": 16,
      "exclude_modules": ["lm_head", "model.layers.0*", "model.layers.1.*",
      "model.layers.31.mlp.down_proj"]}})");
  CHECK(model.dtypes.weights == "nvfp4");
  CHECK(model.dtypes.weights_source == "hf_quant_config.json:2:38 quantization_config.quant_algo");
  CHECK(model.dtypes.cache == "fp8");
  const StoredWeights weights = weights_of(model);
  CHECK(formats_of(weights, "q_proj") == "2×1 4096 bf16, 30×1 4096 nvfp4");
  CHECK(formats_of(weights, "down_proj") == "3×1 4096 bf16, 29×1 4096 nvfp4");
  const Model both = model_of(with(llama_8b, R"({"quant_method": "fp8"})"),
                              R"({"quantization": {"quant_algo": "NVFP4",
                                  "kv_cache_quant_algo": "FP8"}})");
  CHECK(both.dtypes.weights == "fp8");  // config.json is the newer place
  CHECK(both.dtypes.cache == "fp8");
}

TEST_CASE("a cache that nothing names stays unnamed") {
  const Model model = model_of(with(llama_8b, R"({"quant_method": "modelopt", "quant_algo": "NVFP4",
      "ignore": ["lm_head"], "kv_cache_scheme": null})"));
  CHECK(model.dtypes.cache.empty());
}

TEST_CASE("modelopt without its list says so") {
  const Model model =
      model_of(fmt::format("{{{}}}", llama_8b), R"({"quantization": {"quant_algo": "FP8"}})");
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "no_exclusion_list");
  CHECK(model.warnings[0].text ==
        "the list of modules that are not quantised is missing: all matrices of the layers are "
        "taken as fp8");
}

TEST_CASE("quark: mxfp4, with an fp8 cache where k_proj and v_proj are stored so") {
  const Model model = model_of(with(llama_8b, R"({"quant_method": "quark", "exclude": ["lm_head"],
      "export": {"kv_cache_group": ["*k_proj", "*v_proj"]},
      "global_quant_config": {"weight": {"dtype": "fp4", "qscheme": "per_group", "group_size": 32,
      "scale_format": "e8m0"}},
      "layer_quant_config": {"*k_proj": {"output_tensors": {"dtype": "fp8_e4m3"},
      "weight": {"dtype": "fp4", "qscheme": "per_group", "group_size": 32}}}})"));
  CHECK(model.dtypes.weights == "mxfp4");
  CHECK(model.dtypes.cache == "fp8");
  CHECK(total(weights_of(model)) ==
        llama_8b_plain_bytes + llama_8b_matrices / 2 + llama_8b_matrices / 32);
}

// --- what is refused -----------------------------------------------------------------------------

std::string refusal(std::string_view quantisation) {
  const Result<Model> model = read_config(with(llama_8b, quantisation));
  return model ? std::string() : render(model.problems());
}

TEST_CASE("a method that is not known is an error that names it") {
  const Result<Model> model = read_config(with(llama_8b, R"({"quant_method": "aqlm"})"));
  REQUIRE_FALSE(model);
  CHECK(model.problems()[0].message == "quant_method 'aqlm' is not known");
  CHECK(model.problems()[0].hint ==
        "parameters and cache can be had with --assume quantization_config");
  CHECK(model.problems()[0].at.line == 4);
  CHECK(model.problems()[0].at.column == 109);
  CHECK(refusal(R"({"quant_method": "gtpq"})").find("did you mean gptq?; ") != std::string::npos);
  CHECK(refusal(R"({"bits": 4})").find("quantization_config has no quant_method") !=
        std::string::npos);
}

TEST_CASE(
    "flag --assume quantization_config leaves the weights aside and keeps the cache's scheme") {
  const Result<Model> model =
      read_config(with(llama_8b, R"({"quant_method": "aqlm", "kv_cache_scheme": "FP8"})"),
                  {.set = {}, .assume = {"quantization_config"}});
  REQUIRE(model);
  CHECK_FALSE(model->weight_formats);
  CHECK(model->dtypes.weights.empty());
  CHECK(model->dtypes.cache == "fp8");
  REQUIRE(model->assumptions.size() == 1);
  CHECK(model->assumptions[0] ==
        Assumption{"quantization_config", "ignored", "--assume quantization_config"});
}

TEST_CASE("shapes of a known method that are not known") {
  const auto says = [](std::string_view quantisation, std::string_view part) {
    INFO(quantisation);
    CHECK(refusal(quantisation).find(part) != std::string::npos);
  };
  says(R"({"quant_method": "fp8", "weight_block_size": [128]})", "must be two whole numbers");
  says(R"({"quant_method": "modelopt", "quant_algo": "FP3"})", "quant_algo 'FP3' is not known");
  says(R"({"quant_method": "awq", "bits": 40})", "bits 40 with group_size 128 are not known");
  says(R"({"quant_method": "gptq", "bits": 4, "group_size": 20})",
       "bits 4 with group_size 20 are not known");
  says(R"({"quant_method": "auto-round", "data_type": "mx_fp"})", "data_type 'mx_fp' is not known");
  says(R"({"quant_method": "compressed-tensors"})", "config_groups is missing");
  says(R"({"quant_method": "compressed-tensors", "ignore": ["re:a("], "config_groups": {}})",
       "a ( without its )");
  says(R"({"quant_method": "compressed-tensors", "config_groups": {}, "sparsity_config":
      {"format": "sparse-24-bitmask"}})",
       "sparse weights ('sparse-24-bitmask') are not known");
  says(R"({"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["FusedMoE"],
      "weights": {"num_bits": 8, "type": "float", "strategy": "channel"}}}})",
       "target 'FusedMoE' is not understood");
  says(R"({"quant_method": "compressed-tensors", "config_groups": {"g": {"targets": ["Linear"],
      "weights": {"num_bits": 3, "type": "float", "strategy": "channel"}}}})",
       "weights of 3 float bits with strategy 'channel' are not known");
  says(R"({"quant_method": "bitsandbytes"})", "neither load_in_4bit nor load_in_8bit is set");
  says(R"({"quant_method": "fp8", "kv_cache_scheme": {"num_bits": 2, "type": "float"}})",
       "kv_cache_scheme is not understood");
}

}  // namespace
}  // namespace attncalc
