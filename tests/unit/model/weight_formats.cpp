// SPDX-License-Identifier: Apache-2.0
//
// Rules, names and sums of stored weights; what --weights-dtype stands for.
#include "model/weight_formats.hpp"

#include "unit/ingest/quantised.hpp"

namespace attncalc {
namespace {

bool covers(std::string_view pattern, std::string_view module) {
  const Result<ModulePattern> parsed = ModulePattern::parse(pattern);
  REQUIRE(parsed);
  return parsed->matches(module);
}

TEST_CASE("a plain name stands between dots") {
  CHECK(covers("gate", "model.layers.0.block_sparse_moe.gate"));
  CHECK_FALSE(covers("gate", "model.layers.0.mlp.gate_proj"));
  CHECK_FALSE(covers("gate", "model.layers.0.mlp.shared_expert_gate"));
  CHECK(covers("model.layers.0", "model.layers.0.mlp.gate_proj"));
  CHECK_FALSE(covers("model.layers.1", "model.layers.10.mlp.gate_proj"));
  CHECK(covers("layers.0.ffn.experts", "layers.0.ffn.experts.0.w1"));
  CHECK_FALSE(covers("", "lm_head"));
}

TEST_CASE("a glob covers a module or its parent") {
  CHECK(covers("model.layers.*.self_attn", "model.layers.3.self_attn.q_proj"));
  CHECK_FALSE(covers("model.layers.*.self", "model.layers.3.self_attn.q_proj"));
  CHECK(covers("*k_proj", "model.layers.3.self_attn.k_proj"));
}

TEST_CASE("a name with a regular expression's mark is one") {
  CHECK(covers("re:.*self_attn.*", "model.layers.3.self_attn.q_proj"));
  CHECK_FALSE(covers("re:self_attn.*", "model.layers.3.self_attn.q_proj"));
  CHECK_FALSE(ModulePattern::parse("re:a("));
}

TEST_CASE("the first rule that matches decides") {
  const Model model = model_of(fmt::format("{{{}}}", llama_8b));
  WeightFormats formats;
  const FormatIndex fp8 = formats.add(*find_format("fp8"));
  const FormatIndex int4 = formats.add(*find_format("int4"));
  formats.linear = int4;
  formats.rules.push_back({*ModulePattern::parse("model.layers.5.mlp"), 0});
  formats.rules.push_back({*ModulePattern::parse("*.mlp.*"), fp8});
  formats.rules.push_back({*ModulePattern::parse("model.layers.6.mlp"), 0});  // too late
  const StoredWeights weights = stored_weights(model, formats);
  CHECK(formats_of(weights, "up_proj") == "1×1 14336 bf16, 31×1 14336 fp8");
  CHECK(formats_of(weights, "q_proj") == "32×1 4096 int4");
  CHECK(formats_of(weights, "norm") == "1×1 4096 bf16, 32×1 4096 bf16, 32×1 4096 bf16");
  CHECK(formats.name() == "mixed");
}

TEST_CASE("rows of roles and of formats add up to the total") {
  const Model model = model_of(with(llama_8b, R"({"quant_method": "awq", "bits": 4})"));
  const StoredWeights weights = weights_of(model);
  std::int64_t by_role = 0, by_format = 0;
  for (const auto& row : weight_bytes_by_role(weights)) by_role += row.bytes.total().value.value;
  for (const auto& row : weight_bytes_by_format(weights))
    by_format += row.bytes.total().value.value;
  CHECK(by_role == total(weights));
  CHECK(by_format == total(weights));
  CHECK(weight_bytes(weights).elements == parameters(model).total);
}

TEST_CASE("a model without experts reads all of its bytes for a token") {
  const StoredWeights weights =
      weights_of(model_of(with(llama_8b, R"({"quant_method": "awq", "bits": 4})")));
  CHECK(weight_bytes(weights).active == weight_bytes(weights).total());
}

// --- --weights-dtype -----------------------------------------------------------------------------

std::int64_t as(std::string_view name, const Model& model) {
  const Result<WeightFormats> formats = named_formats(name, model);
  if (!formats) FAIL(render(formats.problems()));
  return total(stored_weights(model, *formats));
}

TEST_CASE("a number format holds for every matrix, a wider float for vectors too") {
  const Model model = model_of(fmt::format("{{{}}}", llama_8b));
  const std::int64_t vectors = 65 * 4'096;  // norms
  const std::int64_t matrices = llama_8b_parameters - vectors;
  CHECK(as("bf16", model) == 2 * llama_8b_parameters);
  CHECK(as("fp32", model) == 4 * llama_8b_parameters);
  CHECK(as("fp8", model) == matrices + 2 * vectors);
  CHECK(as("int4", model) == matrices / 2 + 2 * vectors);
  CHECK(as("nvfp4", model) == matrices / 2 + matrices / 16 + 2 * vectors);
  CHECK(as("mxfp4", model) == matrices / 2 + matrices / 32 + 2 * vectors);
  CHECK(as("bits:3", model) == matrices / 8 * 3 + 2 * vectors);
}

TEST_CASE("a scheme holds for the layers' matrices") {
  const Model model = model_of(fmt::format("{{{}}}", llama_8b));
  const std::int64_t int4 = llama_8b_plain_bytes + llama_8b_matrices / 2;
  CHECK(as("w4a16", model) == int4 + llama_8b_matrices / 128 * 2);
  CHECK(as("w4a16:g128", model) == as("w4a16", model));
  CHECK(as("w4a16:g32", model) == int4 + llama_8b_matrices / 32 * 2);
  CHECK(as("w8a8", model) == llama_8b_plain_bytes + llama_8b_matrices + 32 * 43'008 * 4);
}

TEST_CASE("Q4_K_M of Llama-3.1-8B is the published file without its header") {
  const Model model = model_of(fmt::format("{{{}}}", llama_8b));
  // bartowski/Meta-Llama-3.1-8B-Instruct-GGUF: 4,920,739,232 bytes in 292 tensors, 4685 MiB of them
  // tensor data; one of the 292 is rope_freqs, 64 fp32. The rest is the header: vocabulary, merges.
  constexpr std::int64_t file = 4'920'739'232, header = 8 * units::mebi;
  const std::int64_t data = as("q4_k_m", model) + 64 * 4;
  CHECK(data / units::mebi == 4'685);
  CHECK(data < file);
  CHECK(file - data < header);
  // By hand: 16 of 32 layers get more bits (4 first, 4 last, every third of the 24 between).
  const Result<WeightFormats> formats = named_formats("q4_k_m", model);
  REQUIRE(formats);
  const StoredWeights weights = stored_weights(model, *formats);
  CHECK(formats_of(weights, "v_proj") == "16×1 1024 q4_k, 16×1 1024 q6_k");
  CHECK(formats_of(weights, "down_proj") == "16×1 4096 q4_k, 16×1 4096 q6_k");
  CHECK(formats_of(weights, "embed") == "1×1 128256 q4_k");
  CHECK(formats_of(weights, "lm_head") == "1×1 128256 q6_k");
}

TEST_CASE("llama.cpp's recipes for whom they make exceptions") {
  const auto formats = [](std::string_view config, std::string_view mix) {
    const Model model = model_of(fmt::format("{{{}}}", config));
    const Result<WeightFormats> named = named_formats(mix, model);
    REQUIRE(named);
    return stored_weights(model, *named);
  };
  constexpr std::string_view deep = R"("model_type": "llama", "hidden_size": 8192,
      "intermediate_size": 28672, "num_attention_heads": 64, "num_key_value_heads": 8,
      "num_hidden_layers": 80, "vocab_size": 128256, "tie_word_embeddings": false)";
  CHECK(formats_of(formats(deep, "q4_k_m"), "v_proj") == "40×1 1024 q6_k, 40×1 1024 q5_k");
  constexpr std::string_view eight = R"("model_type": "mixtral", "hidden_size": 4096,
      "intermediate_size": 14336, "num_attention_heads": 32, "num_key_value_heads": 8,
      "num_hidden_layers": 32, "vocab_size": 32000, "num_local_experts": 8,
      "num_experts_per_tok": 2, "tie_word_embeddings": false)";
  const StoredWeights mixtral = formats(eight, "q4_k_m");
  CHECK(formats_of(mixtral, "k_proj") == "32×1 1024 q8_0");
  CHECK(formats_of(mixtral, "o_proj") == "32×1 4096 q5_k");
  CHECK(formats_of(mixtral, "router") == "32×1 8 fp32");
  constexpr std::string_view tied = R"("model_type": "qwen2", "hidden_size": 896,
      "intermediate_size": 4864, "num_attention_heads": 14, "num_key_value_heads": 2,
      "num_hidden_layers": 24, "vocab_size": 151936, "tie_word_embeddings": true)";
  const StoredWeights small = formats(tied, "q4_k_m");  // rows of 896 do not fill blocks of 256
  CHECK(formats_of(small, "embed") == "1×1 151936 q8_0");
  CHECK(formats_of(small, "q_proj") == "24×1 896 q5_0");
  CHECK(formats_of(small, "down_proj") == "12×1 896 q6_k, 12×1 896 q4_k");
}

TEST_CASE("a mix whose rules are not known for a model is refused") {
  const Model fused = model_of(R"({"model_type": "phi3", "hidden_size": 3072,
      "intermediate_size": 8192, "num_attention_heads": 32, "num_key_value_heads": 32,
      "num_hidden_layers": 32, "vocab_size": 32064})");
  const Result<WeightFormats> refused = named_formats("q4_k_m", fused);
  REQUIRE_FALSE(refused);
  CHECK(refused.problems()[0].message ==
        "q4_k_m gives layers of this kind types that are not known here");
  CHECK(named_formats("q8_0", fused));
}

TEST_CASE("a name that is none is an error with the nearest") {
  const Model model = model_of(fmt::format("{{{}}}", llama_8b));
  const Result<WeightFormats> none = named_formats("q4_k_x", model);
  REQUIRE_FALSE(none);
  CHECK(none.problems()[0].message == "no format of weights is named 'q4_k_x'");
  CHECK_FALSE(none.problems()[0].hint.empty());
  CHECK_FALSE(named_formats("w4a16:g0", model));
  CHECK_FALSE(named_formats("w4a16g128", model));
}

}  // namespace
}  // namespace attncalc
