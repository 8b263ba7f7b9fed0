// SPDX-License-Identifier: Apache-2.0
//
// Operators of single models against arithmetic that stands beside the expectation.
#include "model/cost.hpp"

#include <cmath>

#include "ingest/load.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

CostFigures figures(const Model& model, const PassRequest& request,
                    std::string_view weights = "bf16") {
  const CostPlan plan = cost_plan(model, *named_formats(weights, model));
  const CostFormats formats{*find_format("bf16"), *kv_formats("bf16", "bf16")};
  return *cost_figures(plan, *make_pass(request), formats);
}

const Op* find(const CostFigures& f, OpName name) {
  for (const Op& op : f.ops) {
    if (op.name == name) return &op;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("expected distinct experts: 8 tokens that choose 2 of 8 read 7.2") {
  Moe m;
  m.experts = 8;
  m.experts_per_token = 2;
  CHECK(experts_read(m, 1, ExpertsRead::expected) == 2);
  CHECK(experts_read(m, 8, ExpertsRead::expected) == Approx(8 * (1 - std::pow(0.75, 8))));
  CHECK(experts_read(m, 8, ExpertsRead::least) == 2);
  CHECK(experts_read(m, 1, ExpertsRead::all) == 8);
}

TEST_CASE("MLA is expanded for a prompt and absorbed for a decode, unless it is said") {
  const Model model = *load_model("deepseek-v3");
  CHECK(find(figures(model, {.phase = Phase::prefill, .context = 4096}), OpName::k_up));
  CHECK(find(figures(model, {.context = 4096}), OpName::k_absorb));
  PassRequest request{.context = 4096};
  request.conventions.mla = MlaForm::expanded;
  const CostFigures f = figures(model, request);
  // A decode that expands pays for the whole prefix: 61 layers × 4096 × 128 heads × 128 × 512.
  CHECK(find(f, OpName::k_up)->flops.value == 2.0 * 61 * 4096 * 128 * 128 * 512);
  CHECK(find(f, OpName::qk_scores)->flops.value == 2.0 * 61 * 4096 * 128 * 192);
}

TEST_CASE("a sparse indexer scores every token and leaves 2048 to attention") {
  const Model model = *load_model("deepseek-v3.2");
  const CostFigures f = figures(model, {.context = 100'000});
  CHECK(find(f, OpName::index_scores)->flops.value == 2.0 * 61 * 100'000 * 64 * 128);
  CHECK(find(f, OpName::qk_scores)->flops.value == 2.0 * 61 * 2048 * 128 * 576);
  CHECK(find(f, OpName::qk_scores)->kv_read.value.value == 61LL * 2048 * 1152);
  // fp8 keys of 128 and one fp32 scale
  CHECK(find(f, OpName::index_scores)->kv_read.value.value == 61LL * 100'000 * 132);
}

TEST_CASE("a window bounds what a decode reads, a prompt's window what it scores") {
  const Model model = *load_model("mistral-7b");  // 32 layers, 8 KV heads of 128, window 4096
  const CostFigures decode = figures(model, {.context = 32768});
  CHECK(decode.totals.kv_read.value.value == 32LL * 4096 * 2 * 8 * 128 * 2);
  const CostFigures prompt = figures(model, {.phase = Phase::prefill, .context = 32768});
  const double pairs = 4096.0 * 4097 / 2 + (32768.0 - 4096) * 4096;
  CHECK(find(prompt, OpName::qk_scores)->flops.value == 2 * 32 * 32 * 128 * pairs);
}

TEST_CASE(
    "int4 weights in groups of 128 are 4.125 bits, and embedding and head stay as they were") {
  const Model model = *load_model("llama-3-8b");
  const CostFigures f = figures(model, {.context = 1}, "w4a16:g128");
  const std::int64_t linear = 32LL * 4096 * (4096 + 1024 + 1024 + 4096 + 3 * 14336);
  const std::int64_t kept =
      128256LL * 4096 + 65LL * 4096 + 4096;  // head, norms, a row of embedding
  CHECK(f.totals.weights.value.value == linear / 2 + linear / 128 * 2 + 2 * kept);
}

TEST_CASE("an endless batch reads no weights, and a prompt's head runs on one token") {
  const Model model = *load_model("llama-3-8b");
  PassRequest request{.phase = Phase::prefill, .context = 100};
  const double head = 2.0 * 128256 * 4096;
  CHECK(find(figures(model, request), OpName::lm_head)->flops.value == head);
  request.conventions.all_logits = true;
  CHECK(find(figures(model, request), OpName::lm_head)->flops.value == 100 * head);
  request.conventions.endless_batch = true;
  CHECK(find(figures(model, request), OpName::q_proj)->weights == Bytes(0));
}

TEST_CASE("a state is read and written whole by every step, once by a prompt") {
  const Model model = *load_model("mamba2-2.7b");  // 64 layers, 80 heads × 64 × 128, fp32
  const std::int64_t state = 64LL * 80 * 64 * 128 * 4;
  const CostFigures decode = figures(model, {.context = 1000});
  CHECK(find(decode, OpName::state_update)->kv_read.value.value == state);
  CHECK(find(decode, OpName::state_update)->kv_write.value.value == state);
  CHECK(find(decode, OpName::state_update)->flops.value == 2.0 * 64 * 80 * 64 * 128);
  const CostFigures prompt = figures(model, {.phase = Phase::prefill, .context = 1000});
  CHECK(find(prompt, OpName::chunk_scan)->kv_read.value.value == 0);
  CHECK(find(prompt, OpName::chunk_scan)->kv_write.value.value == state);
}

TEST_CASE("pairs of free patterns equal a loop over all pairs") {
  std::vector<Sparse> patterns;
  const auto add = [&](auto&& change) {
    Sparse s;
    s.heads = 1;
    change(s);
    patterns.push_back(s);
  };
  add([](Sparse& s) { s.local = Dim(5); });
  add([](Sparse& s) { s.local = Dim(3), s.dilation = 4, s.globals = 2; });
  add([](Sparse& s) { s.stride = Dim(4), s.local = Dim(4); });
  add([](Sparse& s) { s.stride = Dim(5), s.summaries = Dim(2), s.local = Dim(3); });
  add([](Sparse& s) { s.block_size = 4, s.local = Dim(2), s.globals = 1; });
  add([](Sparse& s) { s.block_size = 3, s.stride = Dim(2), s.globals = 3; });
  add([](Sparse& s) { s.block_size = 16, s.mask = "1 11 011 1011"; });
  add([](Sparse& s) { s.block_size = 8, s.mask = "1 01 101", s.local = Dim(1), s.globals = 1; });
  add([](Sparse& s) { s.topk = Dim(7); });
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    for (const std::int64_t cached : {0, 1, 13, 40}) {
      const std::int64_t end = cached + 25;
      double scored = 0;
      double read = 0;
      for (std::int64_t p = cached; p < end; ++p) {
        std::int64_t seen = 0;
        for (std::int64_t j = 0; j <= p; ++j) seen += patterns[i].sees(p, j);
        scored += static_cast<double>(seen);
        read += static_cast<double>(
            patterns[i].topk ? std::min<std::int64_t>(seen, *patterns[i].topk) : seen);
      }
      CAPTURE(i, cached);
      CHECK(patterns[i].pairs(cached, 25).scored == scored);
      CHECK(patterns[i].pairs(cached, 25).read == read);
    }
  }
}

}  // namespace attncalc
