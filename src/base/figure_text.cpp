// SPDX-License-Identifier: Apache-2.0
//
// One table of units: a figure is a number times a factor. Tokens, and what looks like bytes and is
// not, are left to unit_text.hpp, which knows what people mistake in them.
#include "base/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

#include "base/nearest.hpp"

namespace attncalc {
namespace {

constexpr auto kilo = static_cast<double>(units::kilo);
constexpr double mega = kilo * kilo;
constexpr double giga = mega * kilo;
constexpr double tera = giga * kilo;
constexpr double peta = tera * kilo;
constexpr double exa = peta * kilo;

struct NamedUnit {
  Measure measure;
  std::string_view name;
  double factor;
};
// Of one measure, smallest first: figures are printed in the largest that they reach.
constexpr auto named_units = std::to_array<NamedUnit>({
    {Measure::number, "thousand", kilo},
    {Measure::number, "million", mega},
    {Measure::number, "billion", giga},
    {Measure::number, "trillion", tera},
    {Measure::bytes, "B", 1},
    {Measure::bytes, "kB", kilo},
    {Measure::bytes, "MB", mega},
    {Measure::bytes, "GB", giga},
    {Measure::bytes, "TB", tera},
    {Measure::bytes, "KiB", units::kibi},
    {Measure::bytes, "MiB", units::mebi},
    {Measure::bytes, "GiB", units::gibi},
    {Measure::bytes, "TiB", static_cast<double>(units::tebi)},
    {Measure::seconds, "ns", 1 / giga},
    {Measure::seconds, "us", 1 / mega},
    {Measure::seconds, "µs", 1 / mega},
    {Measure::seconds, "ms", 1 / kilo},
    {Measure::seconds, "s", 1},
    {Measure::seconds, "min", 60},
    {Measure::seconds, "h", 3600},
    {Measure::flops, "FLOP", 1},
    {Measure::flops, "kFLOP", kilo},
    {Measure::flops, "MFLOP", mega},
    {Measure::flops, "GFLOP", giga},
    {Measure::flops, "TFLOP", tera},
    {Measure::flops, "PFLOP", peta},
    {Measure::flops, "EFLOP", exa},
    {Measure::bytes_per_second, "B/s", 1},
    {Measure::bytes_per_second, "kB/s", kilo},
    {Measure::bytes_per_second, "MB/s", mega},
    {Measure::bytes_per_second, "GB/s", giga},
    {Measure::bytes_per_second, "TB/s", tera},
    {Measure::flops_per_second, "FLOP/s", 1},
    {Measure::flops_per_second, "kFLOP/s", kilo},
    {Measure::flops_per_second, "MFLOP/s", mega},
    {Measure::flops_per_second, "GFLOP/s", giga},
    {Measure::flops_per_second, "TFLOP/s", tera},
    {Measure::flops_per_second, "PFLOP/s", peta},
    {Measure::tokens_per_second, "tokens/s", 1},
    {Measure::per_second, "/s", 1},
    {Measure::flops_per_byte, "FLOP/B", 1},
    {Measure::usd, "USD", 1},
    {Measure::joules, "mJ", 1 / kilo},
    {Measure::joules, "J", 1},
    {Measure::joules, "kJ", kilo},
});

struct Wording {
  Measure measure;
  std::string_view unit;     // in JSON
  std::string_view counts;   // what the figure counts, in a sentence
  std::string_view example;  // how a limit is written
};
constexpr auto wordings = std::to_array<Wording>({
    {Measure::number, "", "has no unit", "8, 0.5 or 70 billion"},
    {Measure::tokens, "tokens", "counts tokens", "32768, 32k or 32k tokens"},
    {Measure::bytes, "bytes", "counts bytes", "80 GB (80 × 10^9 bytes) or 80 GiB (80 × 2^30)"},
    {Measure::seconds, "seconds", "is a time", "50 ms or 1.5 s"},
    {Measure::flops, "flops", "counts FLOP", "1.5 TFLOP"},
    {Measure::bytes_per_second, "bytes/s", "is a rate of bytes", "3.35 TB/s"},
    {Measure::flops_per_second, "flops/s", "is a rate of FLOP", "989 TFLOP/s"},
    {Measure::tokens_per_second, "tokens/s", "is a rate of tokens", "2000 tokens/s"},
    {Measure::per_second, "/s", "is a rate", "10 /s"},
    {Measure::flops_per_byte, "flops/byte", "is an intensity", "295 FLOP/B"},
    {Measure::usd, "usd", "is money", "$0.40"},
    {Measure::joules, "joules", "is energy", "1.2 J"},
});

const Wording& wording(Measure measure) {
  return *std::ranges::find(wordings, measure, &Wording::measure);
}

// --- reading -------------------------------------------------------------------------------------

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct Typed {
  std::optional<double> number;
  std::string_view unit;  // what follows it
};

// The number at the front, its digits grouped as anywhere else, and the unit behind it. "$4" is
// 4 USD.
Typed take_apart(std::string_view text) {
  text = trimmed(text);
  const bool money = text.starts_with('$');
  if (money) text.remove_prefix(1);
  std::string digits;
  std::size_t at = 0;
  while (at < text.size() && std::string_view("0123456789._").find(text[at]) != text.npos) {
    if (text[at] != '_') digits += text[at];
    ++at;
  }
  Typed out{.number = {}, .unit = trimmed(text.substr(at))};
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (whole) out.number = value;
  if (money && out.unit.empty()) out.unit = "USD";
  return out;
}

const NamedUnit* find_unit(std::string_view name) {
  const auto* found = std::ranges::find(named_units, name, &NamedUnit::name);
  return found == named_units.end() ? nullptr : found;
}

std::string hint_for(Measure measure, std::string_view unit) {
  std::vector<std::string_view> names;
  for (const NamedUnit& known : named_units) {
    if (known.measure == measure) names.push_back(known.name);
  }
  const std::string near = unit.empty() ? std::string() : did_you_mean(unit, names);
  return near.empty() ? fmt::format("write {}", wording(measure).example) : near;
}

Problem refuse(std::string_view text, Measure measure, std::string_view what,
               std::string_view reason) {
  return usage_problem(fmt::format("{} '{}' {}", what, text, reason),
                       hint_for(measure, take_apart(text).unit));
}

Result<double> as_real(const Result<Bytes>& read) {
  if (!read) return read.problems();
  return static_cast<double>(read->value.value);
}
Result<double> as_real(const Result<std::int64_t>& read) {
  if (!read) return read.problems();
  return static_cast<double>(*read);
}

// "32k tokens", where a limit says its unit in full.
std::string_view without_word(std::string_view text) {
  constexpr std::string_view word = "tokens";
  text = trimmed(text);
  if (text.ends_with(word)) text.remove_suffix(word.size());
  return trimmed(text);
}

}  // namespace

Measure measure_of(std::string_view key) {
  struct Rule {
    std::string_view ending;
    Measure measure;
  };
  constexpr auto rules = std::to_array<Rule>({
      {"tokens_per_second_per_sequence", Measure::tokens_per_second},
      {"tokens_per_second_per_device", Measure::tokens_per_second},
      {"tokens_per_second", Measure::tokens_per_second},
      {"flops_per_second", Measure::flops_per_second},
      {"bytes_per_second", Measure::bytes_per_second},
      {"_per_second", Measure::per_second},
      {"flops_per_byte", Measure::flops_per_byte},
      {"joules_per_token", Measure::joules},
      {"joules", Measure::joules},
      {"usd", Measure::usd},
      {"bytes_per_token", Measure::bytes},
      {"bytes_per_token_from_empty", Measure::bytes},
      {"bytes_per_sequence", Measure::bytes},
      {"bytes_per_device", Measure::bytes},
      {"bytes", Measure::bytes},
      {"seconds", Measure::seconds},
      {"flops", Measure::flops},
  });
  if (key.starts_with("usd_per_")) return Measure::usd;
  for (const Rule& rule : rules) {
    if (key.ends_with(rule.ending)) return rule.measure;
  }
  return key.ends_with("_tokens") ? Measure::tokens : Measure::number;
}

std::string_view unit_name(Measure measure) { return wording(measure).unit; }

Result<double> parse_figure(std::string_view text, Measure measure, std::string_view what) {
  const Typed typed = take_apart(text);
  if (!typed.number) return refuse(text, measure, what, "is no number with a unit");
  const NamedUnit* unit = find_unit(typed.unit);
  if (unit && unit->measure != measure) {
    return refuse(text, measure, what,
                  fmt::format("is in {}, and this figure {}", unit->name, wording(measure).counts));
  }
  if (measure == Measure::tokens) return as_real(parse_tokens(without_word(text), what));
  if (unit) return *typed.number * unit->factor;
  if (measure == Measure::bytes) return as_real(parse_bytes(trimmed(text), what));
  if (measure == Measure::number && typed.unit.empty()) return *typed.number;
  if (typed.unit.empty()) return refuse(text, measure, what, "has no unit");
  return refuse(text, measure, what, fmt::format("has a unit that is unknown, {}", typed.unit));
}

Result<double> parse_percent(std::string_view text, std::string_view what) {
  constexpr double hundred = 100;
  const Typed typed = take_apart(text);
  if (typed.number && typed.unit == "%") return *typed.number / hundred;
  return usage_problem(fmt::format("{} '{}' is no percentage", what, text), "write 5%");
}

// --- printing ------------------------------------------------------------------------------------

namespace {

// Four digits and no exponent for what is of ordinary size: 49.81, 0.4012, 12,345.
std::string four_digits(double value) {
  const double size = std::abs(value);
  if (size >= kilo && size < exa)
    return format_count(static_cast<std::int64_t>(std::llround(value)));
  return fmt::format("{:.4g}", value);
}

bool is_whole(double value) {
  constexpr double largest_exact = 9007199254740992.0;  // 2^53
  return value == std::floor(value) && std::abs(value) <= largest_exact;
}

std::string in_largest_unit(double value, Measure measure) {
  const NamedUnit* best = nullptr;
  for (const NamedUnit& unit : named_units) {
    constexpr double printed_whole = 0.99995;  // rounds to 1.000
    const bool reached = std::abs(value) >= unit.factor * printed_whole;
    const bool plain = unit.name != "us" && unit.name != "min" && unit.name != "h";
    if (unit.measure == measure && plain && (!best || reached)) best = &unit;
  }
  return fmt::format("{} {}", four_digits(value / best->factor), best->name);
}

}  // namespace

UnitStyle style_of(std::string_view text) {
  const std::string_view unit = take_apart(text).unit;
  const bool decimal = unit.size() > 1 && unit.ends_with('B') && !unit.ends_with("iB");
  return decimal ? UnitStyle::si : UnitStyle::iec;
}

std::string format_figure(double value, Measure measure, UnitStyle style) {
  if (measure == Measure::bytes && value >= 0 && value < exa) {
    const bool small = value < units::kibi && !is_whole(value);
    return small ? fmt::format("{} B", four_digits(value))
                 : format_bytes(bytes(static_cast<std::int64_t>(std::llround(value))), style);
  }
  if (measure == Measure::usd) return fmt::format("${:.{}f}", value, std::abs(value) < 1 ? 4 : 2);
  if (measure == Measure::number || measure == Measure::tokens) {
    const std::string digits =
        is_whole(value) ? format_count(static_cast<std::int64_t>(value)) : four_digits(value);
    return measure == Measure::tokens ? digits + " tokens" : digits;
  }
  return in_largest_unit(value, measure);
}

std::string format_exactly(double value, Measure measure) {
  const std::string digits =
      is_whole(value) ? format_count(static_cast<std::int64_t>(value)) : fmt::format("{}", value);
  return measure == Measure::number ? digits : fmt::format("{} {}", digits, unit_name(measure));
}

}  // namespace attncalc
