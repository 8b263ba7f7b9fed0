// SPDX-License-Identifier: Apache-2.0
//
// Reading, playing, comparing and rewriting transcripts; see transcript.hpp for the notation. A
// text becomes a list of items (prose, input files, commands), commands are played in order, and
// the items written out again are the blessed text: whatever is not an output stays untouched.
#include "golden/transcript.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <regex>
#include <stdexcept>
#include <utility>

namespace attncalc::golden {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view elision = "…";
constexpr std::string_view file_mark = "--- file ";

struct Item {
  enum class Kind { prose, file, command } kind = Kind::prose;
  int line = 0;            // of the text, from 1
  Lines written;           // prose; the heading of a file; what is typed, with its continuations
  std::string name;        // of a file
  Lines body;              // of a file; what a command is expected to print
  bool separated = false;  // a command: a blank line follows its output
};

struct Text {
  std::vector<Item> items;
  std::string errors;
};

// --- lines ---------------------------------------------------------------------------------------

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string join_lines(const Lines& lines) {
  std::string text;
  for (const auto& line : lines) text += line + '\n';
  return text;
}

bool is_comment(std::string_view line) { return line == "#" || line.starts_with("# "); }

bool is_mark(std::string_view line) {
  return line.starts_with("$ ") || line.starts_with(file_mark) || is_comment(line);
}

bool needs_backslash(std::string_view line) {
  return is_mark(line) || line.starts_with("!") || line.starts_with("=> ") ||
         line.starts_with("\\") || line == elision;
}

// Control characters as \x1b, so that a transcript is a text that any editor leaves alone.
std::string visible(std::string_view line) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = (byte < ' ' && c != '\t') || byte == '\x7f';
    if (control) {
      out += {'\\', 'x', digits[byte / 16U], digits[byte % 16U]};
    } else {
      out += c;
    }
  }
  return out;
}

bool calls_attncalc(std::string_view line) {
  static const std::regex call("^\\$ ([A-Za-z_][A-Za-z_0-9]*=[^ ]* )*attncalc( .*)?$");
  return std::regex_match(line.begin(), line.end(), call);
}

// --- reading -------------------------------------------------------------------------------------

// Reads lines one after another; `first` is the number of the first in the file.
class Reader {
 public:
  Reader(Lines lines, int first, Text& text)
      : lines_(std::move(lines)), first_(first), text_(text) {}

  void transcript() {
    while (!done()) {
      if (peek().starts_with("$ ")) {
        command();
      } else if (peek().starts_with(file_mark)) {
        file();
      } else {
        if (!peek().empty() && !is_comment(peek())) {
          error("neither a comment, a file nor a command, and no command is before it");
        }
        prose();
      }
    }
  }

  void markdown() {
    while (!done()) {
      const std::string line = peek();
      if (line.starts_with("```") && line != "```") {
        fenced(line.substr(3));
      } else {
        if (line.find("$ attncalc ") != std::string::npos) {
          error("an example outside a ```console block is never run");
        }
        prose();
      }
    }
  }

 private:
  bool done() const { return at_ == lines_.size(); }
  const std::string& peek() const { return lines_[at_]; }
  int line() const { return first_ + static_cast<int>(at_); }

  Item& item(Item::Kind kind) {
    text_.items.push_back({.kind = kind, .line = line(), .written = {}, .name = {}, .body = {}});
    return text_.items.back();
  }
  void error(const std::string& what) {
    text_.errors += "line " + std::to_string(line()) + ": " + what + "\n";
  }
  std::string take() { return lines_[at_++]; }
  void prose() { item(Item::Kind::prose).written = {take()}; }

  void command() {
    Item& command = item(Item::Kind::command);
    do command.written.push_back(take());
    while (!done() && command.written.back().ends_with(" \\"));
    while (!done() && !is_mark(peek())) command.body.push_back(take());
    command.separated = !command.body.empty() && command.body.back().empty();
    if (command.separated) command.body.pop_back();
  }

  void file() {
    Item& file = item(Item::Kind::file);
    file.written = {take()};
    file.name = file.written.front().substr(file_mark.size());
    while (!done() && !peek().starts_with("$ ") && !peek().starts_with(file_mark)) {
      file.body.push_back(take());
    }
  }

  // The lines up to the closing fence are a transcript, an input file, or none of our business.
  void fenced(const std::string& info) {
    prose();
    const int first = line();
    Lines inside;
    while (!done() && !peek().starts_with("```")) inside.push_back(take());
    const auto name = info.find(" file=");
    const bool calls = std::any_of(inside.begin(), inside.end(), calls_attncalc);
    if (info == "console" && !inside.empty() && calls_attncalc(inside.front())) {
      Reader(inside, first, text_).transcript();
    } else {
      if (calls) error("an example is run only in a ```console block that starts with it");
      text_.items.push_back(
          {.kind = name == std::string::npos ? Item::Kind::prose : Item::Kind::file,
           .line = first,
           .written = {},
           .name = name == std::string::npos ? "" : info.substr(name + 6),
           .body = inside});
    }
    if (!done()) prose();
  }

  Lines lines_;
  std::size_t at_ = 0;
  int first_;
  Text& text_;
};

Text read(std::string_view text, Syntax syntax) {
  Text out;
  Reader reader(split_lines(text), 1, out);
  if (syntax == Syntax::markdown) {
    reader.markdown();
  } else {
    reader.transcript();
  }
  return out;
}

std::string write(const std::vector<Item>& items) {
  std::string text;
  for (const auto& item : items) {
    text += join_lines(item.written) + join_lines(item.body);
    if (item.separated) text += '\n';
  }
  return text;
}

// --- placeholders --------------------------------------------------------------------------------

struct Placeholder {
  std::string_view name;
  std::string_view pattern;
};

constexpr std::string_view number = "-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?";
constexpr std::array placeholders = {
    Placeholder{"%number", ""},
    Placeholder{"%time", " ?(?:ns|us|µs|ms|s|min|h)"},
    Placeholder{"%rate", " ?[kKMGTPE]?i?[A-Za-z]*/s"},
    Placeholder{"%bytes", " ?(?:[kKMGTPE]i?)?B"},
    Placeholder{"%percent", " ?%"},
    Placeholder{"%count", "(?:,[0-9]{3})*"},
    Placeholder{"%version", "\\.[0-9]+(?:[-+.][0-9A-Za-z.]+)?"},
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// The placeholder that `text` begins with, or null.
const Placeholder* placeholder_at(std::string_view text) {
  for (const auto& one : placeholders) {
    const auto size = one.name.size();
    if (text.starts_with(one.name) && (text.size() == size || !is_letter(text[size]))) return &one;
  }
  return nullptr;
}

bool has_placeholder(std::string_view line) {
  for (std::size_t i = line.find('%'); i < line.size(); i = line.find('%', i + 1)) {
    if (placeholder_at(line.substr(i)) != nullptr) return true;
  }
  return false;
}

std::regex as_regex(std::string_view line) {
  std::string pattern;
  for (std::size_t i = 0; i < line.size();) {
    if (const auto* one = placeholder_at(line.substr(i))) {
      pattern += "(?:" + std::string(number) + std::string(one->pattern) + ")";
      i += one->name.size();
    } else if (line[i] == ' ') {
      pattern += i == 0 ? " *" : " +";
      i = std::min(line.find_first_not_of(' ', i), line.size());
    } else {
      if (std::string_view("\\^$.|?*+()[]{}").find(line[i]) != std::string_view::npos) {
        pattern += '\\';
      }
      pattern += line[i++];
    }
  }
  return std::regex(pattern);
}

// --- comparing -----------------------------------------------------------------------------------

enum class Change { same, elided, missing, added };

// One step of the way from what is expected to what was printed.
struct Step {
  Change change;
  std::size_t expected;  // index of the line, where there is one
  std::size_t actual;
};

// Fewest lines missing or added, over all ways to lay the one beside the other (an elision takes
// any number of printed lines for nothing).
class Alignment {
 public:
  Alignment(const Lines& expected, const Lines& actual)
      : expected_(expected), actual_(actual), width_(actual.size() + 1) {
    cost_.resize((expected.size() + 1) * width_);
    for (std::size_t i = expected.size() + 1; i-- > 0;) {
      for (std::size_t j = width_; j-- > 0;) cost(i, j) = best(i, j).second;
    }
  }

  std::vector<Step> steps() {
    std::vector<Step> out;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < expected_.size() || j < actual_.size()) {
      const Change change = best(i, j).first;
      const bool ends_elision = change == Change::elided && !takes(i, j);
      out.push_back({change, i, ends_elision ? actual_.size() : j});
      if (change == Change::same || change == Change::missing || ends_elision) ++i;
      if (change == Change::same || change == Change::added) ++j;
      if (change == Change::elided && !ends_elision) ++j;
    }
    return out;
  }

 private:
  int& cost(std::size_t i, std::size_t j) { return cost_[i * width_ + j]; }

  // At an elision: whether it takes the next printed line too.
  bool takes(std::size_t i, std::size_t j) {
    return j < actual_.size() && cost(i, j + 1) < cost(i + 1, j);
  }

  // The best first step from here, and what the whole way then costs.
  std::pair<Change, int> best(std::size_t i, std::size_t j) {
    const bool more_expected = i < expected_.size();
    const bool more_actual = j < actual_.size();
    if (!more_expected && !more_actual) return {Change::same, 0};
    if (more_expected && expected_[i] == elision) {
      const int ends = cost(i + 1, j);
      return {Change::elided, more_actual ? std::min(ends, cost(i, j + 1)) : ends};
    }
    if (more_expected && more_actual && line_matches(expected_[i], actual_[j])) {
      return {Change::same, cost(i + 1, j + 1)};
    }
    const int missing = more_expected ? 1 + cost(i + 1, j) : never;
    const int added = more_actual ? 1 + cost(i, j + 1) : never;
    return missing <= added ? std::pair(Change::missing, missing) : std::pair(Change::added, added);
  }

  static constexpr int never = 1 << 28;
  const Lines& expected_;
  const Lines& actual_;
  std::size_t width_;
  std::vector<int> cost_;
};

bool differs(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    return step.change == Change::missing || step.change == Change::added;
  });
}

// What stays as it was written (placeholders, elisions), with what was printed for the rest.
Lines blessed_lines(const std::vector<Step>& steps, const Lines& expected, const Lines& actual) {
  Lines out;
  for (const auto& step : steps) {
    if (step.change == Change::added) out.push_back(actual[step.actual]);
    if (step.change == Change::same) out.push_back(expected[step.expected]);
    const bool whole_elision = step.change == Change::elided && step.actual == actual.size();
    if (whole_elision) out.push_back(expected[step.expected]);
  }
  return out;
}

constexpr std::size_t context = 3;

bool near_a_change(const std::vector<Step>& steps, std::size_t at) {
  const std::size_t from = at < context ? 0 : at - context;
  const std::size_t to = std::min(steps.size(), at + context + 1);
  return differs({steps.begin() + static_cast<std::ptrdiff_t>(from),
                  steps.begin() + static_cast<std::ptrdiff_t>(to)});
}

std::string hunk_line(const Step& step, const Lines& expected, const Lines& actual) {
  switch (step.change) {
    case Change::missing:
      return "-" + expected[step.expected];
    case Change::added:
      return "+" + actual[step.actual];
    case Change::elided:
      return step.actual < actual.size() ? " … " + actual[step.actual] : "";
    case Change::same:
      break;
  }
  return " " + expected[step.expected];
}

std::string unified(const std::vector<Step>& steps, const Lines& expected, const Lines& actual,
                    int first_line) {
  std::string out;
  bool inside = false;
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (!near_a_change(steps, at)) {
      inside = false;
      continue;
    }
    if (!inside) {
      const auto line = static_cast<std::size_t>(first_line) + steps[at].expected;
      out += "@@ line " + std::to_string(line) + " @@\n";
    }
    inside = true;
    const std::string text = hunk_line(steps[at], expected, actual);
    if (!text.empty()) out += text + "\n";
  }
  return out;
}

// --- playing -------------------------------------------------------------------------------------

std::string typed(const Item& command) {
  std::string out;
  for (const auto& line : command.written) {
    out += line.ends_with(" \\") ? line.substr(0, line.size() - 1) : line;
  }
  return out.substr(2);
}

void play_command(std::string_view name, Item& command, const Host& host, Verdict& verdict) {
  ++verdict.commands;
  Lines actual;
  try {
    actual = outcome_lines(host.run(parse_command(typed(command))));
  } catch (const std::exception& problem) {
    verdict.errors += std::string(name) + ":" + std::to_string(command.line) + ": $ " +
                      typed(command) + "\n" + problem.what() + "\n";
    return;
  }
  const auto steps = Alignment(command.body, actual).steps();
  if (!differs(steps)) return;
  const int first = command.line + static_cast<int>(command.written.size());
  verdict.diffs += "--- " + std::string(name) + ":" + std::to_string(command.line) +
                   " (as written)\n+++ $ " + typed(command) + " (as printed)\n" +
                   unified(steps, command.body, actual, first);
  command.body = blessed_lines(steps, command.body, actual);
  // A last line that is blank would be read back as the separation.
  if (!command.body.empty() && command.body.back().empty()) command.separated = true;
}

void write_file(const Item& file, const Host& host) {
  Lines lines = file.body;
  for (auto& line : lines) {
    if (line.starts_with("\\$ ") || line.starts_with("\\" + std::string(file_mark))) {
      line.erase(0, 1);
    }
  }
  host.write(file.name, join_lines(lines));
}

}  // namespace

bool line_matches(const std::string& expected, const std::string& actual) {
  if (expected == actual) return true;
  return has_placeholder(expected) && std::regex_match(actual, as_regex(expected));
}

std::vector<std::string> outcome_lines(const Outcome& outcome) {
  Lines lines;
  for (const auto& line : split_lines(outcome.out)) {
    lines.push_back((needs_backslash(line) ? "\\" : "") + visible(line));
  }
  if (!outcome.out.empty() && !outcome.out.ends_with('\n')) {
    lines.emplace_back("\\ no newline at the end of stdout");
  }
  for (const auto& line : split_lines(outcome.err)) {
    lines.push_back(line.empty() ? "!" : "! " + visible(line));
  }
  if (outcome.exit_code != 0) lines.push_back("=> exit " + std::to_string(outcome.exit_code));
  return lines;
}

namespace {

// Words of a line as a shell would see them, quotes and backslashes taken off.
class Words {
 public:
  explicit Words(std::string_view typed) : typed_(typed) {}

  std::vector<std::string> all() {
    std::vector<std::string> words;
    while (skip_blanks()) words.push_back(word());
    return words;
  }

 private:
  bool skip_blanks() {
    while (at_ < typed_.size() && typed_[at_] == ' ') ++at_;
    return at_ < typed_.size();
  }

  std::string word() {
    std::string out;
    while (at_ < typed_.size() && typed_[at_] != ' ') {
      const char c = typed_[at_++];
      if (c == '\'' || c == '"') {
        out += quoted(c);
      } else if (c == '\\' && at_ < typed_.size()) {
        out += typed_[at_++];
      } else if (std::string_view("|&;<>()$`*?~").find(c) != std::string_view::npos) {
        throw std::invalid_argument(std::string("no shell runs here: quote the ") + c);
      } else {
        out += c;
      }
    }
    return out;
  }

  std::string quoted(char mark) {
    const auto end = typed_.find(mark, at_);
    if (end == std::string_view::npos) throw std::invalid_argument("a quote is never closed");
    const auto inside = typed_.substr(at_, end - at_);
    at_ = end + 1;
    return std::string(inside);
  }

  std::string_view typed_;
  std::size_t at_ = 0;
};

}  // namespace

Command parse_command(std::string_view typed) {
  static const std::regex assignment("([A-Za-z_][A-Za-z_0-9]*)=(.*)");
  Command command;
  command.words = Words(typed).all();
  std::smatch match;
  while (!command.words.empty() && std::regex_match(command.words.front(), match, assignment)) {
    command.environment[match[1]] = match[2];
    command.words.erase(command.words.begin());
  }
  if (command.words.empty()) throw std::invalid_argument("no command after the $");
  return command;
}

Verdict play(std::string_view name, std::string_view text, Syntax syntax, const Host& host) {
  Verdict verdict;
  Text read_text = read(text, syntax);
  verdict.errors = read_text.errors;
  for (auto& item : read_text.items) {
    if (item.kind == Item::Kind::file) write_file(item, host);
    if (item.kind == Item::Kind::command) play_command(name, item, host, verdict);
  }
  if (syntax == Syntax::transcript && verdict.commands == 0) {
    verdict.errors += "no command in " + std::string(name) + "\n";
  }
  verdict.blessed = write(read_text.items);
  return verdict;
}

}  // namespace attncalc::golden
