// SPDX-License-Identifier: Apache-2.0
//
// Quantities as text. Everything is whole-number arithmetic: "1.5k" is 15 × 1024 / 10, and a
// printed figure is rounded from the exact count, half away from zero.
#include "base/unit_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace attncalc {
namespace {

using Wide = __int128;  // a 63-bit count times a prefix, before it is divided again

// The prefix table, smallest first.
struct Prefix {
  char letter;  // of a token count
  std::int64_t decimal;
  std::string_view decimal_unit;
  std::int64_t binary;
  std::string_view binary_unit;
};
constexpr auto prefixes = std::to_array<Prefix>({
    {'k', units::kilo, "kB", units::kibi, "KiB"},
    {'M', units::mega, "MB", units::mebi, "MiB"},
    {'G', units::giga, "GB", units::gibi, "GiB"},
    {'T', units::tera, "TB", units::tebi, "TiB"},
});

constexpr std::int64_t most_tokens = units::tebi;  // also of any other count that is typed

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// --- reading -------------------------------------------------------------------------------------

// A number as typed: 1_024.50 is digits 1024 and 50 with two decimals, i.e. 102450 / 10^2.
struct Decimal {
  Wide numerator = 0;
  Wide denominator = 1;
  std::size_t length = 0;  // of the text that was read
};

bool is_group_mark(std::string_view text, std::size_t at) {
  return text[at] == '_' && at > 0 && is_digit(text[at - 1]) && at + 1 < text.size() &&
         is_digit(text[at + 1]);
}

// The number at the front of `text`; nullopt if there is none or it has more than 20 digits (which
// no count has; the product with any prefix stays within 128 bits).
std::optional<Decimal> read_decimal(std::string_view text) {
  constexpr int most_digits = 20;
  Decimal number;
  int digits = 0;
  bool fraction = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_digit(text[at])) {
      if (++digits > most_digits) return std::nullopt;
      number.numerator = number.numerator * 10 + (text[at] - '0');
      if (fraction) number.denominator *= 10;
    } else if (text[at] == '.' && !fraction && digits > 0) {
      fraction = true;
    } else if (fraction || !is_group_mark(text, at)) {
      break;
    }
    number.length = at + 1;
  }
  const bool ends_in_digit = number.length > 0 && is_digit(text[number.length - 1]);
  if (!ends_in_digit) return std::nullopt;
  return number;
}

bool is_whole(const Decimal& number, std::int64_t factor) {
  return (number.numerator * factor) % number.denominator == 0;
}

// number × factor, which is whole, if it is at most `most`.
std::optional<std::int64_t> scale(const Decimal& number, std::int64_t factor, std::int64_t most) {
  const Wide value = number.numerator * factor / number.denominator;
  if (value > most) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> token_factor(std::string_view suffix) {
  if (suffix.empty()) return 1;
  for (const Prefix& prefix : prefixes)
    if (equal_but_for_case(suffix, {&prefix.letter, 1})) return prefix.binary;
  return std::nullopt;
}

// "Gb" is a gigabit in every data sheet; "gb" is somebody in a hurry.
bool looks_like_bits(std::string_view unit) {
  return unit.size() > 1 && unit.ends_with('b') && lower(unit[0]) != unit[0];
}

std::optional<std::int64_t> byte_factor(std::string_view unit) {
  if (looks_like_bits(unit)) return std::nullopt;
  if (equal_but_for_case(unit, "B")) return 1;
  for (const Prefix& prefix : prefixes) {
    if (equal_but_for_case(unit, prefix.decimal_unit)) return prefix.decimal;
    if (equal_but_for_case(unit, prefix.binary_unit)) return prefix.binary;
  }
  return std::nullopt;
}

Problem refuse(std::string_view what, std::string_view text, std::string_view reason,
               std::string_view hint) {
  return usage_problem(fmt::format("{} '{}' {}", what, text, reason), std::string(hint));
}

Result<std::int64_t> within(std::int64_t value, std::int64_t least, std::string_view text,
                            std::string_view what) {
  if (value >= least) return value;
  return refuse(what, text, fmt::format("is too small: it must be at least {}", least), {});
}

// --- printing ------------------------------------------------------------------------------------

ByteUnit unit_of(const Prefix& prefix, UnitStyle style) {
  if (style == UnitStyle::iec) return {prefix.binary_unit, prefix.binary};
  return {prefix.decimal_unit, prefix.decimal};
}

Wide rounded_quotient(Wide a, Wide b) { return (a + b / 2) / b; }

// With as many decimals as make three or four digits: 1.25, 10.00, 100.0, 1,000.
std::string format_quotient(std::int64_t value, std::int64_t unit) {
  const Wide hundredths = rounded_quotient(Wide{value} * 100, unit);
  const Wide tenths = rounded_quotient(Wide{value} * 10, unit);
  if (hundredths < 100'00) {
    return fmt::format("{}.{:02}", static_cast<std::int64_t>(hundredths / 100),
                       static_cast<int>(hundredths % 100));
  }
  if (tenths < 1000'0) {
    return fmt::format("{}.{}", static_cast<std::int64_t>(tenths / 10),
                       static_cast<int>(tenths % 10));
  }
  return format_count(static_cast<std::int64_t>(rounded_quotient(value, unit)));
}

// Whether the figure is at least one of the next larger unit, or would be after rounding to the
// digits that are shown: 1,023.9 MiB is 1.00 GiB, not 1,024 MiB.
bool reaches_next(std::int64_t count, std::size_t at, UnitStyle style) {
  const std::int64_t unit = unit_of(prefixes[at], style).bytes;
  const std::int64_t next = unit_of(prefixes[at + 1], style).bytes;
  const std::int64_t shown_step = style == UnitStyle::si ? unit / 10 : unit;  // 999.9 or 1,023
  return rounded_quotient(count, shown_step) * shown_step >= next;
}

}  // namespace

Result<std::int64_t> parse_tokens(std::string_view text, std::string_view what) {
  constexpr std::string_view hint =
      "write 32768, 32_768 or 32k (32 × 1024); k, M, G and T are known";
  const auto number = read_decimal(text);
  if (!number) return refuse(what, text, "is no number of tokens", hint);
  const auto factor = token_factor(text.substr(number->length));
  if (!factor) return refuse(what, text, "is no number of tokens", hint);
  if (!is_whole(*number, *factor)) return refuse(what, text, "is no whole number of tokens", hint);
  const auto value = scale(*number, *factor, most_tokens);
  if (!value) return refuse(what, text, "is too large: it can be at most 1T (2^40)", {});
  return within(*value, 1, text, what);
}

Result<std::int64_t> parse_count(std::string_view text, std::string_view what, std::int64_t least) {
  const auto number = read_decimal(text);
  if (!number || number->length != text.size() || number->denominator != 1)
    return refuse(what, text, "is no whole number", "write 8 or 1_000");
  const auto value = scale(*number, 1, most_tokens);
  if (!value) return refuse(what, text, "is too large: it can be at most 2^40", {});
  return within(*value, least, text, what);
}

Result<Bytes> parse_bytes(std::string_view text, std::string_view what) {
  constexpr std::string_view hint = "write 80 GB (80 × 10^9 bytes) or 80 GiB (80 × 2^30 bytes)";
  const auto number = read_decimal(text);
  if (!number) return refuse(what, text, "is no number of bytes", hint);
  std::string_view unit = text.substr(number->length);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return refuse(what, text, "has no unit", hint);
  if (looks_like_bits(unit)) return refuse(what, text, "is in bits, not bytes", hint);
  const auto factor = byte_factor(unit);
  if (!factor) return refuse(what, text, "has a unit that is unknown", hint);
  if (!is_whole(*number, *factor)) return refuse(what, text, "is no whole number of bytes", {});
  const auto value = scale(*number, *factor, INT64_MAX);
  if (!value) return refuse(what, text, "is too large: it can be at most 2^63 - 1 bytes", {});
  return bytes(*value);
}

ByteUnit column_unit(Bytes largest, UnitStyle style) {
  const std::int64_t count = largest.value.value;
  if (style == UnitStyle::bytes || count < unit_of(prefixes[0], style).bytes) return {};
  std::size_t at = 0;
  while (at + 1 < prefixes.size() && reaches_next(count, at, style)) ++at;
  return unit_of(prefixes[at], style);
}

std::string format_in(Bytes bytes, const ByteUnit& unit) {
  const std::int64_t count = bytes.value.value;
  if (unit.bytes == 1 || count == 0) return format_count(count);
  const Wide hundredths = rounded_quotient(Wide{count} * 100, unit.bytes);
  if (hundredths == 0) return "<0.01";
  return fmt::format("{}.{:02}", format_count(static_cast<std::int64_t>(hundredths / 100)),
                     static_cast<int>(hundredths % 100));
}

std::string format_bytes(Bytes bytes, UnitStyle style) {
  const ByteUnit unit = column_unit(bytes, style);
  if (unit.bytes == 1) return format_count(bytes.value.value) + " B";
  return fmt::format("{} {}", format_quotient(bytes.value.value, unit.bytes), unit.name);
}

FlopUnit column_unit(Flops largest) {
  constexpr auto giga = static_cast<double>(units::giga);
  constexpr auto flop_units = std::to_array<FlopUnit>({{"FLOP", 1},
                                                       {"kFLOP", units::kilo},
                                                       {"MFLOP", units::mega},
                                                       {"GFLOP", giga},
                                                       {"TFLOP", giga * units::kilo},
                                                       {"PFLOP", giga * units::mega},
                                                       {"EFLOP", giga * giga}});
  std::size_t at = 0;
  while (at + 1 < flop_units.size() && largest.value >= flop_units[at + 1].flops) ++at;
  return flop_units[at];
}

std::string format_in(Flops flops, const FlopUnit& unit) {
  constexpr double smallest = 0.005;  // that two decimals show
  if (flops.value == 0) return "0";
  const double shown = flops.value / unit.flops;
  if (shown < smallest) return "<0.01";
  return fmt::format("{:.{}f}", shown, unit.flops == 1 ? 0 : 2);
}

std::string format_flops(Flops flops) {
  const FlopUnit unit = column_unit(flops);
  return fmt::format("{:.4g} {}", flops.value / unit.flops, unit.name);
}

namespace {

struct DecimalPrefix {
  std::string_view name;
  double factor;
};
constexpr auto decimal_prefixes =
    std::to_array<DecimalPrefix>({{"P", static_cast<double>(units::tera) * units::kilo},
                                  {"T", static_cast<double>(units::tera)},
                                  {"G", static_cast<double>(units::giga)},
                                  {"M", static_cast<double>(units::mega)},
                                  {"k", static_cast<double>(units::kilo)}});

std::string with_prefix(double value, std::string_view unit) {
  for (const DecimalPrefix& p : decimal_prefixes) {
    if (value >= p.factor) return fmt::format("{:.4g} {}{}", value / p.factor, p.name, unit);
  }
  return fmt::format("{:.4g} {}", value, unit);
}

constexpr auto time_units = std::to_array<TimeUnit>(
    {{"s", 1}, {"ms", 1.0 / units::kilo}, {"us", 1.0 / units::mega}, {"ns", 1.0 / units::giga}});

// As it is printed: the Greek letter, which nobody has to type.
std::string_view printed(const TimeUnit& unit) { return unit.name == "us" ? "µs" : unit.name; }

}  // namespace

std::string format_rate(BytesPerSecond rate) { return with_prefix(rate.value, "B/s"); }
std::string format_rate(FlopsPerSecond rate) { return with_prefix(rate.value, "FLOP/s"); }

TimeUnit column_unit(Seconds largest) {
  for (const TimeUnit& unit : time_units) {
    if (largest.value >= unit.seconds) return {printed(unit), unit.seconds};
  }
  return {time_units.back().name, time_units.back().seconds};
}

std::string format_in(Seconds seconds, const TimeUnit& unit) {
  constexpr double smallest = 0.0005;  // that three decimals show
  if (seconds.value == 0) return "0";
  const double shown = seconds.value / unit.seconds;
  return shown < smallest ? "<0.001" : fmt::format("{:.3f}", shown);
}

std::string format_seconds(Seconds seconds) {
  if (seconds.value == 0) return "0 s";
  const TimeUnit unit = column_unit(seconds);
  return fmt::format("{:.4g} {}", seconds.value / unit.seconds, unit.name);
}

Result<Seconds> parse_seconds(std::string_view text, std::string_view what) {
  constexpr std::string_view hint = "write 3us, 2.5ms or 1s";
  const auto number = read_decimal(text);
  if (!number) return refuse(what, text, "is no time", hint);
  std::string_view unit = text.substr(number->length);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return refuse(what, text, "has no unit", hint);
  for (const TimeUnit& known : time_units) {
    if (unit == known.name || unit == printed(known)) {
      return Seconds(std::stod(std::string(text.substr(0, number->length))) * known.seconds);
    }
  }
  return refuse(what, text, "has a unit that is unknown", hint);
}

std::string format_count(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const std::size_t first = value < 0 ? 2 : 1;  // no comma before the first digit
  for (std::size_t at = digits.size(); at > first + 2;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string format_spoken(std::int64_t value) {
  struct Word {
    std::int64_t value;
    std::string_view word;
  };
  constexpr auto words = std::to_array<Word>({{units::tera, "trillion"},
                                              {units::giga, "billion"},
                                              {units::mega, "million"},
                                              {units::kilo, "thousand"}});
  constexpr std::int64_t shown_in_full = 10 * units::kilo;
  if (value < shown_in_full) return format_count(value);
  for (const Word& word : words) {
    if (value >= word.value)
      return format_quotient(value, word.value) + " " + std::string(word.word);
  }
  return format_count(value);
}

}  // namespace attncalc
