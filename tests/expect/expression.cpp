// SPDX-License-Identifier: Apache-2.0
//
// A recursive-descent evaluator over exact fractions: sum → product → atom.
#include "expect/expression.hpp"

#include <cctype>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace attncalc::expect {
namespace {

__int128 common(__int128 a, __int128 b) { return b == 0 ? (a < 0 ? -a : a) : common(b, a % b); }

Fraction reduced(__int128 over, __int128 under) {
  if (under == 0) throw std::runtime_error("division by zero in an expectation");
  if (under < 0) return reduced(-over, -under);
  const __int128 divisor = common(over, under);
  return divisor == 0 ? Fraction{0, 1} : Fraction{over / divisor, under / divisor};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Fraction all() {
    const Fraction value = sum();
    skip_blanks();
    if (at_ != text_.size()) fail("unexpected text");
    return value;
  }

 private:
  Fraction sum() {
    Fraction value = product();
    while (true) {
      if (take('+')) {
        const Fraction b = product();
        value = reduced(value.over * b.under + b.over * value.under, value.under * b.under);
      } else if (take('-')) {
        const Fraction b = product();
        value = reduced(value.over * b.under - b.over * value.under, value.under * b.under);
      } else {
        return value;
      }
    }
  }

  Fraction product() {
    Fraction value = atom();
    while (true) {
      if (take('*')) {
        const Fraction b = atom();
        value = reduced(value.over * b.over, value.under * b.under);
      } else if (take('/')) {
        const Fraction b = atom();
        value = reduced(value.over * b.under, value.under * b.over);
      } else {
        return value;
      }
    }
  }

  Fraction atom() {
    if (take('(')) {
      const Fraction value = sum();
      if (!take(')')) fail("missing )");
      return value;
    }
    if (take_word("min(")) return extreme(true);
    if (take_word("max(")) return extreme(false);
    return number();
  }

  Fraction extreme(bool least) {
    Fraction best = sum();
    while (take(',')) {
      const Fraction other = sum();
      const bool less = other.over * best.under < best.over * other.under;
      if (less == least) best = other;
    }
    if (!take(')')) fail("missing )");
    return best;
  }

  Fraction number() {
    skip_blanks();
    if (at_ == text_.size() || !std::isdigit(static_cast<unsigned char>(text_[at_])))
      fail("a number is missing");
    __int128 value = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      value = value * 10 + (text_[at_++] - '0');
    }
    return {value, 1};
  }

  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    skip_blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  void skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw std::runtime_error(why + " at " + std::to_string(at_) + " of " + std::string(text_));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Fraction evaluate(std::string_view expression) { return Parser(expression).all(); }

double as_double(Fraction f) { return static_cast<double>(f.over) / static_cast<double>(f.under); }

bool is_whole(Fraction f) { return f.under == 1; }

std::int64_t whole(Fraction f) {
  if (!is_whole(f)) throw std::runtime_error("an expectation is not whole");
  return static_cast<std::int64_t>(f.over);
}

}  // namespace attncalc::expect
