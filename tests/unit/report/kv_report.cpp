// SPDX-License-Identifier: Apache-2.0
//
// The answer of `kv` in its forms: the contract's JSON, and that text, CSV and JSON say the same.
#include "report/kv_report.hpp"

#include <nlohmann/json.hpp>

#include "../model/sample.hpp"

namespace attncalc {
namespace {

using nlohmann::ordered_json;

KvAnswer answer_for(std::string_view name, const KvQuery& query, const Placement& placement = {}) {
  KvAnswer a;
  a.model = catalog_model(name);
  a.parameters = parameters(a.model);
  a.scenario.query = query;
  a.scenario.kv_dtype = query.formats.cache.name;
  a.scenario.act_dtype = a.scenario.weights_dtype = "bf16";
  a.scenario.placement = placement;
  a.figures = *kv_figures(a.model, query);
  a.placed = *place_kv(a.model, query, placement);
  return a;
}

ordered_json json_of(const KvAnswer& a) { return ordered_json::parse(kv_json(a).text()); }

std::vector<std::string> keys_of(const ordered_json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

}  // namespace

TEST_CASE("the json of kv has the contract's keys, in its order") {
  const ordered_json o = json_of(answer_for("llama-3-70b", bf16_query(32768)));
  CHECK(keys_of(o) == std::vector<std::string>{"schema", "tool", "model", "scenario", "kv",
                                               "assumptions", "warnings"});
  CHECK(keys_of(o["model"]) == std::vector<std::string>{"name", "source", "model_type", "attention",
                                                        "layers", "parameters", "active_parameters",
                                                        "mtp_parameters", "vision_parameters"});
  CHECK(keys_of(o["kv"]) == std::vector<std::string>{
                                "payload_bytes", "total_bytes", "per_sequence_bytes",
                                "per_device_bytes", "bytes_per_token", "bytes_per_token_from_empty",
                                "fixed_bytes_per_sequence", "components", "groups", "allocation"});
}

TEST_CASE(
    "the figures of llama 3 70b at 32k stand in the json as the contract's example has them") {
  const ordered_json o = json_of(answer_for("llama3-70b", bf16_query(32768)));
  CHECK(o["schema"] == "attncalc/kv/1");
  CHECK(o["model"]["name"] == "llama3-70b");
  CHECK(o["model"]["source"] == "catalog:llama-3-70b");
  CHECK(o["model"]["parameters"] == 70553706496);
  CHECK(o["kv"]["total_bytes"] == 10737418240);
  CHECK(o["kv"]["bytes_per_token"] == 327680);
  CHECK(o["kv"]["bytes_per_token"].is_number_integer());
  CHECK(o["kv"]["components"] ==
        ordered_json::parse(
            R"([{"name": "key", "bytes": 5368709120}, {"name": "value", "bytes": 5368709120}])"));
  CHECK(o["kv"]["groups"] ==
        ordered_json::parse(R"([{"kind": "gqa", "layers": 80, "bytes": 10737418240}])"));
  CHECK(o["kv"]["allocation"].empty());
}

TEST_CASE("a model of several kinds lists them") {
  const ordered_json o = json_of(answer_for("gemma-3-27b", bf16_query(8192)));
  CHECK(o["model"]["attention"] == "mixed");
  CHECK(o["model"]["attention_kinds"] ==
        ordered_json::parse(
            R"([{"kind": "gqa:1024", "layers": 52}, {"kind": "gqa", "layers": 10}])"));
}

TEST_CASE("what a double cannot hold stands beside it as text") {
  const std::int64_t tokens = std::int64_t{1} << 36;  // literal: makes more than 2^53 bytes
  const ordered_json o = json_of(answer_for("llama-3-70b", bf16_query(tokens)));
  CHECK(o["kv"]["payload_bytes"] == 327'680 * tokens);
  CHECK(o["kv"]["payload_bytes_text"] == std::to_string(327'680 * tokens));
  CHECK_FALSE(o["kv"].contains("bytes_per_token_text"));
}

TEST_CASE("total is payload and the sum of the allocation, in the json too") {
  const ordered_json kv = json_of(answer_for("llama-3-70b", bf16_query(1000), {.tp = 32}))["kv"];
  std::int64_t sum = kv["payload_bytes"];
  for (const auto& item : kv["allocation"]) sum += item["bytes"].get<std::int64_t>();
  CHECK(kv["total_bytes"] == sum);
  CHECK(kv["allocation"].size() == 1);
}

TEST_CASE("text, csv and json show the same figure") {
  for (const char* name : {"llama-3-70b", "deepseek-v3.2", "gemma-3-27b", "qwen3-next-80b-a3b"}) {
    INFO(name);
    const KvAnswer a = answer_for(name, bf16_query(10'007, 3), {.dp = 2});
    const ordered_json kv = json_of(a)["kv"];
    const Report report = kv_report(a);
    const std::string text = render_text(report, {});
    const std::string csv = render_csv(report);
    for (const char* key : {"payload_bytes", "total_bytes", "per_device_bytes",
                            "per_sequence_bytes", "bytes_per_token_from_empty"}) {
      INFO(key);
      const std::int64_t figure = kv[key];
      CHECK(text.find(format_count(figure)) != text.npos);
      CHECK(csv.find("," + std::to_string(figure)) != csv.npos);
    }
  }
}

TEST_CASE("an explanation in the json has a formula, numbers and the origin of each factor") {
  KvAnswer a = answer_for("llama-3-70b", bf16_query(32768));
  a.explain = true;
  const ordered_json first = json_of(a)["explanations"][0];
  CHECK(first["formula"] == "layers × tokens × heads × width × 2");
  CHECK(first["numbers"] == "80 × 32768 × 8 × 128 × 2");
  CHECK(first["bytes"] == 5368709120);
  CHECK(first["factors"][2]["name"] == "heads");
  const std::string origin = first["factors"][2]["origin"];
  CHECK(origin.starts_with("models/llama-3-70b.yaml:"));
  CHECK(origin.ends_with(" num_key_value_heads"));
}

TEST_CASE("a name that is no UTF-8 does not break the json") {
  KvAnswer a = answer_for("llama-3-70b", bf16_query(1));
  a.model.name = "bad \xff name";
  CHECK(json_of(a)["model"]["name"] == "bad \xEF\xBF\xBD name");
}

}  // namespace attncalc
