// SPDX-License-Identifier: Apache-2.0
//
// GGUF headers without tensors: what the keys and an architecture's rules make of the cache, held
// against bytes that llama.cpp itself reported.
#include <fmt/format.h>

#include "ingest/gguf/arch_rules.hpp"
#include "ingest/gguf/read_gguf.hpp"
#include "model/kv.hpp"
#include "support/catch.hpp"
#include "support/gguf_keys.hpp"

namespace attncalc {
namespace {

using test::gguf_with;

Result<Model> read(const std::string& bytes, const LoadOptions& options = {}) {
  ByteReader in("m.gguf", bytes);
  Result<gguf::Header> header = gguf::read_header(in);
  if (!header) return header.problems();
  return read_gguf(std::move(*header), options);
}

Result<Model> read(const char* arch, const std::string& keys, const LoadOptions& options = {}) {
  return read(gguf_with(arch, keys).header(), options);
}

std::string errors(const char* arch, const std::string& keys, const LoadOptions& options = {}) {
  const Result<Model> model = read(arch, keys, options);
  return model ? "no error" : render(model.problems());
}

// "mha:8 mha:8 mha" for the layers of the decoder, runs written once: "2×mha:8 mha".
std::string layers(const Model& model) {
  std::string out, last;
  int run = 0;
  const auto flush = [&] {
    if (run == 0) return;
    out += (out.empty() ? "" : " ") + (run > 1 ? fmt::format("{}×{}", run, last) : last);
  };
  for (const std::uint32_t index : model.decoder.order) {
    const Layer& layer = model.decoder.distinct[index];
    const std::string label =
        layer.cache_of ? fmt::format("→{}", *layer.cache_of) : layer_label(layer);
    if (label != last) {
      flush();
      run = 0;
    }
    last = label;
    ++run;
  }
  flush();
  return out;
}

// What llama.cpp keeps: keys and values in f16, all recurrent state in f32.
std::int64_t payload(const Model& model, std::int64_t tokens) {
  const KvQuery query{
      .tokens = tokens, .batch = 1, .encoder_tokens = 0, .formats = *kv_formats("fp16", "fp32")};
  return kv_payload(cache_plan(model), query).value.value;
}

// Where the value of a key begins in a header: behind its name and the number of its type.
std::string at(const char* arch, const std::string& keys, const std::string& name) {
  const std::size_t found = gguf_with(arch, keys).header().find(name);
  return fmt::format("m.gguf:byte {}", found + name.size() + 4);
}

const std::string plain_model =
    "block_count=2 embedding_length=64 attention.head_count=4 "
    "attention.head_count_kv=2 feed_forward_length=128 vocab_size=100 ";

struct Observed {
  const char* name;
  const char* arch;
  std::int64_t bytes;  // of one sequence with 32768 cells
  const char* keys;
};

// Bytes that llama.cpp v0.5.0 (snapshot de3ff815ea) reported for its buffers when it loaded a
// header with these keys (n_ctx 32768, one sequence, K and V in f16), for models whose windows, if
// any, it honours as the model has them, and whose cells it does not pad.
const Observed observed[] = {
    {"llama-3.1-70b", "llama", 10737418240LL,
     "block_count=80 embedding_length=8192 attention.head_count=64 "
     "attention.head_count_kv=8 feed_forward_length=28672 vocab_size=128256 "
     "rope.dimension_count=128"},
    {"qwen2-7b", "qwen2", 1879048192LL,
     "block_count=28 embedding_length=3584 attention.head_count=28 "
     "attention.head_count_kv=4 feed_forward_length=18944 vocab_size=152064 "
     "rope.dimension_count=128"},
    {"qwen3-0.6b", "qwen3", 3758096384LL,
     "block_count=28 embedding_length=1024 attention.head_count=16 "
     "attention.head_count_kv=8 feed_forward_length=3072 vocab_size=151936 "
     "attention.key_length=128 attention.value_length=128 rope.dimension_count=128"},
    {"openelm-270m", "openelm", 528482304LL,
     "block_count=16 embedding_length=1280 attention.head_count=12*5,16*7,20*4 "
     "attention.head_count_kv=3*5,4*7,5*4 "
     "feed_forward_length=768,1024,1280,1536,1792,2048,2304,2560,2816,3072,3328,"
     "3584,3840,4096,4608,5120 vocab_size=32000 attention.key_length=64 "
     "attention.value_length=64 rope.dimension_count=64"},
    {"deepseek-v2-lite", "deepseek2", 1019215872LL,
     "block_count=27 embedding_length=2048 attention.head_count=16 "
     "attention.head_count_kv=1 feed_forward_length=10944 vocab_size=102400 "
     "attention.key_length=576 attention.value_length=512 rope.dimension_count=64 "
     "attention.key_length_mla=192 attention.value_length_mla=128 "
     "attention.kv_lora_rank=512 expert_feed_forward_length=1408 expert_count=64 "
     "expert_used_count=6 expert_shared_count=2 leading_dense_block_count=1"},
    {"deepseek-v3", "deepseek2", 2302672896LL,
     "block_count=61 embedding_length=7168 attention.head_count=128 "
     "attention.head_count_kv=1 feed_forward_length=18432 vocab_size=129280 "
     "attention.key_length=576 attention.value_length=512 rope.dimension_count=64 "
     "attention.key_length_mla=192 attention.value_length_mla=128 "
     "attention.kv_lora_rank=512 expert_feed_forward_length=2048 expert_count=256 "
     "expert_used_count=8 expert_shared_count=1 leading_dense_block_count=3 "
     "attention.q_lora_rank=1536"},
    {"falcon-mamba-7b", "mamba", 39845888LL,
     "block_count=64 embedding_length=4096 attention.head_count=0 "
     "feed_forward_length=0 vocab_size=65024 ssm.conv_kernel=4 ssm.inner_size=8192 "
     "ssm.state_size=16 ssm.time_step_rank=256"},
    {"mamba2-2.7b", "mamba2", 171900928LL,
     "block_count=64 embedding_length=2560 attention.head_count=0 "
     "feed_forward_length=0 vocab_size=50288 ssm.conv_kernel=4 ssm.inner_size=5120 "
     "ssm.state_size=128 ssm.time_step_rank=80 ssm.group_count=1"},
    {"rwkv7-2.9b", "rwkv7", 21626880LL,
     "block_count=32 embedding_length=2560 attention.head_count=0 "
     "attention.head_count_kv=0 feed_forward_length=10240 vocab_size=65536 "
     "wkv.head_size=64 attention.decay_lora_rank=96 attention.iclr_lora_rank=96 "
     "attention.value_residual_mix_lora_rank=64 attention.gate_lora_rank=320"},
    {"rwkv6-7b", "rwkv6", 34603008LL,
     "block_count=32 embedding_length=4096 attention.head_count=0 "
     "attention.head_count_kv=0 feed_forward_length=14336 vocab_size=65536 "
     "wkv.head_size=64 rescale_every_n_layers=6 time_mix_extra_dim=32 "
     "time_decay_extra_dim=64"},
    {"jamba-1.5-mini", "jamba", 554303488LL,
     "block_count=32 embedding_length=4096 attention.head_count=32 "
     "attention.head_count_kv=0*4,8,0*7,8,0*7,8,0*7,8,0*3 feed_forward_length=14336 "
     "vocab_size=65536 rope.dimension_count=128 ssm.conv_kernel=4 "
     "ssm.inner_size=8192 ssm.state_size=16 ssm.time_step_rank=256 expert_count=16 "
     "expert_used_count=2"},
    {"falcon-h1-7b", "falcon-h1", 1616699392LL,
     "block_count=44 embedding_length=3072 attention.head_count=12 "
     "attention.head_count_kv=2 feed_forward_length=12288 vocab_size=130048 "
     "attention.key_length=128 attention.value_length=128 rope.dimension_count=128 "
     "ssm.conv_kernel=4 ssm.inner_size=3072 ssm.state_size=256 ssm.time_step_rank=24 "
     "ssm.group_count=1"},
    {"granite-4.0-h-tiny", "granitehybrid", 326496256LL,
     "block_count=40 embedding_length=1536 attention.head_count=12 "
     "attention.head_count_kv=0*5,4,0*9,4,0*9,4,0*9,4,0*4 feed_forward_length=512 "
     "vocab_size=100352 rope.dimension_count=128 ssm.conv_kernel=4 "
     "ssm.inner_size=3072 ssm.state_size=128 ssm.time_step_rank=48 ssm.group_count=1 "
     "expert_count=64 expert_used_count=6 expert_shared_feed_forward_length=1024"},
    {"qwen3-next-80b-a3b", "qwen3next", 884342784LL,
     "block_count=48 embedding_length=2048 attention.head_count=16 "
     "attention.head_count_kv=2 feed_forward_length=5120 vocab_size=151936 "
     "attention.key_length=256 attention.value_length=256 rope.dimension_count=64 "
     "ssm.conv_kernel=4 ssm.inner_size=4096 ssm.state_size=128 ssm.time_step_rank=32 "
     "ssm.group_count=16 expert_count=512 expert_used_count=10 "
     "expert_feed_forward_length=512 expert_shared_feed_forward_length=512 "
     "full_attention_interval=4"},
    {"lfm2-1.2b", "lfm2", 402817024LL,
     "block_count=16 embedding_length=2048 attention.head_count=32 "
     "attention.head_count_kv=0*2,8,0*2,8,0*2,8,0,8,0,8,0,8,0 "
     "feed_forward_length=8192 vocab_size=65536 rope.dimension_count=64 "
     "shortconv.l_cache=3"},
    {"minimax-text-01", "minimax-01", 1635778560LL,
     "block_count=80 embedding_length=6144 attention.head_count=64 "
     "attention.head_count_kv=8 feed_forward_length=9216 vocab_size=200064 "
     "attention.key_length=128 attention.value_length=128 rope.dimension_count=64 "
     "expert_count=32 expert_used_count=2 full_attention_interval=8"},
    {"kimi-linear-48b-a3b", "kimi-linear", 309133312LL,
     "block_count=27 embedding_length=2304 attention.head_count=32 "
     "attention.head_count_kv=0*3,1,0*3,1,0*3,1,0*3,1,0*3,1,0*3,1,0*2,1 "
     "feed_forward_length=9216 vocab_size=163840 attention.key_length=576 "
     "attention.value_length=512 rope.dimension_count=64 "
     "attention.key_length_mla=192 attention.value_length_mla=128 "
     "attention.kv_lora_rank=512 ssm.conv_kernel=4 kda.head_dim=128 "
     "expert_feed_forward_length=1024 expert_count=256 expert_used_count=8 "
     "expert_shared_count=1 leading_dense_block_count=1"},
    {"nemotron-3-nano-30b-a3b", "nemotron_h_moe", 251256832LL,
     "block_count=52 embedding_length=2688 attention.head_count=32 "
     "attention.head_count_kv=0*5,2,0*6,2,0*6,2,0*6,2,0*6,2,0*8,2,0*9 "
     "feed_forward_length=0,1856,0,1856,0*2,1856,0,1856,0,1856,0*2,1856,0,1856,0,"
     "1856,0*2,1856,0,1856,0,1856,0*2,1856,0,1856,0,1856,0*2,1856,0,1856,0,1856,0,"
     "1856,0*2,1856,0,1856,0,1856,0,1856,0,1856 vocab_size=131072 "
     "attention.key_length=128 attention.value_length=128 rope.dimension_count=128 "
     "ssm.conv_kernel=4 ssm.inner_size=4096 ssm.state_size=128 ssm.time_step_rank=64 "
     "ssm.group_count=8 expert_count=128 expert_used_count=6 "
     "expert_feed_forward_length=1856 expert_shared_feed_forward_length=3712 "
     "expert_shared_count=1"},
};

}  // namespace

TEST_CASE("payload is what llama.cpp allocates, where llama.cpp allocates payload") {
  for (const Observed& o : observed) {
    CAPTURE(o.name);
    const Result<Model> model = read(o.arch, o.keys);
    REQUIRE(model);
    CHECK(payload(*model, 32768) == o.bytes);
  }
}

TEST_CASE("a GGUF model keeps its architecture and the numbers that llama.cpp decides from") {
  const Result<Model> model = read("llama", plain_model + "attention.sliding_window=16");
  REQUIRE(model);
  CHECK(model->arch == "llama");
  CHECK(model->source == "m.gguf");
  REQUIRE(model->gguf);
  CHECK(model->gguf->find("attention.head_count_kv")->values == std::vector<std::int64_t>{2});
  CHECK(model->gguf->find("absent") == nullptr);
  CHECK_FALSE(model->gguf->has_tensors);
  const auto& softmax = std::get<Softmax>(model->decoder.distinct.front().mixers.front());
  CHECK(model->origin_text(softmax.kv_heads.origin) == "m.gguf llama.attention.head_count_kv");
}

TEST_CASE("which layers have a window follows from the architecture and its keys") {
  const auto with = [](const char* arch, int count, const std::string& more) {
    const std::string keys =
        "embedding_length=64 attention.head_count=4 attention.head_count_kv=2 "
        "feed_forward_length=128 vocab_size=100 ";
    const Result<Model> model = read(arch, fmt::format("block_count={} {}{}", count, keys, more));
    return model ? layers(*model) : render(model.problems());
  };
  CHECK(with("gemma2", 2, "") == "gqa:4096 gqa");  // the window is llama.cpp's default
  CHECK(with("gemma2", 4, "attention.sliding_window=8") == "gqa:8 gqa gqa:8 gqa");
  CHECK(with("gemma3", 8, "attention.sliding_window=8") == "5×gqa:8 gqa 2×gqa:8");
  CHECK(with("gemma3", 8, "") == "8×gqa");
  CHECK(with("gemma3", 8, "attention.sliding_window=8 attention.sliding_window_pattern=3") ==
        "2×gqa:8 gqa 2×gqa:8 gqa 2×gqa:8");
  CHECK(with("gemma3", 3, "attention.sliding_window=8 attention.sliding_window_pattern=0,1,0") ==
        "gqa gqa:8 gqa");
  CHECK(with("gpt-oss", 3, "attention.sliding_window=8") == "gqa:8 gqa gqa:8");
  CHECK(with("cohere2", 5, "attention.sliding_window=8") == "3×gqa:8 gqa gqa:8");
  CHECK(with("cohere2moe", 5, "attention.sliding_window=8") == "gqa 3×gqa:8 gqa");
  CHECK(with("exaone4", 64, "attention.sliding_window=8").starts_with("3×gqa:8 gqa 3×gqa:8"));
  CHECK(with("exaone4", 30, "attention.sliding_window=8") == "30×gqa");
  CHECK(with("llama4", 5, "") == "3×gqa:chunk8192 gqa gqa:chunk8192");
  CHECK(with("llama4", 5, "attention.sliding_window=0") == "5×gqa");
  CHECK(with("smallthinker", 5, "attention.sliding_window=8") == "gqa 3×gqa:4096 gqa");
  CHECK(with("smallthinker", 5, "") == "5×gqa");
  CHECK(with("laguna", 5, "attention.sliding_window=8") == "gqa 3×gqa:8 gqa");
  CHECK(with("plamo3", 9, "attention.sliding_window=8") == "7×gqa:8 gqa gqa:8");
  CHECK(with("lfm2", 2, "attention.sliding_window=8") == "2×gqa:8");
  CHECK(with("mimo2", 3, "attention.sliding_window=8 attention.sliding_window_pattern=1,0,1") ==
        "gqa:8 gqa gqa:8");
  CHECK(with("mimo2", 3, "attention.sliding_window=8") ==
        "m.gguf: error: the header has no key mimo2.attention.sliding_window_pattern\n");
}

TEST_CASE("a window that llama.cpp ignores is the model's all the same") {
  for (const char* arch : {"llama", "phi3", "starcoder2"}) {
    const Result<Model> model = read(arch, plain_model + "attention.sliding_window=16");
    REQUIRE(model);
    CHECK(layers(*model) == "2×gqa:16");
    CHECK_FALSE(gguf::arch_rules(arch)->engine_has_windows);
  }
  const Result<Model> qwen = read("qwen2", plain_model + "attention.sliding_window=16");
  REQUIRE(qwen);
  CHECK(layers(*qwen) == "2×gqa");
  CHECK(
      qwen->warnings.front() ==
      Warning{
          "window_ignored",
          "qwen2.attention.sliding_window is 16, and models of this architecture have no window"});
}

TEST_CASE("windowed layers may have widths of their own") {
  const Result<Model> model =
      read("gemma4", plain_model +
                         "attention.key_length=32 attention.value_length=32 "
                         "attention.key_length_swa=16 attention.value_length_swa=8 "
                         "attention.sliding_window=4 attention.sliding_window_pattern=1,0");
  REQUIRE(model);
  const auto& window = std::get<Softmax>(model->decoder.distinct[0].mixers[0]);
  const auto& full = std::get<Softmax>(model->decoder.distinct[1].mixers[0]);
  CHECK(window.head_dim == Dim(16));
  CHECK(window.value_dim == Dim(8));
  CHECK(full.head_dim == Dim(32));
}

TEST_CASE("layers that share a cache read the last one that sees as much") {
  const std::string shape =
      "embedding_length=64 attention.head_count=4 attention.head_count_kv=2 "
      "feed_forward_length=128 vocab_size=100 ";
  const Result<Model> gemma3n =
      read("gemma3n", "block_count=35 " + shape + "attention.sliding_window=8");
  REQUIRE(gemma3n);
  CHECK(layers(*gemma3n) ==
        "4×gqa:8 gqa 4×gqa:8 gqa 4×gqa:8 gqa 4×gqa:8 gqa 4×→18 →19 4×→18 →19 4×→18 →19");
  const Result<Model> gemma4 =
      read("gemma4", "block_count=4 " + shape +
                         "attention.sliding_window=8 attention.sliding_window_pattern=1,0,1,0 "
                         "attention.shared_kv_layers=2");
  REQUIRE(gemma4);
  CHECK(layers(*gemma4) == "gqa:8 gqa →0 →1");
}

TEST_CASE("which layers are recurrent follows from the architecture and its keys") {
  const std::string ssm =
      "ssm.conv_kernel=4 ssm.inner_size=128 ssm.state_size=16 ssm.time_step_rank=8 "
      "ssm.group_count=2 ";
  const auto of = [&](const char* arch, const std::string& keys) {
    const Result<Model> model = read(arch, "embedding_length=64 vocab_size=100 " + keys + ssm);
    return model ? layers(*model) : render(model.problems());
  };
  const std::string four = "block_count=4 attention.head_count=4 feed_forward_length=128 ";
  CHECK(of("mamba", "block_count=3 attention.head_count=0 ") == "3×mamba1");
  CHECK(of("falcon-h1", four + "attention.head_count_kv=2 ") == "4×gqa+mamba2");
  CHECK(of("granitehybrid", four + "attention.head_count_kv=0,2,0,0 ") == "mamba2 gqa 2×mamba2");
  CHECK(of("jamba", four + "attention.head_count_kv=0,0,2,0 ") == "2×mamba1 gqa mamba1");
  CHECK(of("nemotron_h",
           "block_count=4 attention.head_count=4 feed_forward_length=0,128,0,0 "
           "attention.head_count_kv=0,0,2,0 ") == "mamba2 none gqa mamba2");
  CHECK(of("qwen3next", four + "attention.head_count_kv=2 ") == "3×gated_delta gqa");
  CHECK(of("qwen35", four + "attention.head_count_kv=2 full_attention_interval=2 ") ==
        "gated_delta gqa gated_delta gqa");
  CHECK(of("qwen35moe", four + "attention.head_count_kv=2 attention.recurrent_layers=1,0,0,1 ") ==
        "gated_delta 2×gqa gated_delta");
  CHECK(of("minimax-01", four + "attention.head_count_kv=2 full_attention_interval=4 ") ==
        "3×lightning gqa");
  CHECK(of("lfm2", four + "attention.head_count_kv=0,2,0,0 shortconv.l_cache=3 ") ==
        "short_conv gqa 2×short_conv");
}

TEST_CASE("layers without KV heads, which searched architectures have, cache nothing") {
  const Result<Model> model = read("deci",
                                   "block_count=3 embedding_length=64 vocab_size=100 "
                                   "attention.head_count=4,0,4 attention.head_count_kv=2,0,1 "
                                   "feed_forward_length=128,64,0");
  REQUIRE(model);
  CHECK(layers(*model) == "gqa none mqa");
}

TEST_CASE("a latent is a latent, whatever llama.cpp makes of an old file") {
  const std::string shape =
      "block_count=2 embedding_length=64 feed_forward_length=128 vocab_size=100 "
      "attention.head_count=4 attention.kv_lora_rank=32 rope.dimension_count=8 ";
  const std::string now =
      shape +
      "attention.head_count_kv=1 attention.key_length=40 attention.value_length=32 "
      "attention.key_length_mla=24 attention.value_length_mla=16";
  const std::string before =
      shape + "attention.head_count_kv=4 attention.key_length=24 attention.value_length=16";
  const Result<Model> a = read("deepseek2", now);
  const Result<Model> b = read("deepseek2", before);
  REQUIRE(a);
  REQUIRE(b);
  CHECK(a->decoder.distinct == b->decoder.distinct);
  const auto& latent = std::get<Latent>(a->decoder.distinct[0].mixers[0]);
  CHECK(latent.nope_dim == Dim(16));
  CHECK(latent.value_dim == Dim(16));
  CHECK_FALSE(latent.q_lora_rank);
  CHECK(payload(*a, 10) == 10 * 2 * 40 * 2);
}

TEST_CASE("an indexer stands where the architecture has one") {
  const std::string shape =
      "embedding_length=64 feed_forward_length=128 vocab_size=100 attention.head_count=4 "
      "attention.head_count_kv=1 attention.kv_lora_rank=32 rope.dimension_count=8 "
      "attention.key_length=40 attention.value_length=32 attention.key_length_mla=24 "
      "attention.value_length_mla=16 attention.indexer.head_count=2 "
      "attention.indexer.key_length=8 attention.indexer.top_k=16 ";
  const auto index_layers = [](const Model& model) {
    std::string out;
    for (const std::uint32_t index : model.decoder.order) {
      const auto& latent = std::get<Latent>(model.decoder.distinct[index].mixers[0]);
      out += latent.has_own_indexer() ? '1' : '0';
    }
    return out;
  };
  CHECK(index_layers(*read("deepseek32", "block_count=3 " + shape)) == "111");
  CHECK(index_layers(*read("glm-dsa", "block_count=3 context_length=1000 " + shape)) == "111");
  CHECK(index_layers(*read("glm-dsa", "block_count=8 context_length=1048576 " + shape)) ==
        "11100010");
  CHECK(index_layers(*read("glm-dsa", "block_count=3 attention.indexer.types=1,0,1 " + shape)) ==
        "101");
  const Result<Model> m3 =
      read("minimax-m3", plain_model +
                             "leading_dense_block_count=1 attention.indexer.head_count=2 "
                             "attention.indexer.key_length=8 attention.indexer.top_k=4 "
                             "attention.indexer.block_size=16");
  REQUIRE(m3);
  CHECK(layers(*m3) == "gqa gqa:topk64");
}

TEST_CASE("DeepSeek-V4 has a window everywhere, and summaries where its ratios say") {
  const Result<Model> model =
      read("deepseek4",
           "block_count=3 embedding_length=64 feed_forward_length=128 "
           "vocab_size=100 attention.head_count=4 attention.head_count_kv=1 "
           "attention.key_length=32 attention.value_length=32 rope.dimension_count=8 "
           "attention.q_lora_rank=16 attention.sliding_window=8 "
           "attention.output_group_count=2 attention.output_lora_rank=16 "
           "attention.indexer.head_count=2 attention.indexer.key_length=8 "
           "attention.indexer.top_k=4 attention.compress_ratios=0,4,128,4");
  REQUIRE(model);
  CHECK(layers(*model) == "compressed compressed:4 compressed:128");
}

TEST_CASE("draft layers are counted apart") {
  const Result<Model> model = read("deepseek2", "nextn_predict_layers=1 " + plain_model);
  REQUIRE(model);
  CHECK(model->decoder.depth() == 1);
  CHECK(model->beside.front().name == "mtp");
  CHECK(model->mtp_parameters > 0);
  CHECK(model->warnings.front().code == "mtp_left_out");
}

TEST_CASE("layers that are passed twice cache twice and weigh once") {
  const Result<Model> once = read("nanbeige", plain_model);
  const Result<Model> twice = read("nanbeige", plain_model + "num_loops=2");
  REQUIRE(once);
  REQUIRE(twice);
  CHECK(twice->decoder.depth() == 4);
  CHECK(payload(*twice, 8) == 2 * payload(*once, 8));
  CHECK(parameters(*twice).total == parameters(*once).total);
}

TEST_CASE("an encoder caches nothing") {
  const Result<Model> model = read("bert", plain_model);
  REQUIRE(model);
  CHECK(cache_plan(*model).lines.empty());
  CHECK(model->warnings.front().code == "no_cache");
}

TEST_CASE("an unknown architecture is read from its keys where they leave no doubt") {
  const Result<Model> model = read("new", plain_model);
  REQUIRE(model);
  CHECK(layers(*model) == "2×gqa");
  CHECK(model->warnings.front() ==
        Warning{"unknown_architecture",
                "architecture 'new' is not known: the cache is read from the keys alone"});
}

TEST_CASE("an unknown architecture with keys that only its code explains is refused by key") {
  const std::string doubtful =
      plain_model + "ssm.state_size=16 attention.sliding_window=8 ssm.inner_size=0";
  const std::string first = at("new", doubtful, "new.ssm.state_size");
  const std::string second = at("new", doubtful, "new.attention.sliding_window");
  CHECK(errors("new", doubtful) ==
        first +
            ": error: architecture 'new' is not known, so what new.ssm.state_size means for its "
            "cache is not\n"
            "hint: --assume new.ssm.state_size lets it pass as if it were not there\n" +
            second +
            ": error: architecture 'new' is not known, so what new.attention.sliding_window means "
            "for its cache is not\n"
            "hint: --assume new.attention.sliding_window lets it pass as if it were not there\n");
  const LoadOptions assume{.set = {}, .assume = {"ssm.state_size", "new.attention.sliding_window"}};
  const Result<Model> model = read("new", doubtful, assume);
  REQUIRE(model);
  CHECK(layers(*model) == "2×gqa");
  CHECK(model->assumptions.front() == Assumption{"new.ssm.state_size", "ignored", "--assume"});
}

TEST_CASE("what is missing or cannot be is said by key") {
  CHECK(errors("llama", "block_count=2") ==
        "m.gguf: error: the header has no key llama.embedding_length\n"
        "m.gguf: error: the header has no key llama.attention.head_count\n"
        "m.gguf: error: the header has no key llama.vocab_size\n");
  const std::string zero = plain_model + "attention.key_length=0";
  CHECK(errors("llama", zero) ==
        at("llama", zero, "llama.attention.key_length") +
            ": error: llama.attention.key_length is 0; it must be at least 1\n");
  const std::string shape =
      "embedding_length=64 feed_forward_length=128 vocab_size=100 attention.head_count=4 ";
  const std::string few = "block_count=3 " + shape + "attention.head_count_kv=2,1";
  CHECK(
      errors("llama", few)
          .ends_with(": error: llama.attention.head_count_kv has 2 elements; layer 2 has none\n"));
  CHECK(errors("llama", "block_count=2 " + shape + "attention.head_count_kv=3") ==
        "m.gguf: error: layer 0: kv_heads is 3; it must divide heads, 4\n");
  const std::string many = "block_count=4000000000 " + shape;
  CHECK(errors("llama", many) ==
        at("llama", many, "llama.block_count") +
            ": error: llama.block_count is 4000000000; it must be from 0 to 1048576\n");
  const std::string deep = "block_count=100000 " + shape;
  CHECK(errors("llama", deep) ==
        at("llama", deep, "llama.block_count") +
            ": error: the model would have 100000 layers; the most is 10000\n");
  CHECK(errors("eagle3", plain_model) ==
        "m.gguf: error: files of architecture eagle3 are not read: it is a draft head, not a "
        "model\n");
  CHECK(render(read(test::GgufWriter().header()).problems()) ==
        "m.gguf: error: the header has no key general.architecture\n");
}

TEST_CASE("flag --set changes a key before it is read, with or without the architecture's name") {
  const auto set = [](std::string key, std::string value) {
    return read("llama", plain_model, {.set = {{std::move(key), std::move(value)}}, .assume = {}});
  };
  const Result<Model> a = set("attention.head_count_kv", "4");
  const Result<Model> b = set("llama.attention.head_count_kv", "[4, 1]");
  REQUIRE(a);
  REQUIRE(b);
  CHECK(layers(*a) == "2×mha");
  CHECK(layers(*b) == "mha mqa");
  CHECK(a->assumptions.front() == Assumption{"attention.head_count_kv", "4", "--set"});
  CHECK(render(set("block_count", "-1").problems())
            .starts_with("--set: error: llama.block_count is -1; it must be from 0 to 1048576\n"));
  CHECK(render(set("block_count", "{a: 1}").problems()) ==
        "error: --set block_count={a: 1}: a key of a GGUF file is a number, true or false, text or "
        "a list of whole numbers\n");
}

TEST_CASE("no header that was changed at random does more than be refused") {
  const std::string whole =
      gguf_with("gemma4", plain_model +
                              "attention.sliding_window=8 "
                              "attention.sliding_window_pattern=1,0 attention.shared_kv_layers=1")
          .header();
  std::uint32_t state = 1;
  const auto random = [&] { return state = state * 1664525U + 1013904223U, state >> 8U; };
  for (int i = 0; i < 5000; ++i) {
    std::string bytes = whole;
    for (std::uint32_t f = random() % 3 + 1; f-- > 0;)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const Result<Model> model = read(bytes);
    if (!model) REQUIRE_FALSE(model.problems().empty());
  }
}

}  // namespace attncalc
