// SPDX-License-Identifier: Apache-2.0
//
// Closed forms of the masks against a loop over all pairs of tokens, which states each mask once
// more and in other words: as the question whether position p sees position j.
#include "attention/masks.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace attncalc {
namespace {

// For top_k and summaries, which say how many and not which: whether j is among the first so many.
bool sees(const Mask& mask, std::int64_t p, std::int64_t j, std::int64_t end) {
  if (mask.form == Mask::Form::everything) return j < end;
  if (mask.form == Mask::Form::summaries) {
    const bool is_summary = (j + 1) * mask.tokens <= p + 1;  // summary j covers R tokens
    return is_summary && (mask.most == 0 || j < mask.most);
  }
  if (j > p) return false;
  switch (mask.form) {
    case Mask::Form::window:
      return p - j < mask.tokens || j < mask.sinks;
    case Mask::Form::chunk:
      return j / mask.tokens == p / mask.tokens;
    case Mask::Form::top_k:
      return j < mask.tokens;
    case Mask::Form::dilated:
      return (p - j) % mask.dilation == 0 && (p - j) / mask.dilation < mask.tokens;
    case Mask::Form::strided:
      return p - j < mask.tokens || (p - j) % mask.tokens == 0;
    default:
      return true;
  }
}

struct Counted {
  std::int64_t pairs = 0;
  std::int64_t rows = 0;
  std::int64_t rows_within = 0;
};

Counted brute_force(const Mask& mask, NewTokens span, std::int64_t prefix) {
  Counted out;
  const std::int64_t end = span.cached + span.count;
  std::vector<bool> seen(static_cast<std::size_t>(end), false);
  for (std::int64_t p = span.cached; p < end; ++p) {
    for (std::int64_t j = 0; j < end; ++j) {
      if (!sees(mask, p, j, end)) continue;
      ++out.pairs;
      seen[static_cast<std::size_t>(j)] = true;
    }
  }
  out.rows = std::count(seen.begin(), seen.end(), true);
  out.rows_within = std::count(seen.begin(), seen.begin() + std::min(prefix, end), true);
  return out;
}

const std::vector<Mask> masks = {Mask::causal(),        Mask::window(1),       Mask::window(5),
                                 Mask::window(7, 3),    Mask::window(64),      Mask::chunk(1),
                                 Mask::chunk(6),        Mask::chunk(100),      Mask::top_k(1),
                                 Mask::top_k(9),        Mask::dilated(3, 2),   Mask::dilated(4, 5),
                                 Mask::dilated(1, 3),   Mask::strided(1),      Mask::strided(4),
                                 Mask::strided(9),      Mask::summaries(1),    Mask::summaries(4),
                                 Mask::summaries(4, 3), Mask::summaries(7, 2), Mask::everything()};

// Where the tokens that one sees are scattered, rows are an upper end and not a count.
bool counts_rows(const Mask& mask) {
  return mask.form != Mask::Form::top_k && mask.form != Mask::Form::dilated &&
         mask.form != Mask::Form::strided && mask.form != Mask::Form::summaries;
}

}  // namespace

TEST_CASE("closed forms of all masks equal a loop over all pairs, behind any cached prefix") {
  for (std::size_t m = 0; m < masks.size(); ++m) {
    for (std::int64_t cached = 0; cached < 30; ++cached) {
      for (std::int64_t count = 1; count < 30; ++count) {
        const NewTokens span{cached, count};
        const std::int64_t prefix = (cached * 7) % 19;
        const Counted counted = brute_force(masks[m], span, prefix);
        CAPTURE(m, cached, count, prefix);
        REQUIRE(mask_pairs(masks[m], span) == static_cast<double>(counted.pairs));
        if (counts_rows(masks[m])) {
          REQUIRE(mask_rows(masks[m], span) == counted.rows);
          REQUIRE(mask_rows_within(masks[m], span, prefix) == counted.rows_within);
        } else {
          REQUIRE(mask_rows(masks[m], span) >= counted.rows);
        }
      }
    }
  }
}

TEST_CASE("one new token reads as many rows as it has pairs") {
  for (const Mask& mask : masks) {
    for (std::int64_t cached = 0; cached < 200; ++cached) {
      REQUIRE(static_cast<double>(mask_rows(mask, {cached, 1})) == mask_pairs(mask, {cached, 1}));
    }
  }
}

TEST_CASE("a decode step behind 2^40 tokens is exact") {
  constexpr std::int64_t far = std::int64_t{1} << 40;
  CHECK(mask_pairs(Mask::causal(), {far, 1}) == static_cast<double>(far + 1));
  CHECK(mask_pairs(Mask::window(4096, 4), {far, 1}) == 4100);
  CHECK(mask_pairs(Mask::chunk(8192), {far, 1}) == 1);
  CHECK(mask_pairs(Mask::summaries(4, 512), {far, 1}) == 512);
}

TEST_CASE("a causal prompt has n (n + 1) / 2 pairs and its square n * n") {
  CHECK(mask_pairs(Mask::causal(), {0, 2048}) == 2048.0 * 2049 / 2);
  CHECK(mask_square(Mask::causal(), {0, 2048}) == 2048.0 * 2048);
}

}  // namespace attncalc
