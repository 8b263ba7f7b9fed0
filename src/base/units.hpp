// SPDX-License-Identifier: Apache-2.0
//
// Units are types. Bytes, FLOPs, seconds and their rates do not mix by accident: bytes divided by
// bytes per second is seconds; bytes plus FLOPs does not compile (tests/does_not_compile holds us
// to it). Whole counts are checked 64-bit integers, `Count`; what physics measures is a double.
//
// A product that leaves 64 bits is bad input (a context of 2^40 tokens times a batch of 2^40), not
// a broken invariant. `Count` throws `Overflow` there, and the pure functions that a verb calls
// catch it in one place and answer with a Problem (see model/kv.hpp): arithmetic stays arithmetic.
#pragma once

#include <compare>
#include <cstdint>
#include <exception>

namespace attncalc {

class Overflow : public std::exception {
 public:
  const char* what() const noexcept override { return "a figure is above 2^63 - 1"; }
};

// A non-negative whole number that refuses to wrap around.
struct Count {
  std::int64_t value = 0;

  constexpr Count() = default;
  constexpr Count(std::int64_t v) : value(v) {}  // NOLINT: a literal is a count
  constexpr auto operator<=>(const Count&) const = default;

  friend constexpr Count operator+(Count a, Count b) {
    std::int64_t out = 0;
    if (__builtin_add_overflow(a.value, b.value, &out)) throw Overflow();
    return out;
  }
  friend constexpr Count operator-(Count a, Count b) {
    std::int64_t out = 0;
    if (__builtin_sub_overflow(a.value, b.value, &out)) throw Overflow();
    return out;
  }
  friend constexpr Count operator*(Count a, Count b) {
    std::int64_t out = 0;
    if (__builtin_mul_overflow(a.value, b.value, &out)) throw Overflow();
    return out;
  }
  constexpr Count& operator+=(Count b) { return *this = *this + b; }
};

constexpr Count ceil_div(Count a, Count b) { return a.value / b.value + (a.value % b.value != 0); }
constexpr Count floor_div(Count a, Count b) { return a.value / b.value; }

// A value with a unit. `Tag` tells units apart; `Rep` is Count for what is counted and double for
// what is measured. Values of one unit add and compare; scaling by a plain number keeps the unit.
template <class Tag, class Rep>
struct Quantity {
  Rep value{};

  constexpr Quantity() = default;
  explicit constexpr Quantity(Rep v) : value(v) {}
  constexpr auto operator<=>(const Quantity&) const = default;

  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value + b.value);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value - b.value);
  }
  friend constexpr Quantity operator*(Quantity a, Rep times) { return Quantity(a.value * times); }
  friend constexpr Quantity operator*(Rep times, Quantity a) { return Quantity(times * a.value); }
  constexpr Quantity& operator+=(Quantity b) { return *this = *this + b; }
};

using Bytes = Quantity<struct BytesTag, Count>;
using Elements = Quantity<struct ElementsTag, Count>;  // values in a tensor: parameters among them
using Seconds = Quantity<struct SecondsTag, double>;
using Flops = Quantity<struct FlopsTag, double>;
using BytesPerSecond = Quantity<struct BytesPerSecondTag, double>;
using FlopsPerSecond = Quantity<struct FlopsPerSecondTag, double>;
using FlopsPerByte = Quantity<struct FlopsPerByteTag, double>;

namespace units {
// The powers that GB, GiB and their kin stand for. No other file spells these numbers.
inline constexpr std::int64_t kilo = 1'000;
inline constexpr std::int64_t mega = kilo * kilo;
inline constexpr std::int64_t giga = mega * kilo;
inline constexpr std::int64_t tera = giga * kilo;
inline constexpr std::int64_t kibi = 1'024;
inline constexpr std::int64_t mebi = kibi * kibi;
inline constexpr std::int64_t gibi = mebi * kibi;
inline constexpr std::int64_t tebi = gibi * kibi;
}  // namespace units

constexpr Bytes bytes(std::int64_t n) { return Bytes(n); }
constexpr Bytes kibibytes(std::int64_t n) { return Bytes(Count(n) * units::kibi); }
constexpr Bytes mebibytes(std::int64_t n) { return Bytes(Count(n) * units::mebi); }
constexpr Bytes gibibytes(std::int64_t n) { return Bytes(Count(n) * units::gibi); }
constexpr Bytes gigabytes(std::int64_t n) { return Bytes(Count(n) * units::giga); }

// One multiply-add is two FLOPs: the only place in the program that says so.
inline constexpr std::int64_t flops_per_multiply_add = 2;
constexpr Flops multiply_adds(double n) {
  return Flops(static_cast<double>(flops_per_multiply_add) * n);
}

constexpr Seconds operator/(Bytes b, BytesPerSecond r) {
  return Seconds(static_cast<double>(b.value.value) / r.value);
}
constexpr Seconds operator/(Flops f, FlopsPerSecond r) { return Seconds(f.value / r.value); }
constexpr FlopsPerByte operator/(Flops f, Bytes b) {
  return FlopsPerByte(f.value / static_cast<double>(b.value.value));
}
constexpr FlopsPerByte operator/(FlopsPerSecond f, BytesPerSecond b) {
  return FlopsPerByte(f.value / b.value);
}

}  // namespace attncalc
