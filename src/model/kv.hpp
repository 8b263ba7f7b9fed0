// SPDX-License-Identifier: Apache-2.0
//
// Bytes of KV cache and recurrent state, as arithmetic (the `ideal` engine): what the tokens that a
// layer can still see take, and nothing else. Engines that round, pad and copy start from the same
// plan (see serving/).
//
//   payload = Σ over layers and their cache tensors: sequences × slots(tokens) × row bytes
//                                                                        docs/model.md, "Payload"
#pragma once

#include <string>
#include <vector>

#include "attention/tensors.hpp"
#include "model/model.hpp"

namespace attncalc {

// One kind of cache tensor of a model and how many layers own one.
struct CacheLine {
  CacheTensor tensor;
  std::int64_t layers = 0;
  std::string label;  // of the mixer that owns it: "gqa", "mla"
};

// All cache tensors of the decoder; layers that read another's cache have none. Made once a model.
struct CachePlan {
  std::vector<CacheLine> lines;
};
CachePlan cache_plan(const Model& model);

struct KvQuery {
  Dim tokens = 1;  // in the cache, per sequence, after the step
  Dim batch = 1;   // sequences
  Dim encoder_tokens = 0;
  KvFormats formats = {};
};

const Format& format_of(const CacheTensor& tensor, const KvFormats& formats);

// The bytes of one sequence in all layers of one line: elements, and apart from them the scales.
template <class N>
struct LineBytes {
  N data;
  N scale;
};
template <class N>
LineBytes<N> line_bytes(const CacheLine& line, const KvQuery& query) {
  const CacheTensor& t = line.tensor;
  const Format& format = format_of(t, query.formats);
  const N heads = factor<N>("heads", t.heads);
  const N width = factor<N>("width", t.width);
  const N rows =
      factor<N>("layers", line.layers) *
      slot_count<N>(t.slots, {.tokens = query.tokens, .encoder_tokens = query.encoder_tokens});
  return {rows * data_bytes(format, heads, width), rows * scale_bytes(format, heads, width)};
}

// The one number, as fast as it gets. Throws Overflow (see base/units.hpp).
Bytes kv_payload(const CachePlan& plan, const KvQuery& query);

struct NamedBytes {
  std::string name;
  Bytes bytes;
};
struct GroupBytes {
  std::string kind;
  std::int64_t layers = 0;
  Bytes bytes;
};
struct Explained {
  std::string name;  // "key in 80 × gqa"
  Traced bytes;
};

struct KvFigures {
  Bytes payload;  // all sequences
  Bytes per_sequence;
  Bytes fixed_per_sequence;               // state that does not grow
  double bytes_per_token = 0;             // what the last token at this context added
  double bytes_per_token_from_empty = 0;  // growth before any window binds
  std::vector<NamedBytes> components;     // of the payload
  std::vector<GroupBytes> groups;         // of the payload
  std::vector<Explained> explained;       // of one sequence
};

// Errors: a figure above 2^63 − 1.
Result<KvFigures> kv_figures(const Model& model, const KvQuery& query);

}  // namespace attncalc
