// SPDX-License-Identifier: Apache-2.0
//
// A recursive-descent evaluator: sum → product → power → atom.
#include "seeds/arithmetic.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace attncalc::seeds {
namespace {

struct Function {
  std::string_view name;
  double (*apply)(double,
                  double);  // the second argument is the first again where only one is given
};
constexpr std::array<Function, 7> functions = {{
    {"ceil", [](double a, double) { return std::ceil(a); }},
    {"floor", [](double a, double) { return std::floor(a); }},
    {"sqrt", [](double a, double) { return std::sqrt(a); }},
    {"log2", [](double a, double) { return std::log2(a); }},
    {"exp", [](double a, double) { return std::exp(a); }},
    {"min", [](double a, double b) { return std::min(a, b); }},
    {"max", [](double a, double b) { return std::max(a, b); }},
}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  double all() {
    const double value = sum();
    skip_blanks();
    if (at_ != text_.size()) fail("unexpected text");
    return value;
  }

 private:
  double sum() {
    double value = product();
    while (true) {
      if (take('+')) {
        value += product();
      } else if (take('-')) {
        value -= product();
      } else {
        return value;
      }
    }
  }

  double product() {
    double value = power();
    while (true) {
      if (take('*')) {
        value *= power();
      } else if (take('/')) {
        value /= power();
      } else {
        return value;
      }
    }
  }

  double power() {
    const double base = atom();
    return take('^') ? std::pow(base, power()) : base;
  }

  double atom() {
    if (take('-')) return -atom();
    if (take('(')) return closed(sum());
    for (const Function& f : functions) {
      if (take_word(f.name)) return call(f);
    }
    return number();
  }

  double call(const Function& f) {
    if (!take('(')) fail("missing (");
    const double first = sum();
    const double second = take(',') ? sum() : first;
    return closed(f.apply(first, second));
  }

  double closed(double value) {
    if (!take(')')) fail("missing )");
    return value;
  }

  double number() {
    skip_blanks();
    const std::string rest(text_.substr(at_));
    char* end = nullptr;
    const double value = std::strtod(rest.c_str(), &end);
    if (end == rest.c_str()) fail("a number is missing");
    at_ += static_cast<std::size_t>(end - rest.c_str());
    return value;
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

double evaluate(std::string_view expression) { return Parser(expression).all(); }

}  // namespace attncalc::seeds
