// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a sparse softmax layer, which are those of the full one, and the definition of what
// its patterns see.
#include "attention/sparse.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

std::vector<std::string_view> rows_of(std::string_view mask) {
  constexpr std::string_view space = " \t\r\n";
  std::vector<std::string_view> rows;
  for (std::size_t at = mask.find_first_not_of(space); at != std::string_view::npos;) {
    const std::size_t end = std::min(mask.find_first_of(space, at), mask.size());
    rows.push_back(mask.substr(at, end - at));
    at = mask.find_first_not_of(space, end);
  }
  return rows;
}

// Beyond its last row and column a mask shows nothing.
bool mask_shows(std::string_view mask, std::int64_t query_block, std::int64_t key_block) {
  const std::vector<std::string_view> rows = rows_of(mask);
  const auto row = static_cast<std::size_t>(query_block);
  const auto column = static_cast<std::size_t>(key_block);
  return row < rows.size() && column < rows[row].size() && rows[row][column] == '1';
}

void check_mask(std::string_view mask, std::vector<std::string>& faults) {
  const std::vector<std::string_view> rows = rows_of(mask);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].find_first_not_of("01") != std::string_view::npos) {
      faults.push_back(fmt::format("mask has '{}' in row {}; it is made of 1 and 0", rows[i], i));
    } else if (rows[i].size() > i + 1 && rows[i].find('1', i + 1) != std::string_view::npos) {
      faults.push_back(fmt::format("mask shows a later block in row {}; a query sees none", i));
    }
  }
}

void check_positive(std::string_view name, const std::optional<Dim>& field,
                    std::vector<std::string>& faults) {
  if (field && *field < 1) faults.push_back(fmt::format("{} must be at least 1", name));
}

// As in llama.cpp's minimax-m3: queries and one key from the hidden state, each with a norm a head.
void add_indexer(const Sparse& s, Dim hidden, std::vector<WeightTensor>& out) {
  out.push_back({.role = "index_q_proj", .rows = s.index_heads * s.index_head_dim, .cols = hidden});
  out.push_back({.role = "index_k_proj", .rows = s.index_head_dim, .cols = hidden});
  add_norm(out, "index_q_norm", s.index_head_dim, NormParameters::scale);
  add_norm(out, "index_k_norm", s.index_head_dim, NormParameters::scale);
}

}  // namespace

Softmax Sparse::full() const {
  Softmax s;
  s.heads = heads;
  s.kv_heads = kv_heads;
  s.head_dim = head_dim;
  s.value_dim = value_dim;
  s.q_bias = q_bias;
  s.k_bias = k_bias;
  s.v_bias = v_bias;
  s.o_bias = o_bias;
  s.qk_norm = qk_norm;
  return s;
}

std::string Sparse::label() const {
  const std::string_view sharing = head_sharing(heads, kv_heads);
  if (topk) return fmt::format("{}:topk{}", sharing, topk->value);
  return fmt::format("{}:sparse", sharing);
}

void Sparse::cache_tensors(std::vector<CacheTensor>& out) const {
  full().cache_tensors(out);
  // Not the fp8 of DSA: kept in bf16 whatever the keys' format (sgl-project/sglang#36549).
  if (index_heads > 0) {
    out.push_back({.component = Component::index_key,
                   .width = index_head_dim,
                   .slots = PerToken{},
                   .split = Split::whole,
                   .own_format = Format{}});
  }
}

void Sparse::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  Softmax softmax = full();
  softmax.complete(hidden);
  softmax.weight_tensors(hidden, out);
  if (index_heads > 0) add_indexer(*this, hidden, out);
}

void Sparse::complete(Dim hidden) {
  Softmax softmax = full();
  softmax.complete(hidden);
  kv_heads = softmax.kv_heads;
  head_dim = softmax.head_dim;
  value_dim = softmax.value_dim;
}

bool Sparse::sees(std::int64_t query, std::int64_t key) const {
  if (key > query) return false;
  const bool everything = !local && !stride && globals < 1 && mask.empty();
  const std::int64_t q = query / block_size;
  const std::int64_t k = key / block_size;
  const std::int64_t back = q - k;
  if (everything || k < globals) return true;
  if (local && back % dilation == 0 && back / dilation < *local) return true;
  if (stride && summaries && k % *stride >= *stride - *summaries) return true;
  if (stride && !summaries && back % *stride == 0) return true;
  return mask_shows(mask, q, k);
}

std::vector<std::string> Sparse::faults() const {
  std::vector<std::string> faults = full().faults();
  for (const std::string& fault :
       faults_below_one({{"block_size", block_size}, {"dilation", dilation}})) {
    faults.push_back(fault);
  }
  check_positive("local", local, faults);
  check_positive("stride", stride, faults);
  check_positive("summaries", summaries, faults);
  check_positive("topk", topk, faults);
  if (summaries && (!stride || *summaries > *stride)) {
    faults.push_back(
        "summaries are the last tokens of each stride; stride must be as many or more");
  }
  if (index_heads > 0 && index_head_dim < 1) faults.push_back("an indexer needs index_head_dim");
  if (dilation > 1 && !local) faults.push_back("dilation spreads local tokens; say how many");
  check_mask(mask, faults);
  const bool pattern = local || stride || globals > 0 || random > 0 || !mask.empty() || topk;
  if (!pattern) faults.push_back("a sparse layer needs a pattern; without one it is softmax");
  return faults;
}

// --- operators (docs/model.md, "Masks") ----------------------------------------------------------

namespace {

// Goes through the key blocks that one query block sees, each once.
class SeenBlocks {
 public:
  explicit SeenBlocks(const Sparse& s) : s_(s), mask_(rows_of(s.mask)) {}

  std::int64_t count(std::int64_t q) const {
    if (!s_.local && !s_.stride && s_.globals < 1 && mask_.empty()) return q + 1;
    const std::int64_t distinct = globals(q) + locals(q) + strided(q) + masked(q);
    return std::min(q + 1, distinct + s_.random);
  }

 private:
  std::int64_t globals(std::int64_t q) const { return std::min<std::int64_t>(s_.globals, q + 1); }

  bool is_local(std::int64_t q, std::int64_t k) const {
    const std::int64_t back = q - k;
    return s_.local && back % s_.dilation == 0 && back / s_.dilation < *s_.local;
  }
  // Beyond the globals there are q + 1 − globals blocks, one in `dilation` of them in reach.
  std::int64_t locals(std::int64_t q) const {
    if (!s_.local || q < s_.globals) return 0;
    return std::min<std::int64_t>(*s_.local, (q - s_.globals) / s_.dilation + 1);
  }

  bool is_strided(std::int64_t q, std::int64_t k) const {
    if (!s_.stride) return false;
    if (s_.summaries) return k % *s_.stride >= *s_.stride - *s_.summaries;
    return (q - k) % *s_.stride == 0;
  }
  std::int64_t strided(std::int64_t q) const {
    if (!s_.stride) return 0;
    std::int64_t count = 0;
    const std::int64_t step = s_.summaries ? 1 : s_.stride->value;
    for (std::int64_t k = q; k >= s_.globals; k -= step) {
      count += is_strided(q, k) && !is_local(q, k);
    }
    return count;
  }

  std::int64_t masked(std::int64_t q) const {
    const auto row = static_cast<std::size_t>(q);
    if (row >= mask_.size()) return 0;
    std::int64_t count = 0;
    for (std::size_t at = 0; at < mask_[row].size(); ++at) {
      const auto k = static_cast<std::int64_t>(at);
      const bool counted = k < s_.globals || is_local(q, k) || is_strided(q, k);
      count += mask_[row][at] == '1' && k <= q && !counted;
    }
    return count;
  }

  const Sparse& s_;
  std::vector<std::string_view> mask_;
};

}  // namespace

// A query sees whole blocks before its own, and of its own what is not later than itself.
Sparse::Pairs Sparse::pairs(std::int64_t cached, std::int64_t count) const {
  const std::int64_t first = cached / block_size;
  const std::int64_t last = (cached + count - 1) / block_size;
  if (last - first >= units::mebi) throw Overflow();
  const SeenBlocks seen(*this);
  Pairs out;
  for (std::int64_t q = first; q <= last; ++q) {
    const std::int64_t blocks = seen.count(q);
    const bool own = sees(q * block_size, q * block_size);
    const std::int64_t before = (blocks - (own ? 1 : 0)) * block_size;
    const std::int64_t from = std::max(cached, q * block_size);
    const std::int64_t to = std::min(cached + count, (q + 1) * block_size);
    for (std::int64_t p = from; p < to; ++p) {
      const std::int64_t keys = before + (own ? p - q * block_size + 1 : 0);
      out.scored += static_cast<double>(keys);
      out.read += static_cast<double>(topk ? std::min<std::int64_t>(keys, *topk) : keys);
    }
  }
  if (index_heads > 0) out.scored = out.read;  // other, narrower scores make the choice
  return out;
}

namespace {

// Rows are not known where a pattern scatters them: at most a row a pair.
template <class N>
void add_pattern_scores(const Sparse& s, OpRows<N>& out) {
  const N h = factor<N>("heads", s.heads);
  const N kv = factor<N>("kv_heads", s.kv_heads);
  const N k = factor<N>("head_dim", s.head_dim);
  const N v = factor<N>("value_dim", s.value_dim);
  const auto over_groups = [&](std::string_view name, auto&& figure) {
    return out.sum([&](const SequenceGroup& g) {
      return real_factor<N>(name, figure(s.pairs(g.cached, g.new_tokens), g));
    });
  };
  const auto rows = [](double pairs, const SequenceGroup& g) {
    return std::min(pairs, static_cast<double>(g.tokens()));
  };
  const N scored =
      over_groups("pairs scored", [](const Sparse::Pairs& p, const auto&) { return p.scored; });
  const N read =
      over_groups("pairs read", [](const Sparse::Pairs& p, const auto&) { return p.read; });
  const N keys = over_groups(
      "rows read", [&](const Sparse::Pairs& p, const auto& g) { return rows(p.scored, g); });
  const N values = over_groups(
      "rows read", [&](const Sparse::Pairs& p, const auto& g) { return rows(p.read, g); });
  add_scores(out, Scores<N>{.heads = h,
                            .kv_heads = kv,
                            .key_dim = k,
                            .value_dim = v,
                            .pairs = scored,
                            .square = square_of(out, Mask::causal()),
                            .key_bytes = keys * out.cache_row(Component::key, kv, k),
                            .value_bytes = values * out.cache_row(Component::value, kv, v),
                            .key_activations = repeated(out, h, kv, k, keys),
                            .value_activations = repeated(out, h, kv, v, values),
                            .chosen = read});
}

}  // namespace

template <class N>
void Sparse::ops(OpRows<N>& out) const {
  const N h = factor<N>("heads", heads);
  const N kv = factor<N>("kv_heads", kv_heads);
  const N k = factor<N>("head_dim", head_dim);
  const N v = factor<N>("value_dim", value_dim);
  const N key_row = out.cache_row(Component::key, kv, k);
  const N value_row = out.cache_row(Component::value, kv, v);
  out.add(OpName::k_proj, {.kv_write = out.tokens() * key_row});
  out.add(OpName::v_proj, {.kv_write = out.tokens() * value_row});
  if (qk_norm != QkNorm::none) {
    add_elementwise(out, OpName::qk_norm, vector_work::norm, h * k + kv * k);
  }
  if (out.layer().rotary) add_elementwise(out, OpName::rope, vector_work::rope, h * k + kv * k);
  if (index_heads > 0) {
    add_token_index(out, factor<N>("index_heads", index_heads),
                    factor<N>("index_head_dim", index_head_dim));
  }
  add_pattern_scores(*this, out);
}
template void Sparse::ops(OpRows<double>&) const;
template void Sparse::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
