// SPDX-License-Identifier: Apache-2.0
//
// From a plan and a pass to rows. Everything that computes is a template on the number type: once
// with double for the figures, once with TracedReal for --explain.
#include "model/cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>

#include "attention/op_parts.hpp"
#include "model/collectives.hpp"

namespace attncalc {
namespace {

// --- groups --------------------------------------------------------------------------------------

// These stand in every plan; the groups of attention come behind.
enum FixedGroup : std::uint8_t { embed, dense, moe, shared, norms, other, head, fixed_count };
constexpr std::array<std::string_view, fixed_count> fixed_groups = {
    "embed", "mlp.dense", "mlp.moe", "mlp.shared", "norm", "other", "head"};

std::uint8_t group_handle(CostPlan& plan, std::string_view name) {
  const auto at = std::ranges::find(plan.groups, name);
  const auto index = static_cast<std::uint8_t>(at - plan.groups.begin());
  if (at == plan.groups.end()) plan.groups.emplace_back(name);
  return index;
}

// The order of a table: as a token passes them.
template <class F>
void for_each_group(const CostPlan& plan, F&& f) {
  f(embed);
  for (std::size_t g = fixed_count; g < plan.groups.size(); ++g) f(static_cast<std::uint8_t>(g));
  for (std::uint8_t g = dense; g < fixed_count; ++g) f(g);
}

// --- what a weight tensor is ---------------------------------------------------------------------

struct RoleRow {
  std::string_view role;
  OpName op;
};
// Roles that an operator reads along. Everything else with two dimensions is a matrix.
constexpr RoleRow vector_roles[] = {
    {"q_bias", OpName::q_proj},
    {"k_bias", OpName::k_proj},
    {"v_bias", OpName::v_proj},
    {"o_bias", OpName::o_proj},
    {"qkv_bias", OpName::q_proj},
    {"q_down_norm", OpName::qk_norm},
    {"q_down_bias", OpName::q_down},
    {"kv_down_bias", OpName::kv_down},
    {"q_norm", OpName::qk_norm},
    {"k_norm", OpName::qk_norm},
    {"kv_norm", OpName::qk_norm},
    {"index_k_norm", OpName::qk_norm},
    {"index_q_norm", OpName::qk_norm},
    {"norm", OpName::norm},
    {"bias", OpName::norm},
    {"state_norm", OpName::norm},
    {"conv", OpName::conv},
    {"conv_bias", OpName::conv},
    {"in_bias", OpName::in_proj},
    {"out_bias", OpName::out_proj},
    {"dt_bias", OpName::gates},
    {"a_log", OpName::gates},
    {"d_skip", OpName::gates},
    {"gate_bias", OpName::gate_proj},
    {"up_bias", OpName::up_proj},
    {"down_bias", OpName::down_proj},
    {"router_bias", OpName::router},
    {"correction_bias", OpName::router},
    {"sinks", OpName::softmax},
    {"positions", OpName::embed},
    {"lm_head_bias", OpName::lm_head},
    {"compress_bias", OpName::compress},
    {"compress_norm", OpName::compress},
    {"index_k_bias", OpName::index_k_proj},
    {"shift_mix", OpName::gates},
    {"decay", OpName::gates},
    {"bonus", OpName::gates},
    {"rate", OpName::gates},
    {"value_share", OpName::gates},
    {"key_scale", OpName::gates},
};
// Tables of which a token reads one row.
constexpr RoleRow lookup_roles[] = {{"per_layer_embed", OpName::embed},
                                    {"token_types", OpName::embed},
                                    {"extra_embed", OpName::embed}};
// Matrices whose role is not an operator's name.
constexpr RoleRow matrix_roles[] = {{"shared_gate", OpName::gates}};

std::optional<OpName> find_role(std::span<const RoleRow> rows, std::string_view role) {
  const auto at = std::ranges::find(rows, role, &RoleRow::role);
  return at == rows.end() ? std::nullopt : std::optional(at->op);
}

std::optional<OpName> op_named(std::string_view name) {
  for (std::size_t i = 0; i < op_name_count; ++i) {
    if (op_name(static_cast<OpName>(i)) == name) return static_cast<OpName>(i);
  }
  return std::nullopt;
}

// --- the plan ------------------------------------------------------------------------------------

// The component that a projection's product is stored as, if it is.
std::optional<Component> stored_as(OpName op) {
  switch (op) {
    case OpName::k_proj:
      return Component::key;
    case OpName::v_proj:
      return Component::value;
    case OpName::kv_down:
      return Component::latent;
    case OpName::index_k_proj:
      return Component::index_key;
    case OpName::compress:
      return Component::compressed_key;
    default:
      return std::nullopt;
  }
}

bool caches(const Kind& kind, OpName op) {
  const std::optional<Component> wanted = stored_as(op);
  if (!wanted) return false;
  const std::vector<CacheTensor> tensors = cache_tensors(kind);
  return std::ranges::any_of(tensors, [&](const CacheTensor& t) { return t.component == *wanted; });
}

std::uint8_t channel_group(const ChannelMixer& channel, const WeightTensor& tensor) {
  const auto* m = std::get_if<Moe>(&channel);
  if (!m) return dense;
  const OpName op = weight_use(tensor).op;
  const bool routed = tensor.copies > 1 || op == OpName::router || op == OpName::latent_down ||
                      op == OpName::latent_up;
  if (routed) return moe;
  return m->shared_intermediate > 0 ? shared : dense;
}

std::uint8_t extra_group(const WeightTensor& tensor, std::uint8_t vectors) {
  switch (weight_use(tensor).form) {
    case WeightUse::Form::matrix:
      return other;
    case WeightUse::Form::lookup:
      return embed;
    default:
      return vectors;
  }
}

// In which formats the layers store each weight tensor of a distinct layer, by its position there.
class Storage {
 public:
  Storage(const Model& model, const WeightFormats& weights)
      : fallback_{weights.linear}, stored_(stored_weights(model, weights)) {}

  // Layers of one weight set read it every time; draft layers are stored like others.
  std::vector<InLayers> of(std::optional<std::uint32_t> distinct, std::uint32_t position,
                           const WeightTensor& tensor, std::int64_t times, bool shared) const {
    std::vector<InLayers> out;
    for (const StoredTensor& t : stored_.tensors) {
      if (distinct && t.distinct == distinct && t.position == position) {
        out.push_back({t.format, t.layers});
      }
    }
    const bool is_matrix = weight_use(tensor).is_matrix();
    if (out.empty()) return {{is_matrix ? fallback_ : FormatIndex{0}, times}};
    if (shared) return {{out.front().format, times}};
    return out;
  }

  FormatIndex outside(std::string_view role) const {
    const auto at = std::ranges::find_if(stored_.tensors, [&](const StoredTensor& t) {
      return !t.distinct && t.tensor.role == role;
    });
    return at == stored_.tensors.end() ? FormatIndex{0} : at->format;
  }
  const std::vector<Format>& formats() const { return stored_.formats; }

 private:
  FormatIndex fallback_ = 0;
  StoredWeights stored_;
};

// Goes through one distinct layer's tensors in the order in which they are listed everywhere:
// mixers, channel mixer, extra.
class LayerPlanner {
 public:
  // `whole` is the layer before a placement cuts it: it names the groups.
  LayerPlanner(const Layer& layer, const Layer& whole, std::int64_t times, const Model& model,
               const Storage& storage, std::optional<std::uint32_t> distinct)
      : layer_(layer), whole_(whole), model_(model), storage_(storage), distinct_(distinct) {
    out_.times = times;
    out_.facts = {.hidden = model.hidden,
                  .rotary = model.embedding.positions == Dim(0),
                  .owns_cache = !layer.cache_of};
  }

  PlannedLayer plan(CostPlan& plan) {
    for (std::size_t i = 0; i < layer_.mixers.size(); ++i) {
      add_mixer(layer_.mixers[i], label(whole_.mixers[i]), plan);
    }
    add_channel();
    add_extra();
    return std::move(out_);
  }

 private:
  PlannedWeight next(const WeightTensor& tensor, std::uint8_t group) {
    PlannedWeight w;
    w.tensor = tensor;
    w.use = weight_use(tensor);
    w.group = group;
    w.stored =
        storage_.of(distinct_, position_++, tensor, out_.times, layer_.weight_set.has_value());
    return w;
  }

  void add_mixer(const Kind& kind, const std::string& name, CostPlan& plan) {
    PlannedMixer mixer{.kind = &kind, .group = group_handle(plan, "attention." + name)};
    for (const WeightTensor& tensor : weight_tensors(kind, model_.hidden)) {
      PlannedWeight w = next(tensor, mixer.group);
      if (puts_itself(kind, tensor.role)) {
        mixer.own_weights = w.stored.front().format;
        continue;
      }
      if (tensor.role == "bias") w.use.op = OpName::qk_norm;
      if (tensor.role == "gate_bias") w.use.op = OpName::gates;
      w.to_cache = caches(kind, w.use.op);
      if (w.to_cache && layer_.cache_of) continue;  // it reads another layer's cache
      out_.weights.push_back(std::move(w));
    }
    out_.mixers.push_back(mixer);
  }

  void add_channel() {
    out_.channel = &layer_.channel;
    std::vector<WeightTensor> tensors;
    add_weight_tensors(layer_.channel, model_.hidden, tensors);
    for (const WeightTensor& tensor : tensors) {
      PlannedWeight w = next(tensor, channel_group(layer_.channel, tensor));
      w.is_expert = tensor.copies > 1;
      out_.weights.push_back(std::move(w));
    }
  }

  void add_extra() {
    for (const WeightTensor& tensor : layer_.extra) {
      PlannedWeight w = next(tensor, extra_group(tensor, norms));
      w.works_on_stream = tensor.role == "norm";
      out_.weights.push_back(std::move(w));
    }
  }

  const Layer& layer_;
  const Layer& whole_;
  const Model& model_;
  const Storage& storage_;
  std::optional<std::uint32_t> distinct_;
  std::uint32_t position_ = 0;
  PlannedLayer out_;
};

std::vector<PlannedLayer> plan_stack(const Stack& stack, const Model& model, const Storage& storage,
                                     CostPlan& plan) {
  std::vector<PlannedLayer> out;
  const bool is_decoder = &stack == &model.decoder;
  const std::vector<std::int64_t> times = stack.times();
  for (std::uint32_t i = 0; i < stack.distinct.size(); ++i) {
    if (times[i] == 0) continue;
    const auto distinct = is_decoder ? std::optional(i) : std::nullopt;
    const Layer& layer = stack.distinct[i];
    out.push_back(LayerPlanner(layer, layer, times[i], model, storage, distinct).plan(plan));
  }
  return out;
}

// The layers of one stage, each cut to what the rank holds. `parts` keeps them.
// NOLINTNEXTLINE(readability-function-size): what a rank holds depends on all of them
std::vector<PlannedLayer> plan_part(const Stack& stack, const std::vector<std::int64_t>& stage_of,
                                    const Model& model, const Storage& storage,
                                    const PlannedPart& part, std::vector<Layer>& parts,
                                    CostPlan& plan) {
  std::vector<PlannedLayer> out;
  const std::vector<std::int64_t> times = stack.times();
  parts.reserve(stack.distinct.size());
  for (std::uint32_t i = 0; i < stack.distinct.size(); ++i) {
    const bool elsewhere = !stage_of.empty() && stage_of[i] != part.rank.pp;
    if (times[i] == 0 || elsewhere) continue;
    const Layer& whole = stack.distinct[i];
    parts.push_back(part_of(whole, part.placement, part.rank));
    const auto distinct = stage_of.empty() ? std::nullopt : std::optional(i);
    out.push_back(LayerPlanner(parts.back(), whole, times[i], model, storage, distinct).plan(plan));
    if (const auto* m = std::get_if<Moe>(out.back().channel)) {
      out.back().experts = expert_share(*m, part.placement, part.rank);
    }
  }
  return out;
}

// With dcp a rank keeps the KV heads of tp / dcp ranks, of a dcp-th of the tokens.
double widening(const Kind& whole, const Placement& p) {
  const std::vector<CacheTensor> tensors = cache_tensors(whole);
  const auto at = std::ranges::find(tensors, Split::kv_heads, &CacheTensor::split);
  if (at == tensors.end()) return 1;
  const auto held = [&](std::int64_t ways) {
    return static_cast<double>(ceil_div(Count(at->heads), Count(ways)).value);
  };
  return held(p.tp / p.dcp) / held(p.tp);
}

void note_widening(const Stack& stack, const CostPlan& plan, PlannedPart& part) {
  part.cache_widening.assign(plan.groups.size(), 1);
  for (const Layer& layer : stack.distinct) {
    for (const Kind& kind : layer.mixers) {
      const auto at = std::ranges::find(plan.groups, "attention." + label(kind));
      if (at == plan.groups.end()) continue;
      part.cache_widening[static_cast<std::size_t>(at - plan.groups.begin())] =
          widening(kind, part.placement);
    }
  }
}

void plan_outside(const Embedding& embedding, const Storage& storage, CostPlan& plan) {
  plan.embedding = storage.outside("embed");
  plan.positions = storage.outside("positions");
  plan.head = embedding.tied ? plan.embedding : storage.outside("lm_head");
  plan.head_bias = storage.outside("lm_head_bias");
  for (const WeightTensor& tensor : embedding.extra) {
    PlannedWeight w;
    w.tensor = tensor;
    w.use = weight_use(tensor);
    w.group = extra_group(tensor, head);
    w.stored = {{storage.outside(tensor.role), 1}};
    w.works_on_stream = tensor.role == "norm";
    plan.outside.push_back(std::move(w));
  }
}

const Stack* draft_stack(const Model& model) {
  const auto at = std::ranges::find(model.beside, "mtp", &Stack::name);
  return at == model.beside.end() ? nullptr : &*at;
}

// --- matrices and vectors ------------------------------------------------------------------------

// How often a pass uses a tensor, and how many copies of it are read.
template <class N>
struct Use {
  N tokens;  // that pass the layer
  N chosen;  // copies that one token uses
  N read;    // copies that any token uses
};

// One copy of the tensor in all of its layers.
template <class N>
N tensor_bytes(const CostPlan& plan, const PlannedWeight& w) {
  const N rows = factor<N>("rows", w.tensor.rows);
  const N cols = factor<N>("columns", w.tensor.cols);
  N sum = plain<N>(0);
  for (const InLayers& in : w.stored) {
    const Format& f = plan.formats[in.format];
    sum = sum + factor<N>("layers", in.layers) *
                    (matrix_data_bytes(f, rows, cols) + matrix_scale_bytes(f, rows, cols));
  }
  return sum;
}

// Passes change and weights do not: figures take what the plan has kept, formulas spell it out.
template <class N>
N kept_bytes(const CostPlan& plan, const PlannedWeight& w) {
  if constexpr (std::is_same_v<N, double>) {
    return w.bytes;
  } else {
    return tensor_bytes<N>(plan, w);
  }
}

// Matrices that a kind puts itself, in all layers.
double own_matrices(const CostPlan& plan, const PlannedLayer& layer, const PlannedMixer& mixer) {
  double sum = 0;
  const Format& f = plan.formats[mixer.own_weights];
  for (const WeightTensor& t : weight_tensors(*mixer.kind, plan.model->hidden)) {
    if (!puts_itself(*mixer.kind, t.role)) continue;
    const auto rows = static_cast<double>(t.rows.value);
    const auto cols = static_cast<double>(t.cols.value);
    sum += static_cast<double>(layer.times) *
           (matrix_data_bytes(f, rows, cols) + matrix_scale_bytes(f, rows, cols));
  }
  return sum;
}

void keep_bytes(CostPlan& plan) {
  const auto keep = [&](std::vector<PlannedWeight>& weights) {
    for (PlannedWeight& w : weights) w.bytes = tensor_bytes<double>(plan, w);
  };
  for (PlannedLayer& layer : plan.layers) keep(layer.weights);
  for (PlannedLayer& layer : plan.draft) keep(layer.weights);
  keep(plan.outside);
}

template <class N>
void add_matrix(OpRows<N>& out, const CostPlan& plan, const PlannedWeight& w, const Use<N>& use) {
  const N inputs = use.tokens * use.chosen;
  const N rows = factor<N>("rows", w.tensor.rows);
  const N cols = factor<N>("columns", w.tensor.cols);
  const N moved = w.to_cache ? inputs * cols : inputs * (cols + rows);
  const double read = std::max(value_of(use.read), 1.0);
  out.add(
      w.use.op,
      {.unit = OpUnit::matrix,
       .operands = {Operand::activation, w.is_expert ? Operand::expert_weight : Operand::weight},
       .gemm = Gemm{.m = value_of(inputs) / read,
                    .n = value_of(rows),
                    .k = value_of(cols),
                    .count = read},
       .weight_format = w.stored.front().format},
      {.flops = flops_of(inputs * rows * cols), .activations = out.activation(moved)},
      use.read * kept_bytes<N>(plan, w));
}

// A bias is one addition an element; a norm over the residual stream is all that the norm does.
template <class N>
void add_vector(OpRows<N>& out, const CostPlan& plan, const PlannedWeight& w, const Use<N>& use) {
  OpRow<N> row;
  const Dim width = w.tensor.cols > 1 ? w.tensor.cols : w.tensor.rows;
  const N elements = use.tokens * use.chosen * factor<N>("width", width);
  if (w.tensor.role.ends_with("_bias")) {
    row.vector_flops = plain<N>(vector_work::add) * elements;
  } else if (w.works_on_stream) {
    row.vector_flops = plain<N>(vector_work::norm) * elements;
    row.activations = read_and_written(out, elements);
  }
  out.add(w.use.op, {}, row, use.read * kept_bytes<N>(plan, w));
}

template <class N>
void add_lookup(OpRows<N>& out, const CostPlan& plan, const PlannedWeight& w, const Use<N>& use) {
  const N width = factor<N>("columns", w.tensor.cols);
  const N row = OpRows<N>::row_bytes(plan.formats[w.stored.front().format], plain<N>(1), width);
  out.add(w.use.op,
          {.weights = use.tokens * row, .activations = out.activation(use.tokens * width)});
}

template <class N>
void add_weight(OpRows<N>& out, const CostPlan& plan, const PlannedWeight& w, const Use<N>& use) {
  out.enter_group(w.group);
  switch (w.use.form) {
    case WeightUse::Form::matrix:
      return add_matrix(out, plan, w, use);
    case WeightUse::Form::vector:
      return add_vector(out, plan, w, use);
    case WeightUse::Form::lookup:
      return add_lookup(out, plan, w, use);
  }
}

// --- channel mixers ------------------------------------------------------------------------------

// The function between the matrices; a gated one multiplies by what up_proj made.
template <class N>
void add_act(OpRows<N>& out, std::uint8_t group, bool gated, const N& elements) {
  out.enter_group(group);
  const std::int64_t each = vector_work::activation + (gated ? vector_work::multiply : 0);
  const N inputs = gated ? elements + elements : elements;
  out.add(OpName::act, {.vector_flops = plain<N>(each) * elements,
                        .activations = out.activation(inputs + elements)});
}

template <class N>
N chosen_experts(const Moe& m) {
  const N chosen = factor<N>("experts_per_token", m.experts_per_token);
  if (m.zero_experts == Dim(0)) return chosen;
  const double real = static_cast<double>(m.experts.value);
  return chosen * real_factor<N>("share of real experts",
                                 real / (real + static_cast<double>(m.zero_experts.value)));
}

// Of the chosen experts those that stand on the rank, for the tokens of all replicas that meet
// there.
template <class N>
N held_experts(const PlannedLayer& layer, const Moe& m) {
  const double part = layer.experts.held * layer.experts.pool;
  const N chosen = chosen_experts<N>(m);
  return part == 1 ? chosen : chosen * real_factor<N>("experts of the rank", part);
}

// Scores of all experts, the choice among them, and the weighted sum of what the chosen made.
template <class N>
void add_routing(OpRows<N>& out, const PlannedLayer& layer, const Moe& m, const N& tokens) {
  out.enter_group(moe);
  const N scores = tokens * factor<N>("experts", m.experts + m.zero_experts);
  out.add(OpName::router,
          {.vector_flops = plain<N>(vector_work::softmax + vector_work::compare) * scores});
  const N width = factor<N>("width", m.latent > 0 ? m.latent : out.layer().hidden);
  const N made = tokens * held_experts<N>(layer, m) * width;
  out.add(OpName::add, {.vector_flops = plain<N>(vector_work::multiply + vector_work::add) * made,
                        .activations = out.activation(made + tokens * width)});
}

template <class N>
void add_channel(OpRows<N>&, const PlannedLayer&, const NoChannelMixer&, const N&) {}

template <class N>
void add_channel(OpRows<N>& out, const PlannedLayer&, const Dense& d, const N& tokens) {
  add_act(out, dense, d.gated, tokens * factor<N>("intermediate", d.intermediate));
}

template <class N>
void add_channel(OpRows<N>& out, const PlannedLayer& layer, const Moe& m, const N& tokens) {
  add_routing(out, layer, m, tokens);
  add_act(out, moe, m.gated,
          tokens * held_experts<N>(layer, m) * factor<N>("intermediate", m.intermediate));
  if (m.shared_intermediate > 0) {
    add_act(out, shared, m.shared_gated,
            tokens * factor<N>("shared_intermediate", m.shared_intermediate));
  }
  if (m.dense_beside > 0) {
    add_act(out, m.shared_intermediate > 0 ? shared : dense, m.gated,
            tokens * factor<N>("dense_beside", m.dense_beside));
  }
}

// --- layers, embedding, head ---------------------------------------------------------------------

// Every sublayer's answer is added to the residual stream: it comes from the operator before, so
// the stream is read and written and nothing else.
template <class N>
void add_residuals(OpRows<N>& out, const PlannedLayer& layer, const N& tokens) {
  const bool has_channel = !std::holds_alternative<NoChannelMixer>(*layer.channel);
  const auto sums = static_cast<std::int64_t>(layer.mixers.size()) + (has_channel ? 1 : 0);
  const N elements = plain<N>(sums) * tokens * factor<N>("hidden", layer.facts.hidden);
  out.enter_group(norms);
  out.add(OpName::add, {.vector_flops = plain<N>(vector_work::add) * elements,
                        .activations = read_and_written(out, elements)});
}

template <class N>
void add_layer(OpRows<N>& out, const CostPlan& plan, const PlannedLayer& layer) {
  out.enter(norms, layer.times, layer.facts);
  const N tokens = out.tokens();
  const N one = plain<N>(1);
  const auto* m = std::get_if<Moe>(layer.channel);
  const Use<N> whole{tokens, one, one};
  const Use<N> routed =
      !m ? whole
         : Use<N>{tokens, held_experts<N>(layer, *m),
                  real_factor<N>(
                      "experts read",
                      layer.experts.held * experts_read(*m, value_of(tokens) * layer.experts.pool,
                                                        out.pass().conventions.experts))};
  for (const PlannedWeight& w : layer.weights)
    add_weight(out, plan, w, w.is_expert ? routed : whole);
  for (const PlannedMixer& mixer : layer.mixers) {
    out.enter_group(mixer.group);
    out.use_own_weights(&plan.formats[mixer.own_weights], mixer.own_weights);
    std::visit([&](const auto& kind) { kind.ops(out); }, *mixer.kind);
  }
  std::visit([&](const auto& channel) { add_channel(out, layer, channel, tokens); },
             *layer.channel);
  add_residuals(out, layer, tokens);
}

Dim embedding_width(const Model& model) {
  return model.embedding.width > 0 ? model.embedding.width : model.hidden;
}

// A lookup: the rows of the tokens are read, nothing is computed.
template <class N>
void add_embedding(OpRows<N>& out, const CostPlan& plan) {
  const Model& model = *plan.model;
  const N tokens = out.tokens();
  const N width = factor<N>("hidden", embedding_width(model));
  const N row = OpRows<N>::row_bytes(plan.formats[plan.embedding], plain<N>(1), width);
  out.enter(embed, 1, {.hidden = model.hidden});
  out.add(OpName::embed,
          {.operands = {Operand::embedding, Operand::none}, .weight_format = plan.embedding},
          {.weights = tokens * row, .activations = out.activation(tokens * width)});
  if (model.embedding.positions > 0) {
    out.add(OpName::embed,
            {.vector_flops = plain<N>(vector_work::add) * tokens * width, .weights = tokens * row});
  }
}

// Tokens whose next token is asked for.
template <class N>
N logit_tokens(const OpRows<N>& out, const Model& model) {
  const bool all = out.pass().conventions.all_logits || !model.embedding.has_head;
  return out.sum([&](const SequenceGroup& g) {
    const bool last_only = g.phase == Phase::prefill && !all;
    return last_only ? plain<N>(1) : factor<N>("tokens", g.new_tokens);
  });
}

template <class N>
void add_head(OpRows<N>& out, const CostPlan& plan) {
  const Model& model = *plan.model;
  const N tokens = logit_tokens(out, model);
  const N one = plain<N>(1);
  out.enter(head, 1, {.hidden = model.hidden});
  for (const PlannedWeight& w : plan.outside) {
    add_weight(out, plan, w,
               {w.use.form == WeightUse::Form::vector ? tokens : out.tokens(), one, one});
  }
  out.enter_group(head);
  if (!model.embedding.has_head) return;
  const N rows = factor<N>("vocabulary", plan.head_rows);
  const N cols = factor<N>("hidden", embedding_width(model));
  const Format& format = plan.formats[plan.head];
  const N bytes = matrix_data_bytes(format, rows, cols) + matrix_scale_bytes(format, rows, cols);
  out.add(
      OpName::lm_head,
      {.unit = OpUnit::matrix,
       .operands = {Operand::activation, Operand::embedding},
       .gemm = Gemm{.m = value_of(tokens), .n = value_of(rows), .k = value_of(cols), .count = 1},
       .weight_format = plan.head},
      {.flops = flops_of(tokens * rows * cols),
       .weights = out.weight_bytes(bytes),
       .activations = out.activation(tokens * (rows + cols))});
  if (!model.embedding.head_bias) return;
  const N bias = OpRows<N>::row_bytes(plan.formats[plan.head_bias], one, rows);
  out.add(OpName::lm_head, {.vector_flops = plain<N>(vector_work::add) * tokens * rows,
                            .weights = out.weight_bytes(bias)});
}

template <class N>
void add_all(OpRows<N>& out, const CostPlan& plan, const Pass& pass, const CostFormats& formats) {
  out.start(pass, formats, plan.groups.size());
  if (!plan.part || plan.part->first) add_embedding(out, plan);
  for (const PlannedLayer& layer : plan.layers) add_layer(out, plan, layer);
  if (plan.part && !plan.part->last) return;
  if (pass.conventions.mtp) {
    for (const PlannedLayer& layer : plan.draft) add_layer(out, plan, layer);
  }
  add_head(out, plan);
}

// --- figures -------------------------------------------------------------------------------------

// Every row is whole, so totals are sums of what is shown.
Bytes whole_bytes(double n) {
  constexpr double exact = 9007199254740992.0;  // 2^53: from here on a double skips integers
  constexpr double half = 0.5;
  if (!(n < exact)) throw Overflow();
  return Bytes(static_cast<std::int64_t>(n + half));
}

Op finished(const OpRows<double>::Entry& e) {
  Op op;
  op.name = e.name;
  op.group = e.group;
  op.unit = e.shape.unit;
  op.operands = e.shape.operands;
  op.weight_format = e.shape.weight_format;
  op.layers = e.layers;
  op.flops = Flops(e.row.flops);
  op.vector_flops = Flops(e.row.vector_flops);
  op.weights = whole_bytes(e.row.weights);
  op.kv_read = whole_bytes(e.row.kv_read);
  op.kv_write = whole_bytes(e.row.kv_write);
  op.activations = whole_bytes(e.row.activations);
  if (!e.mixed_shapes) op.gemm = e.shape.gemm;
  return op;
}

// --- tokens divided over ranks -------------------------------------------------------------------

bool reads_tokens(OpName name) {
  switch (name) {
    case OpName::qk_scores:
    case OpName::softmax:
    case OpName::attn_values:
    case OpName::attention:
    case OpName::index_scores:
    case OpName::topk:
    case OpName::k_up:
    case OpName::v_up:
    case OpName::cross_qk_scores:
    case OpName::cross_softmax:
    case OpName::cross_attn_values:
      return true;
    default:
      return false;
  }
}

bool is_state(OpName name) {
  return name == OpName::conv || name == OpName::state_update || name == OpName::state_read ||
         name == OpName::chunk_scan;
}

// What a rank does of the work that dcp and cp divide by tokens. A decode's tokens cannot be cut,
// only the rows that they read; a prompt's can, and every rank sees all rows.
void divide_tokens(OpRows<double>::Entry& e, const PlannedPart& part, Phase phase) {
  const auto cp = static_cast<double>(part.placement.cp.value);
  const auto dcp = static_cast<double>(part.placement.dcp.value);
  if (cp == 1 && dcp == 1) return;
  OpRow<double>& r = e.row;
  const bool is_prompt = phase == Phase::prefill;
  const double work = is_prompt || reads_tokens(e.name) ? 1 / cp : 1;
  r.flops *= work;
  r.vector_flops *= work;
  r.activations *= work;
  if (is_state(e.name)) return;
  const double rows = part.cache_widening[e.group] / dcp;
  r.kv_read *= is_prompt ? rows : rows / cp;
  r.kv_write *= rows / cp;
}

Phase phase_of(const Pass& pass) {
  const bool prompt =
      std::ranges::find(pass.groups, Phase::prefill, &SequenceGroup::phase) != pass.groups.end();
  return prompt ? Phase::prefill : Phase::decode;
}

template <class N, class F>
void for_each_entry(const CostPlan& plan, const OpRows<N>& rows, F&& f) {
  for_each_group(plan, [&](std::uint8_t group) {
    for (std::size_t name = 0; name < op_name_count; ++name) {
      const std::size_t at = rows.at(group, static_cast<OpName>(name));
      if (at != OpRows<N>::absent) f(rows.entries()[at]);
    }
  });
}

void sum_up(CostFigures& figures) {
  CostTotals& t = figures.totals;
  const double experts = t.experts_read;
  t = {};
  t.experts_read = experts;
  for (const Op& op : figures.ops) {
    t.flops += op.flops;
    t.vector_flops += op.vector_flops;
    t.weights += op.weights;
    t.kv_read += op.kv_read;
    t.kv_write += op.kv_write;
    t.activations += op.activations;
    t.link += op.link;
  }
}

double mean_experts_read(const CostPlan& plan, const Pass& pass) {
  double sum = 0;
  const auto tokens = static_cast<double>(pass.new_tokens());
  for (const PlannedLayer& layer : plan.layers) {
    const auto* m = std::get_if<Moe>(layer.channel);
    if (m)
      sum += static_cast<double>(layer.times) * layer.experts.held *
             experts_read(*m, tokens * layer.experts.pool, pass.conventions.experts);
  }
  return plan.moe_layers > 0 ? sum / static_cast<double>(plan.moe_layers) : 0;
}

// --- globs ---------------------------------------------------------------------------------------

bool matches(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob.front() == '*') {
    return matches(glob.substr(1), text) || (!text.empty() && matches(glob, text.substr(1)));
  }
  const bool same = !text.empty() && (glob.front() == '?' || glob.front() == text.front());
  return same && matches(glob.substr(1), text.substr(1));
}

template <class Row>
bool is_kept(const CostPlan& plan, std::string_view glob, const Row& op) {
  const std::string& group = plan.groups[op.group];
  const std::string_view name = op_name(op.name);
  return matches(glob, name) || matches(glob, group) ||
         matches(glob, fmt::format("{}/{}", group, name));
}

bool is_score_part(OpName name) {
  return name == OpName::qk_scores || name == OpName::softmax || name == OpName::attn_values;
}

void merge_into(Op& sum, const Op& part) {
  sum.flops += part.flops;
  sum.vector_flops += part.vector_flops;
  sum.weights += part.weights;
  sum.kv_read += part.kv_read;
  sum.kv_write += part.kv_write;
  sum.activations += part.activations;
}

}  // namespace

WeightUse weight_use(const WeightTensor& tensor) {
  if (const auto op = find_role(vector_roles, tensor.role)) return {*op, WeightUse::Form::vector};
  if (const auto op = find_role(lookup_roles, tensor.role)) return {*op, WeightUse::Form::lookup};
  if (const auto op = find_role(matrix_roles, tensor.role)) return {*op, WeightUse::Form::matrix};
  // A scalar gate on an output is a vector under a matrix's name.
  return {op_named(tensor.role).value_or(OpName::other),
          tensor.cols > 1 ? WeightUse::Form::matrix : WeightUse::Form::vector};
}

namespace {

CostPlan empty_plan(const Model& model, const Storage& storage) {
  CostPlan plan;
  plan.model = &model;
  plan.formats = storage.formats();
  plan.groups.assign(fixed_groups.begin(), fixed_groups.end());
  plan.head_rows = model.embedding.vocabulary;
  return plan;
}

void finish_plan(const Model& model, const Storage& storage, CostPlan& plan) {
  plan_outside(model.embedding, storage, plan);
  keep_bytes(plan);
  for (const PlannedLayer& layer : plan.layers) {
    if (std::holds_alternative<Moe>(*layer.channel)) plan.moe_layers += layer.times;
  }
}

}  // namespace

CostPlan cost_plan(const Model& model, const WeightFormats& weights) {
  const Storage storage(model, weights);
  CostPlan plan = empty_plan(model, storage);
  plan.layers = plan_stack(model.decoder, model, storage, plan);
  if (const Stack* draft = draft_stack(model))
    plan.draft = plan_stack(*draft, model, storage, plan);
  finish_plan(model, storage, plan);
  return plan;
}

CostPlan cost_plan(const Model& model, const WeightFormats& weights, const Placement& placement,
                   const Rank& rank) {
  const StagedModel stages = staged(model, placement.pp);
  const Storage storage(stages.model, weights);
  const auto part = std::make_shared<PlannedPart>();
  part->placement = placement;
  part->rank = rank;
  part->first = rank.pp == 0;
  part->last = rank.pp + 1 == placement.pp.value;
  CostPlan plan = empty_plan(model, storage);
  plan.layers =
      plan_part(stages.model.decoder, stages.stage_of, model, storage, *part, part->layers, plan);
  if (const Stack* draft = draft_stack(model)) {
    plan.draft = plan_part(*draft, {}, model, storage, *part, part->draft, plan);
  }
  plan.head_rows = share_of(model.embedding.vocabulary, placement.tp, rank.tp).count;
  group_handle(plan, comm_group);
  finish_plan(model, storage, plan);
  note_widening(model.decoder, plan, *part);
  plan.part = part;
  return plan;
}

Pass replica_pass(const CostPlan& plan, const Pass& pass) {
  if (!plan.part || plan.part->placement.dp == Dim(1)) return pass;
  Pass out = pass;
  for (SequenceGroup& g : out.groups) {
    g.count = share_of(g.count, plan.part->placement.dp, plan.part->rank.dp).count;
  }
  std::erase_if(out.groups, [](const SequenceGroup& g) { return g.count == Dim(0); });
  return out;
}

Bytes stored_bytes(const CostPlan& plan) {
  double sum = 0;
  const auto add = [&](const std::vector<PlannedLayer>& layers) {
    for (const PlannedLayer& layer : layers) {
      for (const PlannedWeight& w : layer.weights) {
        const auto copies = static_cast<double>(w.tensor.copies.value);
        sum += w.bytes * copies * (w.is_expert ? layer.experts.held : 1);
      }
      for (const PlannedMixer& mixer : layer.mixers) sum += own_matrices(plan, layer, mixer);
    }
  };
  add(plan.layers);
  const Embedding& e = plan.model->embedding;
  const bool first = !plan.part || plan.part->first;
  const bool last = !plan.part || plan.part->last;
  const auto table = [&](FormatIndex format, double rows, Dim cols) {
    const Format& f = plan.formats[format];
    const auto width = static_cast<double>(cols.value);
    sum += matrix_data_bytes(f, rows, width) + matrix_scale_bytes(f, rows, width);
  };
  const Dim width = embedding_width(*plan.model);
  const auto rows = static_cast<double>(plan.head_rows.value);
  if (first) table(plan.embedding, rows, width);
  if (first && e.positions > 0)
    table(plan.positions, static_cast<double>(e.positions.value), width);
  if (last && e.has_head && !(e.tied && first)) table(plan.head, rows, width);
  if (last && e.has_head && e.head_bias) table(plan.head_bias, rows, 1);
  if (last) {
    for (const PlannedWeight& w : plan.outside) sum += w.bytes;
  }
  return whole_bytes(sum);
}

double experts_read(const Moe& moe, double tokens, ExpertsRead convention) {
  const auto experts = static_cast<double>(moe.experts.value);
  const auto chosen = static_cast<double>(moe.experts_per_token.value);
  const double choices = experts + static_cast<double>(moe.zero_experts.value);
  switch (convention) {
    case ExpertsRead::all:
      return experts;
    case ExpertsRead::least:
      return std::min(experts, chosen);
    case ExpertsRead::expected:
      break;
  }
  const double missed_by_all = std::pow(1 - chosen / choices, tokens);
  return experts * (1 - missed_by_all);
}

namespace {

// A rank's rows, and what it sends.
void evaluate_part(const CostPlan& plan, const Pass& whole, const CostFormats& formats,
                   CostFigures& out) {
  out.ops.clear();
  out.totals.experts_read = 0;
  const Pass pass = replica_pass(plan, whole);
  if (pass.groups.empty()) return sum_up(out);
  const Phase phase = phase_of(pass);
  add_all(out.scratch, plan, pass, formats);
  for_each_entry(plan, out.scratch, [&](auto entry) {
    divide_tokens(entry, *plan.part, phase);
    out.ops.push_back(finished(entry));
  });
  add_collectives(plan, pass, formats, out.ops);
  out.totals.experts_read = mean_experts_read(plan, pass);
  sum_up(out);
}

}  // namespace

void evaluate_cost(const CostPlan& plan, const Pass& pass, const CostFormats& formats,
                   CostFigures& out) {
  if (plan.part) return evaluate_part(plan, pass, formats, out);
  add_all(out.scratch, plan, pass, formats);
  out.ops.clear();
  for_each_entry(plan, out.scratch, [&](const auto& entry) { out.ops.push_back(finished(entry)); });
  out.totals.experts_read = mean_experts_read(plan, pass);
  sum_up(out);
}

Result<CostFigures> cost_figures(const CostPlan& plan, const Pass& pass,
                                 const CostFormats& formats) {
  if (pass.conventions.mtp && plan.draft.empty()) {
    return usage_problem("--mtp: no draft layers of this model are known");
  }
  try {
    CostFigures figures;
    evaluate_cost(plan, pass, formats, figures);
    return figures;
  } catch (const Overflow&) {
    return usage_problem(
        "the cost of this pass is too large: an operator moves 2^53 bytes or more");
  }
}

void keep_ops(const CostPlan& plan, std::string_view glob, CostFigures& figures) {
  std::erase_if(figures.ops, [&](const Op& op) { return !is_kept(plan, glob, op); });
  sum_up(figures);
}

void keep_ops(const CostPlan& plan, std::string_view glob, std::vector<ExplainedOp>& explained) {
  std::erase_if(explained, [&](const ExplainedOp& op) { return !is_kept(plan, glob, op); });
}

void fuse_attention(CostFigures& figures) {
  std::vector<Op> fused;
  for (const Op& op : figures.ops) {
    const bool part = is_score_part(op.name);
    const bool goes_on = part && !fused.empty() && fused.back().name == OpName::attention &&
                         fused.back().group == op.group;
    if (goes_on) {
      merge_into(fused.back(), op);
      continue;
    }
    fused.push_back(op);
    if (part) fused.back().name = OpName::attention;
    if (part) fused.back().gemm.reset();
  }
  figures.ops = std::move(fused);
}

std::vector<ExplainedOp> explain_cost(const CostPlan& plan, const Pass& whole,
                                      const CostFormats& formats) {
  OpRows<TracedReal> rows;
  const Pass pass = replica_pass(plan, whole);
  add_all(rows, plan, pass, formats);
  std::vector<ExplainedOp> out;
  for_each_entry(plan, rows, [&](const auto& e) { out.push_back({e.name, e.group, e.row}); });
  return out;
}

}  // namespace attncalc
