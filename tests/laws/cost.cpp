// SPDX-License-Identifier: Apache-2.0
//
// Laws that every operator table obeys, held over all models of the catalog. None of them knows
// a figure: each compares two ways to ask for the same thing.
#include "every_model.hpp"
#include "model/variant.hpp"

namespace attncalc {
namespace {

const std::vector<PassRequest>& some_passes() {
  static const std::vector<PassRequest> passes = {
      {.phase = Phase::decode, .context = 1},
      {.phase = Phase::decode, .context = 5000, .batch = 3},
      {.phase = Phase::decode, .context = 5000, .new_tokens = Dim(4)},
      {.phase = Phase::prefill, .context = 700},
      {.phase = Phase::prefill, .context = 6000, .new_tokens = Dim(512), .batch = 2}};
  return passes;
}

template <class F>
void for_every_pass(F&& f) {
  for (const Model& model : every_model()) {
    for (std::size_t i = 0; i < some_passes().size(); ++i) {
      CAPTURE(model.name, i);
      f(model, some_passes()[i]);
    }
  }
}

bool has_chunks(const Model& model) {
  return std::ranges::any_of(model.decoder.distinct, [](const Layer& layer) {
    return std::ranges::any_of(layer.mixers, [](const Kind& kind) {
      const auto* softmax = std::get_if<Softmax>(&kind);
      return softmax && softmax->chunk;
    });
  });
}

}  // namespace

TEST_CASE("rows of an operator table sum to its totals") {
  for_every_pass([](const Model& model, const PassRequest& request) {
    const CostFigures f = cost_of(model, request, formats_named("fp8", "fp8"));
    CostTotals sum;
    for (const Op& op : f.ops) {
      sum.flops += op.flops;
      sum.vector_flops += op.vector_flops;
      sum.weights += op.weights;
      sum.kv_read += op.kv_read;
      sum.kv_write += op.kv_write;
      sum.activations += op.activations;
    }
    REQUIRE(sum.flops == f.totals.flops);
    REQUIRE(sum.vector_flops == f.totals.vector_flops);
    REQUIRE(sum.hbm() == f.totals.hbm());
    REQUIRE(f.totals.flops.value > 0);
  });
}

TEST_CASE("a pass that uses everything reads every parameter once") {
  const auto is_table = [](std::string_view role) {
    return role == "embed" || role == "positions" || role == "per_layer_embed" ||
           role == "token_types" || role == "extra_embed";
  };
  for (const Model& model : every_model()) {
    const bool reads_twice = std::ranges::any_of(
        model.decoder.distinct, [](const Layer& l) { return l.weight_set || l.cache_of; });
    if (reads_twice) continue;  // once a use; and a layer without a cache of its own makes no keys
    PassRequest request{.phase = Phase::prefill, .context = 8};
    request.conventions.experts = ExpertsRead::all;
    const CostFigures f = cost_of(model, request, in_bf16());
    Count expected;
    Model decoder = model;
    decoder.beside.clear();  // an encoder is not part of the pass
    for (const WeightLine& line : weight_lines(decoder)) {
      if (!is_table(line.tensor.role))
        expected += line.tensor.elements().value * Count(line.layers);
    }
    const Embedding& e = model.embedding;
    const Dim width = e.width > 0 ? e.width : model.hidden;
    if (e.has_head && e.tied) expected += Count(e.vocabulary) * Count(width);
    Count read;
    for (const Op& op : f.ops) read += op.name == OpName::embed ? Count(0) : op.weights.value;
    CAPTURE(model.name);
    CHECK(read.value == 2 * expected.value);
  }
}

TEST_CASE("no weight tensor of the catalog is unknown to the operator table") {
  for (const Model& model : every_model()) {
    for (const WeightLine& line : weight_lines(model)) {
      const WeightUse use = weight_use(line.tensor);
      const bool unknown_vector = use.op == OpName::other && use.form == WeightUse::Form::vector;
      const bool family_extra = line.tensor.role.find('_') != std::string_view::npos ||
                                line.tensor.role == "extra" || line.tensor.role == "score" ||
                                line.tensor.role == "pooler";
      CAPTURE(model.name, line.tensor.role);
      CHECK((!unknown_vector || family_extra));
    }
  }
}

TEST_CASE("a prompt in two parts costs what it costs at once, but for what is listed") {
  constexpr std::int64_t first = 512;  // whole chunks of every scan
  constexpr std::int64_t second = 300;
  // One head more; what is re-expanded; a scan that starts anew; an encoder that is only seen once.
  const auto may_differ = [](const CostPlan& plan, const Op& op) {
    return plan.groups[op.group] == "head" || op.name == OpName::k_up || op.name == OpName::v_up ||
           op.name == OpName::chunk_scan ||
           (plan.groups[op.group] == "attention.cross" &&
            (op.name == OpName::k_proj || op.name == OpName::v_proj));
  };
  for (const MlaForm form : {MlaForm::absorbed, MlaForm::expanded}) {
    for (const Model& model : every_model()) {
      PassRequest request{.phase = Phase::prefill, .context = first + second};
      request.conventions.mla = form;
      const CostPlan plan = plan_of(model);
      const CostFigures whole = cost_of(model, request, in_bf16());
      request.context = first;
      const CostFigures begin = cost_of(model, request, in_bf16());
      request.context = first + second;
      request.new_tokens = Dim(second);
      const CostFigures end = cost_of(model, request, in_bf16());
      for (const Op& op : whole.ops) {
        if (may_differ(plan, op)) continue;
        const Op* a = find_op(begin, op.group, op.name);
        const Op* b = find_op(end, op.group, op.name);
        CAPTURE(model.name, op_name(op.name), plan.groups[op.group]);
        REQUIRE((a && b));
        CHECK(close(op.flops.value, a->flops.value + b->flops.value));
        CHECK(close(op.vector_flops.value, a->vector_flops.value + b->vector_flops.value));
        const bool is_row_of_cache =
            op.name == OpName::k_proj || op.name == OpName::v_proj || op.name == OpName::kv_down;
        if (is_row_of_cache) CHECK(op.kv_write == a->kv_write + b->kv_write);
      }
    }
  }
}

TEST_CASE("a window longer than the context costs what full attention costs") {
  const auto variant = [](const Model& model, std::string_view form) {
    return *as_variant(model, *parse_variant(form));
  };
  for_every_pass([&](const Model& model, const PassRequest& request) {
    const CostFigures full = cost_of(variant(model, "full"), request, in_bf16());
    const CostFigures window = cost_of(variant(model, "window:1M"), request, in_bf16());
    REQUIRE(window.totals.flops == full.totals.flops);
    REQUIRE(window.totals.vector_flops == full.totals.vector_flops);
    REQUIRE(window.totals.hbm() == full.totals.hbm());
  });
}

TEST_CASE("as many KV heads as heads is multi-head attention") {
  const Model llama = *load_model("llama-3-8b");
  const Model gqa = *as_variant(llama, *parse_variant("gqa:32"));
  const Model mha = *as_variant(llama, *parse_variant("mha"));
  for (const PassRequest& request : some_passes()) {
    const CostFigures a = cost_of(gqa, request, in_bf16());
    const CostFigures b = cost_of(mha, request, in_bf16());
    CHECK(a.totals.flops == b.totals.flops);
    CHECK(a.totals.hbm() == b.totals.hbm());
  }
}

TEST_CASE("more context never costs less, and more new tokens cost more") {
  for (const Model& model : every_model()) {
    if (has_chunks(model)) continue;  // a decode at the start of a chunk sees one token
    double flops = 0;
    Bytes read;
    for (const std::int64_t context : {10, 100, 1000, 5000, 20000, 100000}) {
      const CostFigures f = cost_of(model, {.phase = Phase::decode, .context = context}, in_bf16());
      CAPTURE(model.name, context);
      REQUIRE(f.totals.flops.value >= flops);
      REQUIRE(f.totals.kv_read >= read);
      flops = f.totals.flops.value;
      read = f.totals.kv_read;
    }
    double more = 0;
    for (const std::int64_t fresh : {1, 2, 7, 64}) {
      const CostFigures f = cost_of(
          model, {.phase = Phase::decode, .context = 1000, .new_tokens = Dim(fresh)}, in_bf16());
      REQUIRE(f.totals.flops.value > more);
      more = f.totals.flops.value;
    }
  }
}

TEST_CASE("the order of layers changes no total") {
  for_every_pass([](const Model& model, const PassRequest& request) {
    Model reversed = model;
    std::reverse(reversed.decoder.order.begin(), reversed.decoder.order.end());
    std::reverse(reversed.decoder.distinct.begin(), reversed.decoder.distinct.end());
    const auto last = static_cast<std::uint32_t>(reversed.decoder.distinct.size() - 1);
    for (std::uint32_t& index : reversed.decoder.order) index = last - index;
    const CostFigures a = cost_of(model, request, in_bf16());
    const CostFigures b = cost_of(reversed, request, in_bf16());
    REQUIRE(close(a.totals.flops.value, b.totals.flops.value));
    REQUIRE(close(a.totals.vector_flops.value, b.totals.vector_flops.value));
    REQUIRE(a.totals.kv_read == b.totals.kv_read);
    REQUIRE(a.totals.kv_write == b.totals.kv_write);
  });
}

TEST_CASE("twice the batch is twice the work and, but for experts, the same weights") {
  for_every_pass([](const Model& model, PassRequest request) {
    request.conventions.mla = MlaForm::absorbed;
    request.conventions.experts = ExpertsRead::all;
    const CostFigures one = cost_of(model, request, in_bf16());
    request.batch = 2 * request.batch;
    const CostFigures two = cost_of(model, request, in_bf16());
    REQUIRE(close(two.totals.flops.value, 2 * one.totals.flops.value));
    REQUIRE(two.totals.kv_read == one.totals.kv_read * Count(2));
    REQUIRE(two.totals.activations == one.totals.activations * Count(2));
    for (const Op& op : one.ops) {
      if (op.name == OpName::embed) continue;  // a row a token
      REQUIRE(find_op(two, op.group, op.name)->weights == op.weights);
    }
  });
}

TEST_CASE("a step that mixes a chunk and decodes is both, with the weights read once") {
  for (const Model& model : every_model()) {
    const CostPlan plan = plan_of(model);
    PassRequest chunk =
        request_for(model, {.phase = Phase::prefill, .context = 3000, .new_tokens = Dim(256)});
    PassRequest decode = request_for(model, {.phase = Phase::decode, .context = 900, .batch = 7});
    for (PassRequest* r : {&chunk, &decode}) {
      r->conventions.mla = MlaForm::absorbed;
      r->conventions.experts = ExpertsRead::all;
    }
    Pass both = pass_of(chunk);
    both.groups.push_back(pass_of(decode).groups.front());
    const CostFigures a = cost_of(model, chunk, in_bf16());
    const CostFigures b = cost_of(model, decode, in_bf16());
    const CostFigures ab = *cost_figures(plan, both, in_bf16().formats);
    CAPTURE(model.name);
    CHECK(close(ab.totals.flops.value, a.totals.flops.value + b.totals.flops.value));
    CHECK(ab.totals.kv_read == a.totals.kv_read + b.totals.kv_read);
    CHECK(ab.totals.kv_write == a.totals.kv_write + b.totals.kv_write);
    CHECK(ab.totals.weights < a.totals.weights + b.totals.weights);
  }
}

TEST_CASE("the formulas of --explain come out at the figures") {
  for_every_pass([](const Model& model, const PassRequest& request) {
    const CostPlan plan = plan_of(model);
    const Pass pass = pass_of(request_for(model, request));
    const CostFigures f = *cost_figures(plan, pass, in_bf16().formats);
    const std::vector<ExplainedOp> explained = explain_cost(plan, pass, in_bf16().formats);
    REQUIRE(explained.size() == f.ops.size());
    for (std::size_t i = 0; i < f.ops.size(); ++i) {
      const auto bytes = [](const TracedReal& t) { return std::llround(t.value); };
      CAPTURE(op_name(f.ops[i].name));
      REQUIRE(explained[i].name == f.ops[i].name);
      REQUIRE(close(explained[i].row.flops.value, f.ops[i].flops.value));
      REQUIRE(close(explained[i].row.vector_flops.value, f.ops[i].vector_flops.value));
      REQUIRE(bytes(explained[i].row.weights) == f.ops[i].weights.value.value);
      REQUIRE(bytes(explained[i].row.kv_read) == f.ops[i].kv_read.value.value);
      REQUIRE(bytes(explained[i].row.kv_write) == f.ops[i].kv_write.value.value);
      REQUIRE(bytes(explained[i].row.activations) == f.ops[i].activations.value.value);
    }
  });
}

TEST_CASE("a matrix's shape says its FLOPs") {
  for_every_pass([](const Model& model, const PassRequest& request) {
    for (const Op& op : cost_of(model, request, in_bf16()).ops) {
      if (!op.gemm || op.operands.right == Operand::none) continue;
      const Gemm& g = *op.gemm;
      const double products = g.m * g.n * g.k * g.count * static_cast<double>(op.layers);
      CAPTURE(op_name(op.name));
      REQUIRE(op.flops.value == Approx(multiply_adds(products).value).epsilon(1e-9));
    }
  });
}

TEST_CASE("a generation's mean decode is the sum of its steps over their number") {
  const Model model = *load_model("gemma-3-1b");
  const CostPlan plan = plan_of(model);
  const CostFigures mean = *mean_decode_cost(plan, {.batch = 2}, 500, 40, in_bf16().formats);
  // The pairs of all steps are those of one pass over the same tokens.
  const CostFigures chunk =
      cost_of(model, {.phase = Phase::prefill, .context = 540, .new_tokens = Dim(40), .batch = 2},
              in_bf16());
  CHECK(close(40 * flops_named(mean, OpName::qk_scores), flops_named(chunk, OpName::qk_scores)));
  CHECK(close(40 * flops_named(mean, OpName::o_proj), flops_named(chunk, OpName::o_proj)));
}

TEST_CASE("a shared prefix is read once for all who share it") {
  const Model model = *load_model("llama-3-8b");
  const std::int64_t row = 131072;  // 32 layers × 2 × 8 × 128 × 2 bytes
  const CostFigures apart = cost_of(model, {.context = 1000, .batch = 8}, in_bf16());
  const CostFigures shared =
      cost_of(model, {.context = 1000, .batch = 8, .shared_prefix = 600}, in_bf16());
  const CostFigures beams =
      cost_of(model, {.context = 1000, .batch = 2, .shared_prefix = 600, .beams = 4}, in_bf16());
  CHECK(apart.totals.kv_read.value.value == 8 * 1000 * row);
  CHECK(shared.totals.kv_read.value.value == (8 * 400 + 600) * row);
  CHECK(beams.totals.kv_read.value.value == (8 * 400 + 2 * 600) * row);
  CHECK(shared.totals.flops == apart.totals.flops);
}

}  // namespace attncalc
