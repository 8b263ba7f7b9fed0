// SPDX-License-Identifier: Apache-2.0
//
// What must be escaped where, and that elements nest.
#include "report/xml.hpp"

#include "support/catch.hpp"

namespace attncalc {

TEST_CASE("markup in a text is text") {
  CHECK(xml_escaped("a < b && c > \"d\"") == "a &lt; b &amp;&amp; c &gt; \"d\"");
  CHECK(xml_escaped("a < \"b\"\n", XmlPlace::attribute) == "a &lt; &quot;b&quot;&#10;");
}

TEST_CASE("XML 1.0 has no control characters, and neither have we") {
  CHECK(xml_escaped(std::string_view("a\x01\x1b\0b", 5)) == "a\uFFFD\uFFFD\uFFFDb");
  CHECK(xml_escaped("tab\tline\n") == "tab\tline\n");
  CHECK(xml_escaped("a\rb") == "a&#13;b");
  CHECK(xml_escaped("\uFFFE") == "\uFFFD");
}

TEST_CASE("bytes that are no UTF-8 become the replacement character") {
  CHECK(xml_escaped("caf\xE9!") == "caf\uFFFD!");
  CHECK(xml_escaped("×…") == "×…");
}

TEST_CASE("elements close in the order that they opened") {
  XmlWriter xml;
  xml.open("a", {{"x", "1 < 2"}});
  xml.text_leaf("b", {}, "&");
  xml.leaf("c", {{"y", "2"}, {"z", "3"}});
  xml.close();
  CHECK(xml.finish() ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<a x=\"1 &lt; 2\">\n"
        "  <b>&amp;</b>\n"
        "  <c y=\"2\" z=\"3\"/>\n"
        "</a>\n");
}

}  // namespace attncalc
