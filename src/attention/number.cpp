// SPDX-License-Identifier: Apache-2.0
//
// How a traced number writes itself down: products drop factors of one, sums get brackets inside a
// product, and each named input is listed once.
#include "attention/number.hpp"

#include <fmt/format.h>

namespace attncalc {
namespace {

std::string text_of(Count value) { return std::to_string(value.value); }
std::string text_of(double value) { return fmt::format("{}", value); }

template <class V>
void take_factors(BasicTraced<V>& into, const BasicTraced<V>& from) {
  for (const BasicFactor<V>& factor : from.factors) {
    if (std::find(into.factors.begin(), into.factors.end(), factor) == into.factors.end()) {
      into.factors.push_back(factor);
    }
  }
}

template <class V>
std::string bracketed(const BasicTraced<V>& part, const std::string& text) {
  return part.is_sum ? "(" + text + ")" : text;
}

template <class V>
BasicTraced<V> combine(V value, const BasicTraced<V>& a, const BasicTraced<V>& b,
                       std::string symbols, std::string numbers) {
  BasicTraced<V> out(value);
  out.symbols = std::move(symbols);
  out.numbers = std::move(numbers);
  take_factors(out, a);
  take_factors(out, b);
  return out;
}

template <class V>
BasicTraced<V> call(std::string_view name, V value, const BasicTraced<V>& a,
                    const BasicTraced<V>& b) {
  const std::string open = std::string(name) + "(";
  return combine(value, a, b, open + a.symbols + ", " + b.symbols + ")",
                 open + a.numbers + ", " + b.numbers + ")");
}

template <class V>
bool is_plain(const BasicTraced<V>& n, std::int64_t value) {
  return n.factors.empty() && n.value == BasicTraced<V>(V(value)).value;
}

template <class V>
BasicTraced<V> sum(const BasicTraced<V>& a, const BasicTraced<V>& b) {
  if (is_plain(a, 0)) return b;
  if (is_plain(b, 0)) return a;
  BasicTraced<V> out = combine(a.value + b.value, a, b, a.symbols + " + " + b.symbols,
                               a.numbers + " + " + b.numbers);
  out.is_sum = true;
  return out;
}

template <class V>
BasicTraced<V> product(const BasicTraced<V>& a, const BasicTraced<V>& b) {
  if (is_plain(a, 0) || is_plain(b, 0)) return {};
  if (is_plain(a, 1)) return b;
  if (is_plain(b, 1)) return a;
  return combine(a.value * b.value, a, b, bracketed(a, a.symbols) + " × " + bracketed(b, b.symbols),
                 bracketed(a, a.numbers) + " × " + bracketed(b, b.numbers));
}

template <class V>
BasicTraced<V> named(std::string_view name, V value, typename FactorValue<V>::type kept,
                     Origin origin) {
  BasicTraced<V> out(value);
  out.symbols = std::string(name);
  out.factors.push_back({std::string(name), kept, origin});
  return out;
}

}  // namespace

template <class V>
BasicTraced<V>::BasicTraced(V v) : value(v), symbols(text_of(v)), numbers(symbols) {}
template struct BasicTraced<Count>;
template struct BasicTraced<double>;

Traced operator+(const Traced& a, const Traced& b) { return sum(a, b); }
Traced operator*(const Traced& a, const Traced& b) { return product(a, b); }
TracedReal operator+(const TracedReal& a, const TracedReal& b) { return sum(a, b); }
TracedReal operator*(const TracedReal& a, const TracedReal& b) { return product(a, b); }

Traced ceil_div(const Traced& a, const Traced& b) {
  if (is_plain(b, 1)) return a;
  return call("ceil_div", ceil_div(a.value, b.value), a, b);
}

TracedReal ceil_div(const TracedReal& a, const TracedReal& b) {
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
  return named<Count>(name, dim.value, dim.value, dim.origin);
}

template <>
TracedReal factor<TracedReal>(std::string_view name, Dim dim) {
  const auto value = static_cast<double>(dim.value);
  return named<double>(name, value, value, dim.origin);
}

template <>
TracedReal real_factor<TracedReal>(std::string_view name, double value) {
  return named<double>(name, value, value, Origin::none);
}

}  // namespace attncalc
