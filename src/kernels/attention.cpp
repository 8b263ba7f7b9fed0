// SPDX-License-Identifier: Apache-2.0
//
// Cuts a problem into tasks, hands them to workers, and merges ranges of one row. Rows of a prompt
// are many tasks, taken as workers become free, the longest first; a decode has few, so the cache
// is cut into as many equal stretches as there are workers, and a row that two of them share is
// merged by its maxima.
#include "kernels/attention.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

#include "kernels/attention_targets.hpp"
#include "kernels/buffer.hpp"
#include "kernels/cpu.hpp"

namespace attncalc {
namespace {

constexpr std::int64_t rows_of_task = 192;

std::vector<AttentionKernel> usable_kernels() {
  std::vector<AttentionKernel> out;
  if (cpu_features().avx512_bf16) out.push_back(avx512_bf16_attention());
  out.push_back(simd_attention());
  std::erase_if(out, [](const AttentionKernel& k) { return k.run == nullptr; });
  return out;
}

const AttentionKernel& best_kernel(const AttentionShape& shape) {
  const auto kernels = attention_kernels();
  return *std::ranges::find_if(kernels, [&](const AttentionKernel& k) { return k.can(shape); });
}

// All rows of a KV head stand at one position: they see the same tokens.
bool is_one_position(const AttentionShape& shape, const AttentionSequence& sequence) {
  return sequence.new_tokens == 1 || shape.mask.form == Mask::Form::everything;
}

// Tokens that some row of the task sees: one stretch, sinks and all, unless the rows stand at one
// position and can be given exactly theirs.
std::vector<TokenSpan> spans_of(const AttentionShape& shape, const AttentionSequence& sequence,
                                std::int64_t first_position, std::int64_t last_position) {
  const auto first = visible(shape.mask, first_position, sequence.tokens);
  const auto last = visible(shape.mask, last_position, sequence.tokens);
  if (is_one_position(shape, sequence)) return {first[0], first[1]};
  const std::int64_t sinks = std::max(first[0].size(), last[0].size());
  const TokenSpan rest = {first[1].begin, last[1].end};
  if (sinks >= rest.begin) return {{0, rest.end}};
  return {{0, sinks}, rest};
}

}  // namespace

std::size_t stored_bytes(Storage storage, std::size_t elements) {
  switch (storage) {
    case Storage::fp32:
      return elements * 4;
    case Storage::bf16:
      return elements * 2;
    default:
      return (elements + 31) / 32 * 34;  // 32 int8 and an fp16 scale
  }
}

std::array<TokenSpan, 2> visible(const Mask& mask, std::int64_t position, std::int64_t tokens) {
  const std::int64_t end = std::min(position + 1, tokens);
  switch (mask.form) {
    case Mask::Form::everything:
      return {{{0, 0}, {0, tokens}}};
    case Mask::Form::window: {
      const std::int64_t begin = std::max<std::int64_t>(0, position + 1 - mask.tokens);
      return {{{0, std::min(mask.sinks, begin)}, {begin, end}}};
    }
    case Mask::Form::chunk:
      return {{{0, 0}, {position / mask.tokens * mask.tokens, end}}};
    default:
      assert(mask.form == Mask::Form::causal);
      return {{{0, 0}, {0, end}}};
  }
}

std::span<const AttentionKernel> attention_kernels() {
  static const std::vector<AttentionKernel> kernels = usable_kernels();
  return kernels;
}

struct Attention::Plan {
  // Rows whose answer comes from several tasks: their partial answers, `rows` apart.
  struct Merge {
    std::int64_t sequence = 0, first_row = 0, rows = 0;
    std::int64_t first_partial = 0, parts = 0;
  };

  std::vector<AttentionSequence> sequences;
  const AttentionKernel* kernel = nullptr;
  AttentionWork work;
  std::vector<AttentionTask> tasks;
  std::vector<std::size_t> owned;  // where each worker's tasks begin; empty: taken as they come
  std::vector<Merge> merges;
  std::atomic<std::size_t> next = 0;
  std::vector<Buffer> scratch;
  std::vector<float> partials;

  // --- cutting ---

  void cut(int workers) {
    std::vector<AttentionTask> whole;
    for (std::size_t s = 0; s < sequences.size(); ++s)
      add_rows(static_cast<std::int64_t>(s), whole);
    const bool enough = whole.size() >= 4 * static_cast<std::size_t>(workers);
    const bool spans_merge = std::ranges::any_of(sequences, [&](const AttentionSequence& q) {
      return is_one_position(work.shape, q) && work.shape.mask.sinks > 0;
    });
    if (workers == 1 || (enough && !spans_merge && !is_decode())) {
      take_whole(whole);
    } else {
      cut_ranges(whole, workers);
    }
  }
  bool is_decode() const {
    return std::ranges::all_of(sequences, [](const auto& s) { return s.new_tokens == 1; });
  }

  void add_rows(std::int64_t s, std::vector<AttentionTask>& out) const {
    const AttentionSequence& sequence = sequences[static_cast<std::size_t>(s)];
    if (sequence.new_tokens < 1) return;
    const AttentionShape& shape = work.shape;
    for (std::int64_t head = 0; head < shape.kv_heads; ++head) {
      const std::int64_t rows = shape.group() * sequence.new_tokens;
      // A task of a prompt keeps to one query head, so that its positions are near one another.
      const std::int64_t stop = sequence.new_tokens > 64 ? sequence.new_tokens : rows;
      for (std::int64_t base = 0; base < rows; base += stop) {
        for (std::int64_t r = base; r < base + stop; r += rows_of_task) {
          out.push_back({.sequence = s,
                         .kv_head = head,
                         .row_begin = r,
                         .row_end = std::min(r + rows_of_task, base + stop)});
        }
      }
    }
  }

  std::vector<TokenSpan> tokens_of(const AttentionTask& task) const {
    const AttentionSequence& sequence = sequences[static_cast<std::size_t>(task.sequence)];
    const std::int64_t cached = sequence.tokens - sequence.new_tokens;
    std::int64_t first = task.row_begin % sequence.new_tokens;
    std::int64_t last = (task.row_end - 1) % sequence.new_tokens;
    if (task.row_end - task.row_begin > last - first + 1) {  // more than one head: all positions
      first = 0;
      last = sequence.new_tokens - 1;
    }
    return spans_of(work.shape, sequence, cached + first, cached + last);
  }

  void take_whole(std::vector<AttentionTask>& whole) {
    for (const AttentionTask& task : whole) {
      std::vector<TokenSpan> spans = tokens_of(task);
      std::erase_if(spans, [](TokenSpan span) { return span.size() == 0; });
      if (spans.size() <= 1) {
        AttentionTask one = task;
        if (!spans.empty()) {
          one.token_begin = spans[0].begin;
          one.token_end = spans[0].end;
        }
        tasks.push_back(one);
      } else {
        add_parts(task, spans);
      }
    }
    const auto length = [](const AttentionTask& t) { return t.token_end - t.token_begin; };
    std::ranges::stable_sort(tasks, std::greater<>(), length);
  }

  // The tokens of all rows in a line, cut into equal stretches at multiples of a block.
  void cut_ranges(const std::vector<AttentionTask>& whole, int workers) {
    double total = 0;
    for (const AttentionTask& task : whole) {
      for (const TokenSpan& span : tokens_of(task)) total += weight(task, span.size());
    }
    double done = 0;
    owned = {0};
    for (const AttentionTask& task : whole) {
      std::vector<TokenSpan> parts;
      std::vector<std::size_t> breaks;  // parts before which the next worker begins
      for (TokenSpan span : tokens_of(task)) {
        while (span.size() > 0) {
          const double until = total * static_cast<double>(owned.size() + breaks.size()) / workers;
          const double room = (until - done) / weight(task, 1);
          constexpr std::int64_t block = 128;
          auto fits = static_cast<std::int64_t>(std::max(0.0, room) / block + 0.5) * block;
          const bool last_worker =
              owned.size() + breaks.size() == static_cast<std::size_t>(workers);
          if (last_worker || fits >= span.size()) fits = span.size();
          if (fits > 0) {
            parts.push_back({span.begin, span.begin + fits});
            done += weight(task, fits);
            span.begin += fits;
          }
          if (span.size() > 0) breaks.push_back(parts.size());
        }
      }
      const std::size_t first_task = tasks.size();
      add_parts(task, parts);
      for (const std::size_t at : breaks) owned.push_back(first_task + at);
    }
    while (owned.size() < static_cast<std::size_t>(workers) + 1) owned.push_back(tasks.size());
  }
  static double weight(const AttentionTask& task, std::int64_t tokens) {
    // Reading a token costs as much as a few rows' arithmetic on it.
    constexpr double reading = 8;
    return static_cast<double>(tokens) *
           (reading + static_cast<double>(task.row_end - task.row_begin));
  }

  void add_parts(const AttentionTask& task, const std::vector<TokenSpan>& parts) {
    AttentionTask one = task;
    if (parts.size() <= 1) {
      one.token_begin = parts.empty() ? 0 : parts[0].begin;
      one.token_end = parts.empty() ? 0 : parts[0].end;
      tasks.push_back(one);
      return;
    }
    const std::int64_t rows = task.row_end - task.row_begin;
    const AttentionSequence& sequence = sequences[static_cast<std::size_t>(task.sequence)];
    merges.push_back(
        {.sequence = task.sequence,
         .first_row = task.kv_head * work.shape.group() * sequence.new_tokens + task.row_begin,
         .rows = rows,
         .first_partial = partial_rows,
         .parts = static_cast<std::int64_t>(parts.size())});
    for (const TokenSpan& span : parts) {
      one.token_begin = span.begin;
      one.token_end = span.end;
      one.partial = partial_rows;
      tasks.push_back(one);
      partial_rows += rows;
    }
  }
  std::int64_t partial_rows = 0;

  // --- running ---

  void do_tasks(const Worker& worker) {
    std::byte* memory = scratch[static_cast<std::size_t>(worker.index)].data();
    const auto run = [&](std::size_t i) { kernel->run(work, tasks[i], memory); };
    if (owned.empty()) {
      for (std::size_t i = next++; i < tasks.size(); i = next++) run(i);
      return;
    }
    const auto mine = static_cast<std::size_t>(worker.index);
    for (std::size_t i = owned[mine]; i < owned[mine + 1]; ++i) run(i);
  }

  void merge(const Merge& rows) {
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      float best = -std::numeric_limits<float>::infinity();
      const auto partial = [&](std::int64_t part) {
        return partials.data() +
               static_cast<std::size_t>(rows.first_partial + part * rows.rows + r) *
                   work.partial_stride;
      };
      for (std::int64_t part = 0; part < rows.parts; ++part) {
        const float m = partial(part)[0];
        best = std::isnan(m) || m > best ? m : best;
      }
      std::vector<float> o(static_cast<std::size_t>(work.shape.value_dim), 0);
      float sum = 0;
      for (std::int64_t part = 0; part < rows.parts; ++part) {
        const float* p = partial(part);
        if (p[0] == -std::numeric_limits<float>::infinity()) continue;  // saw nothing
        const float factor = p[0] == best ? 1 : std::exp2(p[0] - best);
        sum += factor * p[1];
        for (std::size_t c = 0; c < o.size(); ++c) o[c] += factor * p[2 + c];
      }
      put_row(rows, r, o, sum);
    }
  }

  void put_row(const Merge& rows, std::int64_t r, const std::vector<float>& o, float sum) {
    const AttentionSequence& sequence = sequences[static_cast<std::size_t>(rows.sequence)];
    const float share = sum == 0 ? 0 : 1 / sum;
    const std::size_t at = static_cast<std::size_t>(rows.first_row + r) * o.size();
    for (std::size_t c = 0; c < o.size(); ++c) {
      if (work.shape.io() == Storage::bf16) {
        reinterpret_cast<std::uint16_t*>(sequence.o)[at + c] = bf16_bits(o[c] * share);
      } else {
        reinterpret_cast<float*>(sequence.o)[at + c] = o[c] * share;
      }
    }
  }

  void merge_mine(const Worker& worker) {
    for (std::size_t i = static_cast<std::size_t>(worker.index); i < merges.size();
         i += static_cast<std::size_t>(worker.count)) {
      merge(merges[i]);
    }
  }
};

std::uint16_t bf16_bits(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (std::isnan(x)) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);  // ties to even
}
float bf16_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

Attention::Attention(const AttentionShape& shape, std::vector<AttentionSequence> sequences,
                     int workers, const AttentionKernel* kernel)
    : plan_(std::make_unique<Plan>()) {
  assert(shape.heads % shape.kv_heads == 0);
  plan_->sequences = std::move(sequences);
  plan_->kernel = kernel != nullptr ? kernel : &best_kernel(shape);
  plan_->work.shape = shape;
  plan_->cut(workers);
  plan_->work.sequences = plan_->sequences;
  plan_->work.partial_stride = static_cast<std::size_t>(shape.value_dim) + 2;
  plan_->partials.resize(static_cast<std::size_t>(plan_->partial_rows) *
                         plan_->work.partial_stride);
  plan_->work.partials = plan_->partials.data();
  for (int i = 0; i < workers; ++i) {
    plan_->scratch.emplace_back(plan_->kernel->scratch_bytes(shape));
  }
}
Attention::~Attention() = default;
Attention::Attention(Attention&&) noexcept = default;

void Attention::run(const Worker& worker) {
  plan_->do_tasks(worker);
  worker.meet();
  if (worker.index == 0) plan_->next = 0;
  plan_->merge_mine(worker);
}
std::string_view Attention::kernel() const { return plan_->kernel->name; }
std::size_t Attention::tasks() const { return plan_->tasks.size(); }

}  // namespace attncalc
