// SPDX-License-Identifier: Apache-2.0
//
// GGUF files with tensors: the file's own list decides what the model is made of, to the parameter.
// Tensor names and shapes are those of load_arch_tensors() in llama.cpp's src/models/<arch>.cpp,
// with small widths.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "ingest/gguf/read_gguf.hpp"
#include "ingest/gguf/tensors.hpp"
#include "support/catch.hpp"
#include "support/gguf_keys.hpp"

namespace attncalc {
namespace {

using test::gguf_with;
using test::GgufWriter;

constexpr std::uint32_t f32 = 0, f16 = 1;

// What llama.cpp's converter keeps in f32 (conversion/base.py); everything else is f16 here.
bool is_small(const std::string& name, const std::vector<std::int64_t>& shape) {
  constexpr std::string_view kept[] = {"norm",  "bias",  "ffn_gate_inp.", "conv1d",
                                       "ssm_a", "ssm_d", "position_embd"};
  return shape.size() == 1 || std::ranges::any_of(kept, [&](std::string_view k) {
           return name.find(k) != std::string::npos;
         });
}

struct Added {
  std::int64_t elements = 0;
  std::int64_t bytes = 0;
  Added operator+(const Added& other) const {
    return {elements + other.elements, bytes + other.bytes};
  }
};

// Adds "name=d0,d1 …"; "*" in a name stands for each of the layers.
Added add_tensors(GgufWriter& writer, const std::string& list, std::int64_t first = 0,
                  std::int64_t end = 1) {
  Added sum;
  std::stringstream in(list);
  for (std::string item; in >> item;) {
    const std::size_t equals = item.find('=');
    const std::string name = item.substr(0, equals);
    const std::vector<std::int64_t> shape = test::array(item.substr(equals + 1));
    const bool small = is_small(name, shape);
    Added each{1, small ? 4 : 2};
    for (const std::int64_t size : shape) each = {each.elements * size, each.bytes * size};
    const std::size_t star = name.find('*');
    for (std::int64_t i = first; i < (star == std::string::npos ? first + 1 : end); ++i) {
      std::string own = name;
      if (star != std::string::npos) own.replace(star, 1, std::to_string(i));
      writer.tensor(own, shape, small ? f32 : f16, static_cast<std::uint64_t>(each.bytes));
      sum = sum + each;
    }
  }
  return sum;
}

Result<Model> read(const GgufWriter& writer) {
  const std::string bytes = writer.file();
  ByteReader in("m.gguf", bytes);
  Result<gguf::Header> header = gguf::read_header(in);
  if (!header) return header.problems();
  return read_gguf(std::move(*header), {});
}

// Parameters that no kind accounts for.
std::int64_t unexplained(const Model& model) {
  std::int64_t sum = 0;
  for (const WeightLine& line : weight_lines(model)) {
    if (line.tensor.role == "other") sum += line.tensor.elements().value.value * line.layers;
  }
  return sum;
}

bool warned(const Model& model, std::string_view code) {
  return std::ranges::any_of(model.warnings, [&](const Warning& w) { return w.code == code; });
}

struct Case {
  const char* name;
  const char* arch;
  const char* keys;      // beside hidden 64, 2 layers, vocabulary 100
  const char* outside;   // tensors
  const char* layer;     // tensors of each layer
  std::int64_t buffers;  // elements of what is no parameter
};

const Case cases[] = {
    {"llama", "llama", "attention.head_count=4 attention.head_count_kv=2 feed_forward_length=128",
     "token_embd.weight=64,100 output_norm.weight=64 output.weight=64,100 rope_freqs.weight=8",
     "blk.*.attn_norm.weight=64 blk.*.attn_q.weight=64,64 blk.*.attn_k.weight=64,32 "
     "blk.*.attn_v.weight=64,32 blk.*.attn_output.weight=64,64 blk.*.ffn_norm.weight=64 "
     "blk.*.ffn_gate.weight=64,128 blk.*.ffn_up.weight=64,128 blk.*.ffn_down.weight=128,64",
     8},
    {"qwen2: biases, tied head", "qwen2",
     "attention.head_count=4 attention.head_count_kv=2 feed_forward_length=128",
     "token_embd.weight=64,100 output_norm.weight=64",
     "blk.*.attn_norm.weight=64 blk.*.attn_q.weight=64,64 blk.*.attn_k.weight=64,32 "
     "blk.*.attn_v.weight=64,32 blk.*.attn_q.bias=64 blk.*.attn_k.bias=32 blk.*.attn_v.bias=32 "
     "blk.*.attn_output.weight=64,64 blk.*.ffn_norm.weight=64 blk.*.ffn_gate.weight=64,128 "
     "blk.*.ffn_up.weight=64,128 blk.*.ffn_down.weight=128,64",
     0},
    {"qwen3moe: norms a head, experts", "qwen3moe",
     "attention.head_count=4 attention.head_count_kv=2 attention.key_length=32 "
     "attention.value_length=32 "
     "feed_forward_length=128 expert_count=8 expert_used_count=2 expert_feed_forward_length=32",
     "token_embd.weight=64,100 output_norm.weight=64 output.weight=64,100",
     "blk.*.attn_norm.weight=64 blk.*.attn_q.weight=64,128 blk.*.attn_k.weight=64,64 "
     "blk.*.attn_v.weight=64,64 blk.*.attn_q_norm.weight=32 blk.*.attn_k_norm.weight=32 "
     "blk.*.attn_output.weight=128,64 blk.*.ffn_norm.weight=64 blk.*.ffn_gate_inp.weight=64,8 "
     "blk.*.ffn_gate_exps.weight=64,32,8 blk.*.ffn_up_exps.weight=64,32,8 "
     "blk.*.ffn_down_exps.weight=32,64,8",
     0},
    {"gpt2: fused projections, positions, biases everywhere", "gpt2",
     "attention.head_count=4 feed_forward_length=256 context_length=50",
     "token_embd.weight=64,100 position_embd.weight=64,50 output_norm.weight=64 "
     "output_norm.bias=64",
     "blk.*.attn_norm.weight=64 blk.*.attn_norm.bias=64 blk.*.attn_qkv.weight=64,192 "
     "blk.*.attn_qkv.bias=192 "
     "blk.*.attn_output.weight=64,64 blk.*.attn_output.bias=64 blk.*.ffn_norm.weight=64 "
     "blk.*.ffn_norm.bias=64 "
     "blk.*.ffn_up.weight=64,256 blk.*.ffn_up.bias=256 blk.*.ffn_down.weight=256,64 "
     "blk.*.ffn_down.bias=64",
     0},
    {"phi3: gate and up in one matrix", "phi3",
     "attention.head_count=4 attention.head_count_kv=4 feed_forward_length=128",
     "token_embd.weight=64,100 output_norm.weight=64 output.weight=64,100 "
     "rope_factors_long.weight=8 "
     "rope_factors_short.weight=8",
     "blk.*.attn_norm.weight=64 blk.*.attn_qkv.weight=64,192 blk.*.attn_output.weight=64,64 "
     "blk.*.ffn_norm.weight=64 blk.*.ffn_up.weight=64,256 blk.*.ffn_down.weight=128,64",
     16},
    {"gemma2: four norms", "gemma2",
     "attention.head_count=4 attention.head_count_kv=2 attention.sliding_window=8 "
     "feed_forward_length=128",
     "token_embd.weight=64,100 output_norm.weight=64",
     "blk.*.attn_norm.weight=64 blk.*.attn_q.weight=64,64 blk.*.attn_k.weight=64,32 "
     "blk.*.attn_v.weight=64,32 "
     "blk.*.attn_output.weight=64,64 blk.*.post_attention_norm.weight=64 blk.*.ffn_norm.weight=64 "
     "blk.*.ffn_gate.weight=64,128 blk.*.ffn_up.weight=64,128 blk.*.ffn_down.weight=128,64 "
     "blk.*.post_ffw_norm.weight=64",
     0},
    {"gpt-oss: sinks, biases on experts and router", "gpt-oss",
     "attention.head_count=4 attention.head_count_kv=2 attention.key_length=16 "
     "attention.value_length=16 "
     "attention.sliding_window=8 feed_forward_length=32 expert_feed_forward_length=32 "
     "expert_count=4 expert_used_count=2",
     "token_embd.weight=64,100 output_norm.weight=64 output.weight=64,100",
     "blk.*.attn_norm.weight=64 blk.*.post_attention_norm.weight=64 blk.*.attn_q.weight=64,64 "
     "blk.*.attn_q.bias=64 "
     "blk.*.attn_k.weight=64,32 blk.*.attn_k.bias=32 blk.*.attn_v.weight=64,32 "
     "blk.*.attn_v.bias=32 "
     "blk.*.attn_output.weight=64,64 blk.*.attn_output.bias=64 blk.*.attn_sinks.weight=4 "
     "blk.*.ffn_gate_inp.weight=64,4 blk.*.ffn_gate_inp.bias=4 blk.*.ffn_gate_exps.weight=64,32,4 "
     "blk.*.ffn_gate_exps.bias=32,4 blk.*.ffn_up_exps.weight=64,32,4 blk.*.ffn_up_exps.bias=32,4 "
     "blk.*.ffn_down_exps.weight=32,64,4 blk.*.ffn_down_exps.bias=64,4",
     0},
    {"deepseek2: latents, shared experts, balancing biases", "deepseek2",
     "attention.head_count=4 attention.head_count_kv=1 attention.key_length=40 "
     "attention.value_length=32 "
     "attention.key_length_mla=24 attention.value_length_mla=16 attention.kv_lora_rank=32 "
     "attention.q_lora_rank=48 "
     "rope.dimension_count=8 feed_forward_length=128 expert_count=8 expert_used_count=2 "
     "expert_shared_count=2 "
     "expert_feed_forward_length=32",
     "token_embd.weight=64,100 output_norm.weight=64 output.weight=64,100",
     "blk.*.attn_norm.weight=64 blk.*.attn_q_a.weight=64,48 blk.*.attn_q_a_norm.weight=48 "
     "blk.*.attn_q_b.weight=48,96 blk.*.attn_kv_a_mqa.weight=64,40 blk.*.attn_kv_a_norm.weight=32 "
     "blk.*.attn_k_b.weight=16,32,4 blk.*.attn_v_b.weight=32,16,4 blk.*.attn_output.weight=64,64 "
     "blk.*.ffn_norm.weight=64 blk.*.ffn_gate_inp.weight=64,8 blk.*.exp_probs_b.bias=8 "
     "blk.*.ffn_gate_exps.weight=64,32,8 blk.*.ffn_up_exps.weight=64,32,8 "
     "blk.*.ffn_down_exps.weight=32,64,8 "
     "blk.*.ffn_gate_shexp.weight=64,64 blk.*.ffn_up_shexp.weight=64,64 "
     "blk.*.ffn_down_shexp.weight=64,64",
     0},
    {"mamba2", "mamba2",
     "attention.head_count=0 feed_forward_length=0 ssm.conv_kernel=4 ssm.inner_size=128 "
     "ssm.state_size=16 ssm.time_step_rank=8 ssm.group_count=1",
     "token_embd.weight=64,100 output_norm.weight=64",
     "blk.*.attn_norm.weight=64 blk.*.ssm_in.weight=64,296 blk.*.ssm_conv1d.weight=4,160 "
     "blk.*.ssm_conv1d.bias=160 "
     "blk.*.ssm_dt.bias=8 blk.*.ssm_a=1,8 blk.*.ssm_d=1,8 blk.*.ssm_norm.weight=128,1 "
     "blk.*.ssm_out.weight=128,64",
     0},
};

}  // namespace

TEST_CASE("the parameters of a GGUF file are those of its tensors, and every one has its place") {
  for (const Case& c : cases) {
    CAPTURE(c.name);
    GgufWriter writer = gguf_with(
        c.arch, fmt::format("block_count=2 embedding_length=64 vocab_size=100 {}", c.keys));
    const Added all = add_tensors(writer, c.outside) + add_tensors(writer, c.layer, 0, 2);
    const Result<Model> model = read(writer);
    REQUIRE(model);
    CHECK(parameters(*model).total == Elements(Count(all.elements - c.buffers)));
    const StoredWeights stored = stored_weights(*model, checkpoint_formats(*model));
    CHECK(weight_bytes(stored).total() == bytes(all.bytes - 4 * c.buffers));
    CHECK(unexplained(*model) == 0);
    CHECK_FALSE(warned(*model, "weights_differ"));
    CHECK_FALSE(warned(*model, "parameters_assumed"));
    REQUIRE(model->stored);
    CHECK(model->stored->elements == Elements(Count(all.elements)));
    CHECK(model->stored->bytes == bytes(all.bytes));
  }
}

TEST_CASE("what the file stores is known to the byte, by format") {
  GgufWriter writer = gguf_with("llama",
                                "block_count=1 embedding_length=64 attention.head_count=4 "
                                "feed_forward_length=128 vocab_size=100");
  writer.tensor("token_embd.weight", {64, 100}, 8, 6800).tensor("output_norm.weight", {64}, 0, 256);
  writer.tensor("blk.0.attn_norm.weight", {64}, 0, 256);
  const Result<Model> model = read(writer);
  REQUIRE(model);
  CHECK(model->stored->bytes == bytes(64 * 100 / 32 * 34 + 2 * 64 * 4));
  REQUIRE(model->stored->formats.size() == 2);
  CHECK(model->stored->formats[0].name == "q8_0");
  CHECK(model->stored->formats[1].tensors == 2);
  CHECK(model->dtypes.weights == "q8_0");
  CHECK(model->stored->source == "m.gguf: 3 tensors");
}

TEST_CASE("tensors decide which layers have experts where no key says") {
  // Jamba: every second layer.
  GgufWriter writer = gguf_with(
      "jamba",
      "block_count=2 embedding_length=64 vocab_size=100 feed_forward_length=128 "
      "attention.head_count=4 attention.head_count_kv=2,2 expert_count=4 expert_used_count=2");
  const std::string attention =
      "blk.*.attn_norm.weight=64 blk.*.attn_q.weight=64,64 blk.*.attn_k.weight=64,32 "
      "blk.*.attn_v.weight=64,32 blk.*.attn_output.weight=64,64 blk.*.ffn_norm.weight=64";
  const Added all =
      add_tensors(writer, "token_embd.weight=64,100 output_norm.weight=64") +
      add_tensors(writer, attention, 0, 2) +
      add_tensors(
          writer,
          "blk.0.ffn_gate.weight=64,128 blk.0.ffn_up.weight=64,128 blk.0.ffn_down.weight=128,64") +
      add_tensors(writer,
                  "blk.1.ffn_gate_inp.weight=64,4 blk.1.ffn_gate_exps.weight=64,128,4 "
                  "blk.1.ffn_up_exps.weight=64,128,4 blk.1.ffn_down_exps.weight=128,64,4");
  const Result<Model> model = read(writer);
  REQUIRE(model);
  CHECK(std::holds_alternative<Dense>(model->decoder.distinct[0].channel));
  CHECK(std::get<Moe>(model->decoder.distinct[1].channel).experts_per_token == Dim(2));
  CHECK(parameters(*model).total == Elements(Count(all.elements)));
}

TEST_CASE("a query projection of twice the width holds a gate") {
  // Qwen3-Next's attention layers.
  GgufWriter writer =
      gguf_with("qwen3next",
                "block_count=1 embedding_length=64 vocab_size=100 full_attention_interval=1 "
                "attention.head_count=4 attention.head_count_kv=2 feed_forward_length=128 "
                "ssm.conv_kernel=4 ssm.inner_size=128 ssm.state_size=16 ssm.time_step_rank=8 "
                "ssm.group_count=2");
  add_tensors(writer, "token_embd.weight=64,100 output_norm.weight=64");
  add_tensors(
      writer,
      "blk.*.attn_norm.weight=64 blk.*.attn_q.weight=64,128 blk.*.attn_k.weight=64,32 "
      "blk.*.attn_v.weight=64,32 blk.*.attn_output.weight=64,64 "
      "blk.*.post_attention_norm.weight=64 "
      "blk.*.ffn_gate.weight=64,128 blk.*.ffn_up.weight=64,128 blk.*.ffn_down.weight=128,64");
  const Result<Model> model = read(writer);
  REQUIRE(model);
  CHECK(std::get<Softmax>(model->decoder.distinct[0].mixers[0]).output_gate);
  CHECK(unexplained(*model) == 0);
}

TEST_CASE("draft layers and what nobody knows are counted, each where it belongs") {
  const Case& llama = cases[0];
  GgufWriter writer =
      gguf_with("glm4moe", fmt::format("block_count=3 nextn_predict_layers=1 embedding_length=64 "
                                       "vocab_size=100 {}",
                                       llama.keys));
  const Added trunk = add_tensors(writer, llama.outside) + add_tensors(writer, llama.layer, 0, 2) +
                      add_tensors(writer, "blk.0.mystery.weight=10,3 some.mystery=7");
  const Added draft =
      add_tensors(writer, llama.layer, 2, 3) +
      add_tensors(writer, "blk.2.nextn.eh_proj.weight=128,64 blk.2.nextn.enorm.weight=64");
  const Result<Model> model = read(writer);
  REQUIRE(model);
  CHECK(model->mtp_parameters == draft.elements);
  CHECK(parameters(*model).total == Elements(Count(trunk.elements - llama.buffers)));
  CHECK(unexplained(*model) == 30 + 7);
  CHECK(model->gguf->has_draft_projection);
  CHECK_FALSE(warned(*model, "weights_differ"));
}

TEST_CASE("a file with fewer weights than its keys ask for is told") {
  const Case& llama = cases[0];
  GgufWriter writer = gguf_with(
      "llama", fmt::format("block_count=2 embedding_length=64 vocab_size=100 {}", llama.keys));
  add_tensors(writer, llama.outside);
  add_tensors(writer, llama.layer, 0, 1);  // the second layer is missing
  const Result<Model> model = read(writer);
  REQUIRE(model);
  CHECK(warned(*model, "weights_differ"));
}

TEST_CASE("a model in several files is the sum of its parts") {
  const Case& llama = cases[0];
  const auto part = [&](int number) {
    GgufWriter writer =
        number == 0
            ? gguf_with("llama", fmt::format("block_count=2 embedding_length=64 vocab_size=100 {}",
                                             llama.keys))
            : GgufWriter();
    writer.key("split.no", number).key("split.count", 2);
    return writer;
  };
  const auto name = [](int number) {
    return fmt::format("split_test-{:05}-of-00002.gguf", number + 1);
  };
  const auto write = [&](int number, const GgufWriter& writer) {
    std::ofstream(name(number), std::ios::binary) << writer.file();
  };
  GgufWriter first = part(0), second = part(1);
  const Added all = add_tensors(first, llama.outside) + add_tensors(second, llama.layer, 0, 2);
  write(0, first);
  const Result<Model> alone = read_gguf(name(0), {});
  REQUIRE(alone);
  CHECK(warned(*alone, "parts_missing"));
  CHECK_FALSE(alone->stored);
  write(1, second);
  const Result<Model> model = read_gguf(name(0), {});
  REQUIRE(model);
  CHECK(parameters(*model).total == Elements(Count(all.elements - llama.buffers)));
  CHECK(render(read_gguf(name(1), {}).problems()) ==
        "split_test-00002-of-00002.gguf: error: this is part 2 of 2; the keys are in the first\n"
        "hint: give split_test-00001-of-00002.gguf\n");
  write(1, first);
  CHECK(render(read_gguf(name(0), {}).problems()) ==
        "split_test-00002-of-00002.gguf: error: this is not part 2 of 2, as its name says\n");
  std::remove(name(0).c_str());
  std::remove(name(1).c_str());
}

}  // namespace attncalc
