// SPDX-License-Identifier: Apache-2.0
//
// What holds for every kind of the closed list. Each has a sample here, busy(K), with every field
// away from its default; without one for every kind this file does not compile.
#include <algorithm>
#include <set>
#include <type_traits>

#include "attention/kinds.hpp"
#include "model/model.hpp"
#include "one_layer.hpp"

namespace attncalc {
namespace {

constexpr std::int64_t hidden = 256;

const Format fp16 = *find_format("fp16");

Softmax busy(Softmax) {
  Softmax s{.heads = 8, .kv_heads = 4, .head_dim = 48, .value_dim = 32};
  s.window = 64;
  s.chunk = 32;  // with a window a fault, but a field like any other
  s.sink_tokens = 4;
  s.q_bias = s.k_bias = s.v_bias = s.o_bias = true;
  s.qk_norm = QkNorm::per_head;
  s.qk_norm_parameters = NormParameters::scale_and_bias;
  s.learnt_sinks = s.output_gate = s.value_is_key = true;
  s.gate_per_head = 1;
  s.q_lora_rank = 96;
  s.input_width = 512;
  s.projects_kv = false;
  return s;
}

Latent busy(Latent) {
  Latent l{.heads = 8, .kv_lora_rank = 64, .rope_dim = 16, .nope_dim = 32, .value_dim = 48};
  l.q_lora_rank = 96;
  l.window = 64;
  l.index_heads = 4;
  l.index_head_dim = 128;
  l.index_topk = 16;
  l.shares_indexer = l.bias = l.output_gate = true;
  l.latent_norms = false;
  return l;
}

GatedDelta busy(GatedDelta) {
  return {.key_heads = 4,
          .value_heads = 8,
          .key_dim = 16,
          .value_dim = 32,
          .conv_kernel = 3,
          .state_format = fp16};
}

StateSpace2 busy(StateSpace2) {
  return {.heads = 8,
          .head_dim = 16,
          .groups = 2,
          .state_dim = 32,
          .conv_kernel = 3,
          .in_bias = true,
          .conv_bias = false,
          .out_bias = true,
          .norm = false,
          .state_format = fp16};
}

StateSpace1 busy(StateSpace1) {
  return {.inner = 384,
          .state_dim = 16,
          .conv_kernel = 3,
          .dt_rank = 8,
          .bias = true,
          .conv_bias = false,
          .norms = true,
          .state_format = fp16};
}

ShortConv busy(ShortConv) { return {.channels = 128, .conv_kernel = 4, .bias = true}; }

Cross busy(Cross) {
  return {.heads = 8,
          .kv_heads = 4,
          .head_dim = 48,
          .value_dim = 32,
          .encoder_width = 128,
          .q_bias = true,
          .k_bias = true,
          .v_bias = true,
          .o_bias = true,
          .qk_norm = true,
          .gate = true};
}

Kda busy(Kda) {
  return {.heads = 8,
          .head_dim = 16,
          .conv_kernel = 3,
          .full_rank_decay = true,
          .full_rank_gate = true,
          .state_format = fp16};
}

Lightning busy(Lightning) {
  return {.heads = 8,
          .head_dim = 16,
          .qkv_bias = true,
          .out_bias = true,
          .qk_norm = true,
          .state_format = fp16};
}

Rwkv busy(Rwkv) {
  return {.version = 6,
          .heads = 8,
          .head_dim = 32,
          .shifts = 1,
          .shift_width = 256,
          .mix_rank = 16,
          .decay_rank = 32,
          .rate_rank = 8,
          .gate_rank = 24,
          .value_rank = 4,
          .state_format = fp16};
}

Compressed busy(Compressed) {
  return {.heads = 8,
          .head_dim = 64,
          .rope_dim = 16,
          .q_lora_rank = 96,
          .o_groups = 2,
          .o_lora_rank = 48,
          .window = 32,
          .ratio = 4,
          .overlap = true,
          .index_heads = 4,
          .index_head_dim = 128,
          .index_topk = 16,
          .learnt_sinks = false,
          .state_format = fp16};
}

Linear busy(Linear) {
  return {.heads = 8,
          .key_dim = 16,
          .value_dim = 32,
          .feature_map = FeatureMap::rfa,
          .projections = 24,
          .normaliser = false,
          .gate = true,
          .qkv_bias = true,
          .o_bias = true,
          .norm = true,
          .state_format = fp16};
}

Retention busy(Retention) {
  return {.heads = 8,
          .kv_heads = 4,
          .key_dim = 16,
          .value_dim = 32,
          .decay = Decay::channel,
          .decay_rank = 4,
          .decay_bias = false,
          .output_gate = false,
          .norm = false,
          .conv_kernel = 3,
          .state_format = fp16};
}

GatedRecurrence busy(GatedRecurrence) {
  return {.width = 96, .heads = 8, .conv_kernel = 3, .state_format = fp16};
}

Sparse busy(Sparse) {
  return {.heads = 8,
          .kv_heads = 4,
          .head_dim = 48,
          .value_dim = 32,
          .q_bias = true,
          .k_bias = true,
          .v_bias = true,
          .o_bias = true,
          .qk_norm = QkNorm::per_head,
          .block_size = 16,
          .local = 2,
          .dilation = 2,
          .stride = 4,
          .summaries = 1,
          .globals = 1,
          .random = 3,
          .mask = "1 11",
          .topk = 8,
          .index_heads = 4,
          .index_head_dim = 128};
}

// Every field of every kind away from its default; not all of these are sound models.
template <class... Ks>
std::vector<Kind> each_busy(std::type_identity<std::variant<Ks...>>) {
  return {Kind(busy(Ks{}))...};
}
std::vector<Kind> busy_kinds() { return each_busy(std::type_identity<Kind>{}); }

// One sound layer of each kind, with every tensor that it can have.
std::vector<Kind> sound_kinds() {
  std::vector<Kind> kinds = busy_kinds();
  auto& softmax = std::get<Softmax>(kinds[0]);
  softmax.chunk.reset();
  softmax.value_is_key = false;
  softmax.projects_kv = true;
  std::get<Latent>(kinds[1]).shares_indexer = false;
  std::get<Latent>(kinds[1]).latent_norms = true;
  for (Kind& kind : kinds) {
    if (auto* s = std::get_if<StateSpace2>(&kind)) s->conv_bias = s->norm = true;
    if (auto* r = std::get_if<Rwkv>(&kind)) r->version = 7;
    if (auto* l = std::get_if<Linear>(&kind)) l->normaliser = true;
  }
  return kinds;
}

std::vector<std::string> field_names(const Kind& kind) {
  std::vector<std::string> names;
  std::visit(
      [&](const auto& k) {
        k.fields(k, [&](std::string_view name, const auto&) { names.emplace_back(name); });
      },
      kind);
  return names;
}

TEST_CASE("keywords are different, and find their kind") {
  const std::vector<std::string_view> keywords = kind_keywords();
  CHECK(std::set<std::string_view>(keywords.begin(), keywords.end()).size() == keywords.size());
  for (std::size_t i = 0; i < keywords.size(); ++i) {
    CHECK(kind_named(keywords[i])->index() == i);
  }
  CHECK_FALSE(kind_named("sofmax").has_value());
}

TEST_CASE("fields visits each field once, under a name of its own") {
  for (const Kind& kind : busy_kinds()) {
    const std::vector<std::string> names = field_names(kind);
    INFO(label(kind));
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  }
}

// Calls use(name, field of a, field of b) for each field of two kinds of one type.
template <class A, class B, class Use>
void field_by_field(A& a, B& b, const Use& use) {
  A::fields(a, [&](std::string_view name, auto& of_a) {
    B::fields(b, [&](std::string_view other, auto& of_b) {
      using a_type = std::decay_t<decltype(of_a)>;
      if constexpr (std::is_same_v<a_type, std::decay_t<decltype(of_b)>>) {
        if (name == other) use(name, of_a, of_b);
      }
    });
  });
}

TEST_CASE("fields leaves none out: copying them makes an equal kind") {
  for (const Kind& kind : busy_kinds()) {
    INFO(label(kind));
    const auto copies_well = [](const auto& from) {
      std::decay_t<decltype(from)> to;
      field_by_field(to, from,
                     [](std::string_view, auto& into, const auto& value) { into = value; });
      CHECK(to == from);
    };
    std::visit(copies_well, kind);
  }
}

TEST_CASE("every field of a sample is away from its default, so that the test above sees it") {
  for (const Kind& kind : busy_kinds()) {
    const auto all_differ = [](const auto& sample) {
      const std::decay_t<decltype(sample)> initial;
      field_by_field(sample, initial, [&](std::string_view name, const auto& a, const auto& b) {
        INFO(name << " of " << sample.keyword);
        CHECK_FALSE(a == b);
      });
    };
    std::visit(all_differ, kind);
  }
}

TEST_CASE("a kind of which nothing is said is at fault, and asking it crashes nothing") {
  for (const std::string_view keyword : kind_keywords()) {
    Kind kind = *kind_named(keyword);
    INFO(keyword);
    std::visit([](auto& k) { k.complete(0); }, kind);
    CHECK_FALSE(faults(kind).empty());
    for (const std::string& fault : faults(kind)) CHECK_FALSE(fault.empty());
    CHECK_FALSE(label(kind).empty());
    CHECK(cache_bytes(kind, bf16_at(1000, 1000)) >= 0);
    CHECK(weights(kind, 0) >= 0);
  }
}

TEST_CASE("sound kinds have no faults, and a label each") {
  std::set<std::string> labels;
  for (const Kind& kind : sound_kinds()) {
    INFO(label(kind));
    CHECK(faults(kind).empty());
    labels.insert(label(kind));
  }
  CHECK(labels.size() == std::variant_size_v<Kind>);
}

TEST_CASE("what a sound kind lists has a name and a size") {
  for (const Kind& kind : sound_kinds()) {
    INFO(label(kind));
    for (const CacheTensor& tensor : cache_tensors(kind)) {
      CHECK(tensor.heads > 0);
      CHECK(tensor.width > 0);
    }
    for (const WeightTensor& tensor : weight_tensors(kind, hidden)) {
      INFO(tensor.role);
      CHECK_FALSE(tensor.role.empty());
      CHECK(tensor.rows > 0);
      CHECK(tensor.cols > 0);
      CHECK(tensor.elements() == tensor.active_elements());
    }
  }
}

TEST_CASE("completing a sound kind again changes nothing") {
  for (const Kind& kind : sound_kinds()) {
    INFO(label(kind));
    Kind again = kind;
    std::visit([](auto& k) { k.complete(hidden); }, again);
    CHECK(again == kind);
  }
}

TEST_CASE("a cache never shrinks as the context grows, and its components add up") {
  for (const Kind& kind : sound_kinds()) {
    INFO(label(kind));
    std::int64_t before = 0;
    for (std::int64_t tokens = 1; tokens < 300; ++tokens) {
      const std::int64_t bytes = cache_bytes(kind, bf16_at(tokens, 50));
      CHECK(bytes >= before);
      before = bytes;
    }
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < component_count; ++i) {
      sum += cache_bytes(kind, bf16_at(299, 50), static_cast<Component>(i));
    }
    CHECK(sum == before);
  }
}

TEST_CASE("a traced formula gives the number that plain arithmetic gives") {
  const KvQuery query = bf16_at(777, 50);
  for (const Kind& kind : sound_kinds()) {
    for (const CacheTensor& tensor : cache_tensors(kind)) {
      const CacheLine line{.tensor = tensor, .layers = 3, .label = label(kind)};
      INFO(label(kind) << " " << component_name(tensor.component));
      CHECK(line_bytes<Traced>(line, query).data.value == line_bytes<Count>(line, query).data);
      CHECK(line_bytes<Traced>(line, query).scale.value == line_bytes<Count>(line, query).scale);
    }
  }
}

Model model_of(const std::vector<Kind>& kinds) {
  Model model;
  model.hidden = hidden;
  model.embedding.vocabulary = 1000;
  for (const Kind& kind : kinds) {
    Layer layer;
    layer.mixers = {kind};
    layer.channel = Dense{.intermediate = 4 * hidden};
    model.decoder.append(layer);
  }
  return model;
}

TEST_CASE("the order of layers changes no total") {
  std::vector<Kind> kinds = sound_kinds();
  const std::vector<Kind> twice = kinds;
  kinds.insert(kinds.end(), twice.begin(), twice.end());
  const Model forwards = model_of(kinds);
  std::reverse(kinds.begin(), kinds.end());
  std::swap(kinds[1], kinds[5]);
  const Model otherwise = model_of(kinds);

  const KvQuery query = bf16_at(777, 50);
  CHECK(kv_figures(forwards, query)->payload == kv_figures(otherwise, query)->payload);
  CHECK(parameters(forwards).total == parameters(otherwise).total);
  std::int64_t sum = 0;
  for (const Kind& kind : kinds) sum += cache_bytes(kind, query);
  CHECK(kv_figures(forwards, query)->payload == bytes(sum));
}

TEST_CASE("mixers side by side cost what they cost in layers of their own") {
  const std::vector<Kind> kinds = sound_kinds();
  Model parallel = model_of({});
  Layer layer;
  layer.mixers = kinds;
  parallel.decoder.append(layer);
  const KvQuery query = bf16_at(777, 50);
  CHECK(kv_figures(parallel, query)->payload == kv_figures(model_of(kinds), query)->payload);
}

}  // namespace
}  // namespace attncalc
