// SPDX-License-Identifier: Apache-2.0
//
// What a value means once it is parsed; nothing here knows a syntax.
#include "base/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace attncalc {
namespace {

// The digits as std::from_chars wants them: no '+', no grouping.
std::string bare_digits(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::string out(text);
  std::erase(out, '_');
  return out;
}

template <class Number>
std::optional<Number> whole_text_as(std::string_view text) {
  const std::string digits = bare_digits(text);
  const char* const end = digits.data() + digits.size();
  Number value{};
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "null";
    case NodeKind::boolean:
      return "true or false";
    case NodeKind::integer:
      return "a whole number";
    case NodeKind::real:
      return "a number";
    case NodeKind::string:
      return "text";
    case NodeKind::list:
      return "a list";
    case NodeKind::map:
      return "a map";
  }
  return {};
}

const Node* Node::find(std::string_view name) const {
  if (kind != NodeKind::map) return nullptr;
  const auto child = std::ranges::find(children, name, &Node::key);
  return child == children.end() ? nullptr : &*child;
}

Node* Node::find(std::string_view name) {
  return const_cast<Node*>(static_cast<const Node&>(*this).find(name));
}

std::optional<std::int64_t> Node::as_integer() const {
  if (kind == NodeKind::integer) return whole_text_as<std::int64_t>(text);
  if (kind != NodeKind::real) return std::nullopt;
  constexpr double exact_below = 9007199254740992.0;  // 2^53: from here on reals skip integers
  const auto value = as_real();
  if (!value || !(std::abs(*value) < exact_below) || std::trunc(*value) != *value) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*value);
}

std::optional<double> Node::as_real() const {
  if (kind != NodeKind::integer && kind != NodeKind::real) return std::nullopt;
  return whole_text_as<double>(text);
}

std::optional<bool> Node::as_boolean() const {
  if (kind != NodeKind::boolean) return std::nullopt;
  return text == "true";
}

std::string_view Document::line_text(int line) const {
  std::string_view rest = text;
  for (int i = 1; i < line; ++i) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  if (line > 0)
    rest = rest.substr(0, rest.find('\n'));
  else
    rest = {};
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

Problem Document::problem(const Node& node, std::string message, std::string hint) const {
  Problem problem{
      .at = span(node), .message = std::move(message), .hint = std::move(hint), .source_line = {}};
  quote_line(problem, line_text(node.line));
  return problem;
}

}  // namespace attncalc
