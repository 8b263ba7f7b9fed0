// SPDX-License-Identifier: Apache-2.0
//
// What a pass costs, operator by operator: FLOPs, bytes of weights, of cache and of activations.
// Matrices are rows for every kind alike, made from the layers' weight tensors; kinds add scores,
// states and what goes to the cache (attention/op_rows.hpp); this file adds embedding, norms,
// residual sums, experts and the head. See docs/model.md, "Operators".
//
//   totals = Σ over the rows, and nothing else
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attention/op_rows.hpp"
#include "model/model.hpp"
#include "model/sharding.hpp"
#include "model/weight_formats.hpp"

namespace attncalc {

// What a weight tensor is to a pass: a matrix that every token is multiplied with, or a vector
// (norm, bias, decay) that some operator reads along, or a table of which a token reads one row.
struct WeightUse {
  enum class Form : std::uint8_t { vector, matrix, lookup };
  OpName op = OpName::other;
  Form form = Form::vector;
  bool is_matrix() const { return form == Form::matrix; }
};
WeightUse weight_use(const WeightTensor& tensor);

// So many layers store a tensor in this format.
struct InLayers {
  FormatIndex format = 0;
  std::int64_t layers = 1;
};

// One layer's weight tensors as operators, ready to be multiplied.
struct PlannedWeight {
  WeightTensor tensor;
  std::vector<InLayers> stored;
  double bytes = 0;  // of one copy in all of its layers: what tensor_bytes() says, kept
  WeightUse use;
  std::uint8_t group = 0;
  bool to_cache = false;  // its product is what the cache stores
  bool is_expert = false;
  bool works_on_stream = false;  // a norm of the residual stream, not inside of a mixer
};

struct PlannedMixer {
  const Kind* kind = nullptr;
  std::uint8_t group = 0;
  FormatIndex own_weights = 0;  // of the matrices that the kind puts itself
};

struct PlannedLayer {
  std::int64_t times = 0;
  LayerFacts facts;
  std::vector<PlannedMixer> mixers;
  std::vector<PlannedWeight> weights;
  const ChannelMixer* channel = nullptr;
  ExpertShare experts;  // of a rank
};

// Which part of the work a plan is of: one rank of a placement, its layers cut to what it holds.
struct PlannedPart {
  Placement placement;
  Rank rank;
  bool first = true, last = true;  // stages: the embedding and the head stand at the ends
  std::vector<Layer> layers;       // what PlannedLayer points into
  std::vector<Layer> draft;
  std::vector<double> cache_widening;  // by group: KV heads under dcp for one without it
};

// The part of a cost that does not depend on the pass, made once a model and weight format. It
// points into the model, which must outlive it.
struct CostPlan {
  const Model* model = nullptr;
  std::vector<std::string> groups;  // "attention.gqa", "mlp.dense"; Op::group counts here
  std::vector<PlannedLayer> layers;
  std::vector<PlannedLayer> draft;     // MTP layers, where they are known
  std::vector<PlannedWeight> outside;  // beside the layers: final norm, further tables
  std::vector<Format> formats;         // that weights are stored in
  FormatIndex embedding = 0, positions = 0, head = 0, head_bias = 0;
  std::int64_t moe_layers = 0;
  Dim head_rows = 0;                        // of the output head: the rank's part of the vocabulary
  std::shared_ptr<const PlannedPart> part;  // none: one device does all
};
CostPlan cost_plan(const Model& model, const WeightFormats& weights = {});
// Of one rank. The placement must be sound (operator_placement_faults).
CostPlan cost_plan(const Model& model, const WeightFormats& weights, const Placement& placement,
                   const Rank& rank);

// What the plan's replica computes of a pass: its part of every group's sequences.
Pass replica_pass(const CostPlan& plan, const Pass& pass);

// Everything that the rank stores, experts that it does not read included.
Bytes stored_bytes(const CostPlan& plan);

struct CostTotals {
  Flops flops;
  Flops vector_flops;
  Bytes weights;
  Bytes kv_read;
  Bytes kv_write;
  Bytes activations;
  Bytes link;
  double experts_read = 0;  // of one MoE layer; the mean where layers differ

  Bytes hbm() const { return weights + kv_read + kv_write + activations; }
  FlopsPerByte intensity() const { return (flops + vector_flops) / hbm(); }
};

struct CostFigures {
  std::vector<Op> ops;
  CostTotals totals;
  OpRows<double> scratch;  // kept, so that the next evaluation allocates nothing
};

// Fills `out`. Throws Overflow where a row's bytes leave what a double holds exactly.
void evaluate_cost(const CostPlan& plan, const Pass& pass, const CostFormats& formats,
                   CostFigures& out);

// The same with problems instead of exceptions. Errors: too large; no new tokens; --mtp where no
// draft layers are known.
Result<CostFigures> cost_figures(const CostPlan& plan, const Pass& pass,
                                 const CostFormats& formats);

// Keeps the rows whose name or "group/name" matches a glob (* and ?), and sums them anew.
void keep_ops(const CostPlan& plan, std::string_view glob, CostFigures& figures);

// Scores, softmax and values of a group become one row `attention` with the same sums.
void fuse_attention(CostFigures& figures);

// The formulas of every row's columns, in the order of the figures' rows.
struct ExplainedOp {
  OpName name = OpName::other;
  std::uint8_t group = 0;
  OpRow<TracedReal> row;
};
void keep_ops(const CostPlan& plan, std::string_view glob, std::vector<ExplainedOp>& explained);
std::vector<ExplainedOp> explain_cost(const CostPlan& plan, const Pass& pass,
                                      const CostFormats& formats);

// Distinct experts that `tokens` tokens read in one layer (docs/model.md, "Experts read").
double experts_read(const Moe& moe, double tokens, ExpertsRead convention);

// --- passes --------------------------------------------------------------------------------------

struct PassRequest {
  Phase phase = Phase::decode;
  Dim context = 1;                     // tokens in the cache after the step
  std::optional<Dim> new_tokens = {};  // prefill: all of them; decode: 1
  Dim batch = 1;
  Dim shared_prefix = 0;
  Dim beams = 1;
  Dim encoder_tokens = 0;
  Conventions conventions = {};
};
// Errors: more new tokens than context; a shared prefix longer than what is cached before.
Result<Pass> make_pass(const PassRequest& request);

// A decode of `generated` tokens behind a prompt, as the mean of its steps: each row's sum over the
// steps divided by their number, bytes to the nearest whole one.
Result<CostFigures> mean_decode_cost(const CostPlan& plan, const PassRequest& request,
                                     std::int64_t prompt, std::int64_t generated,
                                     const CostFormats& formats);

}  // namespace attncalc
