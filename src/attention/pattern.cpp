// SPDX-License-Identifier: Apache-2.0
//
// Closed forms, and the drawing that they are held against.
#include "attention/pattern.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace attncalc {
namespace {

std::int64_t ceil_of(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// --- one mask, pair by pair ----------------------------------------------------------------------

bool mask_sees(const Mask& mask, std::int64_t p, std::int64_t j) {
  if (mask.form == Mask::Form::everything) return true;
  const std::int64_t back = p - j;
  if (back < 0) return false;
  switch (mask.form) {
    case Mask::Form::window:
      return back < mask.tokens || j < mask.sinks;
    case Mask::Form::chunk:
      return p / mask.tokens == j / mask.tokens;
    case Mask::Form::dilated:
      return back % mask.dilation == 0 && back < mask.tokens * mask.dilation;
    case Mask::Form::strided:
      return back < mask.tokens || back % mask.tokens == 0;
    default:
      return true;
  }
}

// --- bands ---------------------------------------------------------------------------------------

// Σ over pairs of blocks is over whole blocks; a short last block takes its missing rows and
// columns off again.
class BandCount {
 public:
  BandCount(const Bands& b, std::int64_t tokens)
      : b_(b), tokens_(tokens), blocks_(ceil_of(tokens, b.block)) {
    if (blocks_ > units::mebi) throw Overflow();
  }

  double pairs() const {
    double sum = 0;
    for (std::int64_t row = 0; row < blocks_; ++row) sum += row_pairs(row);
    return sum;
  }

 private:
  std::int64_t size_of(std::int64_t block) const {
    return std::min(b_.block, tokens_ - block * b_.block);
  }

  // Blocks of a band that are no globals: so many to the left and to the right of the row.
  std::int64_t left(std::int64_t row) const {
    return std::min(b_.radius, (row - std::min(b_.globals, blocks_)) / b_.dilation);
  }
  std::int64_t right(std::int64_t row) const {
    return std::min(b_.radius, (blocks_ - 1 - row) / b_.dilation);
  }
  bool sees_last(std::int64_t row) const {
    const std::int64_t ahead = blocks_ - 1 - row;
    return ahead % b_.dilation == 0 && ahead / b_.dilation <= b_.radius;
  }

  double row_pairs(std::int64_t row) const {
    const std::int64_t globals = std::min(b_.globals, blocks_);
    const auto rows = static_cast<double>(size_of(row));
    if (row < globals) return rows * static_cast<double>(tokens_);
    const std::int64_t seen = globals + left(row) + 1 + right(row);
    const std::int64_t missing = sees_last(row) ? b_.block - size_of(blocks_ - 1) : 0;
    const auto keys = static_cast<double>(seen * b_.block - missing);
    return rows * (keys + drawn(seen, keys));
  }

  // Keys that the drawn blocks add on average: all of what is left has the same chance.
  double drawn(std::int64_t seen, double keys) const {
    const auto unseen = static_cast<double>(tokens_) - keys;
    const std::int64_t from = b_.draws == Bands::Draws::distinct ? blocks_ - seen : blocks_;
    if (from == 0) return 0;
    const auto drawn = static_cast<double>(std::min(b_.random, from));
    return unseen * drawn / static_cast<double>(from);
  }

  const Bands& b_;
  std::int64_t tokens_;
  std::int64_t blocks_;
};

class BandDrawing {
 public:
  BandDrawing(const Bands& b, std::int64_t tokens)
      : b_(b), blocks_(ceil_of(tokens, b.block)), random_(b.seed) {}

  std::vector<bool> row(std::int64_t block) {
    std::vector<bool> seen(static_cast<std::size_t>(blocks_));
    for (std::int64_t k = 0; k < blocks_; ++k) seen[static_cast<std::size_t>(k)] = sees(block, k);
    if (block >= b_.globals) draw(seen);
    return seen;
  }

 private:
  bool sees(std::int64_t q, std::int64_t k) const {
    const std::int64_t away = q > k ? q - k : k - q;
    return q < b_.globals || k < b_.globals ||
           (away % b_.dilation == 0 && away / b_.dilation <= b_.radius);
  }

  // The first of a shuffled list: std::shuffle and the distributions differ between libraries, the
  // generator does not.
  void draw(std::vector<bool>& seen) {
    std::vector<std::size_t> from;
    for (std::size_t k = 0; k < seen.size(); ++k) {
      if (b_.draws == Bands::Draws::any || !seen[k]) from.push_back(k);
    }
    const auto wanted = std::min(from.size(), static_cast<std::size_t>(b_.random));
    for (std::size_t i = 0; i < wanted; ++i) {
      std::swap(from[i], from[i + random_() % (from.size() - i)]);
      seen[from[i]] = true;
    }
  }

  const Bands& b_;
  std::int64_t blocks_;
  std::mt19937_64 random_;
};

// A combination of patterns is gone through row by row, and a row key by key.
constexpr std::int64_t most_sparse_rows = std::int64_t{1} << 15;

// --- layers --------------------------------------------------------------------------------------

LayerSpan in_layers(std::int64_t layers) { return {true, layers}; }
LayerSpan never() { return {true, std::nullopt}; }

// A step goes `reach` back; `distance` is left after what is seen at once.
LayerSpan in_steps(std::int64_t distance, std::int64_t reach) {
  if (distance <= 0) return in_layers(1);
  if (reach == 0) return never();
  return in_layers(ceil_of(distance, reach));
}

LayerSpan span_of(const Mask& m, std::int64_t tokens) {
  const std::int64_t back = tokens - 1;
  switch (m.form) {
    case Mask::Form::causal:
    case Mask::Form::everything:
      return in_layers(1);
    case Mask::Form::window:
      return in_steps(back - m.sinks, m.tokens - 1);
    case Mask::Form::chunk:
      return tokens <= m.tokens ? in_layers(1) : never();
    case Mask::Form::dilated:
      if (m.dilation > 1) return back > 0 ? never() : in_layers(1);
      return in_steps(back, m.tokens - 1);
    case Mask::Form::strided:
      return in_layers(back <= m.tokens || m.tokens == 1 ? 1 : 2);
    default:
      return {};
  }
}

LayerSpan span_of(const Bands& b, std::int64_t tokens) {
  if (b.random > 0) return {};
  const std::int64_t back = ceil_of(tokens, b.block) - 1;
  const bool spreads = b.dilation > 1 && back > b.globals;
  if (b.globals == 0) return spreads ? never() : in_steps(back, b.radius);
  const std::int64_t beyond = back - b.globals;  // from the first that is none to the last
  const bool at_once = beyond <= 0 || (!spreads && beyond <= b.radius);
  return in_layers(at_once ? 1 : 2);
}

}  // namespace

bool is_two_sided(const Pattern& pattern) {
  if (std::holds_alternative<Bands>(pattern)) return true;
  const auto* mask = std::get_if<Mask>(&pattern);
  return mask != nullptr && mask->form == Mask::Form::everything;
}

double all_pairs(const Pattern& pattern, std::int64_t tokens) {
  const Mask all = is_two_sided(pattern) ? Mask::everything() : Mask::causal();
  return mask_pairs(all, {0, tokens});
}

double pattern_pairs(const Pattern& pattern, std::int64_t tokens) {
  return std::visit(Overloaded{[&](const Mask& m) {
                                 return mask_pairs(m, {0, tokens});
                               },
                               [&](const Sparse& s) {
                                 if (tokens / s.block_size > most_sparse_rows) throw Overflow();
                                 return s.pairs(0, tokens).read;
                               },
                               [&](const Bands& b) { return BandCount(b, tokens).pairs(); }},
                    pattern);
}

bool can_be_drawn(const Pattern& pattern) {
  if (const auto* mask = std::get_if<Mask>(&pattern))
    return mask->form != Mask::Form::top_k && mask->form != Mask::Form::summaries;
  const auto* sparse = std::get_if<Sparse>(&pattern);
  return sparse == nullptr || (!sparse->topk && sparse->random < 1);
}

DrawnPattern::DrawnPattern(const Pattern& pattern, std::int64_t tokens)
    : tokens_(tokens), two_sided_(is_two_sided(pattern)) {
  const auto size = static_cast<std::size_t>(tokens);
  rows_.assign(size, std::vector<bool>(size));
  const auto fill = [&](auto&& sees) {
    for (std::size_t p = 0; p < size; ++p) {
      for (std::size_t j = 0; j < size; ++j)
        rows_[p][j] = sees(static_cast<std::int64_t>(p), static_cast<std::int64_t>(j));
    }
  };
  if (const auto* mask = std::get_if<Mask>(&pattern)) {
    fill([&](std::int64_t p, std::int64_t j) { return mask_sees(*mask, p, j); });
  } else if (const auto* sparse = std::get_if<Sparse>(&pattern)) {
    fill([&](std::int64_t p, std::int64_t j) { return sparse->sees(p, j); });
  } else {
    const Bands& bands = std::get<Bands>(pattern);
    BandDrawing drawing(bands, tokens);
    std::vector<bool> row;
    fill([&](std::int64_t p, std::int64_t j) {
      if (j == 0 && p % bands.block == 0) row = drawing.row(p / bands.block);
      return row[static_cast<std::size_t>(j / bands.block)];
    });
  }
}

bool DrawnPattern::sees(std::int64_t query, std::int64_t key) const {
  return rows_[static_cast<std::size_t>(query)][static_cast<std::size_t>(key)];
}

double DrawnPattern::pairs() const {
  double pairs = 0;
  for (const std::vector<bool>& row : rows_)
    pairs += static_cast<double>(std::count(row.begin(), row.end(), true));
  return pairs;
}

double DrawnPattern::blocks(std::int64_t block) const {
  const auto count = static_cast<std::size_t>(ceil_of(tokens_, block));
  std::vector<std::vector<bool>> seen(count, std::vector<bool>(count));
  const auto size = static_cast<std::size_t>(block);
  for (std::size_t p = 0; p < rows_.size(); ++p) {
    for (std::size_t j = 0; j < rows_.size(); ++j) {
      if (rows_[p][j]) seen[p / size][j / size] = true;
    }
  }
  double blocks = 0;
  for (const std::vector<bool>& row : seen)
    blocks += static_cast<double>(std::count(row.begin(), row.end(), true));
  return blocks;
}

namespace {

// Layers until `from` has heard of all that is in `wanted` rows.
std::optional<std::int64_t> layers_from(const std::vector<std::vector<bool>>& rows,
                                        std::size_t from) {
  std::vector<bool> heard(rows.size());
  heard[from] = true;
  std::vector<std::size_t> fresh = {from};
  std::size_t count = 1;
  std::int64_t layers = 0;
  while (count < rows.size() && !fresh.empty()) {
    ++layers;
    std::vector<std::size_t> next;
    for (const std::size_t p : fresh) {
      if (count + next.size() == rows.size()) break;
      for (std::size_t j = 0; j < rows.size(); ++j) {
        if (!rows[p][j] || heard[j]) continue;
        heard[j] = true;
        next.push_back(j);
      }
    }
    count += next.size();
    fresh = std::move(next);
  }
  if (count < rows.size()) return std::nullopt;
  return std::max<std::int64_t>(layers, 1);
}

}  // namespace

std::optional<std::int64_t> DrawnPattern::layers_to_span() const {
  if (!two_sided_) return layers_from(rows_, rows_.size() - 1);
  std::int64_t most = 1;
  for (std::size_t from = 0; from < rows_.size(); ++from) {
    const std::optional<std::int64_t> layers = layers_from(rows_, from);
    if (!layers) return std::nullopt;
    most = std::max(most, *layers);
  }
  return most;
}

namespace {

void extend(std::vector<Run>& runs, std::int64_t key) {
  if (!runs.empty() && runs.back().last == key - 1) {
    runs.back().last = key;
  } else {
    runs.push_back({key, key});
  }
}

}  // namespace

std::vector<Run> DrawnPattern::runs(std::int64_t query) const {
  std::vector<Run> out;
  for (std::int64_t key = 0; key < tokens_; ++key) {
    if (sees(query, key)) extend(out, key);
  }
  return out;
}

std::optional<std::vector<Run>> last_runs(const Mask& mask, std::int64_t tokens) {
  constexpr std::int64_t most_scattered = std::int64_t{1} << 24;
  const std::int64_t last = tokens - 1;
  switch (mask.form) {
    case Mask::Form::causal:
    case Mask::Form::everything:
      return std::vector<Run>{{0, last}};
    case Mask::Form::chunk:
      return std::vector<Run>{{last - last % mask.tokens, last}};
    case Mask::Form::window: {
      const std::int64_t first = std::max<std::int64_t>(0, tokens - mask.tokens);
      if (mask.sinks >= first) return std::vector<Run>{{0, last}};
      if (mask.sinks == 0) return std::vector<Run>{{first, last}};
      return std::vector<Run>{{0, mask.sinks - 1}, {first, last}};
    }
    case Mask::Form::dilated:
    case Mask::Form::strided:
      break;
    default:
      return std::nullopt;
  }
  if (tokens > most_scattered) return std::nullopt;
  std::vector<Run> out;
  for (std::int64_t key = 0; key < tokens; ++key) {
    if (mask_sees(mask, last, key)) extend(out, key);
  }
  return out;
}

namespace {

std::optional<Pattern> bands_over_blocks(Bands b, std::int64_t block) {
  const bool of_tokens = b.block == 1 && b.dilation == 1;
  if (b.random > 0 || (b.block != block && !of_tokens)) return std::nullopt;
  if (b.block != block) {
    b.radius = b.radius > 0 ? (b.radius - 1) / block + 1 : 0;
    b.globals = ceil_of(b.globals, block);
  }
  b.block = 1;
  return b;
}

}  // namespace

std::optional<Pattern> over_blocks(const Pattern& pattern, std::int64_t block) {
  if (block == 1) return pattern;
  if (const auto* bands = std::get_if<Bands>(&pattern)) return bands_over_blocks(*bands, block);
  const auto* m = std::get_if<Mask>(&pattern);
  if (m == nullptr) return std::nullopt;
  switch (m->form) {
    case Mask::Form::causal:
    case Mask::Form::everything:
      return *m;
    case Mask::Form::window:
      return Mask::window(ceil_of(m->tokens - 1, block) + 1, ceil_of(m->sinks, block));
    case Mask::Form::chunk:
      if (m->tokens % block == 0) return Mask::chunk(m->tokens / block);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::string DrawnPattern::text() const {
  std::string out;
  for (const std::vector<bool>& row : rows_) {
    for (const bool seen : row) out += seen ? '1' : '.';
    out += '\n';
  }
  return out;
}

LayerSpan layers_to_span(const Pattern& pattern, std::int64_t tokens) {
  if (tokens == 1) return in_layers(1);
  return std::visit(Overloaded{[&](const Mask& m) { return span_of(m, tokens); },
                               [&](const Sparse&) { return LayerSpan{}; },
                               [&](const Bands& b) { return span_of(b, tokens); }},
                    pattern);
}

namespace {

constexpr std::int64_t index_entry = 4;  // bytes

Bytes index_bytes(double entries) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (entries > exact) throw Overflow();
  return Bytes(Count(static_cast<std::int64_t>(entries)) * Count(index_entry));
}

}  // namespace

Bytes csr_bytes(double pairs, std::int64_t tokens) {
  return index_bytes(pairs + static_cast<double>(tokens) + 1);
}

Bytes bsr_bytes(double blocks, std::int64_t tokens, std::int64_t block) {
  return index_bytes(blocks + static_cast<double>(ceil_of(tokens, block)) + 1);
}

// Rows begin at multiples of what their size and the line's have in common.
std::int64_t scattered_lines(std::int64_t rows, std::int64_t row, std::int64_t line) {
  const std::int64_t latest_start = line - std::gcd(row, line);
  return rows * ceil_of(latest_start + row, line);
}

std::int64_t gathered_lines(const std::vector<Run>& runs, std::int64_t row, std::int64_t line) {
  std::int64_t lines = 0;
  std::int64_t next = 0;  // the first line that is not counted yet
  for (const Run& run : runs) {
    const std::int64_t first = std::max(next, run.first * row / line);
    const std::int64_t last = ((run.last + 1) * row - 1) / line;
    lines += std::max<std::int64_t>(0, last + 1 - first);
    next = std::max(next, last + 1);
  }
  return lines;
}

}  // namespace attncalc
