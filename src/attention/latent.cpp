// SPDX-License-Identifier: Apache-2.0
//
// The lists of latent attention: one compressed row a token where others keep keys and values, the
// sparse index's keys beside it, and the low-rank projections that fill and unfold them.
#include "attention/latent.hpp"

#include <fmt/format.h>

#include "attention/op_parts.hpp"

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

// --- operators (docs/model.md, "Operators": MLA) -------------------------------------------------

Mask Latent::mask() const {
  if (index_heads > 0 && index_topk > 0) return Mask::top_k(index_topk);
  return window ? Mask::window(*window) : Mask::causal();
}

namespace {

// What both forms are made of. A latent row is `rank` wide, its rotary key `rope`.
template <class N>
struct LatentParts {
  N heads, rank, rope, nope, value;
  N tokens, pairs, rows;  // rows: of the cache, read by this pass
  N latent_row, rope_row;

  LatentParts(const Latent& l, const OpRows<N>& out)
      : heads(factor<N>("heads", l.heads)),
        rank(factor<N>("kv_lora_rank", l.kv_lora_rank)),
        rope(factor<N>("rope_dim", l.rope_dim)),
        nope(factor<N>("nope_dim", l.nope_dim)),
        value(factor<N>("value_dim", l.value_dim)),
        tokens(out.tokens()),
        pairs(out.pairs(l.mask())),
        rows(out.rows_read(l.mask())),
        latent_row(out.cache_row(Component::latent, plain<N>(1), rank)),
        rope_row(out.cache_row(Component::rope_key, plain<N>(1), rope)) {}

  // Multiply-adds that the two forms do not share.
  N absorbed() const {
    return tokens * heads * rank * (nope + value) + pairs * heads * (rank + rope + rank);
  }
  N expanded() const {
    return rows * heads * rank * (nope + value) + pairs * heads * (nope + rope + value);
  }
};

template <class N>
bool is_absorbed(const LatentParts<N>& p, MlaForm form) {
  if (form == MlaForm::cheapest) return value_of(p.absorbed()) <= value_of(p.expanded());
  return form == MlaForm::absorbed;
}

// A product of every head's matrix of rank × width with `rows` vectors: k_up or v_up, or the same
// weights used the other way around.
template <class N>
struct HeadProduct {
  OpName name;
  N rows, width;
  N kv_read = plain<N>(0);
  bool from_rank = true;  // rank → width; else width → rank
};

template <class N>
void add_head_product(OpRows<N>& out, const LatentParts<N>& p, const HeadProduct<N>& h) {
  const bool from_cache = h.name == OpName::k_up || h.name == OpName::v_up;
  const N in_rank = from_cache ? plain<N>(0) : h.rows * p.heads * p.rank;
  const double rank = value_of(p.rank);
  const double width = value_of(h.width);
  out.add(h.name,
          {.unit = OpUnit::matrix,
           .operands = {Operand::activation, Operand::weight},
           .gemm = Gemm{.m = value_of(h.rows),
                        .n = h.from_rank ? width : rank,
                        .k = h.from_rank ? rank : width,
                        .count = value_of(p.heads)},
           .weight_format = out.layer().own_weight_format},
          {.flops = flops_of(h.rows * p.heads * p.rank * h.width),
           .weights = own_weight_bytes(out, p.heads * h.width, p.rank),
           .kv_read = h.kv_read,
           .activations = out.activation(in_rank + h.rows * p.heads * h.width)});
}

// Queries move into the latent's space and answers out of it: every head reads one row a token.
template <class N>
void add_absorbed(const Latent& l, OpRows<N>& out, const LatentParts<N>& p) {
  add_head_product(
      out, p,
      HeadProduct<N>{
          .name = OpName::k_absorb, .rows = p.tokens, .width = p.nope, .from_rank = false});
  add_scores(out, Scores<N>{.heads = p.heads,
                            .kv_heads = plain<N>(1),
                            .key_dim = p.rank + p.rope,
                            .value_dim = p.rank,
                            .pairs = p.pairs,
                            .square = square_of(out, l.mask()),
                            .key_bytes = p.rows * (p.latent_row + p.rope_row),
                            .value_bytes = plain<N>(0)});
  add_head_product(out, p,
                   HeadProduct<N>{.name = OpName::v_absorb, .rows = p.tokens, .width = p.value});
}

// Every cached row becomes a key and a value of every head again; attention is then MHA.
template <class N>
void add_expanded(const Latent& l, OpRows<N>& out, const LatentParts<N>& p) {
  add_head_product(
      out, p,
      HeadProduct<N>{
          .name = OpName::k_up, .rows = p.rows, .width = p.nope, .kv_read = p.rows * p.latent_row});
  add_head_product(out, p, HeadProduct<N>{.name = OpName::v_up, .rows = p.rows, .width = p.value});
  add_scores(out, Scores<N>{.heads = p.heads,
                            .kv_heads = p.heads,
                            .key_dim = p.nope + p.rope,
                            .value_dim = p.value,
                            .pairs = p.pairs,
                            .square = square_of(out, l.mask()),
                            .key_bytes = p.rows * p.rope_row,
                            .value_bytes = plain<N>(0),
                            .key_activations = out.activation(p.rows * p.heads * p.nope),
                            .value_activations = out.activation(p.rows * p.heads * p.value),
                            .cache = Operand::activation});
}

template <class N>
void add_latent_norms(const Latent& l, OpRows<N>& out) {
  if (!l.latent_norms) return;
  const N query = l.q_lora_rank ? factor<N>("q_lora_rank", *l.q_lora_rank) : plain<N>(0);
  add_elementwise(out, OpName::qk_norm, vector_work::norm,
                  query + factor<N>("kv_lora_rank", l.kv_lora_rank));
}

}  // namespace

template <class N>
void Latent::ops(OpRows<N>& out) const {
  const LatentParts<N> p(*this, out);
  out.add(OpName::kv_down, {.kv_write = p.tokens * (p.latent_row + p.rope_row)});
  add_latent_norms(*this, out);
  if (rope_dim > 0) {
    add_elementwise(out, OpName::rope, vector_work::rope, p.heads * p.rope + p.rope);
  }
  if (has_own_indexer()) {
    add_token_index(out, factor<N>("index_heads", index_heads),
                    factor<N>("index_head_dim", index_head_dim));
  }
  if (is_absorbed(p, out.pass().conventions.mla)) {
    add_absorbed(*this, out, p);
  } else {
    add_expanded(*this, out, p);
  }
  if (output_gate) add_output_gate(out, p.heads * p.value);
}
template void Latent::ops(OpRows<double>&) const;
template void Latent::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
