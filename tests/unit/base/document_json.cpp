// SPDX-License-Identifier: Apache-2.0
//
// The JSON reader: what becomes of a value, where it stood, and the whole text of what a person
// reads who made a mistake.
#include <chrono>

#include "base/document.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

Node read(const std::string& text) {
  auto document = parse_json("x.json", text);
  INFO((document ? "" : render(document.problems())));
  REQUIRE(document);
  return document->root;
}

std::string errors(const std::string& text) {
  const auto document = parse_json("x.json", text);
  return document ? "no error" : render(document.problems());
}

std::string place(const Node& node) {
  return std::to_string(node.line) + ":" + std::to_string(node.column);
}

std::string nested(int depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("each JSON value keeps its kind, its text and its place") {
  const Node root = read(
      "{\n"
      "  \"none\": null, \"yes\": true,\n"
      "  \"whole\": -12,\n"
      "  \"real\": 1.50e3,\n"
      "  \"text\" : \"a\\\"b\\u00e9\\n\",\n"
      "  \"list\": [1, [ ], {}]\n"
      "}\n");
  struct Expected {
    const char* key;
    NodeKind kind;
    const char* text;
    const char* place;
  };
  const Expected table[] = {
      {"none", NodeKind::null, "null", "2:11"},      {"yes", NodeKind::boolean, "true", "2:24"},
      {"whole", NodeKind::integer, "-12", "3:12"},   {"real", NodeKind::real, "1.50e3", "4:11"},
      {"text", NodeKind::string, "a\"bé\n", "5:12"}, {"list", NodeKind::list, "", "6:11"},
  };
  CHECK(place(root) == "1:1");
  REQUIRE(root.children.size() == std::size(table));
  for (std::size_t i = 0; i < std::size(table); ++i) {
    const Node& node = root.children[i];
    CHECK(node.key == table[i].key);
    CHECK(node.kind == table[i].kind);
    CHECK(node.text == table[i].text);
    CHECK(place(node) == table[i].place);
  }
  const Node& list = root.children.back();
  CHECK(place(list.children[0]) == "6:12");
  CHECK(place(list.children[1]) == "6:15");
  CHECK(place(list.children[2]) == "6:20");
}

TEST_CASE("a column counts characters, not bytes") {
  const Node root = read("{\"größe\": 1, \"日本\": 2}");
  CHECK(place(root.children[0]) == "1:11");
  CHECK(place(root.children[1]) == "1:20");
}

TEST_CASE("a byte order mark, CRLF and tabs between values move nothing") {
  const Node root = read("\xEF\xBB\xBF{\r\n\t\"a\":\t1}\r\n");
  CHECK(place(root) == "1:1");
  CHECK(place(root.children[0]) == "2:7");
}

TEST_CASE("Infinity and NaN, which Python writes, are real numbers") {
  const Node root = read("[Infinity, -Infinity, NaN, \"Infinity\", \"\\\"NaN\", 7]");
  const char* texts[] = {"Infinity", "-Infinity", "NaN", "Infinity", "\"NaN", "7"};
  const char* places[] = {"1:2", "1:12", "1:23", "1:28", "1:40", "1:49"};
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    CHECK(root.children[i].text == texts[i]);
    CHECK(place(root.children[i]) == places[i]);
  }
  CHECK(root.children[1].kind == NodeKind::real);
  CHECK(root.children[1].as_real() == -std::numeric_limits<double>::infinity());
  CHECK(root.children[2].as_real() != root.children[2].as_real());
  CHECK(root.children[0].as_integer() == std::nullopt);
  CHECK(root.children[3].kind == NodeKind::string);
}

TEST_CASE("a whole number beyond 64 bits stays whole and has no integer value") {
  const Node root =
      read("[9223372036854775807, 9223372036854775808, -1e2, 1" + std::string(60, '0') + "]");
  CHECK(root.children[0].as_integer() == INT64_MAX);
  CHECK(root.children[1].kind == NodeKind::integer);
  CHECK(root.children[1].text == "9223372036854775808");
  CHECK(root.children[1].as_integer() == std::nullopt);
  CHECK(root.children[1].as_real() == 9223372036854775808.0);
  CHECK(root.children[2].as_integer() == -100);
  CHECK(root.children[3].kind == NodeKind::integer);
}

TEST_CASE("a duplicate key is refused where it stands") {
  CHECK(errors("{\n  \"a\": 1,\n  \"b\": {\"a\": 2},\n  \"a\": 3\n}") ==
        "x.json:4:3: error: the key a is given a second time\n"
        "    \"a\": 3\n"
        "    ^\n"
        "hint: its first value is in line 2\n");
}

TEST_CASE("all duplicate keys are shown in one run, in the order of the file") {
  CHECK(errors("{\"b\": {\"x\": 1, \"x\": 2}, \"a\": 1, \"b\": 2, \"a\": 3}") ==
        "x.json:1:16: error: the key x is given a second time\n"
        "  {\"b\": {\"x\": 1, \"x\": 2}, \"a\": 1, \"b\": 2, \"a\": 3}\n"
        "                 ^\n"
        "hint: its first value is in line 1\n"
        "x.json:1:33: error: the key b is given a second time\n"
        "  {\"b\": {\"x\": 1, \"x\": 2}, \"a\": 1, \"b\": 2, \"a\": 3}\n"
        "                                  ^\n"
        "hint: its first value is in line 1\n"
        "x.json:1:41: error: the key a is given a second time\n"
        "  {\"b\": {\"x\": 1, \"x\": 2}, \"a\": 1, \"b\": 2, \"a\": 3}\n"
        "                                          ^\n"
        "hint: its first value is in line 1\n");
}

TEST_CASE("a JSON mistake is named in words, at its place") {
  struct Mistake {
    const char* text;
    const char* message;  // after "x.json:"; the line and the caret are checked elsewhere
  };
  const Mistake table[] = {
      {"{\"a\": 1,}", "1:8: error: a ',' before '}' is one too many"},
      {"[1, 2 , ]", "1:7: error: a ',' before ']' is one too many"},
      {"[1 2]", "1:4: error: a ',' or ']' should stand here, not '2'"},
      {"[1, \"b\" \"c\"]", "1:9: error: a ',' or ']' should stand here, not \"c\""},
      {"{\"a\": 1]", "1:8: error: a ',' or '}' should stand here, not ']'"},
      {"[1}", "1:3: error: a ',' or ']' should stand here, not '}'"},
      {"{\"a\" 1}", "1:6: error: a ':' should stand after the key, not '1'"},
      {"{\"a\"", "1:5: error: a ':' should stand after the key, not the end of the file"},
      {"{\"a\":: 1}", "1:6: error: a value should stand here, not ':'"},
      {"{\"a\":}", "1:6: error: a value should stand here, not '}'"},
      {"{a: 1}", "1:2: error: a key in double quotes should stand here, not 'a'"},
      {"{\"a\": 1,, \"b\": 2}", "1:9: error: a key in double quotes should stand here, not ','"},
      {"{1: 2}", "1:2: error: a key in double quotes should stand here, not '1'"},
      {"[,]", "1:2: error: a value should stand here, not ','"},
      {"]", "1:1: error: a value should stand here, not ']'"},
      {"{\"a\": 'x'}", "1:7: error: JSON text is written in double quotes"},
      {"// x\n{}", "1:1: error: JSON has no comments"},
      {"{\"a\": 1, # x\n\"b\": 2}", "1:10: error: JSON has no comments"},
      {"{\"a\": /* x */ 1}", "1:7: error: JSON has no comments"},
      {"{\"a\": 01}", "1:7: error: '01' is no JSON number"},
      {"[1.]", "1:2: error: '1.' is no JSON number"},
      {"[.5]", "1:2: error: '.5' is no JSON number"},
      {"[+1]", "1:2: error: '+1' is no JSON number"},
      {"[0x10]", "1:2: error: '0x10' is no JSON number"},
      {"[1.2.3]", "1:2: error: '1.2.3' is no JSON number"},
      {"[1Infinity]", "1:2: error: '1Infinity' is no JSON number"},
      {"[--Infinity]", "1:2: error: '--Infinity' is no JSON number"},
      {"[1e400]", "1:2: error: this number is out of the range of a 64-bit real number"},
      {"[1e-400]", "1:2: error: 1e-400 is out of the range of a 64-bit real number"},
      {"{} x", "1:4: error: the value is complete, but 'x' follows"},
      {"{}{}", "1:3: error: the value is complete, but '{' follows"},
      {"[", "1:2: error: the file ends where a value should stand"},
      {"{\"a\":", "1:6: error: the file ends where a value should stand"},
      {"{\n\"a\": [1,\n2", "3:2: error: the file ends before the ']' that closes line 2"},
      {"\"a\nb\"", "1:1: error: this text is not closed by a \" on its line"},
      {"[\"a", "1:2: error: this text is not closed by a \" on its line"},
      {"[\"a\tb\"]", "1:4: error: a tab inside text must be written \\t"},
      {"[\"\\u12\"]", "1:3: error: \\u takes four hexadecimal digits"},
      {"[\"x\\ud800\"]", "1:2: error: a \\u escape is half of a surrogate pair"},
      {"[1, Ünder]", "1:5: error: a value should stand here, not 'Ü'"},
  };
  for (const Mistake& mistake : table) {
    const std::string text = errors(mistake.text);
    CHECK(text.substr(0, text.find('\n')) == std::string("x.json:") + mistake.message);
  }
}

TEST_CASE("a JSON mistake with a usual remedy has a hint") {
  CHECK(errors("{\"a\": True}") ==
        "x.json:1:7: error: True is Python, not JSON\n"
        "  {\"a\": True}\n"
        "        ^\n"
        "hint: write true, false or null\n");
  CHECK(errors("[truex]") ==
        "x.json:1:2: error: 'truex' is no JSON value\n"
        "  [truex]\n"
        "   ^\n"
        "hint: text is written in double quotes\n");
  CHECK(errors("[\"C:\\dir\"]") ==
        "x.json:1:5: error: JSON has no such escape\n"
        "  [\"C:\\dir\"]\n"
        "      ^\n"
        "hint: a backslash itself is written \\\\\n");
}

TEST_CASE("JSON nests 64 deep and no deeper") {
  read(nested(64));
  CHECK(errors("\n" + nested(65))
            .starts_with("x.json:2:65: error: lists and maps are nested more than 64 deep here\n"));
}

TEST_CASE("a file with nothing in it is no JSON") {
  for (const char* text : {"", " \n\t ", "\xEF\xBB\xBF"})
    CHECK(errors(text) == "x.json: error: the file is empty\n");
}

TEST_CASE("what is not text is refused at its first bad byte") {
  CHECK(errors("[\"\xFF\"]") ==
        "x.json:1:3: error: byte 0xff does not belong to UTF-8 text\n"
        "  [\"?\"]\n"
        "    ^\n"
        "hint: save the file as UTF-8\n");
  CHECK(errors(std::string("{}\0{}", 5)) ==
        "x.json:1:3: error: byte 0x00 is a control character, not text\n"
        "  {}?{}\n"
        "    ^\n"
        "hint: is this a binary file?\n");
  // An overlong '/', a surrogate, a value above U+10FFFF, a sequence that is cut off.
  for (const char* bytes : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"})
    CHECK(errors(bytes).starts_with("x.json:1:1: error: byte 0x"));
}

TEST_CASE("a file above 64 MiB is refused unread") {
  CHECK(errors(std::string(64 * 1024 * 1024 + 1, ' ')) ==
        "x.json: error: the file is larger than 64 MiB\n");
}

TEST_CASE("a vocabulary of megabytes is read and checked for duplicates in linear time") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i)
    text += "\"token" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text += "\"token7\":Infinity}";
  // Quadratic work would be minutes; the bound leaves room for a sanitizer on a busy machine.
  const auto start = std::chrono::steady_clock::now();
  const auto document = parse_json("x.json", text);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
  REQUIRE_FALSE(document);
  REQUIRE(document.problems().size() == 1);
  CHECK(document.problems()[0].message == "the key token7 is given a second time");
  CHECK(document.problems()[0].source_line.size() < 200);
}
