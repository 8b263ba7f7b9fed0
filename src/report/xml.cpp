// SPDX-License-Identifier: Apache-2.0
//
// Escaping and nesting of XML. What a character may be is section 2.2 of XML 1.0.
#include "report/xml.hpp"

#include <cassert>

#include "base/utf8.hpp"

namespace attncalc {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_allowed(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0xFFFE && code != 0xFFFF;  // the decoder has refused surrogates
}

std::string_view entity(char32_t code, XmlPlace place) {
  switch (code) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '\r':  // a parser makes it a line feed, wherever it is
      return "&#13;";
    default:
      break;
  }
  if (place == XmlPlace::text) return {};
  switch (code) {
    case '"':
      return "&quot;";
    case '\n':
      return "&#10;";
    case '\t':
      return "&#9;";
    default:
      return {};
  }
}

}  // namespace

std::string xml_escaped(std::string_view text, XmlPlace place) {
  std::string out;
  while (!text.empty()) {
    const std::optional<Character> character = first_character(text);
    const std::size_t length = character ? character->length : 1;
    if (!character || !is_allowed(character->code)) {
      out += replacement;
    } else if (const std::string_view escaped = entity(character->code, place); !escaped.empty()) {
      out += escaped;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

void XmlWriter::begin(std::string_view name, XmlAttributes attributes) {
  out_.append(2 * open_.size(), ' ');
  out_ += '<';
  out_ += name;
  for (const XmlAttribute& attribute : attributes) {
    out_ += ' ';
    out_ += attribute.name;
    out_ += "=\"";
    out_ += xml_escaped(attribute.value, XmlPlace::attribute);
    out_ += '"';
  }
}

void XmlWriter::open(std::string_view name, XmlAttributes attributes) {
  begin(name, attributes);
  out_ += ">\n";
  open_.emplace_back(name);
}

void XmlWriter::close() {
  assert(!open_.empty());
  const std::string name = std::move(open_.back());
  open_.pop_back();
  out_.append(2 * open_.size(), ' ');
  out_ += "</" + name + ">\n";
}

void XmlWriter::leaf(std::string_view name, XmlAttributes attributes) {
  begin(name, attributes);
  out_ += "/>\n";
}

void XmlWriter::text_leaf(std::string_view name, XmlAttributes attributes, std::string_view text) {
  begin(name, attributes);
  out_ += '>';
  out_ += xml_escaped(text);
  out_ += "</";
  out_ += name;
  out_ += ">\n";
}

std::string XmlWriter::finish() {
  assert(open_.empty());
  return std::move(out_);
}

}  // namespace attncalc
