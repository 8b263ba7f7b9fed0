// SPDX-License-Identifier: Apache-2.0
//
// Plays the loops of tiled attention line by line through a cache that forgets what was used
// longest ago, and counts what has to come from memory: the evidence for the closed forms of
// tile_traffic.
#include "attention/tile_simulation.hpp"

#include <algorithm>
#include <vector>

namespace attncalc {
namespace {

// Least recently used, by a doubly linked list over all lines that can exist.
class Cache {
 public:
  Cache(std::int64_t lines, std::int64_t capacity)
      : line_(static_cast<std::size_t>(lines) + 1), capacity_(capacity) {
    head().next = head().previous = 0;
  }

  void read(std::int64_t line) { use(line, true, false); }
  void write(std::int64_t line) { use(line, false, true); }

  // What is dirty and below `end` goes back to memory; scratch lies above.
  void flush(std::int64_t end) {
    for (std::int64_t i = 0; i < end; ++i) written_ += line_[index(i)].dirty;
  }

  std::int64_t fetched() const { return fetched_; }
  std::int64_t written() const { return written_; }

 private:
  struct Line {
    std::uint32_t next = 0, previous = 0;
    bool cached = false, dirty = false;
  };

  static std::size_t index(std::int64_t line) { return static_cast<std::size_t>(line) + 1; }
  Line& head() { return line_[0]; }

  void unlink(std::size_t at) {
    line_[line_[at].previous].next = line_[at].next;
    line_[line_[at].next].previous = line_[at].previous;
  }

  void link_first(std::size_t at) {
    line_[at].next = head().next;
    line_[at].previous = 0;
    line_[head().next].previous = static_cast<std::uint32_t>(at);
    head().next = static_cast<std::uint32_t>(at);
  }

  void evict_last() {
    const std::size_t last = head().previous;
    written_ += line_[last].dirty;
    line_[last].cached = line_[last].dirty = false;
    unlink(last);
    --used_;
  }

  void use(std::int64_t number, bool fetch, bool dirty) {
    const std::size_t at = index(number);
    if (line_[at].cached) {
      unlink(at);
    } else {
      if (used_ == capacity_) evict_last();
      ++used_;
      fetched_ += fetch;
      line_[at].cached = true;
    }
    line_[at].dirty = line_[at].dirty || dirty;
    link_first(at);
  }

  std::vector<Line> line_;
  std::int64_t capacity_, used_ = 0, fetched_ = 0, written_ = 0;
};

// A tensor in memory: rows of so many bytes, from a line of its own on.
struct Tensor {
  std::int64_t first_line = 0;
  std::int64_t row_bytes = 0;
};

class Loops {
 public:
  Loops(const TileShape& shape, Bytes cache, std::int64_t line_bytes)
      : s_(shape),
        line_(line_bytes),
        cache_(lay_out(), std::max<std::int64_t>(1, cache.value.value / line_bytes)) {}

  SimulatedTraffic run(LoopOrder order) {
    if (order == LoopOrder::standard) standard();
    if (order == LoopOrder::flash1) flash1();
    if (order == LoopOrder::flash2) flash2();
    cache_.flush(scratch_);
    return {Bytes(Count(cache_.fetched()) * Count(line_)),
            Bytes(Count(cache_.written()) * Count(line_))};
  }

 private:
  enum class Access { read, write };

  std::int64_t lay_out() {
    std::int64_t lines = 0;
    const auto place = [&](Tensor& t, std::int64_t rows, std::int64_t row_bytes) {
      t = {lines, row_bytes};
      lines += (rows * row_bytes + line_ - 1) / line_;
    };
    const std::int64_t row = s_.head_dim * s_.element_bytes;
    for (Tensor* t : {&q_, &k_, &v_, &o_}) place(*t, s_.tokens, row);
    place(statistics_, s_.tokens, 2 * s_.statistic_bytes);
    place(scores_, s_.tokens, s_.tokens * s_.element_bytes);
    place(weights_, s_.tokens, s_.tokens * s_.element_bytes);
    scratch_ = lines;
    place(score_tile_, s_.block_rows, s_.block_cols * s_.tile_bytes);
    place(output_tile_, s_.block_rows, s_.head_dim * s_.tile_bytes);
    place(row_statistics_, s_.block_rows, 2 * s_.statistic_bytes);
    return lines;
  }

  // Uses the bytes of rows [first, end) of a tensor, from its columns [from, from + bytes).
  void use(const Tensor& t, std::int64_t first, std::int64_t end, Access access) {
    const std::int64_t begin = t.first_line + first * t.row_bytes / line_;
    const std::int64_t last = t.first_line + (end * t.row_bytes - 1) / line_;
    for (std::int64_t line = begin; line <= last; ++line) {
      if (access == Access::read)
        cache_.read(line);
      else
        cache_.write(line);
    }
  }

  void use_square(const Tensor& t, std::int64_t row, std::int64_t from, std::int64_t columns,
                  Access access) {
    const std::int64_t start = row * t.row_bytes + from * s_.element_bytes;
    const std::int64_t end = start + columns * s_.element_bytes - 1;
    for (std::int64_t line = start / line_; line <= end / line_; ++line) {
      if (access == Access::read)
        cache_.read(t.first_line + line);
      else
        cache_.write(t.first_line + line);
    }
  }

  std::int64_t end_row(std::int64_t first) const {
    return std::min<std::int64_t>(first + s_.block_rows, s_.tokens);
  }
  std::int64_t end_col(std::int64_t first) const {
    return std::min<std::int64_t>(first + s_.block_cols, s_.tokens);
  }
  bool masked(std::int64_t row, std::int64_t col) const {
    return s_.causal && col > end_row(row) - 1;
  }

  void multiply(std::int64_t row, std::int64_t col) {  // one tile: S = Q Kᵀ, then O += P V
    const std::int64_t rows = end_row(row) - row;
    use(q_, row, end_row(row), Access::read);
    use(k_, col, end_col(col), Access::read);
    use(score_tile_, 0, rows, Access::write);
    use(row_statistics_, 0, rows, Access::write);
    use(v_, col, end_col(col), Access::read);
    use(score_tile_, 0, rows, Access::read);
  }

  void flash2() {
    for (std::int64_t row = 0; row < s_.tokens; row += s_.block_rows) {
      for (std::int64_t col = 0; col < s_.tokens && !masked(row, col); col += s_.block_cols) {
        multiply(row, col);
        if (s_.output_tile) use(output_tile_, 0, end_row(row) - row, Access::write);
      }
      use(o_, row, end_row(row), Access::write);
    }
  }

  // Here the output tile is O's own lines, which the cache holds while they are in use.
  void flash1() {
    use(o_, 0, s_.tokens, Access::write);
    use(statistics_, 0, s_.tokens, Access::write);
    for (std::int64_t col = 0; col < s_.tokens; col += s_.block_cols) {
      for (std::int64_t row = 0; row < s_.tokens; row += s_.block_rows) {
        if (masked(row, col)) continue;
        use(o_, row, end_row(row), Access::read);
        use(statistics_, row, end_row(row), Access::read);
        multiply(row, col);
        use(o_, row, end_row(row), Access::write);
        use(statistics_, row, end_row(row), Access::write);
      }
    }
  }

  // Three kernels; the products are blocked too, but each square goes through memory whole.
  void standard() {
    for (std::int64_t row = 0; row < s_.tokens; ++row) {
      use(q_, row, row + 1, Access::read);
      use_square(scores_, row, 0, s_.tokens, Access::write);
    }
    use(k_, 0, s_.tokens, Access::read);
    for (std::int64_t row = 0; row < s_.tokens; ++row) {
      use_square(scores_, row, 0, s_.tokens, Access::read);
      use_square(weights_, row, 0, s_.tokens, Access::write);
    }
    for (std::int64_t row = 0; row < s_.tokens; ++row) {
      use_square(weights_, row, 0, s_.tokens, Access::read);
      use(o_, row, row + 1, Access::write);
    }
    use(v_, 0, s_.tokens, Access::read);
  }

  TileShape s_;
  std::int64_t line_;
  Tensor q_, k_, v_, o_, statistics_, scores_, weights_, score_tile_, output_tile_, row_statistics_;
  std::int64_t scratch_ = 0;
  Cache cache_;
};

}  // namespace

SimulatedTraffic simulate_tiles(LoopOrder order, const TileShape& shape, Bytes cache,
                                std::int64_t line_bytes) {
  return Loops(shape, cache, line_bytes).run(order);
}

}  // namespace attncalc
