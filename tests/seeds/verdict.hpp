// SPDX-License-Identifier: Apache-2.0
//
// The verdict on a claim, from the claim as it is stated and our figure; nobody types a verdict.
//
//   exact         the figure, in the unit that is stated, prints as stated
//   unit-sloppy   it does so only if MB is read as MiB (K, M, G likewise), or by cutting digits off
//   imprecise     it does so only under a condition that the text does not state
//   wrong         it does not
//   out of scope  there is no figure: a matter of training, taste or vendors' secrets
//
// A unit that is hit exactly beats one that is hit after rounding: 8,388,608 bytes called "8 MB"
// are 8 MiB, although 8.39 MB would print as 8 MB too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace attncalc::seeds {

enum class Verdict { exact, unit_sloppy, imprecise, wrong, out_of_scope };
std::string_view verdict_name(Verdict verdict);

// What a text prints: "536 MB", "8 MB + 256 KB", "~200 GB" (zeros at the end are no digits),
// "3-4 x", "< 40 GB", "97 %", "0.8 GFLOP". Units are words; one that is no prefix counts 1.
// A Stated is a claim with the power of its prefixes chosen: 1000, or 1024.
struct Stated {
  enum class Kind { figure, range, below, above } kind = Kind::figure;
  double low = 0, high = 0;  // the same but for a range
  double half_digit = 0;     // of the last printed digit, in base units
  bool about = false;        // says itself that digits are missing
};
enum class Prefixes { si, iec };
Stated read_stated(const std::string& text, Prefixes prefixes);  // throws where it is no figure

// How near a figure comes to what is stated, without any condition.
enum class Match { as_stated, other_unit, none };
Match match(const std::string& stated, double figure);

// Two values of formulas, equal but for the rounding of doubles.
bool same(double a, double b);

Verdict judge(Match plain, std::optional<Match> under_condition);

}  // namespace attncalc::seeds
