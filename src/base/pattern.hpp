// SPDX-License-Identifier: Apache-2.0
//
// Patterns from other people's files: shell globs, and the regular expressions that Python writes.
//
// std::regex would do for the latter, but a config file must not be able to hang or overflow us:
// std::regex recurses once a character and backtracks without bound. Here a pattern becomes a small
// automaton that reads each character once, so time is at most text × pattern. What real files use
// is there (classes, groups, alternation, repetition, lookahead at one place); what is not
// (backreferences, \b) is refused by name, never guessed.
#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace attncalc {

// `*` any text, `?` one character, [abc] one of these, as Python's fnmatch; the whole text.
bool glob_matches(std::string_view glob, std::string_view text);

class Regex {
 public:
  // Errors: what does not parse, what this is not made for, a pattern of more than 4096 steps.
  static Result<Regex> parse(std::string_view pattern);

  // As Python's re.match: from the first character, not necessarily to the last.
  bool matches_start_of(std::string_view text) const;

  struct Step {
    enum class Do : std::uint8_t { read, split, jump, at_start, at_end, ahead, not_ahead, accept };
    Do what = Do::accept;
    std::uint32_t next = 0;   // where to go on
    std::uint32_t other = 0;  // split: the second way; ahead: where the inner pattern begins
    std::bitset<256> set = {};
    bool operator==(const Step&) const = default;
  };
  bool operator==(const Regex&) const = default;

 private:
  bool runs(std::uint32_t from, std::string_view text, std::size_t at) const;
  void follow(std::uint32_t step, std::string_view text, std::size_t at,
              std::vector<std::uint32_t>& states, std::vector<bool>& seen) const;

  std::vector<Step> steps_;
};

}  // namespace attncalc
