// SPDX-License-Identifier: Apache-2.0
//
// Where contenders change places: the search itself on labels made up for it, and its answers held
// against the figures on both sides of them.
#include "model/compare.hpp"

#include "ingest/load.hpp"
#include "model/variant.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

Contender contender(std::string_view name, std::string_view as = "") {
  Contender c;
  c.model = *load_model(name);
  if (!as.empty()) c.model = *as_variant(c.model, *parse_variant(as));
  c.name = std::string(name) + " " + std::string(as);
  c.formats = {*find_format("bf16"), *kv_formats("bf16", "bf16")};
  return c;
}

TEST_CASE("a range is shown at its ends and at doubles of its beginning") {
  CHECK(doublings(3, 20) == std::vector<std::int64_t>{3, 6, 12, 20});
  CHECK(doublings(4, 16) == std::vector<std::int64_t>{4, 8, 16});
}

TEST_CASE("every change that lasts an eighth of an octave is found, to the token") {
  const auto label = [](std::int64_t x) -> std::size_t {
    return (x >= 2 ? 1U : 0U) + (x >= 777 ? 1U : 0U) + (x >= 1000 ? 1U : 0U) +
           (x >= 123'457 ? 1U : 0U);
  };
  CHECK(changes(1, 1'000'000, label) == std::vector<std::int64_t>{2, 777, 1000, 123'457});
  CHECK(changes(1, 1'000'000, [](std::int64_t) -> std::size_t { return 3; }).empty());
  // Three labels between two points of the grid.
  const auto narrow = [](std::int64_t x) -> std::size_t { return x < 1001 ? 0 : x < 1003 ? 1 : 2; };
  CHECK(changes(1000, 1100, narrow) == std::vector<std::int64_t>{1001, 1003});
}

TEST_CASE("the cache's traffic passes that of the weights where the quotient says so") {
  // Llama-3 8B reads 131,072 bytes a token and writes one of them: N + 1 rows against W bytes.
  const Contender llama = contender("llama-3-8b");
  const std::vector<Prepared> one = {Prepared(llama, {}, "")};
  const std::int64_t weights = one[0].at({1, 1}).totals.weights.value.value;
  const auto found = switch_points(one, {Axis::context, 1, 1 << 20, {}});
  REQUIRE(found.size() == 1);
  CHECK(found[0].what == Switch::What::cache_passes_weights);
  CHECK(found[0].at.context == weights / 131'072);
}

TEST_CASE("left and right of a switch point the figures rank as it says") {
  const Contender softmax = contender("llama-3-8b");
  const Contender linear = contender("llama-3-8b", "linear");
  const Contender window = contender("llama-3-8b", "window:1024");
  const PassRequest prompt{.phase = Phase::prefill};
  const std::vector<Prepared> all = {Prepared(softmax, prompt, "attention.*"),
                                     Prepared(linear, prompt, "attention.*"),
                                     Prepared(window, prompt, "attention.*")};
  const auto figures_at = [&](const ComparePoint& p) {
    return std::vector<ContenderFigures>{all[0].at(p), all[1].at(p), all[2].at(p)};
  };
  int seen = 0;
  for (const Switch& s : switch_points(all, {Axis::context, 64, 65'536, {}})) {
    if (s.what != Switch::What::least) continue;
    ++seen;
    ComparePoint before = s.at;
    --before.context;
    CHECK(least_of(figures_at(before), s.by) == s.from);
    CHECK(least_of(figures_at(s.at), s.by) == s.to);
  }
  CHECK(seen > 0);
}

TEST_CASE("a contender without a machine is not timed, one with a machine is by what it hands in") {
  Contender timed = contender("llama-3-8b");
  CHECK_FALSE(has(Prepared(timed, {}, "").at({1000, 1}), RankedBy::time));
  timed.time_of = [](const CostPlan&, const PassRequest& request, const CostFigures& figures) {
    const auto bytes = static_cast<double>(figures.totals.hbm().value.value);
    return Timing{Seconds(bytes), Seconds(bytes),
                  Seconds(bytes * static_cast<double>(request.batch))};
  };
  const ContenderFigures f = Prepared(timed, {}, "").at({1000, 3});
  CHECK(has(f, RankedBy::time));
  CHECK(measure(f, RankedBy::time) == 3 * measure(f, RankedBy::hbm));
}

TEST_CASE("linear attention keeps one matrix and its normaliser a head, whatever the context") {
  const Contender linear = contender("llama-3-8b", "linear");
  const std::int64_t state = 32 * 32 * (128 * 128 + 128) * 4;  // layers, heads, fp32
  for (const std::int64_t context : {1, 1000, 1'000'000}) {
    CHECK(Prepared(linear, {}, "").at({context, 1}).kv == Bytes(state));
  }
}

}  // namespace
}  // namespace attncalc
