// SPDX-License-Identifier: Apache-2.0
//
// The tables that say what published rows mean, and what is done with them.
#include <cmath>

#include "hardware/catalog.hpp"
#include "ingest/catalog.hpp"
#include "support/catch.hpp"
#include "validation/fit.hpp"
#include "validation/mapping.hpp"
#include "validation/score.hpp"

namespace attncalc::validation {
namespace {

const std::string folder = ATTNCALC_SOURCE_DIR "/tests/validation";

struct Row {
  Records table;
  explicit Row(const std::map<std::string, std::string>& cells) {
    std::vector<std::string> values;
    for (const auto& [name, value] : cells) {
      table.columns[name] = values.size();
      values.push_back(value);
    }
    table.rows.emplace_back(&table.columns, values);
  }
  const Record& record() const { return table.rows.front(); }
};

Case mapped(const Row& row) {
  const Mapping mapping(folder);
  const auto answer = mapping.map(row.record());
  REQUIRE(std::holds_alternative<Case>(answer));
  return std::get<Case>(answer);
}

std::map<std::string, std::string> argonne(const std::string& engine) {
  return {{"source", "github:argonne-lcf/LLM-Inference-Bench"},
          {"engine", engine},
          {"model", "meta-llama/Llama-2-7b-hf"},
          {"precision", "FP16/BF16"},
          {"hardware", "Nvidia A100 GPU"},
          {"n_gpu", "1"},
          {"batch", "16"},
          {"prompt_len", "128"},
          {"gen_len", "128"},
          {"metric", "throughput_in_plus_out_tok_s"},
          {"value", "100"}};
}

}  // namespace

TEST_CASE("every model and device that the tables name is in the catalogs") {
  Records models, devices;
  read_tsv(folder + "/models.tsv", models);
  read_tsv(folder + "/devices.tsv", devices);
  for (const Record& row : models.rows) {
    INFO(row.at("measured"));
    CHECK(find_in_catalog(row.at("model")).has_value());
  }
  for (const Record& row : devices.rows) {
    INFO(row.at("hardware"));
    CHECK(find_device_in_catalog(row.at("device")).has_value());
  }
}

TEST_CASE("a rate over prompt and output counts every sequence of a batch") {
  const Case c = mapped(Row(argonne("vLLM")));
  CHECK(c.scenario.batch == 16);
  CHECK(c.seconds == 16 * (128 + 128) / 100.0);
}

TEST_CASE("llama-bench's -b is the tokens of a call and not sequences") {
  const Case c = mapped(Row(argonne("llama.cpp")));
  CHECK(c.scenario.batch == 1);
  CHECK(c.scenario.chunk == 16);
  CHECK(c.seconds == (128 + 128) / 100.0);
}

TEST_CASE("LocalScore's hardware is what its note says") {
  const Case c = mapped(Row({{"source", "https://github.com/cjpais/LocalScore"},
                             {"engine", "llamafile"},
                             {"model", "meta-llama/Llama-3.2-1B"},
                             {"precision", "q4_k_m"},
                             {"hardware", "apple-m2-16gb"},
                             {"n_gpu", "1"},
                             {"batch", "1"},
                             {"metric", "decode_tok_s"},
                             {"value", "272.33"},
                             {"note", "LocalScore · Tesla V100-SXM2-32GB · Q6_K [community]"}}));
  CHECK(c.device == "v100-sxm-32gb");
  CHECK(c.formats.weights == "q6_k");
  CHECK_FALSE(c.not_scored.empty());
}

TEST_CASE("quoted cells hold commas and quotes") {
  Records rows;
  read_csv(folder + "/measured.csv", rows);
  CHECK(rows.rows.size() > 150);
  for (const Record& row : rows.rows) {
    INFO(row.at("id"));
    CHECK_FALSE(row.at("source").empty());
    CHECK(row.number("value").has_value());
  }
}

TEST_CASE("a row faster than its bound is a violation, and one slower is none") {
  const Mapping mapping(folder);
  auto cells = argonne("vLLM");
  cells["tier"] = "A";
  cells["metric"] = "e2e_latency_s";
  // 128 readings of 13.5 GB at 1.555 TB/s take 1.11 s.
  cells["value"] = "1.0";
  const Row fast(cells);
  const Score bad = score(fast.table, mapping);
  REQUIRE(bad.violations.size() == 1);
  CHECK(bad.violations.front().known == nullptr);
  CHECK(bad.errors.empty());
  cells["value"] = "2.0";
  const Row slow(cells);
  const Score good = score(slow.table, mapping);
  CHECK(good.violations.empty());
  CHECK(good.errors.size() == 1);
}

TEST_CASE("a fit finds the adjustment that its samples were made with") {
  const Mapping mapping(folder);
  Workshop shop;
  std::vector<Sample> samples;
  const Adjustment true_one{.memory = 1.5, .compute = 2, .gaps = 1.25};
  for (const char* batch : {"1", "16", "64"}) {
    for (const char* prompt : {"128", "2048"}) {
      auto cells = argonne("vLLM");
      cells["batch"] = batch;
      cells["prompt_len"] = prompt;
      const Row row(cells);
      std::string why_not;
      const auto work = shop.prepare(mapped(row), why_not);
      REQUIRE(work);
      Sample s{.work = *time_work(*work), .table = coefficients_of(*work->device), .measured = 0};
      s.measured = s.estimated(true_one);
      samples.push_back(std::move(s));
    }
  }
  std::vector<const Sample*> seen;
  for (const Sample& s : samples) seen.push_back(&s);
  const Adjustment found = fitted(seen);
  for (const Sample* s : seen) {
    CHECK(std::abs(s->estimated(found) / s->measured - 1) < 0.05);
  }
}

}  // namespace attncalc::validation
