// SPDX-License-Identifier: Apache-2.0
//
// YAML into the tree, from yaml-cpp's events rather than its nodes: nodes have lost the second of
// two equal keys by the time one sees them. Our files use a small YAML (maps, lists, scalars), and
// what we do not use (anchors, tags, several documents, keys that are lists) is refused by name.
#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "base/tree_builder.hpp"
#include "base/units.hpp"

namespace attncalc {
namespace {

// yaml-cpp takes most of a second for a mebibyte, and hundreds of bytes of memory a byte at worst.
constexpr std::size_t largest_file = 1 * units::mebi;

// --- plain scalars -------------------------------------------------------------------------------

struct Scalar {
  NodeKind kind;
  std::string text;
};

// The words that are values. Tables from the core schema, and Python's spelling of the non-finite
// numbers: a config that is pasted into YAML should keep its meaning.
struct Word {
  std::string_view yaml;
  NodeKind kind;
  std::string_view text;
};
constexpr auto words = std::to_array<Word>({
    {"", NodeKind::null, "null"},           {"~", NodeKind::null, "null"},
    {"null", NodeKind::null, "null"},       {"Null", NodeKind::null, "null"},
    {"NULL", NodeKind::null, "null"},       {"true", NodeKind::boolean, "true"},
    {"True", NodeKind::boolean, "true"},    {"TRUE", NodeKind::boolean, "true"},
    {"false", NodeKind::boolean, "false"},  {"False", NodeKind::boolean, "false"},
    {"FALSE", NodeKind::boolean, "false"},  {".inf", NodeKind::real, "Infinity"},
    {".Inf", NodeKind::real, "Infinity"},   {".INF", NodeKind::real, "Infinity"},
    {"+.inf", NodeKind::real, "Infinity"},  {"-.inf", NodeKind::real, "-Infinity"},
    {"-.Inf", NodeKind::real, "-Infinity"}, {"-.INF", NodeKind::real, "-Infinity"},
    {".nan", NodeKind::real, "NaN"},        {".NaN", NodeKind::real, "NaN"},
    {".NAN", NodeKind::real, "NaN"},        {"Infinity", NodeKind::real, "Infinity"},
    {"NaN", NodeKind::real, "NaN"},         {"-Infinity", NodeKind::real, "-Infinity"},
});

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void skip_sign(std::string_view& text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
}

// Takes the digits at the front, grouped by single underscores if `grouped`, and counts them.
std::size_t take_digits(std::string_view& text, bool grouped) {
  std::size_t digits = 0;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool groups = grouped && digits > 0 && text[at] == '_' && is_digit(text[at - 1]) &&
                        at + 1 < text.size() && is_digit(text[at + 1]);
    if (is_digit(text[at]))
      ++digits;
    else if (!groups)
      break;
  }
  text.remove_prefix(at);
  return digits;
}

// [-+]? digits? (. digits?)? (e [-+]? digits)?, with a digit before or after the point.
NodeKind number_kind(std::string_view text) {
  skip_sign(text);
  const bool leading_zero =
      text.size() > 1 && text[0] == '0' && (is_digit(text[1]) || text[1] == '_');
  if (leading_zero) return NodeKind::string;
  std::size_t digits = take_digits(text, true);
  if (text.empty()) return digits > 0 ? NodeKind::integer : NodeKind::string;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    digits += take_digits(text, false);
  }
  if (digits == 0) return NodeKind::string;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    skip_sign(text);
    if (take_digits(text, false) == 0) return NodeKind::string;
  }
  return text.empty() ? NodeKind::real : NodeKind::string;
}

Scalar read_plain(const std::string& text) {
  const auto word = std::ranges::find(words, std::string_view(text), &Word::yaml);
  if (word != words.end()) return {word->kind, std::string(word->text)};
  return {number_kind(text), text};
}

// --- what is wrong -------------------------------------------------------------------------------

// yaml-cpp's commonest complaints, for people who do not know how it works inside.
struct Translation {
  std::string_view theirs;
  std::string_view ours;
  std::string_view hint;
};
constexpr auto translations = std::to_array<Translation>({
    {"illegal map value", "a ':' cannot stand here", "text with \": \" in it must be quoted"},
    {"end of map not found", "this does not fit the map around it",
     "is the indentation that of the lines above?"},
    {"end of sequence not found", "this does not fit the list around it",
     "is the indentation that of the lines above?"},
    {"end of map flow not found", "a map that { begins is not closed here", "close it with }"},
    {"end of sequence flow not found", "a list that [ begins is not closed here",
     "close it with ]"},
    {"illegal tab when looking for indentation", "a tab cannot indent YAML", "use spaces"},
    {"unknown token", "no YAML value begins with this", "text that does must be quoted"},
    {"illegal block entry", "a '-' cannot stand here",
     "a list is indented with spaces, an item a line"},
    {"the referenced anchor is not defined", "anchors (&) and aliases (*) are not supported",
     "write the value out; text that begins with & or * must be quoted"},
});

// False for text that begins with a quote and has no other that closes it. Inside, '' and \" are
// quotes that do not.
bool quote_closes(std::string_view text) {
  const char quote = text.empty() ? '\0' : text[0];
  if (quote != '\'' && quote != '"') return true;
  const char escape = quote == '"' ? '\\' : '\'';
  for (std::size_t at = 1; at < text.size(); ++at) {
    const bool escapes =
        text[at] == escape && at + 1 < text.size() && (escape == '\\' || text[at + 1] == quote);
    if (escapes)
      ++at;
    else if (text[at] == quote)
      return true;
  }
  return false;
}

struct Stop {};  // thrown through yaml-cpp, which has no other way to end early

class Reader : public YAML::EventHandler {
 public:
  explicit Reader(TreeBuilder& tree) : tree_(tree), places_(tree.text()) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a second value or document begins here", "one is allowed");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_properties(mark, "?", anchor);
    if (tree_.awaits_key()) refuse(mark, "a key is missing here");
    tree_.scalar(NodeKind::null, "null", null_place(mark));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_anchor(mark); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_properties(mark, tag, anchor);
    refuse_open_quote(mark);
    if (tree_.awaits_key()) {
      key_ = place(mark);
      return tree_.key(value, key_);
    }
    Scalar scalar = tag == "?" ? read_plain(value) : Scalar{NodeKind::string, value};
    tree_.scalar(scalar.kind, std::move(scalar.text), place(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeKind::list, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeKind::map, mark, tag, anchor);
  }
  void OnSequenceEnd() override { tree_.close(); }
  void OnMapEnd() override { tree_.close(); }

  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuse_anchor(mark); }

  void explain(const YAML::Exception& exception) {
    const auto known =
        std::ranges::find(translations, std::string_view(exception.msg), &Translation::theirs);
    const Place at = exception.mark.is_null() ? Place{} : place(exception.mark);
    if (known == translations.end()) return tree_.problem(at, exception.msg);
    tree_.problem(at, std::string(known->ours), std::string(known->hint));
  }

  bool found_nothing() const { return documents_ == 0; }

 private:
  Place place(const YAML::Mark& mark) { return places_.at(static_cast<std::size_t>(mark.pos)); }

  // Of a value that is left out, yaml-cpp has the mark of whatever comes next. Nobody writes a null
  // in the line below its key.
  Place null_place(const YAML::Mark& mark) {
    const Place at = place(mark);
    const bool in_map = tree_.container() && tree_.container()->kind == NodeKind::map;
    return in_map && at.line != key_.line ? key_ : at;
  }

  [[noreturn]] void refuse(const YAML::Mark& mark, std::string message, std::string hint = {}) {
    tree_.problem(place(mark), std::move(message), std::move(hint));
    throw Stop{};
  }

  [[noreturn]] void refuse_anchor(const YAML::Mark& mark) {
    refuse(mark, "anchors (&) and aliases (*) are not supported",
           "write the value out; text that begins with & or * must be quoted");
  }

  // yaml-cpp's "?" is a plain value and "!" a quoted one; but "!" is also what `! 5` says, and only
  // the source tells them apart.
  void refuse_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse_anchor(mark);
    const auto at = static_cast<std::size_t>(mark.pos);
    const bool written = at < tree_.text().size() && tree_.text()[at] == '!';
    if (written || (tag != "?" && tag != "!" && !tag.empty()))
      refuse(mark, "tags (!) are not supported", "text that begins with ! must be quoted");
  }

  // yaml-cpp takes the end of the file for a closing quote.
  void refuse_open_quote(const YAML::Mark& mark) {
    if (!quote_closes(std::string_view(tree_.text()).substr(static_cast<std::size_t>(mark.pos))))
      refuse(mark, "the quote that closes this text is missing");
  }

  void open(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    refuse_properties(mark, tag, anchor);
    if (tree_.awaits_key())
      refuse(mark, "a key must be text, not a list or a map", "is a bracket left open?");
    if (!tree_.open(kind, place(mark))) throw Stop{};
  }

  TreeBuilder& tree_;
  PlaceFinder places_;
  Place key_;  // the last
  int documents_ = 0;
};

// A file of comments only has no document.
void read_all(TreeBuilder& tree) {
  Reader reader(tree);
  std::istringstream stream(tree.text());
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(reader)) {
    }
    if (reader.found_nothing()) tree.problem({}, "there is nothing but comments");
  } catch (const Stop&) {  // the problem is recorded
  } catch (const YAML::Exception& exception) {
    reader.explain(exception);
  }
}

// A value from the command line is in no file.
void forget_places(Node& node) {
  node.line = node.column = 0;
  for (Node& child : node.children) forget_places(child);
}

}  // namespace

Result<Document> parse_yaml(std::string file, std::string text) {
  TreeBuilder tree(std::move(file), std::move(text));
  if (tree.accept_source(largest_file)) read_all(tree);
  return tree.finish();
}

Result<Node> parse_value(std::string_view text) {
  const bool nothing = text.find_first_not_of(" \t\r\n") == text.npos;
  auto document = parse_yaml({}, nothing ? "null" : std::string(text));
  if (document) {
    forget_places(document->root);
    return std::move(document->root);
  }
  Problems problems = document.problems();
  for (Problem& problem : problems) problem.at = {};
  return problems;
}

}  // namespace attncalc
