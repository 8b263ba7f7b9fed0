// SPDX-License-Identifier: Apache-2.0
//
// Sparse softmax attention keeps what full attention keeps, and its patterns see what the papers
// draw.
#include "attention/sparse.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

Sparse with_heads(Sparse sparse) {
  sparse.heads = 16;
  sparse.kv_heads = 4;
  return completed(sparse, 2048);
}

// The keys that the token at position `query` sees: "0..3..6" reads 0, 3 and 6.
std::string seen(const Sparse& sparse, std::int64_t query) {
  std::string out;
  for (std::int64_t key = 0; key <= query; ++key) {
    out += sparse.sees(query, key) ? static_cast<char>('0' + key % 10) : '.';
  }
  return out;
}

TEST_CASE("every sparse pattern keeps and is made of what full attention is") {
  const Softmax full = completed(Softmax{with_heads({}).full()}, 2048);
  Sparse strided, dilated, bigbird, masked, best;
  strided.stride = 128;
  dilated.local = 64;
  dilated.dilation = 4;
  bigbird.block_size = 64;
  bigbird.local = bigbird.globals = 2;
  bigbird.random = 3;
  masked.block_size = 128;
  masked.mask = "1 11 101";
  best.topk = 2048;
  for (const Sparse& pattern : {strided, dilated, bigbird, masked, best}) {
    const Sparse sparse = with_heads(pattern);
    CHECK(sparse.faults().empty());
    CHECK(cache_bytes(sparse, bf16_at(32'768)) == cache_bytes(full, bf16_at(32'768)));
    CHECK(cache_bytes(sparse, bf16_at(32'768)) == 32'768 * 2 * 4 * 128 * 2);
    CHECK(weights(sparse, 2048) == weights(full, 2048));
  }
}

TEST_CASE("local tokens end with the query's own") {
  Sparse sparse;
  sparse.local = 3;
  CHECK(seen(sparse, 9) == ".......789");
  CHECK(seen(sparse, 1) == "01");
  sparse.dilation = 2;
  CHECK(seen(sparse, 9) == ".....5.7.9");
}

TEST_CASE("strided attention sees whole strides back, fixed attention the end of each stride") {
  Sparse sparse;
  sparse.stride = 4;
  CHECK(seen(sparse, 9) == ".1...5...9");
  sparse.summaries = 1;
  CHECK(seen(sparse, 9) == "...3...7..");
  sparse.local = 2;
  CHECK(seen(sparse, 9) == "...3...789");
}

TEST_CASE("patterns count blocks") {
  Sparse sparse;
  sparse.block_size = 2;
  sparse.local = 2;
  sparse.globals = 1;
  CHECK(seen(sparse, 9) == "01....6789");
  CHECK(seen(sparse, 8) == "01....678");
}

TEST_CASE("a mask shows the blocks that are 1 in the query's row") {
  Sparse sparse;
  sparse.block_size = 2;
  sparse.mask = "1 01\n 101";
  CHECK(seen(sparse, 1) == "01");
  CHECK(seen(sparse, 3) == "..23");
  CHECK(seen(sparse, 5) == "01..45");
  CHECK(seen(sparse, 7) == "........");
}

TEST_CASE("top-k scores everything that it chooses from") {
  Sparse sparse;
  sparse.topk = 2;
  CHECK(seen(sparse, 5) == "012345");
}

TEST_CASE("labels tell a top-k layer from a sparse one") {
  Sparse sparse;
  sparse.local = 3;
  CHECK(with_heads(sparse).label() == "gqa:sparse");
  sparse.topk = 512;
  CHECK(with_heads(sparse).label() == "gqa:topk512");
}

TEST_CASE("an indexer caches one key a token beside the keys and values") {
  // MiniMax-M3: 4 KV heads of 128, indexer of 4 heads of 128 (llama.cpp's minimax-m3).
  Sparse sparse;
  sparse.heads = 64;
  sparse.kv_heads = 4;
  sparse.head_dim = 128;
  sparse.topk = 2048;
  sparse.index_heads = 4;
  sparse.index_head_dim = 128;
  sparse.complete(6144);
  std::vector<CacheTensor> cache;
  sparse.cache_tensors(cache);
  REQUIRE(cache.size() == 3);
  CHECK(cache[2].component == Component::index_key);
  CHECK(cache[2].heads * cache[2].width == 128);
  Sparse without = sparse;
  without.index_heads = 0;
  std::vector<WeightTensor> with_weights, weights;
  sparse.weight_tensors(6144, with_weights);
  without.weight_tensors(6144, weights);
  Elements more, less;
  for (const WeightTensor& w : with_weights) more += w.elements();
  for (const WeightTensor& w : weights) less += w.elements();
  CHECK(more - less == Elements(Count(6144 * (4 * 128 + 128) + 2 * 128)));
}

TEST_CASE("what cannot be a pattern is a fault") {
  Sparse sparse;
  CHECK(with_heads(sparse).faults() ==
        std::vector<std::string>{"a sparse layer needs a pattern; without one it is softmax"});
  sparse.mask = "1 12";
  CHECK(with_heads(sparse).faults() ==
        std::vector<std::string>{"mask has '12' in row 1; it is made of 1 and 0"});
  sparse.mask = "11 11";
  CHECK(with_heads(sparse).faults() ==
        std::vector<std::string>{"mask shows a later block in row 0; a query sees none"});
  sparse.mask.clear();
  sparse.summaries = 2;
  CHECK(with_heads(sparse).faults().front().starts_with("summaries are the last tokens"));
}

}  // namespace
}  // namespace attncalc
