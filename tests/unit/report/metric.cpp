// SPDX-License-Identifier: Apache-2.0
//
// Paths into an answer: what they find, and what is said where they find nothing.
#include "report/metric.hpp"

#include <nlohmann/json.hpp>

#include "support/catch.hpp"

namespace attncalc {
namespace {

Json sample_json() {
  return Json(nlohmann::ordered_json::parse(R"({
    "kv": {"total_bytes": 10, "per_token": 2.5, "none": null, "fits": true,
           "components": [{"name": "key", "bytes": 4}, {"name": "value", "bytes": 6}]},
    "ops": [{"name": "norm", "group": "mlp.dense", "flops": 1},
            {"name": "norm", "group": "attention.gqa", "flops": 2}],
    "model": {"attention": "gqa"}, "set": ["a", "b"]})"));
}

MetricLookup look_up(std::string_view path) {
  const Result<MetricPath> parsed = parse_metric(path);
  INFO(path);
  REQUIRE(parsed);
  return find_metric(sample_json(), *parsed);
}

}  // namespace

TEST_CASE("a path leads to a figure, a text or a truth value") {
  CHECK(look_up("kv.total_bytes").value == MetricValue(10.0));
  CHECK(look_up("kv.per_token").value == MetricValue(2.5));
  CHECK(look_up("model.attention").value == MetricValue("gqa"));
  CHECK(look_up("kv.fits").value == MetricValue("true"));
}

TEST_CASE("an element of a list is its number, or a text that only it has") {
  CHECK(look_up("kv.components[0].bytes").value == MetricValue(4.0));
  CHECK(look_up("kv.components[value].bytes").value == MetricValue(6.0));
  CHECK(look_up("ops[norm,attention.gqa].flops").value == MetricValue(2.0));
  CHECK(look_up("ops[mlp.dense].flops").value == MetricValue(1.0));
  CHECK(look_up("set[b]").value == MetricValue("b"));
  CHECK(look_up("ops[norm].flops").why == "is not one figure: 2 elements have 'norm'");
  CHECK(look_up("kv.components[2].bytes").why == "is not there: no '2'");
}

TEST_CASE("a path that leads nowhere says where it ends and what is near") {
  const MetricLookup missed = look_up("kv.totl_bytes");
  CHECK_FALSE(missed.value);
  CHECK(missed.why == "is not there: no 'totl_bytes'");
  CHECK(missed.hint == "did you mean kv.total_bytes?");
  CHECK(look_up("kv.components[kay].bytes").hint.find("kv.components[key].bytes") !=
        std::string::npos);
  CHECK(look_up("model.attention.kind").why == "is not there: no 'kind'");
  CHECK(look_up("model.xyz").hint == "here there are attention");
}

TEST_CASE("a list, a map and null are no figures") {
  CHECK(look_up("kv").why == "is no figure");
  CHECK(look_up("kv.components").hint == "it has key, value");
  CHECK(look_up("kv.none").why == "has no value here");
}

TEST_CASE("the last step that is a name says the unit") {
  CHECK(parse_metric("kv.components[0].bytes")->key() == "bytes");
  CHECK(parse_metric("a.sizes_bytes[3]")->key() == "sizes_bytes");
}

TEST_CASE("what is no path is refused") {
  for (const char* wrong :
       {"", ".", "kv.", ".kv", "kv..x", "kv[", "kv[]", "kv[a", "kv[a]b", "[a]"}) {
    INFO(wrong);
    CHECK_FALSE(parse_metric(wrong));
  }
}

}  // namespace attncalc
