// SPDX-License-Identifier: Apache-2.0
//
// Where a kind puts its operators. Projections and other matrices follow from a layer's weight
// tensors and are put here for every kind alike (model/cost.cpp); a kind adds what has no weights
// (scores, states), what goes to the cache, and vector work. It is a template on the number type,
// so that --explain is the same code (attention/number.hpp).
//
// Rows with one name and group add up, also over layers.
#pragma once

#include <vector>

#include "attention/masks.hpp"
#include "attention/number.hpp"
#include "attention/op.hpp"
#include "attention/pass.hpp"
#include "attention/tensors.hpp"
#include "attention/vector_work.hpp"

namespace attncalc {

// What one operator does in one layer; see Op for the columns.
template <class N>
struct OpRow {
  N flops = plain<N>(0);
  N vector_flops = plain<N>(0);
  N weights = plain<N>(0);
  N kv_read = plain<N>(0);
  N kv_write = plain<N>(0);
  N activations = plain<N>(0);
};

struct OpShape {
  OpUnit unit = OpUnit::vector;
  Operands operands = {};
  std::optional<Gemm> gemm = {};
  std::uint32_t weight_format = 0;  // of a weight operand: index into CostPlan::formats
};

// What a layer is to its kind beside the kind's own fields.
struct LayerFacts {
  Dim hidden = 0;
  bool rotary = true;      // positions are rotated into queries and keys
  bool owns_cache = true;  // false: it reads the cache of an earlier layer
  // Of the matrices that the kind puts itself (MLA's up-projections).
  const Format* own_weights = nullptr;
  std::uint32_t own_weight_format = 0;
};

template <class N>
class OpRows {
 public:
  struct Entry {
    OpName name = OpName::other;
    std::uint8_t group = 0;
    OpShape shape;
    bool mixed_shapes = false;  // of several layers, or of several matrices with one name
    std::int64_t layers = 0;
    std::uint32_t visit = 0;   // the last layer that added to it
    std::uint32_t shaped = 0;  // the last layer that gave it a shape
    OpRow<N> row;
  };

  // Empties the table, keeping its memory.
  void start(const Pass& pass, const CostFormats& formats, std::size_t groups) {
    pass_ = &pass;
    formats_ = &formats;
    entries_.clear();
    index_.assign(groups * op_name_count, absent);
    visit_ = 0;
  }

  // What follows stands in `times` layers and belongs to `group`.
  void enter(std::uint8_t group, std::int64_t times, const LayerFacts& layer) {
    group_ = group;
    times_ = times;
    ++visit_;
    layers_ = factor<N>("layers", times);
    layer_ = layer;
  }
  void enter_group(std::uint8_t group) { group_ = group; }
  void use_own_weights(const Format* format, std::uint32_t index) {
    layer_.own_weights = format;
    layer_.own_weight_format = index;
  }

  void add(OpName name, const OpShape& shape, const OpRow<N>& row) { add_row(name, shape, row); }
  void add(OpName name, const OpRow<N>& row) { add(name, {}, row); }

  // With bytes of weights that are counted over all layers already, because layers may store them
  // differently.
  void add(OpName name, const OpShape& shape, const OpRow<N>& row, const N& weights_of_all_layers) {
    Entry& entry = add_row(name, shape, row);
    entry.row.weights = entry.row.weights + weight_bytes(weights_of_all_layers);
  }

  const Pass& pass() const { return *pass_; }
  const CostFormats& formats() const { return *formats_; }
  const LayerFacts& layer() const { return layer_; }
  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t at(std::uint8_t group, OpName name) const {
    return index_[group * op_name_count + static_cast<std::size_t>(name)];
  }
  static constexpr std::uint16_t absent = 0xffff;

  // New tokens of all sequences, or only of those in one phase.
  N tokens() const {
    return sum([](const SequenceGroup& g) { return factor<N>("tokens", g.new_tokens); });
  }
  N tokens(Phase phase) const {
    return sum([&](const SequenceGroup& g) {
      return g.phase == phase ? factor<N>("tokens", g.new_tokens) : plain<N>(0);
    });
  }

  // Σ over groups: sequences × per_sequence(group).
  template <class F>
  N sum(F&& per_sequence) const {
    N out = plain<N>(0);
    for (const SequenceGroup& group : pass_->groups) {
      const N one = per_sequence(group);
      out = out + factor<N>("sequences", group.count) * one;
    }
    return out;
  }

  // Pairs of query and key under the mask, over all sequences.
  N pairs(const Mask& mask) const {
    const bool square = pass_->conventions.full_attention;
    return sum([&](const SequenceGroup& g) {
      const NewTokens span{g.cached, g.new_tokens};
      if (square && g.phase == Phase::prefill) {
        return real_factor<N>("pairs of the square", mask_square(mask, span));
      }
      return real_factor<N>("pairs under the mask", mask_pairs(mask, span));
    });
  }

  // Rows of the cache that the pass reads: a shared prefix once a family.
  N rows_read(const Mask& mask) const {
    N out = plain<N>(0);
    for (const SequenceGroup& g : pass_->groups) out = out + rows_read(mask, g);
    return out;
  }

  // Sequences that find something in their state.
  N sequences_with_past() const {
    N out = plain<N>(0);
    for (const SequenceGroup& g : pass_->groups) {
      if (g.cached > 0) out = out + factor<N>("sequences", g.count);
    }
    return out;
  }
  N sequences() const {
    return sum([](const SequenceGroup&) { return plain<N>(1); });
  }

  // Bytes of `elements` numbers in the activation's format.
  N activation(const N& elements) const {
    return data_bytes(formats_->activation, plain<N>(1), elements);
  }
  // The reading of weights, which an endless batch shares until nothing is left of it.
  N weight_bytes(const N& bytes) const {
    return pass_->conventions.endless_batch ? plain<N>(0) : bytes;
  }
  // Bytes of a row of the cache, scales included.
  N cache_row(Component component, const N& heads, const N& width) const {
    return row_bytes(formats_->kv.of(component), heads, width);
  }
  static N row_bytes(const Format& format, const N& heads, const N& width) {
    return data_bytes(format, heads, width) + scale_bytes(format, heads, width);
  }

 private:
  N rows_read(const Mask& mask, const SequenceGroup& g) const {
    const NewTokens span{g.cached, g.new_tokens};
    const std::int64_t all = mask_rows(mask, span);
    const std::int64_t shared =
        g.shared_prefix > 0
            ? mask_rows_within(mask, span, std::min<std::int64_t>(g.shared_prefix, g.cached))
            : 0;
    const N own = factor<N>("sequences", g.count) * factor<N>("rows read", all - shared);
    if (shared == 0) return own;
    const std::int64_t family = g.family > 0 ? g.family.value : g.count.value;
    return own + ceil_div(factor<N>("sequences", g.count), factor<N>("family", family)) *
                     factor<N>("shared rows", shared);
  }

  Entry& add_row(OpName name, const OpShape& shape, const OpRow<N>& row) {
    Entry& entry = entry_of(name, shape);
    add_to(entry.row.flops, row.flops);
    add_to(entry.row.vector_flops, row.vector_flops);
    add_to(entry.row.weights, row.weights);
    add_to(entry.row.kv_read, row.kv_read);
    add_to(entry.row.kv_write, row.kv_write);
    add_to(entry.row.activations, row.activations);
    return entry;
  }
  void add_to(N& into, const N& value) { into = into + layers_ * value; }

  Entry& entry_of(OpName name, const OpShape& shape) {
    std::uint16_t& at = index_[group_ * op_name_count + static_cast<std::size_t>(name)];
    if (at == absent) {
      at = static_cast<std::uint16_t>(entries_.size());
      Entry& fresh = entries_.emplace_back();
      fresh.name = name;
      fresh.group = group_;
      fresh.shape = shape;
    }
    Entry& entry = entries_[at];
    if (entry.visit != visit_) {
      entry.visit = visit_;
      entry.layers += times_;
    }
    if (shape.gemm) merge_shape(entry, shape);
    return entry;
  }

  // A kind may add to a row that a matrix has begun (what k_proj writes to the cache).
  void merge_shape(Entry& entry, const OpShape& shape) const {
    const bool first = entry.shaped == 0;
    const bool again = entry.shaped == visit_ || (!first && entry.shape.gemm != shape.gemm);
    if (first) entry.shape = shape;
    if (again) entry.mixed_shapes = true;
    entry.shaped = visit_;
  }

  const Pass* pass_ = nullptr;
  const CostFormats* formats_ = nullptr;
  std::vector<Entry> entries_;
  std::vector<std::uint16_t> index_;
  std::uint8_t group_ = 0;
  std::int64_t times_ = 1;
  std::uint32_t visit_ = 0;
  N layers_ = plain<N>(1);
  LayerFacts layer_;
};

}  // namespace attncalc
