// SPDX-License-Identifier: Apache-2.0
//
// The fast softmax attention: MHA, GQA and MQA under causal masks, windows with sink tokens and
// chunks; prompts, decodes and anything between; contiguous and paged caches; ragged batches. MLA's
// absorbed decode is the same with one KV head whose values are the first columns of its keys.
//
// Two forms, chosen by how many queries share a KV head (rows):
//
//   direct    few rows (a decode): rows of K and V are read once, straight from the cache, block by
//             block. Bound by memory.
//   blocked   many rows (a prompt, MLA): blocks of K and V are packed into panels that a small
//             matrix product runs over. Bound by arithmetic.
//
// Both keep a running maximum m, sum l and answer o a row (online softmax), in fp32. Blocks that
// nobody sees are skipped. Where there are too few rows for all workers, the cache is cut into
// ranges whose answers are merged. Held to reference/softmax.hpp by tests/kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "attention/masks.hpp"
#include "kernels/workers.hpp"

namespace attncalc {

// What keys and values are stored in. Queries and answers are alike, but fp32 beside q8_0.
enum class Storage : std::uint8_t { fp32, bf16, q8_0 };
constexpr std::array<std::string_view, 3> words(Storage) { return {"fp32", "bf16", "q8_0"}; }
std::size_t stored_bytes(Storage storage, std::size_t elements);

// Rounded to the nearest, ties to even; NaN stays NaN.
std::uint16_t bf16_bits(float x);
float bf16_value(std::uint16_t bits);

// Where rows are. A contiguous cache is one endless page.
struct KvRows {
  const std::byte* const* pages = nullptr;
  std::int64_t page_tokens = 1;
  std::size_t head_stride = 0;  // bytes, within a page
  std::size_t token_stride = 0;

  const std::byte* row(std::int64_t head, std::int64_t token) const {
    return pages[token / page_tokens] + static_cast<std::size_t>(head) * head_stride +
           static_cast<std::size_t>(token % page_tokens) * token_stride;
  }
};

struct AttentionSequence {
  const std::byte* q = nullptr;  // [head][new token][key_dim]
  std::byte* o = nullptr;        // [head][new token][value_dim]
  KvRows k, v;
  std::int64_t tokens = 0;      // in the cache, the new ones included
  std::int64_t new_tokens = 1;  // the last so many
};

struct AttentionShape {
  Storage storage = Storage::bf16;
  std::int64_t heads = 1, kv_heads = 1;
  std::int64_t key_dim = 1, value_dim = 1;
  float scale = 1;
  Mask mask = Mask::causal();  // causal, window, chunk, everything
  std::int64_t group() const { return heads / kv_heads; }
  Storage io() const { return storage == Storage::q8_0 ? Storage::fp32 : storage; }
};

// Tokens [begin, end) that a query sees.
struct TokenSpan {
  std::int64_t begin = 0, end = 0;
  std::int64_t size() const { return end > begin ? end - begin : 0; }
};
// Sink tokens, and the rest; either may be empty.
std::array<TokenSpan, 2> visible(const Mask& mask, std::int64_t position, std::int64_t tokens);

// Rows of one KV head over a part of its tokens.
struct AttentionTask {
  std::int64_t sequence = 0, kv_head = 0;
  std::int64_t row_begin = 0, row_end = 0;  // of group × new_tokens rows
  std::int64_t token_begin = 0, token_end = 0;
  std::int64_t partial = -1;  // where its m, l and o go to be merged; −1: it is all there is
};

// An implementation, for some instructions and some storage.
struct AttentionKernel {
  std::string_view name;
  bool (*can)(const AttentionShape& shape) = nullptr;
  void (*run)(const struct AttentionWork& work, const AttentionTask& task,
              std::byte* scratch) = nullptr;
  std::size_t (*scratch_bytes)(const AttentionShape& shape) = nullptr;
};
// Those that this processor has, the fastest first.
std::span<const AttentionKernel> attention_kernels();

// What all tasks of one problem share.
struct AttentionWork {
  AttentionShape shape;
  std::span<const AttentionSequence> sequences;
  float* partials = nullptr;  // of a row: m, l, o; o in the kernel's own order of columns
  std::size_t partial_stride = 0;
};

// A problem cut into tasks for so many workers, ready to run again and again. Sequences and what
// they point to must outlive it.
class Attention {
 public:
  Attention(const AttentionShape& shape, std::vector<AttentionSequence> sequences, int workers,
            const AttentionKernel* kernel = nullptr);
  ~Attention();
  Attention(Attention&&) noexcept;

  void run(const Worker& worker);
  std::string_view kernel() const;
  std::size_t tasks() const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace attncalc
