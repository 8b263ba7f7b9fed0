// SPDX-License-Identifier: Apache-2.0
//
// Globs as Python's fnmatch, regular expressions as Python's re.match: the spellings that real
// quantisation configs use, and what is refused.
#include "base/pattern.hpp"

#include "support/catch.hpp"

namespace attncalc {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const Result<Regex> regex = Regex::parse(pattern);
  REQUIRE(regex);
  return regex->matches_start_of(text);
}

TEST_CASE("a glob covers the whole text") {
  CHECK(glob_matches("model.layers.0*", "model.layers.0.mlp.gate_proj"));
  CHECK(glob_matches("model.layers.1*", "model.layers.10.mlp.gate_proj"));  // fnmatch's own trap
  CHECK_FALSE(glob_matches("model.layers.1.*", "model.layers.10.mlp.gate_proj"));
  CHECK(glob_matches("*.mlp.shared_expert.*", "model.layers.3.mlp.shared_expert.up_proj"));
  CHECK_FALSE(glob_matches("*.mlp.shared_expert.*", "model.layers.3.mlp.shared_expert_gate"));
  CHECK(glob_matches("layers.[0-2].?lp", "layers.1.mlp"));
  CHECK_FALSE(glob_matches("layers.[!0-2].mlp", "layers.1.mlp"));
  CHECK(glob_matches("*", ""));
  CHECK_FALSE(glob_matches("", "a"));
}

TEST_CASE("a regular expression begins at the first character and may end anywhere") {
  CHECK(matches(".*self_attn.*", "model.layers.0.self_attn.q_proj"));
  CHECK(matches("vision", "vision_tower.0"));
  CHECK_FALSE(matches("tower", "vision_tower.0"));
  CHECK(matches(".*\\.mlp\\.gate$", "model.layers.0.mlp.gate"));
  CHECK_FALSE(matches(".*\\.mlp\\.gate$", "model.layers.0.mlp.gate_proj"));
}

TEST_CASE("the patterns of published checkpoints") {
  // Kimi-K2.5: the dense layer's MLP stays as it was, the experts do not.
  const std::string_view dense = ".*mlp\\.(gate|up|gate_up|down)_proj.*";
  CHECK(matches(dense, "model.layers.0.mlp.gate_up_proj"));
  CHECK(matches(dense, "model.layers.0.mlp.down_proj"));
  CHECK_FALSE(matches(dense, "model.layers.1.mlp.experts.0.down_proj"));
  const std::string_view v4 = ".*attn.*(fused_wqa_wkv|wq_b|wo_a|wo_b)$";
  CHECK(matches(v4, "layers.0.attn.wo_a"));
  CHECK_FALSE(matches(v4, "layers.0.attn.wo_a.scale"));
}

TEST_CASE("repetition, classes and lookahead") {
  CHECK(matches("a(b|c)+d?e*$", "abcbbee"));
  CHECK_FALSE(matches("a(b|c)+d$", "ad"));
  CHECK(matches("layers\\.(\\d|1[0-5])\\.", "layers.14."));
  CHECK_FALSE(matches("layers\\.(\\d|1[0-5])\\.", "layers.16."));
  CHECK(matches("^(?!.*experts).*proj$", "mlp.gate_proj"));
  CHECK_FALSE(matches("^(?!.*experts).*proj$", "mlp.experts.0.gate_proj"));
  CHECK(matches("[^.]+\\.(?=w[13])", "x.w3"));
  CHECK(matches("(a|b|)c", "c"));
  CHECK(matches("(a*)*b", "aaaab"));
}

TEST_CASE("a pattern that would hang a backtracking matcher is no slower than another") {
  CHECK_FALSE(matches("(a*)*(a*)*(a*)*b$", std::string(2'000, 'a')));
}

TEST_CASE("what is not understood is refused by name") {
  const auto refusal = [](std::string_view pattern) {
    const Result<Regex> regex = Regex::parse(pattern);
    return regex ? std::string() : regex.problems().front().message;
  };
  CHECK(refusal("a(b") == "'a(b' is no pattern that can be read here: a ( without its )");
  CHECK(refusal("a)b") == "'a)b' is no pattern that can be read here: a ) without its (");
  CHECK(refusal("*a") == "'*a' is no pattern that can be read here: there is nothing to repeat");
  CHECK(refusal("[a") == "'[a' is no pattern that can be read here: a [ without its ]");
  CHECK(refusal("(a)\\1") == "'(a)\\1' is no pattern that can be read here: \\1 is not supported");
  CHECK(refusal("a{3}") == "'a{3}' is no pattern that can be read here: {n} is not supported");
  CHECK(refusal("(?P<x>a)") ==
        "'(?P<x>a)' is no pattern that can be read here: (? … ) is not supported");
  CHECK(refusal(std::string(5'000, 'a')).ends_with("it is too long"));
  CHECK(
      refusal(std::string(200, '(') + std::string(200, ')')).ends_with("it is nested too deeply"));
}

}  // namespace
}  // namespace attncalc
