// SPDX-License-Identifier: Apache-2.0
//
// What each device holds, derived by hand for models whose shapes are known, and one law over the
// whole catalog: the ranks, walked one by one, hold what the closed forms say.
#include "model/placement.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ingest/catalog.hpp"
#include "sample.hpp"

namespace attncalc {
namespace {

constexpr std::int64_t context = 32768;

PlacedKv placed_at(const Model& model, const KvQuery& query, const Placement& placement) {
  Result<PlacedKv> placed = place_kv(model, query, placement);
  REQUIRE(placed);
  return *std::move(placed);
}

std::string refusal(const Model& model, const Placement& placement) {
  const Result<PlacedKv> placed = place_kv(model, bf16_query(context), placement);
  return placed ? "no error" : render(placed.problems());
}

Bytes sum_of(const std::vector<AllocationItem>& items) {
  Bytes sum;
  for (const AllocationItem& item : items) sum += item.bytes;
  return sum;
}

// Llama 3 70B: 80 layers of 8 KV heads of 128, key and value, in bf16: 327,680 bytes a token.
const Bytes llama_payload = bytes(327'680 * context);

}  // namespace

TEST_CASE("eight KV heads divide over eight ranks without copies") {
  const PlacedKv placed = placed_at(catalog_model("llama-3-70b"), bf16_query(context), {.tp = 8});
  CHECK(placed.per_device == bytes(327'680 / 8 * context));
  CHECK(placed.total == llama_payload);
  CHECK(placed.allocation.empty());
}

TEST_CASE("with more ranks than KV heads each rank holds one whole head, and copies are named") {
  const PlacedKv placed = placed_at(catalog_model("llama-3-70b"), bf16_query(context), {.tp = 16});
  CHECK(placed.per_device == bytes(327'680 / 8 * context));
  CHECK(placed.total == llama_payload + llama_payload);
  REQUIRE(placed.allocation.size() == 1);
  CHECK(placed.allocation[0].name == "kv_head_copies");
  CHECK(placed.allocation[0].bytes == llama_payload);
}

TEST_CASE("a latent is whole on every tensor-parallel rank") {
  const PlacedKv placed = placed_at(catalog_model("deepseek-v3"), bf16_query(context), {.tp = 8});
  const std::int64_t payload = 70'272 * context;  // 61 layers × (512 + 64) × 2 bytes a token
  CHECK(placed.per_device == bytes(payload));
  CHECK(placed.total == bytes(8 * payload));
  REQUIRE(placed.allocation.size() == 1);
  CHECK(placed.allocation[0].name == "tp_copies");
  CHECK(placed.allocation[0].bytes == bytes(7 * payload));
}

TEST_CASE("decode context parallelism divides the tokens instead of copying") {
  const PlacedKv latent =
      placed_at(catalog_model("deepseek-v3"), bf16_query(context), {.tp = 8, .dcp = 8});
  CHECK(latent.per_device == bytes(70'272 * context / 8));
  CHECK(latent.total == bytes(70'272 * context));
  CHECK(latent.devices == Count(8));
  const PlacedKv heads =
      placed_at(catalog_model("llama-3-70b"), bf16_query(context), {.tp = 16, .dcp = 2});
  CHECK(heads.per_device == bytes(327'680 / 16 * context));
  CHECK(heads.total == llama_payload);
}

TEST_CASE("the first pipeline stages take the layers that are left over") {
  const PlacedKv placed = placed_at(catalog_model("llama-3-70b"), bf16_query(context), {.pp = 3});
  CHECK(placed.per_device == bytes(327'680 / 80 * 27 * context));  // 27, 27 and 26 layers
  CHECK(placed.total == llama_payload);
}

TEST_CASE("data parallelism divides sequences, the fullest replica decides") {
  const PlacedKv placed =
      placed_at(catalog_model("llama-3-70b"), bf16_query(context, 3), {.dp = 2});
  CHECK(placed.per_device == llama_payload + llama_payload);
  CHECK(placed.total == llama_payload * Count(3));
}

TEST_CASE("context parallelism divides tokens, and a window's tokens likewise") {
  const Model model = model_of(
      {Softmax{.heads = 2, .kv_heads = 1, .head_dim = 8, .value_dim = 8},
       Softmax{.heads = 2, .kv_heads = 1, .head_dim = 8, .value_dim = 8, .window = Dim(3)}});
  const PlacedKv placed = placed_at(model, bf16_query(5), {.cp = 2});
  const std::int64_t row = 2 * 8 * 2;  // key and value, 8 elements, 2 bytes
  CHECK(placed.per_device == bytes((3 + 2) * row));
  CHECK(placed.total == bytes((5 + 3) * row));
}

TEST_CASE("a state is divided by heads and copied for context parallelism") {
  const PlacedKv placed =
      placed_at(catalog_model("qwen3-next-80b-a3b"), bf16_query(context), {.tp = 2, .cp = 2});
  const std::int64_t state = 77'266'944;  // the catalog's own, by hand in models/
  REQUIRE(placed.allocation.size() == 1);
  CHECK(placed.allocation[0].name == "cp_copies");
  CHECK(placed.allocation[0].bytes == bytes(state));
  CHECK(placed.per_device == bytes(state / 2 + 24'576 * context / 4));
}

TEST_CASE("blocks that the cut between heads breaks are padding, not copies") {
  // 2 heads of 48 in q8_0: 96 elements are three blocks of 34 bytes; 48 alone take two.
  const Model model =
      model_of({Softmax{.heads = 2, .kv_heads = 2, .head_dim = 48, .value_dim = 48}});
  KvQuery query = bf16_query(1);
  query.formats = *kv_formats("q8_0", "bf16");
  const PlacedKv placed = placed_at(model, query, {.tp = 2});
  CHECK(placed.per_device == bytes(2 * 2 * 34));
  REQUIRE(placed.allocation.size() == 1);
  CHECK(placed.allocation[0].name == "format_padding");
  CHECK(placed.allocation[0].bytes == bytes(2 * 34));
}

TEST_CASE("a stage keeps a copy of a cache that another stage owns and it reads") {
  const Softmax softmax{.heads = 2, .kv_heads = 1, .head_dim = 8, .value_dim = 8};
  Model model = model_of({softmax});
  model.decoder.append({.mixers = {softmax}, .cache_of = 0});
  const PlacedKv placed = placed_at(model, bf16_query(10), {.pp = 2});
  const std::int64_t cache = 10 * 2 * 8 * 2;
  CHECK(placed.per_device == bytes(cache));
  CHECK(placed.total == bytes(2 * cache));
  REQUIRE(placed.allocation.size() == 1);
  CHECK(placed.allocation[0].name == "shared_cache_copies");
}

TEST_CASE("what cannot be divided is refused with the reason") {
  const Model llama = catalog_model("llama-3-70b");
  CHECK(refusal(llama, {.tp = 3}) == "error: tp is 3; it must divide the 64 attention heads\n");
  CHECK(refusal(llama, {.tp = 0}) == "error: tp is 0; it must be at least 1\n");
  CHECK(refusal(llama, {.tp = 8, .dcp = 3}) == "error: dcp is 3; it must divide tp, 8\n");
  CHECK(refusal(llama, {.pp = 81}) == "error: pp is 81; the model has 80 layers\n");
  CHECK(refusal(catalog_model("qwen3-next-80b-a3b"), {.tp = 64}) ==
        "error: tp is 64; it must divide the 16 attention heads\n"
        "error: tp is 64; it must divide the 32 heads of conv_state\n"
        "error: tp is 64; it must divide the 32 heads of linear_state\n");
}

TEST_CASE("devices beyond 64 bits are a problem, not a wrapped number") {
  const std::int64_t many = std::int64_t{1} << 40;  // literal: the most that can be typed
  CHECK(refusal(catalog_model("llama-3-70b"), {.dp = many, .cp = many}) ==
        "error: the KV cache on these devices is too large: a figure is above 2^63 - 1\n");
}

TEST_CASE("the explanation of the fullest device adds up to its figure") {
  const Model model = catalog_model("gemma-3-27b");
  const KvQuery query = bf16_query(context, 3);
  const Placement placement{.tp = 8, .pp = 4, .dp = 2, .cp = 2};
  const auto lines = explain_placed(model, query, placement);
  REQUIRE(lines);
  Bytes sum;
  for (const Explained& line : *lines) sum += Bytes(line.bytes.value);
  CHECK(sum == placed_at(model, query, placement).per_device);
}

TEST_CASE("neighbouring ranks share a head where there are too few") {
  const std::vector<HeadShare> shares = head_shares(catalog_model("llama-3-70b"), {.tp = 32});
  REQUIRE(shares.size() == 16);  // 8 heads of keys, 8 of values
  CHECK(shares[1].tensor == "key (gqa)");
  CHECK(shares[1].first_rank == 4);
  CHECK(shares[1].last_rank == 7);
  CHECK(shares[1].first_head == 1);
  CHECK(shares[1].last_head == 1);
}

// --- the law -------------------------------------------------------------------------------------

namespace {

struct Walked {
  Bytes sum;
  Bytes fullest;
};

Walked walk(const Model& model, const KvQuery& query, const Placement& p) {
  Walked out;
  Rank rank;
  for (rank.pp = 0; rank.pp < p.pp; ++rank.pp)
    for (rank.dp = 0; rank.dp < p.dp; ++rank.dp)
      for (rank.cp = 0; rank.cp < p.cp; ++rank.cp)
        for (rank.tp = 0; rank.tp < p.tp; ++rank.tp) {
          const Result<Bytes> held = rank_kv(model, query, p, rank);
          REQUIRE(held);
          out.sum += *held;
          out.fullest = std::max(out.fullest, *held);
        }
  return out;
}

// Returns whether the placement is legal for the model.
bool holds_for(const Model& model, const KvQuery& query, const Placement& p) {
  const Result<PlacedKv> placed = place_kv(model, query, p);
  if (!placed) return false;
  const Walked walked = walk(model, query, p);
  const Bytes payload = kv_payload(cache_plan(model), query);
  CHECK(walked.sum == placed->total);
  CHECK(walked.fullest == placed->per_device);
  CHECK(placed->total == payload + sum_of(placed->allocation));
  return true;
}

}  // namespace

TEST_CASE("the sum over ranks is the payload and the itemised copies, for every catalog model") {
  KvQuery query = bf16_query(1001, 3);  // divides by nothing
  query.formats = *kv_formats("q8_0", "bf16");
  int legal = 0;
  for (const std::string_view name : catalog_names()) {
    const Result<Model> model = load_model(name);
    if (!model) continue;  // what cannot be read is another test's concern
    INFO(name);
    for (const std::int64_t tp : {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64}) {
      legal += holds_for(*model, query, {.tp = tp}) ? 1 : 0;
    }
    legal += holds_for(*model, query, {.tp = 4, .pp = 3, .dp = 2, .cp = 2, .dcp = 2}) ? 1 : 0;
  }
  CHECK(legal > 1000);  // literal: more than a thousand of the cases are legal
}

}  // namespace attncalc
