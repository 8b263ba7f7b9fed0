// SPDX-License-Identifier: Apache-2.0
//
// The two forms of attention, direct and blocked, over what one instruction set provides. Included
// inside a namespace that has defined, for an Element (fp32 or bf16) of its own:
//
//   direct_tokens, direct_rows      tokens of a block and rows at a time of the direct form
//   blocks_ahead                    how far ahead of their use stored rows are fetched
//   direct_scores, direct_values    rows times keys; weights times values, straight from the cache
//   direct_column(c)                where column c of such an answer lies
//   pack_keys, pack_values          a block of the cache as panels of 32 columns
//   multiply                        rows times panels
//   weigh                           scores to weights: maximum, exponential, sum
//
// No function of the standard library is called: this is compiled for several instruction sets, and
// an inline function of one must not be taken for another's.

constexpr std::int64_t blocked_tokens = 128;  // of a block of the blocked form
constexpr std::int64_t blocked_rows = 192;    // most rows of a task
constexpr std::size_t lane_columns = 32;      // of a panel
constexpr std::size_t element_bytes = sizeof(Element);

constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
constexpr std::int64_t larger(std::int64_t a, std::int64_t b) { return a > b ? a : b; }
constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// --- elements ------------------------------------------------------------------------------------

inline float from_bits(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
inline float from_bf16(std::uint16_t h) { return from_bits(static_cast<std::uint32_t>(h) << 16); }
inline std::uint16_t to_bf16(float x) {
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);  // ties to even
}
inline float from_half(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000U) << 16;
  const std::uint32_t exponent = h >> 10 & 0x1fU, fraction = h & 0x3ffU;
  if (exponent == 0x1fU) return from_bits(sign | 0x7f800000U | fraction << 13);
  if (exponent != 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
  const float tiny = static_cast<float>(fraction) * from_bits(0x33800000U);  // 2^-24
  return sign != 0 ? -tiny : tiny;
}

inline void put_element(float& to, float x) { to = x; }
inline void put_element(std::uint16_t& to, float x) { to = to_bf16(x); }
inline float element_value(float x) { return x; }
inline float element_value(std::uint16_t x) { return from_bf16(x); }

// A stored row as elements, with zeros up to `padded`.
inline void convert_row(Storage storage, const std::byte* from, std::size_t n, std::size_t padded,
                        Element* to) {
  if (storage == Storage::fp32) {
    const auto* x = reinterpret_cast<const float*>(from);
    for (std::size_t i = 0; i < n; ++i) put_element(to[i], x[i]);
  } else if (storage == Storage::bf16) {
    const auto* x = reinterpret_cast<const std::uint16_t*>(from);
    for (std::size_t i = 0; i < n; ++i) put_element(to[i], from_bf16(x[i]));
  } else {
    constexpr std::size_t block = 32, scale_bytes = 2;  // q8_0: an fp16 scale, then 32 int8
    for (std::size_t begin = 0; begin < n; begin += block) {
      const std::byte* at = from + begin / block * (block + scale_bytes);
      std::uint16_t bits = 0;
      __builtin_memcpy(&bits, at, scale_bytes);
      const float scale = from_half(bits);
      const auto* x = reinterpret_cast<const std::int8_t*>(at + scale_bytes);
      const std::size_t here = n - begin < block ? n - begin : block;
      for (std::size_t i = 0; i < here; ++i) {
        put_element(to[begin + i], scale * static_cast<float>(x[i]));
      }
    }
  }
  for (std::size_t i = n; i < padded; ++i) to[i] = Element{};
}

// --- where things are ----------------------------------------------------------------------------

struct Sizes {
  std::size_t depth, width;  // of a key and a value, padded
  bool keys_in_place, values_in_place;
};
inline Sizes sizes_of(const AttentionShape& s) {
  const auto d = static_cast<std::size_t>(s.key_dim), v = static_cast<std::size_t>(s.value_dim);
  const bool same = s.storage == element_storage;
  const Sizes z = {round_up(d, lane_columns), round_up(v, lane_columns), false, false};
  return {z.depth, z.width, same && z.depth == d, same && z.width == v};
}

// Memory of one worker, cut up.
struct Scratch {
  std::byte* at;
  template <class T>
  T* take(std::size_t n) {
    T* p = reinterpret_cast<T*>(at);
    at += round_up(n * sizeof(T), 256);
    return p;
  }
};
inline std::size_t most_rows(const AttentionShape&) { return blocked_rows; }

inline std::size_t scratch_bytes(const AttentionShape& s) {
  const Sizes z = sizes_of(s);
  const std::size_t rows = most_rows(s), tokens = blocked_tokens;
  const std::size_t elements = rows * (z.depth + tokens) + 4 * tokens * (z.depth + z.width);
  const std::size_t floats = rows * (z.width + tokens + 4);
  constexpr std::size_t slack = 64 * 256, spans = 64;
  return elements * element_bytes + floats * sizeof(float) + rows * spans + slack;
}

// What is kept of so many rows while their tokens go by.
struct RowState {
  float* m;
  float* l;
  float* o;
  float* alpha;
};

inline RowState start_rows(Scratch& scratch, std::size_t rows, std::size_t width) {
  RowState state = {scratch.take<float>(rows), scratch.take<float>(rows),
                    scratch.take<float>(rows * width), scratch.take<float>(rows)};
  for (std::size_t r = 0; r < rows; ++r) {
    state.m[r] = -__builtin_inff();
    state.l[r] = 0;
    state.alpha[r] = 0;
  }
  __builtin_memset(state.o, 0, rows * width * sizeof(float));
  return state;
}

inline const Element* load_queries(const AttentionWork& work, const AttentionTask& task,
                                   const Sizes& z, Scratch& scratch) {
  const AttentionShape& s = work.shape;
  const AttentionSequence& sequence = work.sequences[static_cast<std::size_t>(task.sequence)];
  const auto d = static_cast<std::size_t>(s.key_dim);
  const std::size_t row_bytes = d * (s.io() == Storage::bf16 ? 2 : 4);
  const auto rows = static_cast<std::size_t>(task.row_end - task.row_begin);
  const auto first =
      static_cast<std::size_t>(task.kv_head * s.group() * sequence.new_tokens + task.row_begin);
  Element* q = scratch.take<Element>(rows * z.depth);
  for (std::size_t r = 0; r < rows; ++r) {
    convert_row(s.io(), sequence.q + (first + r) * row_bytes, d, z.depth, q + r * z.depth);
  }
  return q;
}

inline void put_output(std::byte* to, Storage storage, std::size_t at, float value) {
  if (storage == Storage::bf16) {
    reinterpret_cast<std::uint16_t*>(to)[at] = to_bf16(value);
  } else {
    reinterpret_cast<float*>(to)[at] = value;
  }
}

// Answers, or what is to be merged with other ranges' of the same rows.
inline void finish_rows(const AttentionWork& work, const AttentionTask& task, const Sizes& z,
                        const RowState& state, bool direct) {
  const AttentionShape& s = work.shape;
  const AttentionSequence& sequence = work.sequences[static_cast<std::size_t>(task.sequence)];
  const auto width = static_cast<std::size_t>(s.value_dim);
  const auto first =
      static_cast<std::size_t>(task.kv_head * s.group() * sequence.new_tokens + task.row_begin);
  for (std::size_t r = 0; r < static_cast<std::size_t>(task.row_end - task.row_begin); ++r) {
    const float* o = state.o + r * z.width;
    const float share = state.l[r] == 0 ? 0 : 1 / state.l[r];
    float* partial = nullptr;
    if (task.partial >= 0) {
      partial = work.partials + (static_cast<std::size_t>(task.partial) + r) * work.partial_stride;
      partial[0] = state.m[r];
      partial[1] = state.l[r];
    }
    for (std::size_t c = 0; c < width; ++c) {
      const float value = o[direct ? direct_column(c) : c];
      if (partial != nullptr) {
        partial[2 + c] = value;
      } else {
        put_output(sequence.o, s.io(), (first + r) * width + c, value * share);
      }
    }
  }
}

// Rows of a block of tokens: in the cache where they are elements already, else converted. Tokens
// beyond `count` repeat the last: their weight is 0, and what they hold is seen anyway.
inline void row_pointers(const KvRows& rows, Storage storage, std::int64_t head, std::int64_t first,
                         std::int64_t count, std::int64_t block, bool in_place, std::size_t n,
                         std::size_t padded, Element* converted, const Element** out) {
  std::int64_t page = first / rows.page_tokens, slot = first % rows.page_tokens;
  for (std::int64_t t = 0; t < count; ++page, slot = 0) {  // a page at a time: divisions are slow
    const std::byte* row = rows.pages[page] + static_cast<std::size_t>(head) * rows.head_stride +
                           static_cast<std::size_t>(slot) * rows.token_stride;
    const std::int64_t stop = smaller(count, t + rows.page_tokens - slot);
    for (; t < stop; ++t, row += rows.token_stride) {
      if (in_place) {
        out[t] = reinterpret_cast<const Element*>(row);
      } else {
        Element* to = converted + static_cast<std::size_t>(t) * padded;
        convert_row(storage, row, n, padded, to);
        out[t] = to;
      }
    }
  }
  for (std::int64_t t = count; t < block; ++t) out[t] = out[count - 1];
}

// --- direct --------------------------------------------------------------------------------------

struct BlockRows {
  const Element* k[direct_tokens];
  const Element* v[direct_tokens];
};
// The same rows where they are stored, to be fetched before they are needed.
struct StoredRows {
  const std::byte* k[direct_tokens];
  const std::byte* v[direct_tokens];
};

struct DirectRun {
  const AttentionWork& work;
  const AttentionTask& task;
  Sizes z;
  Element* converted_k;
  Element* converted_v;
};

inline void block_rows(const DirectRun& run, std::int64_t first, std::int64_t count,
                       BlockRows& out) {
  const AttentionShape& s = run.work.shape;
  const AttentionSequence& sequence =
      run.work.sequences[static_cast<std::size_t>(run.task.sequence)];
  row_pointers(sequence.k, s.storage, run.task.kv_head, first, count, direct_tokens,
               run.z.keys_in_place, static_cast<std::size_t>(s.key_dim), run.z.depth,
               run.converted_k, out.k);
  row_pointers(sequence.v, s.storage, run.task.kv_head, first, count, direct_tokens,
               run.z.values_in_place, static_cast<std::size_t>(s.value_dim), run.z.width,
               run.converted_v, out.v);
}

inline void stored_rows(const KvRows& rows, std::int64_t head, std::int64_t first,
                        std::int64_t count, const std::byte** out) {
  std::int64_t page = first / rows.page_tokens, slot = first % rows.page_tokens;
  for (std::int64_t t = 0; t < count; ++page, slot = 0) {
    const std::byte* row = rows.pages[page] + static_cast<std::size_t>(head) * rows.head_stride +
                           static_cast<std::size_t>(slot) * rows.token_stride;
    const std::int64_t stop = smaller(count, t + rows.page_tokens - slot);
    for (; t < stop; ++t, row += rows.token_stride) out[t] = row;
  }
  for (std::int64_t t = count; t < direct_tokens; ++t) out[t] = out[count - 1];
}

inline void rows_ahead(const DirectRun& run, std::int64_t first, StoredRows& out) {
  const AttentionSequence& sequence =
      run.work.sequences[static_cast<std::size_t>(run.task.sequence)];
  const std::int64_t count = smaller(direct_tokens, run.task.token_end - first);
  stored_rows(sequence.k, run.task.kv_head, first, count, out.k);
  stored_rows(sequence.v, run.task.kv_head, first, count, out.v);
}

// One position for all rows: a decode of one token, or an encoder.
inline void run_direct(const AttentionWork& work, const AttentionTask& task, std::byte* memory) {
  const AttentionShape& s = work.shape;
  Scratch scratch = {memory};
  DirectRun run = {work, task, sizes_of(s), nullptr, nullptr};
  const auto rows = static_cast<std::size_t>(task.row_end - task.row_begin);
  const Element* q = load_queries(work, task, run.z, scratch);
  const RowState state = start_rows(scratch, rows, run.z.width);
  run.converted_k = scratch.take<Element>(direct_tokens * run.z.depth);
  run.converted_v = scratch.take<Element>(direct_tokens * run.z.width);
  float* scores = scratch.take<float>(rows * direct_tokens);
  auto* weights = scratch.take<Element>(rows * direct_tokens);
  const float scale = s.scale * 1.4426950408889634F;  // log2(e)

  BlockRows here;
  StoredRows ahead;
  for (std::int64_t first = task.token_begin; first < task.token_end; first += direct_tokens) {
    const std::int64_t count = smaller(direct_tokens, task.token_end - first);
    block_rows(run, first, count, here);
    rows_ahead(run, smaller(first + blocks_ahead * direct_tokens, task.token_end - 1), ahead);
    for (std::size_t r = 0; r < rows; r += direct_rows) {
      const auto some = static_cast<int>(rows - r < direct_rows ? rows - r : direct_rows);
      direct_scores(q + r * run.z.depth, run.z.depth, some, here.k, ahead.k,
                    scores + r * direct_tokens);
    }
    for (std::size_t r = 0; r < rows; ++r) {
      weigh(scores + r * direct_tokens, direct_tokens, 0, count, scale, state.m[r], state.l[r],
            state.alpha[r], weights + r * direct_tokens);
    }
    for (std::size_t r = 0; r < rows; r += direct_rows) {
      const auto some = static_cast<int>(rows - r < direct_rows ? rows - r : direct_rows);
      direct_values(state.o + r * run.z.width, run.z.width, state.alpha + r,
                    weights + r * direct_tokens, some, here.v, ahead.v);
    }
  }
  finish_rows(work, task, run.z, state, true);
}

// --- blocked -------------------------------------------------------------------------------------

struct Visible {
  TokenSpan sinks, rest;
};
inline Visible visible_to(const AttentionWork& work, const AttentionTask& task, std::int64_t row) {
  const AttentionSequence& sequence = work.sequences[static_cast<std::size_t>(task.sequence)];
  const std::int64_t position =
      sequence.tokens - sequence.new_tokens + (task.row_begin + row) % sequence.new_tokens;
  const Mask& mask = work.shape.mask;
  const std::int64_t end = mask.form == Mask::Form::everything ? sequence.tokens : position + 1;
  if (mask.form == Mask::Form::window) {
    const std::int64_t begin = larger(0, end - mask.tokens);
    return {{0, smaller(mask.sinks, begin)}, {begin, end}};
  }
  if (mask.form == Mask::Form::chunk) return {{0, 0}, {position / mask.tokens * mask.tokens, end}};
  return {{0, 0}, {0, end}};
}

// Of the block's tokens, those in the span, counted from the block's first.
inline TokenSpan within(TokenSpan span, std::int64_t first, std::int64_t count) {
  const std::int64_t begin = larger(span.begin - first, 0), end = smaller(span.end - first, count);
  return {begin, larger(begin, end)};
}

// Weights of values that are no numbers must be left out, not multiplied by zero.
inline bool all_finite(const Element* const* rows, std::int64_t count, std::size_t n) {
  bool finite = true;
  for (std::int64_t t = 0; t < count; ++t) {
    for (std::size_t c = 0; c < n; ++c) {
      const float x = element_value(rows[t][c]);
      finite = finite && x - x == 0;
    }
  }
  return finite;
}

struct BlockedRun {
  const AttentionWork& work;
  const AttentionTask& task;
  Sizes z;
  const Element* q;
  const Visible* sees;  // each row
  RowState state;
  Element* converted_k;
  Element* converted_v;
  Element* keys;    // panels
  Element* values;  // panels
  float* scores;
  Element* weights;
};

// The rows that see some of a block: one stretch holds them all. Whether one of them sees only a
// part of it.
struct Seeing {
  std::int64_t begin = 0, end = 0;
  bool partly = false;
};
inline Seeing rows_that_see(const BlockedRun& run, std::int64_t first, std::int64_t count) {
  const std::int64_t rows = run.task.row_end - run.task.row_begin;
  Seeing out;
  bool some = false;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t seen = within(run.sees[r].sinks, first, count).size() +
                              within(run.sees[r].rest, first, count).size();
    if (seen == 0) continue;
    if (!some) out.begin = r;
    out.end = r + 1;
    out.partly = out.partly || seen < count;
    some = true;
  }
  return out;
}

// Row by row, only what each sees.
inline void add_seen_values(const BlockedRun& run, std::int64_t row, const TokenSpan* spans,
                            const Element* const* v) {
  float* o = run.state.o + static_cast<std::size_t>(row) * run.z.width;
  const float alpha = run.state.alpha[row];
  const Element* w = run.weights + row * blocked_tokens;
  for (std::size_t c = 0; c < run.z.width; ++c) o[c] *= alpha;
  for (int part = 0; part < 2; ++part) {
    for (std::int64_t t = spans[part].begin; t < spans[part].end; ++t) {
      for (std::size_t c = 0; c < run.z.width; ++c) {
        o[c] += element_value(w[t]) * element_value(v[t][c]);
      }
    }
  }
}

inline void run_block(const BlockedRun& run, std::int64_t first, std::int64_t count) {
  const AttentionShape& s = run.work.shape;
  const AttentionSequence& sequence =
      run.work.sequences[static_cast<std::size_t>(run.task.sequence)];
  const Seeing seeing = rows_that_see(run, first, count);
  if (seeing.begin == seeing.end) return;
  const auto from = static_cast<std::size_t>(seeing.begin);
  const auto rows = static_cast<int>(seeing.end - seeing.begin);

  const Element* k[blocked_tokens];
  const Element* v[blocked_tokens];
  row_pointers(sequence.k, s.storage, run.task.kv_head, first, count, blocked_tokens,
               run.z.keys_in_place, static_cast<std::size_t>(s.key_dim), run.z.depth,
               run.converted_k, k);
  row_pointers(sequence.v, s.storage, run.task.kv_head, first, count, blocked_tokens,
               run.z.values_in_place, static_cast<std::size_t>(s.value_dim), run.z.width,
               run.converted_v, v);
  const auto tokens = static_cast<std::size_t>(round_up(static_cast<std::size_t>(count), 32));
  pack_keys(k, tokens, run.z.depth, run.keys);
  multiply(run.q + from * run.z.depth, run.z.depth, rows, run.keys, run.z.depth, tokens,
           run.scores + from * blocked_tokens, blocked_tokens, nullptr);
  const float scale = s.scale * 1.4426950408889634F;  // log2(e)
  const bool one_by_one = seeing.partly && !all_finite(v, count, run.z.width);
  for (std::int64_t r = seeing.begin; r < seeing.end; ++r) {
    const Visible& sees = run.sees[r];
    const TokenSpan spans[2] = {within(sees.sinks, first, count), within(sees.rest, first, count)};
    float* row = run.scores + r * blocked_tokens;
    std::int64_t begin = spans[1].begin, end = spans[1].end;
    if (spans[0].size() > 0) {
      begin = spans[0].begin;
      for (std::int64_t t = spans[0].end; t < (spans[1].size() > 0 ? spans[1].begin : count); ++t) {
        row[t] = -__builtin_inff();
      }
      if (spans[1].size() == 0) end = count;
    }
    if (spans[0].size() + spans[1].size() == 0) begin = end = 0;
    weigh(row, static_cast<std::int64_t>(tokens), begin, end, scale, run.state.m[r], run.state.l[r],
          run.state.alpha[r], run.weights + r * blocked_tokens);
    if (one_by_one) add_seen_values(run, r, spans, v);
  }
  if (one_by_one) return;
  pack_values(v, tokens, run.z.width, run.values);
  multiply(run.weights + from * blocked_tokens, blocked_tokens, rows, run.values, tokens,
           run.z.width, run.state.o + from * run.z.width, run.z.width, run.state.alpha + from);
}

inline void run_blocked(const AttentionWork& work, const AttentionTask& task, std::byte* memory) {
  const AttentionShape& s = work.shape;
  Scratch scratch = {memory};
  const Sizes z = sizes_of(s);
  const auto rows = static_cast<std::size_t>(task.row_end - task.row_begin);
  const Element* q = load_queries(work, task, z, scratch);
  auto* sees = scratch.take<Visible>(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    sees[r] = visible_to(work, task, static_cast<std::int64_t>(r));
  }
  BlockedRun run = {.work = work,
                    .task = task,
                    .z = z,
                    .q = q,
                    .sees = sees,
                    .state = start_rows(scratch, rows, z.width),
                    .converted_k = scratch.take<Element>(blocked_tokens * z.depth),
                    .converted_v = scratch.take<Element>(blocked_tokens * z.width),
                    .keys = scratch.take<Element>(blocked_tokens * z.depth),
                    .values = scratch.take<Element>(blocked_tokens * z.width),
                    .scores = scratch.take<float>(rows * blocked_tokens),
                    .weights = scratch.take<Element>(rows * blocked_tokens)};
  for (std::int64_t first = task.token_begin; first < task.token_end; first += blocked_tokens) {
    run_block(run, first, smaller(blocked_tokens, task.token_end - first));
  }
  finish_rows(work, task, z, run.state, false);
}

// Rows of one position take the direct form while they are few enough to be bound by memory.
inline void run_task(const AttentionWork& work, const AttentionTask& task, std::byte* scratch) {
  const AttentionSequence& sequence = work.sequences[static_cast<std::size_t>(task.sequence)];
  const bool one_position =
      sequence.new_tokens == 1 || work.shape.mask.form == Mask::Form::everything;
  const bool few = task.row_end - task.row_begin <= most_direct_rows;
  if (one_position && few) return run_direct(work, task, scratch);
  run_blocked(work, task, scratch);
}
