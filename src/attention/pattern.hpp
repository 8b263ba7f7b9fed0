// SPDX-License-Identifier: Apache-2.0
//
// Who sees whom over N tokens, as a question that can be asked of any pattern: pairs in closed
// form and one by one, blocks for an index, the layers until everybody has heard of everybody.
// `Mask` and `Sparse` are what models have; `Bands` is what encoders have (Longformer,
// arXiv:2004.05150; BigBird, arXiv:2007.14062): bands to both sides, global tokens that see and are
// seen by all, and keys drawn at random. Formulas: docs/model.md, "Patterns".
//
//   Bands, radius 1        with 1 global        dilation 2
//     ■■....                ■■■■■■               ■.■...
//     ■■■...                ■■■...               .■.■..
//     .■■■..                ■■■■..               ■.■.■.
//     ..■■■.                ■.■■■.               .■.■.■
//     ...■■■                ■..■■■               ..■.■.
//     ....■■                ■...■■               ...■.■
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attention/masks.hpp"
#include "attention/sparse.hpp"
#include "base/units.hpp"

namespace attncalc {

// Everything counts blocks of `block` tokens; the last one may be short.
struct Bands {
  std::int64_t block = 1;
  std::int64_t radius = 0;    // blocks to either side …
  std::int64_t dilation = 1;  // … this far apart
  std::int64_t globals = 0;   // the first so many see all and are seen by all
  std::int64_t random = 0;    // drawn for each other row, without repetition …
  enum class Draws : std::uint8_t { distinct, any };
  Draws draws = Draws::distinct;  // … among what it does not see yet, or among all
  std::uint64_t seed = 0;
};

using Pattern = std::variant<Mask, Sparse, Bands>;

// Whether tokens after the query may be seen, and so what a pattern is a part of: N² or N(N+1)/2.
bool is_two_sided(const Pattern& pattern);
double all_pairs(const Pattern& pattern, std::int64_t tokens);

// Pairs that N tokens see without a cached prefix. With random keys the expected number. Throws
// Overflow where a pattern that is gone through row by row would need too many rows.
double pattern_pairs(const Pattern& pattern, std::int64_t tokens);

// Neighbouring keys that one query sees, first and last.
struct Run {
  std::int64_t first = 0, last = 0;
};

// Which keys each query sees, written out. Of top_k, which depends on the scores, and of a Sparse's
// random blocks there is none.
class DrawnPattern {
 public:
  DrawnPattern(const Pattern& pattern, std::int64_t tokens);

  bool sees(std::int64_t query, std::int64_t key) const;
  std::int64_t tokens() const { return tokens_; }
  double pairs() const;
  // Blocks of `block` tokens with a pair in them.
  double blocks(std::int64_t block) const;
  // Layers until the last token has heard of every token (of both sides: every token of every
  // other); nullopt if that never happens.
  std::optional<std::int64_t> layers_to_span() const;
  std::vector<Run> runs(std::int64_t query) const;
  // "1" and "." for every pair, a line a query.
  std::string text() const;

 private:
  std::int64_t tokens_;
  bool two_sided_;
  std::vector<std::vector<bool>> rows_;
};
bool can_be_drawn(const Pattern& pattern);
inline constexpr std::int64_t most_drawn_tokens = 8192;
// To both sides, layers are counted from every token: only so far.
inline constexpr std::int64_t most_spanned_tokens = units::kibi;

// Layers to span N tokens in closed form. `known` is false where the scores, or a combination of
// patterns, decide; then a drawing may tell.
struct LayerSpan {
  bool known = false;
  std::optional<std::int64_t> layers;  // absent: never
};
LayerSpan layers_to_span(const Pattern& pattern, std::int64_t tokens);

// The same pattern over blocks of so many tokens: a block is seen where any pair of it is. Nothing
// where blocks cut across the pattern.
std::optional<Pattern> over_blocks(const Pattern& pattern, std::int64_t block);

// Bytes of an index of 4-byte entries: of each pair (CSR), or of each block with a pair (BSR); one
// entry a row of them more, and one.
Bytes csr_bytes(double pairs, std::int64_t tokens);
Bytes bsr_bytes(double blocks, std::int64_t tokens, std::int64_t block);

// The runs that the last of N tokens sees; nothing where the scores or a drawing decide.
std::optional<std::vector<Run>> last_runs(const Mask& mask, std::int64_t tokens);

// Cache lines that hold the rows of these runs, rows of `row` bytes one after the other.
std::int64_t gathered_lines(const std::vector<Run>& runs, std::int64_t row, std::int64_t line);
// The most that so many rows anywhere take: no two in one line.
std::int64_t scattered_lines(std::int64_t rows, std::int64_t row, std::int64_t line);

}  // namespace attncalc
