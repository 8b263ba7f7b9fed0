// SPDX-License-Identifier: Apache-2.0
//
// Globs by the usual two pointers; regular expressions by Thompson's construction: every part of
// the pattern becomes steps of an automaton, and all states that a text can be in are followed at
// once.
#include "base/pattern.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>

namespace attncalc {
namespace {

using Step = Regex::Step;
using Do = Step::Do;

// --- globs ---------------------------------------------------------------------------------------

// The length of the element that a glob begins with, and whether it takes `c`.
struct GlobElement {
  std::size_t length = 1;
  bool takes = false;
};

GlobElement first_element(std::string_view glob, char c) {
  if (glob.front() == '?') return {1, true};
  const std::size_t close = glob.find(']', 2);
  if (glob.front() != '[' || close == std::string_view::npos) return {1, glob.front() == c};
  const bool negated = glob[1] == '!';
  bool inside = false;
  for (std::size_t i = negated ? 2 : 1; i < close; ++i) {
    const bool range = i + 2 < close && glob[i + 1] == '-';
    inside = inside || (range ? glob[i] <= c && c <= glob[i + 2] : glob[i] == c);
    if (range) i += 2;
  }
  return {close + 1, inside != negated};
}

// --- regular expressions: the parser
// --------------------------------------------------------------

constexpr std::size_t most_steps = 4'096;

// Builds the automaton while it reads. A piece of it is a span of steps that is entered at its
// first and left by falling off its end.
class Builder {
 public:
  explicit Builder(std::string_view pattern) : rest_(pattern) {}

  bool build() {
    alternatives(0);
    if (!rest_.empty() && wrong_.empty()) wrong_ = "a ) without its (";
    add({.what = Do::accept});
    return wrong_.empty();
  }
  std::vector<Step>& steps() { return steps_; }
  const std::string& wrong() const { return wrong_; }

 private:
  static constexpr int deepest = 64;

  std::uint32_t here() const { return static_cast<std::uint32_t>(steps_.size()); }
  void add(Step step) {
    if (steps_.size() >= most_steps) return fail("it is too long");
    if (step.what != Do::split && step.what != Do::jump) step.next = here() + 1;
    steps_.push_back(step);
  }
  void fail(std::string why) {
    if (wrong_.empty()) wrong_ = std::move(why);
    rest_ = {};
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  // Makes room for a step before the piece that begins at `from`.
  void insert(std::uint32_t from, Step step) {
    if (steps_.size() >= most_steps) return fail("it is too long");
    steps_.insert(steps_.begin() + from, step);
    for (std::uint32_t i = from + 1; i < here(); ++i) {
      if (steps_[i].next >= from) ++steps_[i].next;
      if (steps_[i].other >= from) ++steps_[i].other;
    }
  }

  // a|b|c: a split before each but the last, a jump to the end after each.
  void alternatives(int depth) {
    if (depth > deepest) return fail("it is nested too deeply");
    std::vector<std::uint32_t> ends;
    std::uint32_t from = here();
    sequence(depth);
    while (take("|")) {
      insert(from, {.what = Do::split, .next = from + 1});
      ends.push_back(here());
      add({.what = Do::jump});
      if (!wrong_.empty()) return;
      steps_[from].other = here();
      from = here();
      sequence(depth);
    }
    for (const std::uint32_t end : ends) steps_[end].next = here();
  }

  void sequence(int depth) {
    while (!rest_.empty() && rest_.front() != '|' && rest_.front() != ')') {
      const std::uint32_t from = here();
      atom(depth);
      while (wrong_.empty() && repeat(from)) {
      }
    }
  }

  void atom(int depth) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return set();
      case '^':
        return add({.what = Do::at_start});
      case '$':
        return add({.what = Do::at_end});
      case '.':
        return read(std::bitset<256>().set());
      case '\\':
        return read(escaped());
      case '*':
      case '+':
      case '?':
        return fail("there is nothing to repeat");
      default:
        return read(only(c));
    }
  }

  void group(int depth) {
    const bool negative = take("?!");
    if (negative || take("?=")) return look_ahead(depth, negative);
    if (!take("?:") && rest_.starts_with('?')) return fail("(? … ) is not supported");
    alternatives(depth + 1);
    if (!take(")")) fail("a ( without its )");
  }

  // The inner pattern stands in line behind the step, with an accept of its own; `next` is after
  // it.
  void look_ahead(int depth, bool negative) {
    // One inside another would take time to the power of their depth.
    if (looks_ahead_) return fail("a lookahead inside of another is not supported");
    looks_ahead_ = true;
    const std::uint32_t at = here();
    add({.what = negative ? Do::not_ahead : Do::ahead});
    alternatives(depth + 1);
    if (!take(")")) return fail("a ( without its )");
    add({.what = Do::accept});
    looks_ahead_ = false;
    if (!wrong_.empty()) return;
    steps_[at].other = at + 1;
    steps_[at].next = here();
  }

  void read(const std::bitset<256>& set) { add({.what = Do::read, .set = set}); }

  static std::bitset<256> only(char c) {
    return std::bitset<256>().set(static_cast<unsigned char>(c));
  }
  static std::bitset<256> range(char from, char to) {
    std::bitset<256> out;
    for (int c = static_cast<unsigned char>(from); c <= static_cast<unsigned char>(to); ++c) {
      out.set(static_cast<std::size_t>(c));
    }
    return out;
  }

  std::bitset<256> escaped() {
    if (rest_.empty()) {
      fail("it ends with a backslash");
      return {};
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    const std::bitset<256> digits = range('0', '9');
    const std::bitset<256> word = digits | range('a', 'z') | range('A', 'Z') | only('_');
    const std::bitset<256> space = only(' ') | range('\t', '\r');
    switch (c) {
      case 'd':
        return digits;
      case 'D':
        return ~digits;
      case 'w':
        return word;
      case 'W':
        return ~word;
      case 's':
        return space;
      case 'S':
        return ~space;
      default:
        break;
    }
    if (word.test(static_cast<unsigned char>(c))) fail(fmt::format("\\{} is not supported", c));
    return only(c);
  }

  void set() {
    const bool negated = take("^");
    std::bitset<256> out;
    for (bool first = true; rest_.empty() || rest_.front() != ']' || first; first = false) {
      if (rest_.empty()) return fail("a [ without its ]");
      const char c = rest_.front();
      rest_.remove_prefix(1);
      const bool is_range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']' && c != '\\';
      if (is_range) {
        out |= range(c, rest_[1]);
        rest_.remove_prefix(2);
      } else {
        out |= c == '\\' ? escaped() : only(c);
      }
    }
    rest_.remove_prefix(1);
    read(negated ? ~out : out);
  }

  // What follows an atom: * + ? {n} {n,} {n,m}. Lazy forms match the same texts.
  bool repeat(std::uint32_t from) {
    if (take("*")) {
      star(from);
    } else if (take("+")) {
      add({.what = Do::split, .next = from, .other = here() + 1});
    } else if (take("?")) {
      insert(from, {.what = Do::split, .next = from + 1, .other = here() + 1});
    } else if (rest_.starts_with('{')) {
      fail("{n} is not supported");
    } else {
      return false;
    }
    take("?");
    return true;
  }

  void star(std::uint32_t from) {
    insert(from, {.what = Do::split, .next = from + 1});
    add({.what = Do::jump, .next = from});
    if (wrong_.empty()) steps_[from].other = here();
  }

  std::string_view rest_;
  std::vector<Step> steps_;
  std::string wrong_;
  bool looks_ahead_ = false;
};

}  // namespace

bool glob_matches(std::string_view glob, std::string_view text) {
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  std::size_t g = 0, t = 0, star = none, resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
      continue;
    }
    const GlobElement element =
        g < glob.size() ? first_element(glob.substr(g), text[t]) : GlobElement{};
    if (element.takes) {
      g += element.length;
      ++t;
    } else if (star != none) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

Result<Regex> Regex::parse(std::string_view pattern) {
  Builder builder(pattern);
  if (!builder.build()) {
    return usage_problem(
        fmt::format("'{}' is no pattern that can be read here: {}", pattern, builder.wrong()));
  }
  Regex out;
  out.steps_ = std::move(builder.steps());
  return out;
}

// All steps that are reached without reading a character.
void Regex::follow(std::uint32_t step, std::string_view text, std::size_t at,
                   std::vector<std::uint32_t>& states, std::vector<bool>& seen) const {
  std::vector<std::uint32_t> open = {step};
  while (!open.empty()) {
    const std::uint32_t now = open.back();
    open.pop_back();
    if (seen[now]) continue;
    seen[now] = true;
    const Step& s = steps_[now];
    switch (s.what) {
      case Do::read:
      case Do::accept:
        states.push_back(now);
        break;
      case Do::split:
        open.push_back(s.other);
        [[fallthrough]];
      case Do::jump:
        open.push_back(s.next);
        break;
      case Do::at_start:
        if (at == 0) open.push_back(s.next);
        break;
      case Do::at_end:
        if (at == text.size()) open.push_back(s.next);
        break;
      case Do::ahead:
      case Do::not_ahead:
        if (runs(s.other, text, at) == (s.what == Do::ahead)) open.push_back(s.next);
        break;
    }
  }
}

bool Regex::runs(std::uint32_t from, std::string_view text, std::size_t at) const {
  std::vector<std::uint32_t> states, after;
  std::vector<bool> seen(steps_.size());
  follow(from, text, at, states, seen);
  for (; !states.empty(); ++at) {
    after.clear();
    seen.assign(steps_.size(), false);
    for (const std::uint32_t state : states) {
      const Step& s = steps_[state];
      if (s.what == Do::accept) return true;
      const bool fits = at < text.size() && s.set.test(static_cast<unsigned char>(text[at]));
      if (fits) follow(s.next, text, at + 1, after, seen);
    }
    states.swap(after);
  }
  return false;
}

bool Regex::matches_start_of(std::string_view text) const { return runs(0, text, 0); }

}  // namespace attncalc
