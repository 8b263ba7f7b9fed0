// SPDX-License-Identifier: Apache-2.0
//
// How a traced number writes itself down: products drop factors of one, sums get brackets inside a
// product, and each named input is listed once.
#include "attention/number.hpp"

namespace attncalc {
namespace {

void take_factors(Traced& into, const Traced& from) {
  for (const Factor& factor : from.factors) {
    if (std::find(into.factors.begin(), into.factors.end(), factor) == into.factors.end()) {
      into.factors.push_back(factor);
    }
  }
}

std::string bracketed(const Traced& part, const std::string& text) {
  return part.is_sum ? "(" + text + ")" : text;
}

Traced combine(Count value, const Traced& a, const Traced& b, std::string symbols,
               std::string numbers) {
  Traced out(value);
  out.symbols = std::move(symbols);
  out.numbers = std::move(numbers);
  take_factors(out, a);
  take_factors(out, b);
  return out;
}

Traced call(std::string_view name, Count value, const Traced& a, const Traced& b) {
  const std::string open = std::string(name) + "(";
  return combine(value, a, b, open + a.symbols + ", " + b.symbols + ")",
                 open + a.numbers + ", " + b.numbers + ")");
}

bool is_plain(const Traced& n, std::int64_t value) { return n.factors.empty() && n.value == value; }

}  // namespace

Traced operator+(const Traced& a, const Traced& b) {
  if (is_plain(a, 0)) return b;
  if (is_plain(b, 0)) return a;
  Traced out = combine(a.value + b.value, a, b, a.symbols + " + " + b.symbols,
                       a.numbers + " + " + b.numbers);
  out.is_sum = true;
  return out;
}

Traced operator*(const Traced& a, const Traced& b) {
  if (is_plain(a, 1)) return b;
  if (is_plain(b, 1)) return a;
  return combine(a.value * b.value, a, b, bracketed(a, a.symbols) + " × " + bracketed(b, b.symbols),
                 bracketed(a, a.numbers) + " × " + bracketed(b, b.numbers));
}

Traced ceil_div(const Traced& a, const Traced& b) {
  if (is_plain(b, 1)) return a;
  return call("ceil_div", ceil_div(a.value, b.value), a, b);
}

Traced floor_div(const Traced& a, const Traced& b) {
  if (is_plain(b, 1)) return a;
  return call("floor_div", floor_div(a.value, b.value), a, b);
}

Traced least(const Traced& a, const Traced& b) {
  return call("min", std::min(a.value, b.value), a, b);
}

template <>
Traced factor<Traced>(std::string_view name, Dim dim) {
  Traced out{Count(dim.value)};
  out.symbols = std::string(name);
  out.factors.push_back({std::string(name), dim.value, dim.origin});
  return out;
}

}  // namespace attncalc
