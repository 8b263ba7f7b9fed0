// SPDX-License-Identifier: Apache-2.0
//
// Which cached tokens a new token attends to, and what that adds up to over the new tokens of one
// sequence, in closed form (docs/model.md, "Masks"; tests hold every form to a loop over all
// pairs). Positions count from 0; a token sees itself.
//
//   causal    j ≤ p
//   window    p − W < j ≤ p, or j < S (sink tokens)
//   chunk     ⌊j / C⌋ = ⌊p / C⌋ and j ≤ p
//   top_k     the K best of j ≤ p, whichever they are
//   dilated   j = p − i × D for 0 ≤ i < W
//   strided   p − j < S, or (p − j) divisible by S (Sparse Transformer, arXiv:1904.10509)
//   summaries ⌊(p + 1) / R⌋ summaries of R tokens each, or the K best of them
//   everything  all tokens of the sequence (an encoder)
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace attncalc {

struct Mask {
  enum class Form : std::uint8_t {
    causal,
    window,
    chunk,
    top_k,
    dilated,
    strided,
    summaries,
    everything
  };
  Form form = Form::causal;
  std::int64_t tokens = 0;    // W, C, K, S or R
  std::int64_t sinks = 0;     // of a window
  std::int64_t dilation = 1;  // D
  std::int64_t most = 0;      // K of summaries; 0: all

  static Mask causal() { return {}; }
  static Mask window(std::int64_t tokens, std::int64_t sinks = 0) {
    return {.form = Form::window, .tokens = tokens, .sinks = sinks};
  }
  static Mask chunk(std::int64_t tokens) { return {.form = Form::chunk, .tokens = tokens}; }
  static Mask top_k(std::int64_t tokens) { return {.form = Form::top_k, .tokens = tokens}; }
  static Mask dilated(std::int64_t tokens, std::int64_t dilation) {
    return {.form = Form::dilated, .tokens = tokens, .dilation = dilation};
  }
  static Mask strided(std::int64_t tokens) { return {.form = Form::strided, .tokens = tokens}; }
  static Mask summaries(std::int64_t ratio, std::int64_t most = 0) {
    return {.form = Form::summaries, .tokens = ratio, .most = most};
  }
  static Mask everything() { return {.form = Form::everything}; }
};

// The new tokens of one sequence: positions cached … cached + count − 1.
struct NewTokens {
  std::int64_t cached = 0;
  std::int64_t count = 1;
};

// Pairs of a new token and a token that it sees. Exact below 2^53 and rounded once above.
double mask_pairs(const Mask& mask, NewTokens span);

// Rows of the cache that at least one new token sees, and how many of these are among the first
// `prefix`. For top_k, dilated and strided the most that it can be: every pair a row of its own.
std::int64_t mask_rows(const Mask& mask, NewTokens span);
std::int64_t mask_rows_within(const Mask& mask, NewTokens span, std::int64_t prefix);

// What --full-attention counts: every new token with every row that any of them sees.
double mask_square(const Mask& mask, NewTokens span);

}  // namespace attncalc
