// SPDX-License-Identifier: Apache-2.0
//
// XML written element by element: every element is closed, in order, and whatever text comes in
// (a model's name out of somebody's config) comes out as well-formed XML 1.0. Writing only, and
// only what a document of ours needs: no namespaces beyond an attribute, no DTD. A library for
// that would be one more package to build with.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace attncalc {

// Bytes that are no UTF-8 and characters that XML forbids become U+FFFD; < > & become entities, and
// in an attribute so do quotes and white space, which parsers would make a space.
enum class XmlPlace { text, attribute };
std::string xml_escaped(std::string_view text, XmlPlace place = XmlPlace::text);

struct XmlAttribute {
  std::string_view name;
  std::string value;
};
using XmlAttributes = std::initializer_list<XmlAttribute>;

class XmlWriter {
 public:
  // Elements in elements are indented by two spaces.
  void open(std::string_view name, XmlAttributes attributes = {});
  void close();
  void leaf(std::string_view name, XmlAttributes attributes = {});
  void text_leaf(std::string_view name, XmlAttributes attributes, std::string_view text);

  // All elements must be closed. Begins with the XML declaration, ends with a line break.
  std::string finish();

 private:
  void begin(std::string_view name, XmlAttributes attributes);

  std::string out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  std::vector<std::string> open_;
};

}  // namespace attncalc
