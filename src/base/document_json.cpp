// SPDX-License-Identifier: Apache-2.0
//
// JSON into the tree. nlohmann's SAX parser decides what is JSON and unescapes strings; it tells no
// positions, so a cursor walks through the source beside it: an event's token begins at the first
// byte after the previous token that is not white space, ',' or ':'.
//
// If the parser refuses the text, it is the cursor again that knows where it got to, and
// SyntaxError says in our words what is wrong there. That only explains a refusal: it never
// decides.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/tree_builder.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"

namespace attncalc {
namespace {

constexpr std::size_t largest_file = 64 * units::mebi;
constexpr std::string_view white_space = " \t\r\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
// Everything that a number, a literal or a mistyped one of these is made of.
bool in_word(char c) {
  return is_digit(c) || is_letter(c) || c == '_' || c == '+' || c == '-' || c == '.';
}

std::size_t skip_any(std::string_view text, std::size_t at, std::string_view of) {
  return std::min(text.find_first_not_of(of, at), text.size());
}

std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size() && in_word(text[at])) ++at;
  return at;
}

// The byte after the closing quote of the string that begins at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

// -? digits (. digits)? (e [-+]? digits)?, as far as it goes; a leading zero is a number of its
// own.
std::size_t number_end(std::string_view text, std::size_t at) {
  if (text[at] == '-') ++at;
  at = text.substr(at, 1) == "0" ? at + 1 : skip_digits(text, at);
  if (text.substr(at, 1) == ".") at = skip_digits(text, at + 1);
  if (text.substr(at, 1) == "e" || text.substr(at, 1) == "E") {
    ++at;
    if (text.substr(at, 1) == "-" || text.substr(at, 1) == "+") ++at;
    at = skip_digits(text, at);
  }
  return at;
}

bool is_non_finite(std::string_view word) {
  return word == "Infinity" || word == "-Infinity" || word == "NaN";
}

// The end of the token at `at`, which the parser has accepted. It ends a literal or a number where
// that is complete: in `01` and `truex` it has seen `0` and `true` and refuses what follows.
std::size_t token_end(std::string_view text, std::size_t at) {
  if (text[at] == '"') return string_end(text, at);
  const std::size_t end = word_end(text, at);
  if (is_non_finite(text.substr(at, end - at))) return end;
  for (const std::string_view literal : {"true", "false", "null"})
    if (text.substr(at).starts_with(literal)) return at + literal.size();
  return is_digit(text[at]) || text[at] == '-' ? number_end(text, at) : at + 1;
}

// --- Infinity and NaN ----------------------------------------------------------------------------

// Each bare Infinity, -Infinity or NaN becomes a number of the same length, so that offsets stay.
// The event handler recognises it by the source text, which is not changed.
std::string with_finite_numbers(std::string_view text) {
  std::string out(text);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    at = text[at] == '"' ? string_end(text, at) : std::max(word_end(text, at), at + 1);
    if (!is_non_finite(text.substr(begin, at - begin))) continue;
    for (std::size_t i = begin; i < at; ++i)
      if (out[i] != '-') out[i] = '1';
  }
  return out;
}

bool may_have_non_finite(std::string_view text) {
  return text.find("Infinity") != text.npos || text.find("NaN") != text.npos;
}

// --- what is wrong -------------------------------------------------------------------------------

struct SyntaxError {
  std::size_t at = 0;
  std::string message;
  std::string hint = {};
};

// What stands at `at`, as a message can name it.
std::string found(std::string_view text, std::size_t at) {
  if (at >= text.size()) return "the end of the file";
  constexpr std::size_t longest = 40;
  const bool quoted = text[at] == '"';
  std::size_t end = quoted ? string_end(text, at) : word_end(text, at);
  if (end == at) end += first_character(text.substr(at))->length;
  if (end - at > longest) return quoted ? "text" : "this";
  return quoted ? std::string(text.substr(at, end - at))
                : fmt::format("'{}'", text.substr(at, end - at));
}

std::string_view closer(const Node& container) {
  return container.kind == NodeKind::map ? "'}'" : "']'";
}

bool four_hex_digits(std::string_view text) {
  return text.size() == 4 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

SyntaxError bad_string(std::string_view text, std::size_t begin) {
  constexpr std::string_view escapes = "\"\\/bfnrtu";
  for (std::size_t at = begin + 1; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\n' || text[at] == '\r') break;
    if (text[at] == '\t') return {at, "a tab inside text must be written \\t"};
    if (text[at] != '\\') continue;
    const std::size_t escape = at++;
    if (at == text.size()) break;
    if (escapes.find(text[at]) == escapes.npos)
      return {escape, "JSON has no such escape", "a backslash itself is written \\\\"};
    if (text[at] == 'u' && !four_hex_digits(text.substr(at + 1, 4)))
      return {escape, "\\u takes four hexadecimal digits"};
  }
  if (string_end(text, begin) < text.size() &&
      text.substr(begin, string_end(text, begin) - begin).find('\n') == text.npos)
    return {begin, "a \\u escape is half of a surrogate pair"};
  return {begin, "this text is not closed by a \" on its line"};
}

SyntaxError bad_word(std::string_view text, std::size_t at) {
  const std::string_view word = text.substr(at, word_end(text, at) - at);
  if (word == "True" || word == "False" || word == "None")
    return {at, fmt::format("{} is Python, not JSON", word), "write true, false or null"};
  if (is_letter(word[0]))
    return {at, fmt::format("{} is no JSON value", found(text, at)),
            "text is written in double quotes"};
  return {at, fmt::format("{} is no JSON number", found(text, at))};
}

SyntaxError bad_value(std::string_view text, std::size_t at) {
  if (at == text.size()) return {at, "the file ends where a value should stand"};
  if (text[at] == '"') return bad_string(text, at);
  if (text[at] == '\'') return {at, "JSON text is written in double quotes"};
  if (in_word(text[at])) return bad_word(text, at);
  return {at, fmt::format("a value should stand here, not {}", found(text, at))};
}

SyntaxError bad_key(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '"') return bad_string(text, at);
  return {at, fmt::format("a key in double quotes should stand here, not {}", found(text, at))};
}

// After a complete value: its list or map goes on or ends, or the file does.
SyntaxError bad_continuation(std::string_view text, std::size_t at, const Node* container) {
  if (!container)
    return {at, fmt::format("the value is complete, but {} follows", found(text, at))};
  const std::string_view end = closer(*container);
  if (at == text.size())
    return {at,
            fmt::format("the file ends before the {} that closes line {}", end, container->line)};
  if (text[at] != ',')
    return {at, fmt::format("a ',' or {} should stand here, not {}", end, found(text, at))};
  const std::size_t next = skip_any(text, at + 1, white_space);
  if (next < text.size() && (text[next] == '}' || text[next] == ']'))
    return {at, fmt::format("a ',' before '{}' is one too many", text[next])};
  return container->kind == NodeKind::map ? bad_key(text, next) : bad_value(text, next);
}

// --- events --------------------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(TreeBuilder& tree) : tree_(tree), places_(tree.text()), text_(tree.text()) {}

  bool null() { return scalar(NodeKind::null); }
  bool boolean(bool) { return scalar(NodeKind::boolean); }
  bool number_integer(std::int64_t) { return number(); }
  bool number_unsigned(std::uint64_t) { return number(); }
  bool number_float(double, const std::string&) { return number(); }
  bool binary(nlohmann::json::binary_t&) { return false; }  // JSON has none

  bool string(std::string& value) {
    const Place at = next_token();
    tree_.scalar(NodeKind::string, std::move(value), at);
    return value_is_complete();
  }

  bool key(std::string& name) {
    const Place at = next_token();
    tree_.key(std::move(name), at);
    after_ = After::key;
    return true;
  }

  bool start_object(std::size_t) { return open(NodeKind::map); }
  bool start_array(std::size_t) { return open(NodeKind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  template <class Exception>
  bool parse_error(std::size_t, const std::string&, const Exception& exception) {
    constexpr int number_overflow = 406;
    const SyntaxError error = exception.id == number_overflow ? too_large() : diagnose();
    tree_.problem(places_.at(error.at), error.message, error.hint);
    return false;
  }

 private:
  enum class After { nothing, opening, key, value };

  // Moves behind the next token and says where it began.
  Place next_token() {
    token_ = skip_any(text_, end_, " \t\r\n,:");
    end_ = token_end(text_, token_);
    return places_.at(token_);
  }

  std::string token() const { return std::string(text_.substr(token_, end_ - token_)); }

  bool value_is_complete() {
    after_ = After::value;
    return true;
  }

  bool scalar(NodeKind kind) {
    const Place at = next_token();
    tree_.scalar(kind, token(), at);
    return value_is_complete();
  }

  bool number() {
    const Place at = next_token();
    const bool whole = token().find_first_of(".eEIN") == std::string::npos;
    tree_.scalar(whole ? NodeKind::integer : NodeKind::real, token(), at);
    return value_is_complete();
  }

  bool open(NodeKind kind) {
    const Place at = next_token();
    after_ = After::opening;
    return tree_.open(kind, at);
  }

  bool close() {
    next_token();
    tree_.close();
    return value_is_complete();
  }

  SyntaxError too_large() {
    next_token();
    return {token_, "this number is out of the range of a 64-bit real number"};
  }

  SyntaxError diagnose() const {
    const std::size_t at = skip_any(text_, end_, white_space);
    // A comment can stand after a separator that was never reported.
    const std::size_t token = skip_any(text_, end_, " \t\r\n,:");
    if (token < text_.size() && (text_[token] == '/' || text_[token] == '#'))
      return {token, "JSON has no comments"};
    switch (after_) {
      case After::nothing:
        return bad_value(text_, at);
      case After::opening:
        return tree_.awaits_key() ? bad_key(text_, at) : bad_value(text_, at);
      case After::key:
        return bad_pair(at);
      case After::value:
        break;
    }
    if (runs_on()) return bad_word(text_, token_);
    return bad_continuation(text_, at, tree_.container());
  }

  // Whether the last token, a number or a literal, is the beginning of a longer word.
  bool runs_on() const {
    return end_ < text_.size() && in_word(text_[end_ - 1]) && in_word(text_[end_]);
  }

  SyntaxError bad_pair(std::size_t at) const {
    if (at == text_.size() || text_[at] != ':')
      return {at, fmt::format("a ':' should stand after the key, not {}", found(text_, at))};
    return bad_value(text_, skip_any(text_, at + 1, white_space));
  }

  TreeBuilder& tree_;
  PlaceFinder places_;
  std::string_view text_;
  std::size_t token_ = 0;
  std::size_t end_ = 0;
  After after_ = After::nothing;
};

}  // namespace

Result<Document> parse_json(std::string file, std::string text) {
  TreeBuilder tree(std::move(file), std::move(text));
  if (!tree.accept_source(largest_file)) return tree.finish();
  Reader reader(tree);
  if (may_have_non_finite(tree.text())) {
    nlohmann::json::sax_parse(with_finite_numbers(tree.text()), &reader);
  } else {
    nlohmann::json::sax_parse(tree.text(), &reader);
  }
  return tree.finish();
}

}  // namespace attncalc
