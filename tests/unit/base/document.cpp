// SPDX-License-Identifier: Apache-2.0
//
// What a parsed value means as a number or a truth value, and how a document points into its
// source.
#include "base/document.hpp"

#include "support/catch.hpp"

using namespace attncalc;

namespace {

Node scalar(NodeKind kind, std::string text) {
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}

std::optional<std::int64_t> integer_of_real(const char* text) {
  return scalar(NodeKind::real, text).as_integer();
}

}  // namespace

TEST_CASE("a real number that is whole and below 2^53 counts as an integer") {
  CHECK(integer_of_real("8.0") == 8);
  CHECK(integer_of_real("1e3") == 1000);
  CHECK(integer_of_real("-2.50e1") == -25);
  CHECK(integer_of_real("9007199254740991.0") == 9007199254740991);
  CHECK(integer_of_real("9007199254740992.0") == std::nullopt);
  CHECK(integer_of_real("1e300") == std::nullopt);
  CHECK(integer_of_real("8.5") == std::nullopt);
  CHECK(integer_of_real("Infinity") == std::nullopt);
  CHECK(integer_of_real("NaN") == std::nullopt);
}

TEST_CASE("a scalar is never read as what it is not") {
  CHECK(scalar(NodeKind::string, "8").as_integer() == std::nullopt);
  CHECK(scalar(NodeKind::string, "8").as_real() == std::nullopt);
  CHECK(scalar(NodeKind::string, "true").as_boolean() == std::nullopt);
  CHECK(scalar(NodeKind::boolean, "true").as_integer() == std::nullopt);
  CHECK(scalar(NodeKind::null, "null").as_integer() == std::nullopt);
  CHECK(scalar(NodeKind::boolean, "false").as_boolean() == false);
}

TEST_CASE("grouped digits and a plus sign are part of a number") {
  CHECK(scalar(NodeKind::integer, "32_768").as_integer() == 32768);
  CHECK(scalar(NodeKind::integer, "+5").as_integer() == 5);
  CHECK(scalar(NodeKind::real, "+10_000.5").as_real() == 10000.5);
  CHECK(scalar(NodeKind::integer, "-9223372036854775808").as_integer() == INT64_MIN);
}

TEST_CASE("only a map has keys to find") {
  Node map = scalar(NodeKind::map, "");
  map.children.push_back(scalar(NodeKind::integer, "1"));
  map.children.back().key = "a";
  CHECK(map.find("a") == &map.children[0]);
  CHECK(map.find("b") == nullptr);
  map.kind = NodeKind::list;
  CHECK(map.find("a") == nullptr);
}

TEST_CASE("every kind has a name that a message can use") {
  CHECK(kind_name(NodeKind::null) == "null");
  CHECK(kind_name(NodeKind::boolean) == "true or false");
  CHECK(kind_name(NodeKind::integer) == "a whole number");
  CHECK(kind_name(NodeKind::real) == "a number");
  CHECK(kind_name(NodeKind::string) == "text");
  CHECK(kind_name(NodeKind::list) == "a list");
  CHECK(kind_name(NodeKind::map) == "a map");
}

TEST_CASE("a document gives any of its lines, without line ends") {
  const Document document{.file = "x", .text = "one\r\ntwo\n\nfour", .root = {}};
  CHECK(document.line_text(1) == "one");
  CHECK(document.line_text(2) == "two");
  CHECK(document.line_text(3).empty());
  CHECK(document.line_text(4) == "four");
  CHECK(document.line_text(5).empty());
  CHECK(document.line_text(0).empty());
}

TEST_CASE("a problem with a value shows the value") {
  const auto document = parse_json("models/x.json", "{\n  \"num_key_value_heads\": 0\n}");
  REQUIRE(document);
  const Node& heads = *document->root.find("num_key_value_heads");
  CHECK(render(document->problem(heads, "num_key_value_heads is 0; it must divide 32")) ==
        "models/x.json:2:26: error: num_key_value_heads is 0; it must divide 32\n"
        "    \"num_key_value_heads\": 0\n"
        "                           ^\n");
}

TEST_CASE("a problem in a compiled-in document has a place and no line to show") {
  Node node;
  node.line = 7;
  node.column = 3;
  const Document document{.file = "models/x.yaml", .text = {}, .root = {}};
  CHECK(render(document.problem(node, "it is wrong", "mend it")) ==
        "models/x.yaml:7:3: error: it is wrong\n"
        "hint: mend it\n");
}
