// SPDX-License-Identifier: Apache-2.0
//
// Published tables of operator costs, typed in as they are printed, against our figures at the
// printed precision. Where a table counts something in another way, the line says so; no figure of
// our own stands here as an expectation.
#include "../laws/every_model.hpp"

namespace attncalc {
namespace {

// --- "LLM Inference Unveiled" (arXiv:2402.16363), Table 1 ----------------------------------------
//
// Llama-2-7b, one sequence of 2048 tokens, 16-bit; each row is one layer. Conventions of the table:
// the square of the prompt is counted, and scores pass through memory.

struct UnveiledRow {
  OpName name;
  std::uint8_t times;  // how often it stands in a layer
  double ops, ops_unit;
  double bytes, bytes_unit;
  double intensity;  // as printed, with so many decimals
  int decimals;
};
constexpr double K = 1e3, M = 1e6, G = 1e9;

const std::vector<UnveiledRow> unveiled_prefill = {
    {OpName::q_proj, 1, 69, G, 67, M, 1024, 0},      {OpName::k_proj, 1, 69, G, 67, M, 1024, 0},
    {OpName::v_proj, 1, 69, G, 67, M, 1024, 0},      {OpName::o_proj, 1, 69, G, 67, M, 1024, 0},
    {OpName::gate_proj, 1, 185, G, 152, M, 1215, 0}, {OpName::up_proj, 1, 185, G, 152, M, 1215, 0},
    {OpName::down_proj, 1, 185, G, 152, M, 1215, 0}, {OpName::qk_scores, 1, 34, G, 302, M, 114, 0},
    {OpName::attn_values, 1, 34, G, 302, M, 114, 0}, {OpName::softmax, 1, 671, M, 537, M, 1.25, 2},
    {OpName::norm, 2, 59, M, 34, M, 1.75, 2},        {OpName::add, 2, 8, M, 34, M, 0.25, 2}};
const std::vector<UnveiledRow> unveiled_decode = {
    {OpName::q_proj, 1, 34, M, 34, M, 1, 0},         {OpName::k_proj, 1, 34, M, 34, M, 1, 0},
    {OpName::v_proj, 1, 34, M, 34, M, 1, 0},         {OpName::o_proj, 1, 34, M, 34, M, 1, 0},
    {OpName::gate_proj, 1, 90, M, 90, M, 1, 0},      {OpName::up_proj, 1, 90, M, 90, M, 1, 0},
    {OpName::down_proj, 1, 90, M, 90, M, 1, 0},      {OpName::qk_scores, 1, 17, M, 17, M, 0.99, 2},
    {OpName::attn_values, 1, 17, M, 17, M, 0.99, 2}, {OpName::softmax, 1, 328, K, 262, K, 1.25, 2},
    {OpName::norm, 2, 29, K, 16, K, 1.75, 2},        {OpName::add, 2, 4, K, 16, K, 0.25, 2}};

const Op& layer_op(const CostFigures& figures, const CostPlan& plan, OpName name) {
  for (const Op& op : figures.ops) {
    if (op.name == name && plan.groups[op.group] != "head") return op;
  }
  FAIL("no such operator");
  return figures.ops.front();
}

void check_unveiled(Phase phase, const std::vector<UnveiledRow>& rows) {
  const Model llama = *load_model("llama-2-7b");
  const CostPlan plan = plan_of(llama);
  PassRequest request{.phase = phase, .context = 2048};
  request.conventions.full_attention = true;
  request.conventions.attention = AttentionTraffic::standard;
  const CostFigures f = cost_of(llama, request, formats_named("fp16", "fp16", "fp16"));
  for (const UnveiledRow& row : rows) {
    const Op& op = layer_op(f, plan, row.name);
    const double times = 32.0 * row.times;
    const double ops = (op.flops + op.vector_flops).value / times;
    // The table leaves the weights of norms out.
    const Bytes moved = row.name == OpName::norm ? op.activations : op.hbm();
    const double bytes = static_cast<double>(moved.value.value) / times;
    const double scale = std::pow(10, row.decimals);
    CAPTURE(op_name(row.name), ops, bytes);
    CHECK(std::round(ops / row.ops_unit) == row.ops);
    CHECK(std::round(bytes / row.bytes_unit) == row.bytes);
    CHECK(std::round(ops / bytes * scale) / scale == row.intensity);
  }
}

// --- Step-3 (arXiv:2507.19427), Tables 2 and 3 ---------------------------------------------------
//
// Per decoded token: bytes of cache and state, FLOPs of attention without its projections, of the
// projections, of the FFN. fp8 but where a row says otherwise.

struct StepRow {
  std::string_view model;
  double kv_8k, attention_8k, linear, ffn, kv_32k, attention_32k;
};
const std::vector<StepRow> step_rows = {
    {"deepseek-v3", 2.88e8, 1.47e11, 2.28e10, 4.84e10, 1.15e9, 5.89e11},
    {"kimi-k2", 2.88e8, 7.37e10, 1.23e10, 4.84e10, 1.15e9, 2.95e11},
    {"qwen3-235b-a22b", 7.89e8, 2.52e10, 1.34e10, 2.84e10, 3.15e9, 1.01e11},
    {"qwen3-32b", 1.07e9, 1.72e10, 1.21e10, 5.03e10, 4.29e9, 6.87e10},
    {"llama-4-maverick", 1.01e9, 8.05e9, 6.04e9, 2.42e10, 2.21e9, 1.41e10},
    {"minimax-m1", 9.23e8, 3.42e9, 3.75e10, 5.44e10, 1.93e9, 1.15e10},
    {"ernie-4.5-300b", 9.06e8, 1.45e10, 1.63e10, 7.61e10, 3.62e9, 5.80e10},
    {"pangu-pro-moe", 8.05e8, 8.05e9, 6.04e9, 2.38e10, 3.22e9, 3.22e10},
    {"step-3", 2.56e8, 3.27e10, 2.07e10, 5.33e10, 1.02e9, 1.31e11},
};

Layer layer_of(const Kind& kind, const ChannelMixer& channel) {
  Layer layer;
  layer.mixers = {kind};
  layer.channel = channel;
  return layer;
}

Model stacked(Dim hidden, std::initializer_list<std::pair<int, Layer>> parts) {
  Model model;
  model.hidden = hidden;
  model.embedding.vocabulary = 1;
  for (const auto& [times, layer] : parts) {
    for (int i = 0; i < times; ++i) model.decoder.append(layer);
  }
  return model;
}

Moe experts(Dim count, Dim chosen, Dim width, Dim shared) {
  Moe m;
  m.experts = count;
  m.experts_per_token = chosen;
  m.intermediate = width;
  m.shared_intermediate = shared;
  return m;
}

Dense dense(Dim width) {
  Dense d;
  d.intermediate = width;
  return d;
}

Softmax heads(Dim q, Dim kv, Dim width) {
  Softmax s;
  s.heads = q;
  s.kv_heads = kv;
  s.head_dim = s.value_dim = width;
  return s;
}

// The models of the table that the catalog may not have, from their configs on the Hub.
Model kimi_k2() {
  Latent l;
  l.heads = 64;
  l.kv_lora_rank = 512;
  l.rope_dim = 64;
  l.nope_dim = l.value_dim = 128;
  l.q_lora_rank = Dim(1536);
  return stacked(7168,
                 {{1, layer_of(l, dense(18432))}, {60, layer_of(l, experts(384, 8, 2048, 2048))}});
}
Model ernie() {
  const Softmax s = heads(64, 8, 128);
  return stacked(8192,
                 {{3, layer_of(s, dense(28672))}, {51, layer_of(s, experts(64, 8, 3584, 0))}});
}
Model pangu() {
  return stacked(5120, {{48, layer_of(heads(40, 8, 128), experts(64, 8, 1344, 4 * 1344))}});
}
Model step_3() {
  Softmax s = heads(64, 1, 256);
  s.q_lora_rank = Dim(2048);
  return stacked(7168,
                 {{5, layer_of(s, dense(18432))}, {56, layer_of(s, experts(48, 3, 5120, 5120))}});
}

Model model_of(std::string_view name) {
  if (name == "kimi-k2") return kimi_k2();
  if (name == "ernie-4.5-300b") return ernie();
  if (name == "pangu-pro-moe") return pangu();
  if (name == "step-3") return step_3();
  return *load_model(name);
}

struct StepFigures {
  double kv = 0, attention = 0, linear = 0, ffn = 0;
};

bool is_attention(std::string_view group) { return group.starts_with("attention."); }
bool is_state(OpName name) { return name == OpName::state_update || name == OpName::state_read; }
bool is_score(OpName name) { return name == OpName::qk_scores || name == OpName::attn_values; }

StepFigures step_figures(std::string_view name, std::int64_t context) {
  const Model model = model_of(name);
  const CostPlan plan = plan_of(model);
  PassRequest request{.phase = Phase::decode, .context = context};
  request.conventions.mla = MlaForm::absorbed;
  const CostFigures f = cost_of(model, request, formats_named("fp8", "fp8"));
  const bool is_mla = find_op(f, f.ops[1].group, OpName::k_absorb) != nullptr;
  StepFigures out;
  for (const Op& op : f.ops) {
    const std::string& group = plan.groups[op.group];
    const auto read = static_cast<double>(op.kv_read.value.value);
    if (is_attention(group) && is_score(op.name)) {
      // Full layers of Llama 4 and softmax layers of MiniMax are in bf16 there.
      const bool wide = (name == "llama-4-maverick" && group.find("chunk") == std::string::npos) ||
                        name == "minimax-m1";
      out.kv += wide ? 2 * read : read;
      // The table takes MLA's values to be as wide as its keys (576, not 512): a known 5.9 %.
      if (!is_mla) out.attention += op.flops.value;
      if (is_mla && op.name == OpName::qk_scores) out.attention += 2 * op.flops.value;
    } else if (is_attention(group) && is_state(op.name)) {
      // It counts every operation on the state, a decay among them, as a multiply-add.
      out.kv += read + static_cast<double>(op.kv_write.value.value);
      out.attention += 2 * (op.flops + op.vector_flops).value;
    } else if (is_attention(group) && op.unit == OpUnit::matrix) {
      out.linear += op.flops.value;
    } else if (group.starts_with("mlp.") && op.name != OpName::router && op.name != OpName::gates) {
      out.ffn += op.flops.value;
    }
  }
  return out;
}

bool to_three_digits(double ours, double printed) {
  const double step = std::pow(10, std::floor(std::log10(printed)) - 2);
  return std::abs(ours - printed) <= 0.5 * step * (1 + 1e-9);
}

}  // namespace

TEST_CASE("LLM Inference Unveiled, Table 1: the twelve rows of prefill") {
  check_unveiled(Phase::prefill, unveiled_prefill);
}

TEST_CASE("LLM Inference Unveiled, Table 1: the twelve rows of decode") {
  check_unveiled(Phase::decode, unveiled_decode);
}

TEST_CASE("Step-3, Tables 2 and 3: 54 values of nine models") {
  for (const StepRow& row : step_rows) {
    const StepFigures at_8k = step_figures(row.model, 8192);
    const StepFigures at_32k = step_figures(row.model, 32768);
    CAPTURE(row.model, at_8k.kv, at_8k.attention, at_8k.linear, at_8k.ffn, at_32k.kv,
            at_32k.attention);
    CHECK(to_three_digits(at_8k.kv, row.kv_8k));
    CHECK(to_three_digits(at_8k.attention, row.attention_8k));
    CHECK(to_three_digits(at_8k.linear, row.linear));
    CHECK(to_three_digits(at_8k.ffn, row.ffn));
    CHECK(to_three_digits(at_32k.kv, row.kv_32k));
    CHECK(to_three_digits(at_32k.attention, row.attention_32k));
  }
}

TEST_CASE("Step-3, section 4: arithmetic intensity of decode attention in fp8") {
  const auto intensity = [](const Model& model) {
    PassRequest request{.phase = Phase::decode, .context = 8192};
    request.conventions.mla = MlaForm::absorbed;
    const CostFigures f = cost_of(model, request, formats_named("fp8", "fp8"));
    double flops = 0;
    double bytes = 0;
    for (const Op& op : f.ops) {
      flops += is_score(op.name) ? op.flops.value : 0;
      bytes += static_cast<double>(op.kv_read.value.value);
    }
    return flops / bytes;
  };
  // Printed 512, which is 4 × 128 × 576 / 576; values are 512 wide: 2 × 128 × (576 + 512) / 576.
  CHECK(intensity(*load_model("deepseek-v3")) == Approx(483.5556).epsilon(1e-6));
  CHECK(intensity(*load_model("qwen3-235b-a22b")) == 32);
  CHECK(intensity(step_3()) == 128);
}

TEST_CASE("FlashAttention-2 and 3: forward FLOPs are 4 N^2 d h, and half of it where causal") {
  // FlashAttention-3 §4.1: hidden 2048, head dimension 64, 128 or 256, 16k tokens in all.
  for (const std::int64_t d : {64, 128, 256}) {
    for (const std::int64_t n : {512, 1024, 2048, 4096, 8192, 16384}) {
      const Model model =
          stacked(2048, {{1, layer_of(heads(2048 / d, 2048 / d, d), NoChannelMixer{})}});
      const std::int64_t batch = 16384 / n;  // 16k tokens in all
      PassRequest request{.phase = Phase::prefill, .context = n, .batch = batch};
      const auto scores = [&] {
        const CostFigures f = cost_of(model, request, in_bf16());
        return flops_named(f, OpName::qk_scores) + flops_named(f, OpName::attn_values);
      };
      const double published =
          4.0 * static_cast<double>(n) * static_cast<double>(n) * 2048 * static_cast<double>(batch);
      const double causal = scores();
      request.conventions.full_attention = true;
      CHECK(scores() == published);
      // Ours has the diagonal in full: N (N + 1) / 2 pairs, not N² / 2.
      CHECK(causal == published / 2 * (1 + 1.0 / static_cast<double>(n)));
    }
  }
}

TEST_CASE("FlashAttention-3, Table 2: 3.538 ms are 661 TFLOP/s") {
  // N = 8448, 16 heads of 128, batch 4, forward without a mask.
  const Model model = stacked(2048, {{1, layer_of(heads(16, 16, 128), NoChannelMixer{})}});
  PassRequest request{.phase = Phase::prefill, .context = 8448, .batch = 4};
  request.conventions.full_attention = true;
  const CostFigures f = cost_of(model, request, in_bf16());
  const double flops = flops_named(f, OpName::qk_scores) + flops_named(f, OpName::attn_values);
  CHECK(std::round(flops / 3.538e-3 / 1e12) == 661);
}

TEST_CASE("DeepSeek-V3: 37 billion active parameters are 2 FLOP each and attention") {
  // DeepSeek-V3 (arXiv:2412.19437), abstract: 37B activated for each token; head included.
  const Model model = *load_model("deepseek-v3");
  const CostFigures f = cost_of(model, {.phase = Phase::decode, .context = 1}, in_bf16());
  CHECK(std::round(f.totals.flops.value / 2 / G) == 37);
}

}  // namespace attncalc
