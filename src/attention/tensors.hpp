// SPDX-License-Identifier: Apache-2.0
//
// What an attention kind tells the rest of the program: the tensors that it caches and the tensors
// that it is made of. Everything about memory (payload, engines, sharding, parameters, weight
// bytes, the check against a real header) is a function of these two lists, so that nothing
// outside a kind's own file needs to know what the kind is.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "attention/dim.hpp"
#include "attention/format.hpp"
#include "attention/number.hpp"

namespace attncalc {

// --- which rows of a cache exist when N tokens are cached (docs/model.md, "Slots") --------------

struct PerToken {
  bool operator==(const PerToken&) const = default;
};               // one row a token
struct Window {  // the last `tokens` …
  Dim tokens;
  Dim sinks = 0;  // … and the first `sinks` for good
  bool operator==(const Window&) const = default;
};
struct Chunk {  // at most one chunk
  Dim tokens;
  bool operator==(const Chunk&) const = default;
};
struct Every {  // one a full group
  Dim tokens;
  bool operator==(const Every&) const = default;
};
struct Fixed {
  bool operator==(const Fixed&) const = default;
};  // one, whatever N is
struct PerEncoderToken {
  bool operator==(const PerEncoderToken&) const = default;
};

using Slots = std::variant<PerToken, Window, Chunk, Every, Fixed, PerEncoderToken>;

// How a tensor is divided among tensor-parallel ranks.
//   kv_heads: by heads, and copied where there are fewer heads than ranks
//   heads:    by heads, which must divide
//   groups:   by groups, copied up where there are fewer groups than ranks
//   whole:    every rank holds all of it
enum class Split : std::uint8_t { kv_heads, heads, groups, whole };

// A row of the cache is `heads` × `width` elements.
struct CacheTensor {
  Component component = Component::key;
  Dim heads = 1;
  Dim width = 0;
  Slots slots = PerToken{};
  Split split = Split::kv_heads;
  std::optional<Format> own_format;  // stands against --kv-dtype: an fp32 state

  bool operator==(const CacheTensor&) const = default;
};

// A learnt tensor of `rows` × `cols` (cols 1: a vector: norm, bias, gate), `copies` of it
// (experts), of which `active` are used by one token. `role` is a name of the contract's operator
// list or of a norm or bias beside it; string literals only.
struct WeightTensor {
  std::string_view role;
  Dim rows = 0;
  Dim cols = 1;
  Dim copies = 1;
  Dim active = 1;
  Split split = Split::whole;

  Elements elements() const { return Elements(Count(rows) * Count(cols) * Count(copies)); }
  Elements active_elements() const { return Elements(Count(rows) * Count(cols) * Count(active)); }
  bool operator==(const WeightTensor&) const = default;
};

struct CacheState {
  Dim tokens = 0;          // in the cache after the step, per sequence
  Dim encoder_tokens = 0;  // per sequence, for cross-attention
};

template <class N>
N slot_count(const Slots& slots, const CacheState& state) {
  const N tokens = factor<N>("tokens", state.tokens);
  if (std::holds_alternative<PerToken>(slots)) return tokens;
  if (const auto* w = std::get_if<Window>(&slots)) {
    const N window = factor<N>("window", w->tokens);
    return least(tokens, w->sinks > 0 ? factor<N>("sinks", w->sinks) + window : window);
  }
  if (const auto* c = std::get_if<Chunk>(&slots))
    return least(tokens, factor<N>("chunk", c->tokens));
  if (const auto* e = std::get_if<Every>(&slots)) {
    return floor_div(tokens, factor<N>("ratio", e->tokens));
  }
  if (std::holds_alternative<Fixed>(slots)) return N(Count(1));
  return factor<N>("encoder_tokens", state.encoder_tokens);
}

// The most tokens for which the tensor still grows by a row a token; nullopt if it always does.
std::optional<std::int64_t> full_at(const Slots& slots);

}  // namespace attncalc
