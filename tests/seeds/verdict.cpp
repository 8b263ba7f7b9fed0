// SPDX-License-Identifier: Apache-2.0
//
// Reading what a text prints, and holding a figure against it.
#include "seeds/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace attncalc::seeds {
namespace {

struct Unit {
  std::string_view name;
  int power;    // of 1000, or of 1024 where the text means that
  bool binary;  // says so itself: MiB
};
constexpr std::array<Unit, 20> units = {{
    {"KB", 1, false},    {"MB", 2, false},    {"GB", 3, false},    {"TB", 4, false},
    {"KiB", 1, true},    {"MiB", 2, true},    {"GiB", 3, true},    {"TiB", 4, true},
    {"K", 1, false},     {"M", 2, false},     {"G", 3, false},     {"T", 4, false},
    {"KFLOP", 1, false}, {"MFLOP", 2, false}, {"GFLOP", 3, false}, {"TFLOP", 4, false},
    {"kB", 1, false},    {"GB/s", 3, false},  {"TB/s", 4, false},  {"B", 0, false},
}};

double factor(const std::string& unit, Prefixes prefixes) {
  if (unit == "%") return 1 / 100.0;
  const auto* found = std::ranges::find(units, unit, &Unit::name);
  if (found == units.end()) return 1;  // heads, tokens, x
  const bool binary = found->binary || prefixes == Prefixes::iec;
  return std::pow(binary ? std::pow(2.0, 10) : std::pow(10.0, 3), found->power);
}

// Half of the last digit of "25.8"; where zeros at the end are no digits, "200" has one digit.
double half_digit(const std::string& digits, bool about) {
  const std::size_t dot = digits.find('.');
  if (dot != std::string::npos)
    return std::pow(10.0, -static_cast<double>(digits.size() - dot - 1)) / 2;
  const std::size_t last = about ? digits.find_last_not_of('0') : digits.size() - 1;
  return std::pow(10.0, static_cast<double>(digits.size() - 1 - last)) / 2;
}

class Reader {
 public:
  Reader(const std::string& text, Prefixes prefixes) : text_(text), prefixes_(prefixes) {}

  Stated all() {
    about_ = take('~');
    Stated stated;
    stated.about = about_;
    if (take('<')) stated.kind = Stated::Kind::below;
    if (take('>')) stated.kind = Stated::Kind::above;
    term(stated);
    while (take('+')) {  // "8 MB + 256 KB": as fine as its finest part
      Stated more;
      term(more);
      stated.low += more.low;
      stated.high += more.high;
      stated.half_digit = std::min(stated.half_digit, more.half_digit);
    }
    if (at_ != text_.size()) throw std::runtime_error("what is stated is no figure: " + text_);
    return stated;
  }

 private:
  void term(Stated& out) {
    const bool negative = take('-');
    const std::string low = digits();
    const std::string high = take('-') ? digits() : low;
    if (high != low) out.kind = Stated::Kind::range;
    const double unit = factor(word(), prefixes_) * (negative ? -1 : 1);
    out.low = std::stod(low) * unit;
    out.high = std::stod(high) * unit;
    out.half_digit = half_digit(high, about_) * std::abs(unit);
  }

  std::string digits() {
    return run([](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  }
  std::string word() {
    std::string unit = run([](char c) { return c != ' ' && c != '+'; });
    skip_blanks();
    while (at_ < text_.size() && text_[at_] != '+') ++at_;  // "x of the pool": only a remark
    return unit;
  }

  template <class Belongs>
  std::string run(Belongs belongs) {
    skip_blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  const std::string& text_;
  Prefixes prefixes_;
  bool about_ = false;
  std::size_t at_ = 0;
};

bool hits(const Stated& s, double figure) {
  return s.kind == Stated::Kind::figure && same(s.low, figure);
}

bool prints_as(const Stated& s, double figure) {
  if (s.kind == Stated::Kind::below) return figure < s.low;
  if (s.kind == Stated::Kind::above) return figure > s.low;
  const double slack = s.half_digit * (1 + 1e-9);  // of the division; the digits decide
  return figure >= s.low - slack && figure <= s.high + slack;
}

bool is_cut_to(const Stated& s, double figure) {
  const double beyond = std::abs(figure) - std::abs(s.low);
  return s.kind == Stated::Kind::figure && !s.about && figure * s.low > 0 && beyond >= 0 &&
         beyond < 2 * s.half_digit;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  constexpr std::array<std::string_view, 5> names = {"exact", "unit-sloppy", "imprecise", "wrong",
                                                     "out of scope"};
  return names[static_cast<std::size_t>(verdict)];
}

Stated read_stated(const std::string& text, Prefixes prefixes) {
  return Reader(text, prefixes).all();
}

bool same(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

Match match(const std::string& stated, double figure) {
  const Stated si = read_stated(stated, Prefixes::si);
  const Stated iec = read_stated(stated, Prefixes::iec);
  if (hits(si, figure)) return Match::as_stated;
  if (hits(iec, figure)) return Match::other_unit;
  if (prints_as(si, figure)) return Match::as_stated;
  if (prints_as(iec, figure) || is_cut_to(si, figure)) return Match::other_unit;
  return Match::none;
}

Verdict judge(Match plain, std::optional<Match> under_condition) {
  if (plain == Match::as_stated) return Verdict::exact;
  if (plain == Match::other_unit) return Verdict::unit_sloppy;
  if (under_condition && *under_condition != Match::none) return Verdict::imprecise;
  return Verdict::wrong;
}

}  // namespace attncalc::seeds
