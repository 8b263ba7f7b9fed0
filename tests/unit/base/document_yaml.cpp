// SPDX-License-Identifier: Apache-2.0
//
// The YAML reader: the scalars as documented in document.hpp, the places, what is refused and in
// which words, and values typed on the command line.
#include "base/document.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

Node read(const std::string& text) {
  auto document = parse_yaml("x.yaml", text);
  INFO((document ? "" : render(document.problems())));
  REQUIRE(document);
  return document->root;
}

std::string errors(const std::string& text) {
  const auto document = parse_yaml("x.yaml", text);
  return document ? "no error" : render(document.problems());
}

std::string value_errors(std::string_view text) {
  const auto value = parse_value(text);
  return value ? "no error" : render(value.problems());
}

std::string place(const Node& node) {
  return std::to_string(node.line) + ":" + std::to_string(node.column);
}

}  // namespace

TEST_CASE("a plain YAML scalar is what the core schema says, with the exceptions we documented") {
  struct Expected {
    const char* yaml;
    NodeKind kind;
    const char* text;
  };
  const Expected table[] = {
      {"~", NodeKind::null, "null"},
      {"null", NodeKind::null, "null"},
      {"NULL", NodeKind::null, "null"},
      {"true", NodeKind::boolean, "true"},
      {"False", NodeKind::boolean, "false"},
      {"yes", NodeKind::string, "yes"},
      {"off", NodeKind::string, "off"},
      {"0", NodeKind::integer, "0"},
      {"-7", NodeKind::integer, "-7"},
      {"+5", NodeKind::integer, "+5"},
      {"32_768", NodeKind::integer, "32_768"},
      {"1__0", NodeKind::string, "1__0"},
      {"_1", NodeKind::string, "_1"},
      {"1_", NodeKind::string, "1_"},
      {"012", NodeKind::string, "012"},
      {"0x1f", NodeKind::string, "0x1f"},
      {"0o17", NodeKind::string, "0o17"},
      {"1e5", NodeKind::real, "1e5"},
      {"1.5", NodeKind::real, "1.5"},
      {"1.", NodeKind::real, "1."},
      {".5", NodeKind::real, ".5"},
      {"10_000.0", NodeKind::real, "10_000.0"},
      {"1e-06", NodeKind::real, "1e-06"},
      {"0.0", NodeKind::real, "0.0"},
      {"1e", NodeKind::string, "1e"},
      {".", NodeKind::string, "."},
      {"1.2.3", NodeKind::string, "1.2.3"},
      {"2024-01-01", NodeKind::string, "2024-01-01"},
      {".inf", NodeKind::real, "Infinity"},
      {"-.Inf", NodeKind::real, "-Infinity"},
      {".NaN", NodeKind::real, "NaN"},
      {"Infinity", NodeKind::real, "Infinity"},
      {"37B", NodeKind::string, "37B"},
      {"\"8\"", NodeKind::string, "8"},
      {"'~'", NodeKind::string, "~"},
      {"\"\"", NodeKind::string, ""},
      {"'don''t'", NodeKind::string, "don't"},
      {"bfloat16 # why", NodeKind::string, "bfloat16"},
      {"|\n  a\n  b", NodeKind::string, "a\nb\n"},
      {">-\n  a\n  b", NodeKind::string, "a b"},
  };
  for (const Expected& expected : table) {
    CAPTURE(expected.yaml);
    const Node root = read(std::string("key: ") + expected.yaml + "\n");
    CHECK(root.children[0].kind == expected.kind);
    CHECK(root.children[0].text == expected.text);
  }
}

TEST_CASE("each YAML value knows its place") {
  const Node root = read(
      "# comment\n"
      "größe: 8\n"
      "list: [ä, 2, {x: 3}]\n"
      "map:\n"
      "  inner: text\n"
      "items:\n"
      "  - one\n"
      "  - a: 1\n"
      "    b: 2\n"
      "last: \"q\"\n");
  CHECK(place(root) == "2:1");
  CHECK(place(root.children[0]) == "2:8");
  CHECK(place(root.children[1]) == "3:7");
  CHECK(place(root.children[1].children[1]) == "3:11");
  CHECK(place(root.children[1].children[2].children[0]) == "3:18");
  CHECK(place(root.children[2]) == "5:3");
  CHECK(place(root.children[2].children[0]) == "5:10");
  CHECK(place(root.children[3].children[0]) == "7:5");
  CHECK(place(root.children[3].children[1].children[1]) == "9:8");
  CHECK(place(root.children[4]) == "10:7");
}

TEST_CASE("a YAML value that is left out is null, in the place of its key") {
  const Node root = read("a:\nbc:\n  d:\n  e: 1\n");
  CHECK(root.children[0].is_null());
  CHECK(place(root.children[0]) == "1:1");
  CHECK(root.children[1].children[0].is_null());
  CHECK(place(root.children[1].children[0]) == "3:3");
}

TEST_CASE("YAML with CRLF, a byte order mark or document marks reads the same") {
  for (const char* text : {"a: 1\nb: x\n",
                           "\xEF\xBB\xBF"
                           "a: 1\r\nb: x\r\n",
                           "---\na: 1\nb: x\n...\n"}) {
    const Node root = read(text);
    CHECK(root.children[0].as_integer() == 1);
    CHECK(root.children[1].text == "x");
  }
}

TEST_CASE("a duplicate YAML key is refused where it stands") {
  CHECK(errors("a: 1\nb: {c: 1, c: 2}\na: 3\n") ==
        "x.yaml:2:11: error: the key c is given a second time\n"
        "  b: {c: 1, c: 2}\n"
        "            ^\n"
        "hint: its first value is in line 2\n"
        "x.yaml:3:1: error: the key a is given a second time\n"
        "  a: 3\n"
        "  ^\n"
        "hint: its first value is in line 1\n");
}

TEST_CASE("anchors, aliases and tags are refused by name") {
  CHECK(errors("a: &x 1\nb: *x\n") ==
        "x.yaml:1:4: error: anchors (&) and aliases (*) are not supported\n"
        "  a: &x 1\n"
        "     ^\n"
        "hint: write the value out; text that begins with & or * must be quoted\n");
  CHECK(errors("a: *x\n") ==
        "x.yaml:1:4: error: anchors (&) and aliases (*) are not supported\n"
        "  a: *x\n"
        "     ^\n"
        "hint: write the value out; text that begins with & or * must be quoted\n");
  for (const char* tagged : {"!!str 5", "! 5", "!own {b: 1}", "!!seq [1]"}) {
    CHECK(errors(std::string("a: ") + tagged)
              .starts_with("x.yaml:1:4: error: tags (!) are not supported\n"));
  }
  CHECK(errors("&x {a: 1}\n").starts_with("x.yaml:1:1: error: anchors (&)"));
  CHECK(errors("- &x [1]\n").starts_with("x.yaml:1:3: error: anchors (&)"));
}

TEST_CASE("a YAML mistake is named in words, at its place") {
  struct Mistake {
    const char* text;
    const char* message;  // after "x.yaml:"
  };
  const Mistake table[] = {
      {"a: 1\n---\nb: 2\n", "2:1: error: a second value or document begins here"},
      {"[1] x", "1:5: error: a second value or document begins here"},
      {"[a]: 1\n", "1:1: error: a key must be text, not a list or a map"},
      {"? {a: 1}\n: 2\n", "1:3: error: a key must be text, not a list or a map"},
      {": 1\n", "1:1: error: a key is missing here"},
      {"a: b: c\n", "1:5: error: a ':' cannot stand here"},
      {"a: 1\n  b: 2\n", "2:4: error: a ':' cannot stand here"},
      {"a:\n - 1\n b: 2\n", "3:2: error: this does not fit the map around it"},
      {"a: {b: 1\n", "2:1: error: a map that { begins is not closed here"},
      {"a: [1, 2\nb: 3\n", "2:2: error: a list that [ begins is not closed here"},
      {"a:\n\t- 1\n", "2:2: error: a '-' cannot stand here"},
      {"a: - 1\n", "1:4: error: a '-' cannot stand here"},
      {"a: @x\n", "1:4: error: no YAML value begins with this"},
      {"a: \"x\n", "1:4: error: the quote that closes this text is missing"},
      {"a: 'x\n", "1:4: error: the quote that closes this text is missing"},
      {"a: 'x''\n", "1:4: error: the quote that closes this text is missing"},
      {"a: 1e400\n", "1:4: error: 1e400 is out of the range of a 64-bit real number"},
      {"a: \x04 b\n", "1:4: error: byte 0x04 is a control character, not text"},
      {"a: \xFF\n", "1:4: error: byte 0xff does not belong to UTF-8 text"},
  };
  for (const Mistake& mistake : table) {
    const std::string text = errors(mistake.text);
    CHECK(text.substr(0, text.find('\n')) == std::string("x.yaml:") + mistake.message);
  }
}

TEST_CASE("YAML nests 64 deep and no deeper, in either style") {
  read(std::string(64, '[') + std::string(64, ']'));
  CHECK(errors(std::string(65, '[') + std::string(65, ']'))
            .starts_with("x.yaml:1:65: error: lists and maps are nested more than 64 deep here\n"));
  std::string block;
  for (int i = 0; i < 65; ++i) block += std::string(i, ' ') + "a:\n";
  block += std::string(65, ' ') + "1\n";
  CHECK(errors(block).starts_with(
      "x.yaml:65:65: error: lists and maps are nested more than 64 deep here\n"));
}

TEST_CASE("a YAML file with nothing in it is refused, and so is one above 1 MiB") {
  CHECK(errors("") == "x.yaml: error: the file is empty\n");
  CHECK(errors("# only this\n") == "x.yaml: error: there is nothing but comments\n");
  CHECK(errors(std::string(1024 * 1024 + 1, '#')) ==
        "x.yaml: error: the file is larger than 1 MiB\n");
}

TEST_CASE("a value from the command line reads as it would in YAML, and is nowhere") {
  CHECK(parse_value("8")->as_integer() == 8);
  CHECK(parse_value("true")->as_boolean() == true);
  CHECK(parse_value("null")->is_null());
  CHECK(parse_value("")->is_null());
  CHECK(parse_value(" ")->is_null());
  CHECK(parse_value("bfloat16")->text == "bfloat16");
  CHECK(parse_value("\"8\"")->kind == NodeKind::string);
  const auto list = parse_value("[1, {a: x}]");
  REQUIRE(list);
  CHECK(place(*list) == "0:0");
  CHECK(place(list->children[1].children[0]) == "0:0");
  CHECK(list->children[1].find("a")->text == "x");
}

TEST_CASE("a value that cannot be read is shown with a caret and no file") {
  CHECK(value_errors("[1, *x]") ==
        "error: anchors (&) and aliases (*) are not supported\n"
        "  [1, *x]\n"
        "      ^\n"
        "hint: write the value out; text that begins with & or * must be quoted\n");
  CHECK(value_errors("[1, 2") ==
        "error: a key must be text, not a list or a map\n"
        "  [1, 2\n"
        "  ^\n"
        "hint: is a bracket left open?\n");
}
