// SPDX-License-Identifier: Apache-2.0
//
// What ranks send, by hand: docs/model.md, "Collectives".
#include "model/collectives.hpp"

#include "ingest/load.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

CostFigures rank_figures(std::string_view name, const Placement& p, const PassRequest& request) {
  const Result<Model> model = load_model(name);
  REQUIRE(model);
  REQUIRE(operator_placement_faults(*model, p).empty());
  const CostPlan plan = cost_plan(*model, *named_formats("bf16", *model), p, {});
  const CostFormats formats{*find_format("bf16"), *kv_formats("bf16", "bf16")};
  Result<CostFigures> figures = cost_figures(plan, *make_pass(request), formats);
  REQUIRE(figures);
  return *std::move(figures);
}

std::int64_t sent_by(const CostFigures& figures, OpName name) {
  std::int64_t sum = 0;
  for (const Op& op : figures.ops) sum += op.name == name ? op.link.value.value : 0;
  return sum;
}

std::int64_t read_by(const CostFigures& figures, OpName name) {
  std::int64_t sum = 0;
  for (const Op& op : figures.ops) sum += op.name == name ? op.kv_read.value.value : 0;
  return sum;
}

}  // namespace

TEST_CASE("tensor parallelism reduces the stream twice a layer and gathers logits") {
  Placement p;
  p.tp = 8;
  const CostFigures f = rank_figures("llama-3-70b", p, {.context = 8192});
  // 8192 elements of 2 bytes, 14/8 of them in a ring; embedding and 2 × 80 layers.
  CHECK(sent_by(f, OpName::allreduce) == 161 * 28672);
  CHECK(sent_by(f, OpName::allgather) == 128256 * 2 * 7 / 8);
  CHECK(collective_steps(OpName::allreduce, p) == 14);
  CHECK(collective_steps(OpName::allgather, p) == 7);
}

TEST_CASE("experts of several replicas are sent tokens and send answers") {
  Placement p;
  p.dp = 8;
  p.ep = 8;
  const CostFigures f = rank_figures("deepseek-v3", p, {.context = 4096, .batch = 64});
  // Each of 8 tokens to 8 experts, 7168 elements of 2 bytes, 7/8 of them away; there and back
  // in 58.
  CHECK(sent_by(f, OpName::alltoall) == 2 * 58 * (8 * 8 * 7168 * 2 * 7 / 8));
  CHECK(sent_by(f, OpName::allreduce) == 0);
}

TEST_CASE("latents are whole on every rank of tp, and divided by dcp") {
  Placement p;
  p.tp = 8;
  const PassRequest request{.context = 4096};
  const std::int64_t whole = read_by(rank_figures("deepseek-v3", {}, request), OpName::qk_scores);
  CHECK(whole == 61LL * 4096 * 576 * 2);
  CHECK(read_by(rank_figures("deepseek-v3", p, request), OpName::qk_scores) == whole);
  p.dcp = 8;
  CHECK(read_by(rank_figures("deepseek-v3", p, request), OpName::qk_scores) == whole / 8);
}

TEST_CASE("dcp takes back the copies of KV heads below tp and no more") {
  Placement p;
  p.tp = 16;
  const PassRequest request{.context = 4096};
  const auto keys = [&] {
    return read_by(rank_figures("llama-3-70b", p, request), OpName::qk_scores);
  };
  const std::int64_t one_head = 80LL * 4096 * 128 * 2;
  CHECK(keys() == one_head);  // of 8 heads, each on two ranks
  p.dcp = 2;
  CHECK(keys() == one_head / 2);
  p.dcp = 4;  // two heads, a quarter of the tokens
  CHECK(keys() == one_head / 2);
}

TEST_CASE("experts stand on ranks: a rank reads its part of them") {
  Placement p;
  p.tp = 8;
  p.ep = 8;
  PassRequest request{.context = 4096, .batch = 8};
  request.conventions.experts = ExpertsRead::all;
  const auto expert_bytes = [&](const Placement& placement) {
    std::int64_t sum = 0;
    for (const Op& op : rank_figures("deepseek-v3", placement, request).ops) {
      if (op.operands.right == Operand::expert_weight) sum += op.weights.value.value;
    }
    return sum;
  };
  const std::int64_t whole = 58LL * 256 * 3 * 7168 * 2048 * 2;
  CHECK(expert_bytes({}) == whole);
  CHECK(expert_bytes(p) == whole / 8);
  p.ep = 2;  // half of the experts, a quarter of each
  CHECK(expert_bytes(p) == whole / 8);
}

TEST_CASE("an ep that does not fit is refused by name") {
  const Result<Model> moe = load_model("deepseek-v3");
  const Result<Model> dense = load_model("llama-3-8b");
  Placement p;
  p.ep = 2;
  CHECK(operator_placement_faults(*dense, p) ==
        std::vector<std::string>{"ep is 2; the model has no experts"});
  CHECK(operator_placement_faults(*moe, p) ==
        std::vector<std::string>{"ep is 2; dp × tp is 1 ranks"});
  p.tp = 4;
  p.ep = 3;
  CHECK(operator_placement_faults(*moe, p) ==
        std::vector<std::string>{"ep is 3; it must divide tp, 4, or be a multiple of it"});
}

}  // namespace attncalc
