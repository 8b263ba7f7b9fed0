// SPDX-License-Identifier: Apache-2.0
//
// Figures of any unit as text. The JSON key of a figure ends in its unit, so the key says what a
// limit on it must be written in: `per_device_bytes` in GiB, `tpot_seconds` in ms. A bare number
// against such a key is an error, and so is a unit of something else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unit_text.hpp"

namespace attncalc {

enum class Measure : std::uint8_t {
  number,  // layers, parameters, a share: what has no unit
  tokens,
  bytes,
  seconds,
  flops,
  bytes_per_second,
  flops_per_second,
  tokens_per_second,
  per_second,
  flops_per_byte,
  usd,
  joules,
};

// "kv_read_bytes" is bytes, "usd_per_million_output_tokens" is usd, "layers" is a number.
Measure measure_of(std::string_view key);

// The unit that JSON has it in: "bytes", "flops/s"; empty for a number.
std::string_view unit_name(Measure measure);

// A figure in base units: "10 GiB", "50 ms", "1.5 TFLOP", "$0.40", "32k" tokens, "70 billion".
// `what` names it in messages: "max".
// Errors: no number, no unit, a unit that is unknown or of another measure.
Result<double> parse_figure(std::string_view text, Measure measure, std::string_view what);

// "5%" as a share, 0.05.
Result<double> parse_percent(std::string_view text, std::string_view what);

// As a person reads it: "10.00 GiB", "49.8 ms", "$0.4012", "32,768 tokens".
std::string format_figure(double value, Measure measure, UnitStyle style = UnitStyle::iec);

// The style that a figure of bytes is written in: "80 GB" is si, "80 GiB" iec.
UnitStyle style_of(std::string_view text);

// Every digit of it: "10,737,418,240 bytes"; for two figures that look alike when rounded.
std::string format_exactly(double value, Measure measure);

}  // namespace attncalc
