// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a DeepSeek-V4 layer, as in the inference code published with the weights (classes
// Attention, Compressor and Indexer).
#include "attention/compressed.hpp"

#include <fmt/format.h>

#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

// A compressor turns groups of `ratio` tokens into one entry of `width` elements each. With overlap
// it makes two candidates a token, one for its own group and one for the next.
struct Compressor {
  Dim width;
  Dim ratio;
  bool overlap;

  Dim candidates() const { return overlap ? 2 : 1; }
  Dim made() const { return candidates() * width; }
  Dim gathered() const { return candidates() * ratio * made(); }  // until a group is full
};

Compressor of_latents(const Compressed& c) { return {c.head_dim, c.ratio, c.overlap}; }
Compressor of_index_keys(const Compressed& c) { return {c.index_head_dim, c.ratio, c.overlap}; }

CacheTensor shared(Component component, Dim width, const Slots& slots) {
  return {.component = component,
          .heads = 1,
          .width = width,
          .slots = slots,
          .split = Split::whole,
          .own_format = {}};
}

// Candidates and the scores that weigh them, hence two.
CacheTensor state_of(const Compressor& compressor, const std::optional<Format>& format) {
  CacheTensor state = shared(Component::compressor_state, compressor.gathered(), Fixed{});
  state.heads = 2;
  state.own_format = format;
  return state;
}

struct CompressorRoles {
  std::string_view project, bias, norm;
};

void add_compressor(const Compressor& c, const CompressorRoles& roles, Dim hidden,
                    std::vector<WeightTensor>& out) {
  out.push_back({.role = roles.project, .rows = 2 * c.made(), .cols = hidden});
  out.push_back({.role = roles.bias, .rows = c.ratio, .cols = c.made()});
  out.push_back({.role = roles.norm, .rows = c.width});
}

void add_indexer(const Compressed& c, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim queries = c.index_heads * c.index_head_dim;
  out.push_back({.role = "index_q_proj", .rows = queries, .cols = c.q_lora_rank});
  out.push_back({.role = "index_weights", .rows = c.index_heads, .cols = hidden});
  add_compressor(of_index_keys(c), {"index_k_proj", "index_k_bias", "index_k_norm"}, hidden, out);
}

}  // namespace

std::string Compressed::label() const {
  return compresses() ? fmt::format("compressed:{}", ratio.value) : "compressed";
}

void Compressed::cache_tensors(std::vector<CacheTensor>& out) const {
  out.push_back(shared(Component::latent, head_dim, Window{.tokens = window}));
  if (!compresses()) return;
  out.push_back(shared(Component::compressed_key, head_dim, Every{ratio}));
  out.push_back(state_of(of_latents(*this), state_format));
  if (!has_indexer()) return;
  out.push_back(shared(Component::index_key, index_head_dim, Every{ratio}));
  out.push_back(state_of(of_index_keys(*this), state_format));
}

// The first o_proj is block-diagonal: a group's heads × head_dim go to its own o_lora_rank
// elements.
void Compressed::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim wide = heads * head_dim;
  const Dim narrow = o_groups * o_lora_rank;
  const Dim of_group = o_groups > 0 ? Dim(wide / o_groups) : Dim(0);  // 0 is a fault
  out.push_back({.role = "q_down", .rows = q_lora_rank, .cols = hidden});
  out.push_back({.role = "q_norm", .rows = q_lora_rank});
  out.push_back({.role = "q_up", .rows = wide, .cols = q_lora_rank, .split = Split::heads});
  out.push_back({.role = "kv_down", .rows = head_dim, .cols = hidden});
  out.push_back({.role = "kv_norm", .rows = head_dim});
  out.push_back({.role = "o_proj", .rows = narrow, .cols = of_group, .split = Split::heads});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = narrow, .split = Split::groups});
  if (learnt_sinks) out.push_back({.role = "sinks", .rows = heads, .split = Split::heads});
  if (!compresses()) return;
  add_compressor(of_latents(*this), {"compress", "compress_bias", "compress_norm"}, hidden, out);
  if (has_indexer()) add_indexer(*this, hidden, out);
}

std::vector<std::string> Compressed::faults() const {
  std::vector<std::string> faults = faults_below_one({{"heads", heads},
                                                      {"head_dim", head_dim},
                                                      {"q_lora_rank", q_lora_rank},
                                                      {"o_groups", o_groups},
                                                      {"o_lora_rank", o_lora_rank},
                                                      {"window", window}});
  if (auto fault = fault_unless_divides({"o_groups", o_groups}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  if (ratio < 0) faults.push_back("ratio must not be negative; 0 keeps the window alone");
  if (rope_dim < 0 || rope_dim > head_dim) {
    faults.push_back(fmt::format("rope_dim is {}; it is a part of head_dim, {}", rope_dim.value,
                                 head_dim.value));
  }
  if (index_heads > 0 && index_head_dim < 1) faults.push_back("an indexer needs index_head_dim");
  return faults;
}

// --- operators (docs/model.md, "Operators": compressed) ------------------------------------------

Mask Compressed::summary_mask() const {
  return Mask::summaries(ratio, has_indexer() ? index_topk.value : 0);
}

namespace {

template <class N>
N finished_summaries(const OpRows<N>& out, Dim ratio) {
  return out.sum([&](const SequenceGroup& g) {
    return factor<N>("summaries", g.tokens() / ratio - g.cached / ratio);
  });
}

// What a group in the making has gathered is read and written back by every pass.
template <class N>
void add_compressor_ops(OpRows<N>& out, OpName name, const Compressor& c, const Compressed& layer,
                        const N& summary_row) {
  const N state = state_row(out, layer.state_format, Component::compressor_state, plain<N>(2),
                            factor<N>("gathered", c.gathered()));
  const N weighed = out.tokens() * factor<N>("candidates", c.made());
  out.add(
      name,
      {.vector_flops =
           plain<N>(vector_work::softmax + vector_work::multiply + vector_work::add) * weighed,
       .kv_read = out.sequences_with_past() * state,
       .kv_write = out.sequences() * state + finished_summaries(out, layer.ratio) * summary_row});
}

template <class N>
void add_summary_index(OpRows<N>& out, const Compressed& c) {
  const N heads = factor<N>("index_heads", c.index_heads);
  const N width = factor<N>("index_head_dim", c.index_head_dim);
  const Mask all = Mask::summaries(c.ratio);
  const N pairs = out.pairs(all);
  const N row = out.cache_row(Component::index_key, plain<N>(1), width);
  add_compressor_ops(out, OpName::index_k_proj, of_index_keys(c), c, row);
  out.add(
      OpName::index_scores,
      {.unit = OpUnit::matrix, .operands = {Operand::activation, Operand::index}},
      {.flops = flops_of(heads * width * pairs),
       .vector_flops = plain<N>(vector_work::compare + vector_work::multiply + vector_work::add) *
                       heads * pairs,
       .kv_read = out.rows_read(all) * row,
       .activations = out.activation(out.tokens() * heads * width + pairs)});
  out.add(OpName::topk, {.vector_flops = plain<N>(vector_work::compare) * pairs,
                         .activations = out.activation(pairs)});
}

}  // namespace

template <class N>
void Compressed::ops(OpRows<N>& out) const {
  const N h = factor<N>("heads", heads);
  const N d = factor<N>("head_dim", head_dim);
  const Mask near = Mask::window(window);
  const N latent_row = out.cache_row(Component::latent, plain<N>(1), d);
  const N summary_row = out.cache_row(Component::compressed_key, plain<N>(1), d);
  out.add(OpName::kv_down, {.kv_write = out.tokens() * latent_row});
  add_elementwise(out, OpName::qk_norm, vector_work::norm,
                  factor<N>("q_lora_rank", q_lora_rank) + d);
  const N rotary = factor<N>("rope_dim", rope_dim);
  add_elementwise(out, OpName::rope, vector_work::rope, h * rotary + rotary);
  N pairs = out.pairs(near);
  N square = square_of(out, near);
  N bytes = out.rows_read(near) * latent_row;
  if (compresses()) {
    add_compressor_ops(out, OpName::compress, of_latents(*this), *this, summary_row);
    if (has_indexer()) add_summary_index(out, *this);
    pairs = pairs + out.pairs(summary_mask());
    square = square + square_of(out, summary_mask());
    bytes = bytes + out.rows_read(summary_mask()) * summary_row;
  }
  // One latent is key and value: it is read once.
  add_scores(out, Scores<N>{.heads = h,
                            .kv_heads = plain<N>(1),
                            .key_dim = d,
                            .value_dim = d,
                            .pairs = pairs,
                            .square = square,
                            .key_bytes = bytes,
                            .value_bytes = plain<N>(0)});
}
template void Compressed::ops(OpRows<double>&) const;
template void Compressed::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
