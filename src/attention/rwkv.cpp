// SPDX-License-Identifier: Apache-2.0
//
// Tensors of RWKV's time mixing. Sources: BlinkDL/RWKV-LM, classes RWKV_TimeMix (4),
// RWKV_TimeMix_RWKV5 (5), RWKV_Tmix_x060 (6) and RWKV_Tmix_x070 (7); transformers'
// RwkvSelfAttention (4) and its five states; fla's RWKV7Attention, which like the papers' parameter
// formulas gives the first layer no share of "the first layer's" values.
#include "attention/rwkv.hpp"

#include <fmt/format.h>

#include "attention/op_parts.hpp"

namespace attncalc {
namespace {

// Version 4 keeps a numerator, a denominator and the largest exponent, so that neither overflows.
constexpr std::int64_t sums_of_version_4 = 3;

// One version's time mixing, as far as the versions differ.
class Tensors {
 public:
  Tensors(const Rwkv& rwkv, Dim hidden, std::vector<WeightTensor>& out)
      : rwkv_(rwkv), hidden_(hidden), wide_(rwkv.heads * rwkv.head_dim), out_(out) {}

  void projections() {
    matrix("q_proj", wide_, hidden_);  // receptance, which plays the query's part
    matrix("k_proj", wide_, hidden_);
    matrix("v_proj", wide_, hidden_);
    matrix("o_proj", hidden_, wide_);
  }

  // How much of the token before enters each of `uses` projections, a number a channel.
  void blends(Dim uses) { out_.push_back({.role = "shift_mix", .rows = uses * hidden_}); }

  void of_version_4() {
    blends(3);
    channels("decay");
    channels("bonus");  // the extra weight of the current token
  }

  void of_version_5() {
    blends(4);
    channels("decay");
    channels("bonus");
    matrix("gates", wide_, hidden_);
    norm();
  }

  void of_version_6() {
    constexpr std::int64_t uses = 5;
    blends(uses + 1);
    out_.push_back({.role = "gates", .rows = uses * rwkv_.mix_rank, .cols = hidden_});
    out_.push_back({.role = "gates", .rows = uses * hidden_, .cols = rwkv_.mix_rank});
    channels("decay");
    thin(rwkv_.decay_rank);
    channels("bonus");
    matrix("gates", wide_, hidden_);
    norm();
  }

  void of_version_7() {
    blends(6);
    channels("decay");
    thin(rwkv_.decay_rank);
    channels("rate");
    thin(rwkv_.rate_rank);
    if (rwkv_.value_rank > 0) channels("value_share");
    thin(rwkv_.value_rank);
    thin(rwkv_.gate_rank);
    channels("key_scale");  // k_k: the key that is removed
    channels("key_scale");  // k_a: the key that replaces it
    channels("bonus");      // r_k
    norm();
  }

 private:
  void matrix(std::string_view role, Dim rows, Dim cols) {
    out_.push_back({.role = role, .rows = rows, .cols = cols, .split = Split::heads});
  }
  void channels(std::string_view role) { matrix(role, wide_, 1); }
  // hidden → rank → channels; every rank computes the narrow side whole.
  void thin(Dim rank) {
    if (rank < 1) return;
    out_.push_back({.role = "gates", .rows = rank, .cols = hidden_});
    matrix("gates", wide_, rank);
  }
  void norm() {  // ln_x, over each head
    channels("state_norm");
    channels("bias");
  }

  const Rwkv& rwkv_;
  Dim hidden_, wide_;
  std::vector<WeightTensor>& out_;
};

}  // namespace

std::string Rwkv::label() const { return fmt::format("rwkv{}", version.value); }

void Rwkv::cache_tensors(std::vector<CacheTensor>& out) const {
  out.push_back({.component = Component::shift_state,
                 .heads = shifts,
                 .width = shift_width,
                 .slots = Fixed{},
                 .split = Split::whole,
                 .own_format = {}});
  out.push_back({.component = Component::wkv_state,
                 .heads = heads,
                 .width = head_dim * (version == Dim(4) ? Dim(sums_of_version_4) : head_dim),
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void Rwkv::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  Tensors tensors(*this, hidden, out);
  tensors.projections();
  switch (version) {
    case 4:
      return tensors.of_version_4();
    case 5:
      return tensors.of_version_5();
    case 6:
      return tensors.of_version_6();
    default:
      return tensors.of_version_7();
  }
}

void Rwkv::complete(Dim hidden) {
  if (heads == Dim(0) && head_dim > 0) heads = hidden / head_dim;
  if (shift_width == Dim(0)) shift_width = hidden;
}

std::vector<std::string> Rwkv::faults() const {
  std::vector<std::string> faults = faults_below_one(
      {{"heads", heads}, {"head_dim", head_dim}, {"shifts", shifts}, {"shift_width", shift_width}});
  if (version < 4 || version > 7) {
    faults.push_back(fmt::format("version is {}; RWKV 4, 5, 6 and 7 are known", version.value));
  }
  const auto need = [&](std::string_view name, Dim rank) {
    if (rank > 0) return;
    faults.push_back(fmt::format("{} is {}; version {} needs it", name, rank.value, version.value));
  };
  if (version == Dim(6)) need("mix_rank", mix_rank);
  if (version == Dim(6) || version == Dim(7)) need("decay_rank", decay_rank);
  if (version == Dim(7)) need("rate_rank", rate_rank);
  if (version == Dim(7)) need("gate_rank", gate_rank);
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

namespace {

// Multiply-adds of one step, in states: version 4 writes a numerator and a denominator; 5 and 6 add
// k vᵀ; 7 first reads what the state says of the key that it removes, and takes it out.
std::int64_t writes_of(const Rwkv& r) { return r.version == Dim(7) ? 3 : 1; }

// Reads the last input, blends it in, and keeps the new one.
template <class N>
void add_shift(OpRows<N>& out, const Rwkv& r) {
  const N width = factor<N>("shift_width", r.shift_width);
  const N kept = out.cache_row(Component::shift_state, factor<N>("shifts", r.shifts), width);
  const N blended = out.tokens() * factor<N>("shifts", r.shifts) * width;
  out.add(OpName::gates,
          {.vector_flops = plain<N>(2 * vector_work::multiply + vector_work::add) * blended,
           .kv_read = out.sequences_with_past() * kept,
           .kv_write = out.sequences() * kept,
           .activations = read_and_written(out, blended)});
}

}  // namespace

template <class N>
void Rwkv::ops(OpRows<N>& out) const {
  const N h = factor<N>("heads", heads);
  const N d = factor<N>("head_dim", head_dim);
  const bool is_matrix = version > 4;
  const N row = is_matrix ? d * d : d * plain<N>(sums_of_version_4);
  const N state = h * row;
  add_shift(out, *this);
  add_state(out,
            StateWork<N>{
                .state_bytes = state_row(out, state_format, Component::wkv_state, h, row),
                .update = plain<N>(writes_of(*this)) * state,
                .update_vector =
                    plain<N>(is_matrix ? vector_work::multiply : vector_work::exponential) * state,
                .read = is_matrix ? state : h * d,
                .io = h * (d + d + d + d)});
  if (version > 4) add_elementwise(out, OpName::norm, vector_work::norm, h * d);
  add_output_gate(out, h * d);
}
template void Rwkv::ops(OpRows<double>&) const;
template void Rwkv::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
