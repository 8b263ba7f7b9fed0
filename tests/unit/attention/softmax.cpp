// SPDX-License-Identifier: Apache-2.0
//
// Softmax attention of real models, and what windows, chunks and shared heads change.
#include "attention/softmax.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

const Softmax llama_70b = completed(Softmax{.heads = 64, .kv_heads = 8}, 8192);

TEST_CASE("Llama-3-70B keeps 327,680 bytes a token in 80 layers") {
  CHECK(80 * cache_bytes(llama_70b, bf16_at(1)) == 327'680);
  CHECK(80 * cache_bytes(llama_70b, bf16_at(32'768)) == 10'737'418'240);
  CHECK(cache_bytes(llama_70b, bf16_at(10), Component::key) == 10 * 8 * 128 * 2);
}

TEST_CASE("Llama-3-70B's layers and head add up to its 70,553,706,496 parameters") {
  const std::int64_t mlp = 3 * 8192 * 28672;
  CHECK(80 * (weights(llama_70b, 8192) + mlp + 2 * 8192) + 8192 + 2LL * 128256 * 8192 ==
        70'553'706'496);
}

TEST_CASE("a window at least as long as the context keeps what full attention keeps") {
  Softmax windowed = llama_70b;
  windowed.window = 4096;
  for (const std::int64_t tokens : {1, 100, 4095, 4096}) {
    CHECK(cache_bytes(windowed, bf16_at(tokens)) == cache_bytes(llama_70b, bf16_at(tokens)));
  }
  CHECK(cache_bytes(windowed, bf16_at(4097)) == cache_bytes(llama_70b, bf16_at(4096)));
  CHECK(weights(windowed, 8192) == weights(llama_70b, 8192));
}

TEST_CASE("sink tokens stay beside the window, also in the role of Longformer's global tokens") {
  Softmax streaming = llama_70b;
  streaming.window = 1020;
  streaming.sink_tokens = 4;
  CHECK(cache_bytes(streaming, bf16_at(1'000'000)) == cache_bytes(llama_70b, bf16_at(1024)));
  CHECK(cache_bytes(streaming, bf16_at(512)) == cache_bytes(llama_70b, bf16_at(512)));
}

TEST_CASE("a chunked layer keeps at most one chunk") {
  Softmax chunked = llama_70b;
  chunked.chunk = 8192;
  CHECK(cache_bytes(chunked, bf16_at(100'000)) == cache_bytes(llama_70b, bf16_at(8192)));
}

TEST_CASE("as many KV heads as heads is MHA, one is MQA") {
  const Softmax mha = completed(Softmax{.heads = 64}, 8192);
  const Softmax same = completed(Softmax{.heads = 64, .kv_heads = 64}, 8192);
  CHECK(mha == same);
  CHECK(mha.label() == "mha");
  CHECK(cache_bytes(mha, bf16_at(7)) == 8 * cache_bytes(llama_70b, bf16_at(7)));
  CHECK(completed(Softmax{.heads = 64, .kv_heads = 1}, 8192).label() == "mqa");
  CHECK(llama_70b.label() == "gqa");
}

TEST_CASE("keys and values may have different widths") {
  // MiMo-V2-Flash: 4 KV heads, keys of 192, values of 128.
  const Softmax mimo{.heads = 64, .kv_heads = 4, .head_dim = 192, .value_dim = 128};
  CHECK(cache_bytes(mimo, bf16_at(1)) == 4 * (192 + 128) * 2);
}

TEST_CASE("heads of one layer that differ are two mixers side by side") {
  // 2 of 64 heads, with a KV head of their own, see everything; the rest share 7 KV heads and a
  // window.
  const Softmax global{.heads = 8, .kv_heads = 1, .head_dim = 128, .value_dim = 128};
  Softmax local{.heads = 56, .kv_heads = 7, .head_dim = 128, .value_dim = 128};
  local.window = 4096;
  CHECK(weights(global, 8192) + weights(local, 8192) == weights(llama_70b, 8192));
  CHECK(cache_bytes(global, bf16_at(4096)) + cache_bytes(local, bf16_at(4096)) ==
        cache_bytes(llama_70b, bf16_at(4096)));
  CHECK(cache_bytes(global, bf16_at(65'536)) + cache_bytes(local, bf16_at(65'536)) ==
        2 * 128 * 2 * (65'536 + 7 * 4096));
}

TEST_CASE("biases, norms and gates are counted where a class has them") {
  const std::int64_t plain = weights(llama_70b, 8192);
  Softmax s = llama_70b;
  s.q_bias = s.k_bias = s.v_bias = true;  // Qwen2.5-72B
  CHECK(weights(s, 8192) == plain + 8192 + 2 * 1024);
  s = llama_70b;
  s.qk_norm = QkNorm::per_head;  // Qwen3
  CHECK(weights(s, 8192) == plain + 2 * 128);
  s.qk_norm = QkNorm::all_heads;  // OLMo-2, MiniMax-M2
  CHECK(weights(s, 8192) == plain + 8192 + 1024);
  s = llama_70b;
  s.output_gate = true;  // Qwen3-Next
  CHECK(weights(s, 8192) == plain + 8192 * 8192);
  s = llama_70b;
  s.learnt_sinks = true;  // gpt-oss
  CHECK(weights(s, 8192) == plain + 64);
}

TEST_CASE("faults of softmax name the key and what it must be") {
  Softmax wrong = llama_70b;
  wrong.kv_heads = 7;
  CHECK(wrong.faults() == std::vector<std::string>{"kv_heads is 7; it must divide heads, 64"});
  wrong.kv_heads = 0;
  CHECK(wrong.faults() == std::vector<std::string>{"kv_heads is 0; it must be at least 1"});
}

}  // namespace
}  // namespace attncalc
