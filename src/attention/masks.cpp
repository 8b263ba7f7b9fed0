// SPDX-License-Identifier: Apache-2.0
//
// Closed forms of the masks. Pairs are differences of a running total F(n) = Σ over p < n of the
// tokens that position p sees; it is kept in 128 bits, because the difference of two large totals
// must still be exact (a decode step behind 2^40 tokens).
#include "attention/masks.hpp"

#include <algorithm>

namespace attncalc {
namespace {

using Wide = __int128;

Wide triangle(Wide n) { return n * (n + 1) / 2; }

// Position p sees min(p + 1, most): a growing triangle, then a band.
Wide banded(std::int64_t n, Wide most) {
  if (n <= most) return triangle(n);
  return triangle(most) + (n - most) * most;
}

// Whole chunks are triangles; the last one is a smaller one.
Wide chunked(std::int64_t n, std::int64_t chunk) {
  return (n / chunk) * triangle(chunk) + triangle(n % chunk);
}

// Position p sees min(⌊p / D⌋ + 1, W): D interleaved bands.
Wide dilated(std::int64_t n, std::int64_t tokens, std::int64_t dilation) {
  const std::int64_t longer = n % dilation;  // so many of the bands have one position more
  const std::int64_t each = n / dilation;
  return longer * banded(each + 1, tokens) + (dilation - longer) * banded(each, tokens);
}

// Position p sees the last S and, beyond them, one in S: min(p + 1, S) + ⌊p / S⌋, less one where
// the distance S falls on … distance 0 is in the band, so the far ones are S, 2S, … ≤ p: ⌊p / S⌋.
Wide strided(std::int64_t n, std::int64_t stride) {
  const Wide steps = n / stride;  // Σ ⌊p / S⌋ over p < n
  const Wide far = stride * (steps * (steps - 1) / 2) + steps * (n % stride);
  return banded(n, stride) + far;
}

// Position p sees ⌊(p + 1) / R⌋: steps of R positions each.
Wide stepped(std::int64_t n, std::int64_t ratio) {
  const std::int64_t full = n / ratio;
  return ratio * (Wide(full) * (full - 1) / 2) + Wide(full) * (n % ratio + 1);
}

// … but no more than K, which it reaches at position K × R.
Wide summaries(std::int64_t n, std::int64_t ratio, std::int64_t most) {
  if (most == 0 || n / ratio <= most) return stepped(n, ratio);
  const Wide reached = Wide(most) * ratio;
  return stepped(static_cast<std::int64_t>(reached), ratio) + (n - reached) * most;
}

Wide total(const Mask& mask, std::int64_t n) {
  switch (mask.form) {
    case Mask::Form::causal:
      return triangle(n);
    case Mask::Form::window:
      return banded(n, Wide(mask.tokens) + mask.sinks);
    case Mask::Form::top_k:
      return banded(n, mask.tokens);
    case Mask::Form::chunk:
      return chunked(n, mask.tokens);
    case Mask::Form::dilated:
      return dilated(n, mask.tokens, mask.dilation);
    case Mask::Form::strided:
      return strided(n, mask.tokens);
    case Mask::Form::summaries:
      return summaries(n, mask.tokens, mask.most);
    case Mask::Form::everything:
      break;  // depends on the end, see mask_pairs
  }
  return 0;
}

std::int64_t end_of(NewTokens span) { return span.cached + span.count; }

// The first position that the oldest new token can see, sinks apart.
std::int64_t first_seen(const Mask& mask, NewTokens span) {
  switch (mask.form) {
    case Mask::Form::window:
      return std::max<std::int64_t>(0, span.cached + 1 - mask.tokens);
    case Mask::Form::chunk:
      return span.cached - span.cached % mask.tokens;
    default:
      return 0;
  }
}

// Rows that there are after `end` tokens: a summary is one row of R tokens.
std::int64_t rows_at(const Mask& mask, std::int64_t end) {
  return mask.form == Mask::Form::summaries ? end / mask.tokens : end;
}

// The tokens that one sees are scattered: two of them may see the same rows or others.
bool is_scattered(const Mask& mask) {
  return mask.form == Mask::Form::top_k || mask.form == Mask::Form::dilated ||
         mask.form == Mask::Form::strided || mask.form == Mask::Form::summaries;
}

}  // namespace

double mask_pairs(const Mask& mask, NewTokens span) {
  if (mask.form == Mask::Form::everything) {
    return static_cast<double>(Wide(span.count) * end_of(span));
  }
  return static_cast<double>(total(mask, end_of(span)) - total(mask, span.cached));
}

std::int64_t mask_rows_within(const Mask& mask, NewTokens span, std::int64_t prefix) {
  const std::int64_t end = rows_at(mask, std::min(prefix, end_of(span)));
  if (is_scattered(mask)) {
    const Wide pairs = total(mask, end_of(span)) - total(mask, span.cached);
    return pairs < end ? static_cast<std::int64_t>(pairs) : end;
  }
  const std::int64_t first = first_seen(mask, span);
  const std::int64_t sinks = std::min({mask.sinks, first, end});
  return std::max<std::int64_t>(0, end - first) + sinks;
}

std::int64_t mask_rows(const Mask& mask, NewTokens span) {
  return mask_rows_within(mask, span, end_of(span));
}

double mask_square(const Mask& mask, NewTokens span) {
  std::int64_t rows = mask_rows(mask, span);
  if (mask.form == Mask::Form::top_k) rows = std::min(mask.tokens, rows);
  if (mask.most > 0) rows = std::min(mask.most, rows);
  return static_cast<double>(Wide(span.count) * rows);
}

}  // namespace attncalc
