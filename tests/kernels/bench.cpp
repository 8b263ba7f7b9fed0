// SPDX-License-Identifier: Apache-2.0
//
// The benchmark's own arithmetic: its work is what costs count, worked out here by hand, and its
// suite names each kernel once. What is measured has no expected value.
#include "kernels/bench.hpp"

#include <set>

#include "support/catch.hpp"

namespace attncalc {
namespace {

const BenchCase& case_named(const std::vector<BenchCase>& suite, const std::string& name) {
  for (const BenchCase& c : suite) {
    if (c.name() == name) return c;
  }
  throw std::runtime_error("the suite has no " + name);
}

}  // namespace

TEST_CASE("a decode reads keys, values and queries once and multiplies each pair twice") {
  const std::vector<BenchCase> suite = bench_suite(false);
  const BenchWork work = work_of(case_named(suite, "decode bf16 gqa 4"));
  const double tokens = 32768, kv_heads = 8, heads = 32, width = 128;
  CHECK(work.flops == 2 * 2 * tokens * heads * width);
  CHECK(work.scores == tokens * heads);
  CHECK(work.bytes == 2 * (2 * tokens * kv_heads * width + 2 * heads * width));
}

TEST_CASE("a prompt multiplies the pairs under the mask") {
  const std::vector<BenchCase> suite = bench_suite(false);
  const BenchWork work = work_of(case_named(suite, "prefill bf16 mha causal"));
  const double tokens = 4096, heads = 2, width = 128;
  CHECK(work.flops == 2 * 2 * tokens * (tokens + 1) / 2 * heads * width);
}

TEST_CASE("absorbed MLA reads one row of 576 a token for all heads") {
  const std::vector<BenchCase> suite = bench_suite(false);
  const BenchWork work = work_of(case_named(suite, "decode bf16 mla absorbed"));
  const double tokens = 8192, heads = 128, key = 576, value = 512;
  CHECK(work.flops == 2 * tokens * heads * (key + value));
  CHECK(work.bytes >= 2 * tokens * key);
  CHECK(work.bytes < 2 * tokens * key * 1.1);  // and queries and answers
}

TEST_CASE("q8_0 is 34 bytes for 32 numbers") {
  const std::vector<BenchCase> suite = bench_suite(false);
  const BenchWork work = work_of(case_named(suite, "decode q8_0 mha"));
  const double numbers = 2.0 * 32768 * 8 * 128, queries = 4.0 * 2 * 8 * 128;
  CHECK(work.bytes == numbers / 32 * 34 + queries);
}

TEST_CASE("names of the suite are different") {
  for (const bool full : {false, true}) {
    std::set<std::string> names;
    const std::vector<BenchCase> suite = bench_suite(full);
    for (const BenchCase& c : suite) names.insert(c.name());
    CHECK(names.size() == suite.size());
  }
}

TEST_CASE("a run measures what it was asked for, and its answers are right") {
  const BenchAnswer a = measure_suite({.full = false,
                                       .only = "decode bf16 gqa 4",
                                       .seconds = 0.01,
                                       .threads = {1},
                                       .cases = {},
                                       .progress = {}});
  REQUIRE(a.kernels.size() == 1);
  const KernelFigure& f = a.kernels.front();
  CHECK(f.seconds > 0);
  CHECK(f.bound_seconds > 0);
  CHECK(f.estimate_seconds > 0);  // measured: how it compares with the bound is no law
  CHECK(f.max_error < 6e-3);      // the bound of attention.cpp for bf16
}

}  // namespace attncalc
