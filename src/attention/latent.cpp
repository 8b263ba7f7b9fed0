// SPDX-License-Identifier: Apache-2.0
//
// The lists of latent attention: one compressed row a token where others keep keys and values, the
// sparse index's keys beside it, and the low-rank projections that fill and unfold them.
#include "attention/latent.hpp"

#include <fmt/format.h>

namespace attncalc {
namespace {

// The indexer's weights, as in DeepSeek-V3.2's published inference code (class Indexer): queries
// from the compressed query, one shared key with a LayerNorm, one weight a head.
void add_indexer(const Latent& l, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim query_input = l.q_lora_rank.value_or(hidden);
  out.push_back(
      {.role = "index_q_proj", .rows = l.index_heads * l.index_head_dim, .cols = query_input});
  out.push_back({.role = "index_k_proj", .rows = l.index_head_dim, .cols = hidden});
  out.push_back({.role = "index_weights", .rows = l.index_heads, .cols = hidden});
  add_norm(out, "index_k_norm", l.index_head_dim, NormParameters::scale_and_bias);
}

void add_query(const Latent& l, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim q = l.heads * (l.nope_dim + l.rope_dim);
  if (!l.q_lora_rank) {
    out.push_back({.role = "q_proj", .rows = q, .cols = hidden, .split = Split::heads});
    return;
  }
  out.push_back({.role = "q_down", .rows = *l.q_lora_rank, .cols = hidden});
  if (l.bias) out.push_back({.role = "q_down_bias", .rows = *l.q_lora_rank});
  if (l.latent_norms) out.push_back({.role = "q_norm", .rows = *l.q_lora_rank});
  out.push_back({.role = "q_up", .rows = q, .cols = *l.q_lora_rank, .split = Split::heads});
}

}  // namespace

std::string Latent::label() const {
  std::string label = index_heads > 0 ? "mla+dsa" : "mla";
  if (window) label += fmt::format(":{}", window->value);
  return label;
}

void Latent::cache_tensors(std::vector<CacheTensor>& out) const {
  const Slots slots = window ? Slots(Window{.tokens = *window}) : Slots(PerToken{});
  out.push_back({.component = Component::latent,
                 .width = kv_lora_rank,
                 .slots = slots,
                 .split = Split::whole,
                 .own_format = {}});
  if (rope_dim > 0) {
    out.push_back({.component = Component::rope_key,
                   .width = rope_dim,
                   .slots = slots,
                   .split = Split::whole,
                   .own_format = {}});
  }
  if (has_own_indexer()) {
    out.push_back({.component = Component::index_key,
                   .width = index_head_dim,
                   .slots = PerToken{},
                   .split = Split::whole,
                   .own_format = {}});
  }
}

void Latent::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  add_query(*this, hidden, out);
  out.push_back({.role = "kv_down", .rows = kv_lora_rank + rope_dim, .cols = hidden});
  if (bias) out.push_back({.role = "kv_down_bias", .rows = kv_lora_rank + rope_dim});
  if (latent_norms) out.push_back({.role = "kv_norm", .rows = kv_lora_rank});
  out.push_back(
      {.role = "k_up", .rows = heads * nope_dim, .cols = kv_lora_rank, .split = Split::heads});
  out.push_back(
      {.role = "v_up", .rows = heads * value_dim, .cols = kv_lora_rank, .split = Split::heads});
  if (output_gate) {
    out.push_back(
        {.role = "gates", .rows = heads * value_dim, .cols = hidden, .split = Split::heads});
  }
  out.push_back(
      {.role = "o_proj", .rows = hidden, .cols = heads * value_dim, .split = Split::heads});
  if (bias) out.push_back({.role = "o_bias", .rows = hidden});
  if (has_own_indexer()) add_indexer(*this, hidden, out);
}

void Latent::complete(Dim) {
  if (value_dim == Dim(0)) value_dim = nope_dim;
}

std::vector<std::string> Latent::faults() const {
  std::vector<std::string> faults = faults_below_one({{"heads", heads},
                                                      {"kv_lora_rank", kv_lora_rank},
                                                      {"nope_dim", nope_dim},
                                                      {"value_dim", value_dim}});
  if (rope_dim < 0) faults.push_back("rope_dim must not be negative");
  if (q_lora_rank && *q_lora_rank < 1)
    faults.push_back("q_lora_rank must be at least 1; leave it out if there is none");
  if (index_heads > 0 && index_head_dim < 1) faults.push_back("an indexer needs index_head_dim");
  return faults;
}

}  // namespace attncalc
