// SPDX-License-Identifier: Apache-2.0
//
// The one prefix table of the program: how quantities are typed and how they are printed.
//
// Token counts take binary suffixes without a unit (32k = 32 768, 1M = 1 048 576), as people say
// context lengths. Byte quantities always carry a unit, and the unit says which power it is of:
// GB is 10^9, GiB is 2^30; a bare number is an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/units.hpp"

namespace attncalc {

// "32768", "32_768", "32k", "1M", "2G", "1T" (2^10, 2^20, 2^30, 2^40; also with a fraction that
// comes out whole: "1.5k"); at least 1, at most 2^40 (`what` names the flag in the message).
Result<std::int64_t> parse_tokens(std::string_view text, std::string_view what);

// A plain positive count ("8", "1_000"): batch sizes, ranks. At least `least`, at most 2^40.
Result<std::int64_t> parse_count(std::string_view text, std::string_view what,
                                 std::int64_t least = 1);

// "80 GB", "10GiB", "512 MiB", "1024 B". Errors: no unit, unknown unit, not a whole byte count.
Result<Bytes> parse_bytes(std::string_view text, std::string_view what);

// "3us", "2.5 ms", "1 s": a time with its unit. Errors: no unit, unknown unit, no number.
Result<Seconds> parse_seconds(std::string_view text, std::string_view what);

enum class UnitStyle { iec, si, bytes };

// "10.00 GiB", "10.74 GB", "10,737,418,240 B": three or four significant digits, never a rounded
// value that looks exact: a figure below one unit prefix is printed as whole bytes.
std::string format_bytes(Bytes bytes, UnitStyle style);

// The unit of a whole column of bytes: the one that its largest figure is printed in.
struct ByteUnit {
  std::string_view name = "bytes";
  std::int64_t bytes = 1;
};
ByteUnit column_unit(Bytes largest, UnitStyle style);

// A figure in the unit of its column, with two decimals, so that the points stand below each other:
// "5.00"; "<0.01" rather than a zero that is none.
std::string format_in(Bytes bytes, const ByteUnit& unit);

// The same for FLOPs, whose prefixes are decimal: "TFLOP".
struct FlopUnit {
  std::string_view name = "FLOP";
  double flops = 1;
};
FlopUnit column_unit(Flops largest);
std::string format_in(Flops flops, const FlopUnit& unit);
// "1.234 TFLOP": four significant digits.
std::string format_flops(Flops flops);

// Times and rates, whose prefixes are decimal: "8.214 ms", "3.35 TB/s", "989.4 TFLOP/s": four
// significant digits.
std::string format_seconds(Seconds seconds);
std::string format_rate(BytesPerSecond rate);
std::string format_rate(FlopsPerSecond rate);

// The same for a column.
struct TimeUnit {
  std::string_view name = "s";
  double seconds = 1;
};
TimeUnit column_unit(Seconds largest);
std::string format_in(Seconds seconds, const TimeUnit& unit);

// "10,737,418,240": grouped digits for counts in tables.
std::string format_count(std::int64_t value);

// "70.6 billion": three or four digits and the word, as parameters are spoken of. Below ten
// thousand the count itself.
std::string format_spoken(std::int64_t value);

}  // namespace attncalc
