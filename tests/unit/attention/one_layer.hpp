// SPDX-License-Identifier: Apache-2.0
//
// What one layer with one token mixer keeps and is made of, as the tests of every kind ask for it:
// through the same formulas that a whole model goes through.
#pragma once

#include "attention/kinds.hpp"
#include "model/kv.hpp"
#include "support/catch.hpp"

namespace attncalc {

// Cache in bf16, states in fp32, convolution inputs in bf16.
inline KvQuery bf16_at(std::int64_t tokens, std::int64_t encoder_tokens = 0) {
  return {
      .tokens = tokens, .encoder_tokens = encoder_tokens, .formats = *kv_formats("bf16", "bf16")};
}

// Bytes of one sequence in one layer; of one component only, if it is given.
inline std::int64_t cache_bytes(const Kind& kind, const KvQuery& query,
                                std::optional<Component> only = {}) {
  Count sum;
  for (const CacheTensor& tensor : cache_tensors(kind)) {
    if (only && tensor.component != *only) continue;
    const CacheLine line{.tensor = tensor, .layers = 1, .label = label(kind)};
    const LineBytes<Count> bytes = line_bytes<Count>(line, query);
    sum += bytes.data + bytes.scale;
  }
  return sum.value;
}

inline std::int64_t weights(const Kind& kind, Dim hidden) {
  Elements sum;
  for (const WeightTensor& tensor : weight_tensors(kind, hidden)) sum += tensor.elements();
  return sum.value.value;
}

template <class K>
K completed(K kind, Dim hidden) {
  kind.complete(hidden);
  return kind;
}

}  // namespace attncalc
