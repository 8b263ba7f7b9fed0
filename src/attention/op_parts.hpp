// SPDX-License-Identifier: Apache-2.0
//
// Parts that the operators of many kinds are made of: norms, rotary positions, scores over a cache,
// short convolutions, states. Included by the kinds' own .cpp files. See docs/model.md, "Operators"
// and "Vector work".
#pragma once

#include "attention/op_rows.hpp"

namespace attncalc {

inline double value_of(double n) { return n; }
inline double value_of(const TracedReal& n) { return n.value; }

template <class N>
N flops_of(const N& n) {
  return plain<N>(flops_per_multiply_add) * n;
}

// What reads its elements and writes as many: a norm, a rotation.
template <class N>
N read_and_written(const OpRows<N>& out, const N& elements) {
  return out.activation(elements) + out.activation(elements);
}

// Vector work over `elements` numbers a token that are read and written.
template <class N>
void add_elementwise(OpRows<N>& out, OpName name, std::int64_t each, const N& elements) {
  const N all = out.tokens() * elements;
  out.add(name, {.vector_flops = plain<N>(each) * all, .activations = read_and_written(out, all)});
}

// A gate over what attention or a state made: a sigmoid and a product; the gate's projection is
// a matrix of its own.
template <class N>
void add_output_gate(OpRows<N>& out, const N& elements) {
  const N all = out.tokens() * elements;
  out.add(OpName::gates,
          {.vector_flops = plain<N>(vector_work::sigmoid + vector_work::multiply) * all,
           .activations = read_and_written(out, all) + out.activation(all)});
}

// Bytes of a matrix that the kind puts itself.
template <class N>
N own_weight_bytes(const OpRows<N>& out, const N& rows, const N& cols) {
  const Format& format = *out.layer().own_weights;
  return out.weight_bytes(matrix_data_bytes(format, rows, cols) +
                          matrix_scale_bytes(format, rows, cols));
}

// --- scores --------------------------------------------------------------------------------------

struct ScoreNames {
  OpName scores = OpName::qk_scores;
  OpName softmax = OpName::softmax;
  OpName values = OpName::attn_values;
};

template <class N>
struct Scores {
  N heads;
  N kv_heads;
  N key_dim;    // of one head's score
  N value_dim;  // of one head's answer
  N pairs;      // of query and key, all sequences
  N square;     // every query with every row: what the score matrix has room for
  N key_bytes;  // read from the cache, all sequences
  N value_bytes;
  N key_activations = plain<N>(0);  // keys that come from another operator, not from the cache
  N value_activations = plain<N>(0);
  Operand cache = Operand::cache;
  ScoreNames names = {};
  std::optional<N> chosen = {};  // pairs that a choice by their scores leaves; none: all
};

// Scores of one KV head: its query heads stand below one another.
template <class N>
Gemm score_gemm(const OpRows<N>& out, const Scores<N>& s, const N& inner, const N& outer,
                bool values) {
  const double sequences = value_of(out.sequences());
  const double tokens = value_of(out.tokens());
  const double rows = value_of(values ? s.chosen.value_or(s.pairs) : s.pairs) / tokens;
  return {.m = tokens / sequences * value_of(s.heads) / value_of(s.kv_heads),
          .n = values ? value_of(outer) : rows,
          .k = values ? rows : value_of(inner),
          .count = sequences * value_of(s.kv_heads)};
}

// The score matrix, once through memory, where it is not kept on chip.
template <class N>
N score_matrix(const OpRows<N>& out, const Scores<N>& s) {
  if (out.pass().conventions.attention == AttentionTraffic::tiled) return plain<N>(0);
  return out.activation(s.heads * s.square);
}

template <class N>
void add_scores(OpRows<N>& out, const Scores<N>& s) {
  const N matrix = score_matrix(out, s);
  const N chosen = s.chosen.value_or(s.pairs);
  const N queries = out.activation(out.tokens() * s.heads * s.key_dim);
  const N answers = out.activation(out.tokens() * s.heads * s.value_dim);
  out.add(s.names.scores,
          {.unit = OpUnit::matrix,
           .operands = {Operand::activation, s.cache},
           .gemm = score_gemm(out, s, s.key_dim, s.key_dim, false)},
          {.flops = flops_of(s.heads * s.key_dim * s.pairs),
           .kv_read = s.key_bytes,
           .activations = queries + s.key_activations + matrix});
  out.add(s.names.softmax, {.vector_flops = plain<N>(vector_work::softmax) * s.heads * chosen,
                            .activations = matrix + matrix});
  out.add(s.names.values,
          {.unit = OpUnit::matrix,
           .operands = {Operand::activation, s.cache},
           .gemm = score_gemm(out, s, s.key_dim, s.value_dim, true)},
          {.flops = flops_of(s.heads * s.value_dim * chosen),
           .kv_read = s.value_bytes,
           .activations = answers + s.value_activations + matrix});
}

// Every query with every row that its sequence reads.
template <class N>
N square_of(const OpRows<N>& out, const Mask& mask) {
  return out.sum([&](const SequenceGroup& g) {
    return real_factor<N>("score matrix", mask_square(mask, {g.cached, g.new_tokens}));
  });
}

// repeat_kv writes a copy of a KV head for every query head that shares it, which is then read.
template <class N>
N repeated(const OpRows<N>& out, const N& heads, const N& kv_heads, const N& width, const N& rows) {
  const bool shared = value_of(kv_heads) < value_of(heads);
  if (!shared || out.pass().conventions.gqa == GqaTraffic::broadcast) return plain<N>(0);
  return read_and_written(out, rows * heads * width);
}

// The indexer scores every cached key; what it writes down is one number a pair, of which top-k
// then keeps the best.
template <class N>
void add_token_index(OpRows<N>& out, const N& heads, const N& width) {
  const N pairs = out.pairs(Mask::causal());
  const N row = out.cache_row(Component::index_key, plain<N>(1), width);
  const N rows = out.rows_read(Mask::causal());
  const double tokens = value_of(out.tokens());
  out.add(OpName::index_k_proj, {.kv_write = out.tokens() * row});
  out.add(
      OpName::index_scores,
      {.unit = OpUnit::matrix,
       .operands = {Operand::activation, Operand::index},
       .gemm = Gemm{.m = tokens * value_of(heads) / value_of(out.sequences()),
                    .n = value_of(pairs) / tokens,
                    .k = value_of(width),
                    .count = value_of(out.sequences())}},
      {.flops = flops_of(heads * width * pairs),
       // ReLU, weight and sum of every head's score
       .vector_flops = plain<N>(vector_work::compare + vector_work::multiply + vector_work::add) *
                       heads * pairs,
       .kv_read = rows * row,
       .activations = out.activation(out.tokens() * heads * width) + out.activation(pairs)});
  out.add(OpName::topk, {.vector_flops = plain<N>(vector_work::compare) * pairs,
                         .activations = out.activation(pairs)});
}

// --- convolutions and states ---------------------------------------------------------------------

// A causal convolution over `channels`, which remembers its last `kernel` − 1 inputs.
template <class N>
void add_convolution(OpRows<N>& out, Dim channels, Dim kernel) {
  if (kernel < 1) return;
  const N all = out.tokens() * factor<N>("channels", channels);
  const N state = out.cache_row(Component::conv_state, factor<N>("channels", channels),
                                factor<N>("kernel - 1", kernel - 1));
  out.add(OpName::conv, {.vector_flops = plain<N>(vector_work::convolution_tap) *
                                             factor<N>("kernel", kernel) * all +
                                         plain<N>(vector_work::activation) * all,
                         .kv_read = out.sequences_with_past() * state,
                         .kv_write = out.sequences() * state,
                         .activations = read_and_written(out, all)});
}

// What one layer's state costs: multiply-adds and other work of one step, and of a scan in chunks.
template <class N>
struct StateWork {
  N state_bytes;              // of one sequence
  N update;                   // multiply-adds of one token that write the state
  N update_vector;            // decays and what else touches every element of the state
  N read;                     // multiply-adds of one token that read the state
  N io;                       // elements that a token brings and takes away
  std::int64_t chunk = 0;     // tokens that a scan takes at once; 0: it has no chunked form
  N per_pair = plain<N>(0);   // multiply-adds for each pair of tokens in one chunk
  N per_token = plain<N>(0);  // multiply-adds for each token of a scan
  N per_chunk = plain<N>(0);  // and for each whole chunk
};

// Tokens that take steps: decodes, and everything where there is no chunked form.
template <class N>
N stepped_tokens(const OpRows<N>& out, const StateWork<N>& s) {
  return s.chunk > 0 ? out.tokens(Phase::decode) : out.tokens();
}

template <class N>
N state_sequences(const OpRows<N>& out, bool stepped, bool chunked, bool with_past) {
  N sum = plain<N>(0);
  for (const SequenceGroup& g : out.pass().groups) {
    const bool steps = g.phase == Phase::decode || !chunked;
    if (steps != stepped || (with_past && g.cached == Dim(0))) continue;
    sum = sum + factor<N>("sequences", g.count);
  }
  return sum;
}

template <class N>
void add_steps(OpRows<N>& out, const StateWork<N>& s) {
  const N tokens = stepped_tokens(out, s);
  if (value_of(tokens) == 0) return;
  const bool chunked = s.chunk > 0;
  out.add(OpName::state_update,
          {.unit = OpUnit::vector, .operands = {Operand::activation, Operand::state}},
          {.flops = flops_of(tokens * s.update),
           .vector_flops = tokens * s.update_vector,
           .kv_read = state_sequences(out, true, chunked, true) * s.state_bytes,
           .kv_write = state_sequences(out, true, chunked, false) * s.state_bytes,
           .activations = out.activation(tokens * s.io)});
  out.add(OpName::state_read,
          {.unit = OpUnit::vector, .operands = {Operand::activation, Operand::state}},
          {.flops = flops_of(tokens * s.read)});
}

// Chunks begin with the new tokens: a pass does not know where an earlier one cut.
template <class N>
void add_scan(OpRows<N>& out, const StateWork<N>& s) {
  const N tokens = s.chunk > 0 ? out.tokens(Phase::prefill) : plain<N>(0);
  if (value_of(tokens) == 0) return;
  const auto in_prefill = [&](auto&& figure) {
    return out.sum([&](const SequenceGroup& g) {
      return g.phase == Phase::prefill ? figure(g) : plain<N>(0);
    });
  };
  const N pairs = in_prefill([&](const SequenceGroup& g) {
    return real_factor<N>("pairs in chunks", mask_pairs(Mask::chunk(s.chunk), {0, g.new_tokens}));
  });
  const N chunks = in_prefill([&](const SequenceGroup& g) {
    return ceil_div(factor<N>("tokens", g.new_tokens), factor<N>("chunk", s.chunk));
  });
  out.add(OpName::chunk_scan,
          {.unit = OpUnit::matrix, .operands = {Operand::activation, Operand::activation}},
          {.flops = flops_of(pairs * s.per_pair + tokens * s.per_token + chunks * s.per_chunk),
           .vector_flops = chunks * s.update_vector,
           .kv_read = state_sequences(out, false, true, true) * s.state_bytes,
           .kv_write = state_sequences(out, false, true, false) * s.state_bytes,
           .activations = out.activation(tokens * s.io)});
}

template <class N>
void add_state(OpRows<N>& out, const StateWork<N>& s) {
  add_steps(out, s);
  add_scan(out, s);
}

// The bytes of a state whose format the config may fix.
template <class N>
N state_row(const OpRows<N>& out, const std::optional<Format>& own, Component component,
            const N& heads, const N& width) {
  const bool forced = out.formats().kv.state_forced;
  const Format& format = own && !forced ? *own : out.formats().kv.of(component);
  return OpRows<N>::row_bytes(format, heads, width);
}

}  // namespace attncalc
