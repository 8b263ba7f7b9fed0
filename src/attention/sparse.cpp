// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a sparse softmax layer, which are those of the full one, and the definition of what
// its patterns see.
#include "attention/sparse.hpp"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace attncalc
