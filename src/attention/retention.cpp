// SPDX-License-Identifier: Apache-2.0
//
// Tensors of linear attention with decay, as in fla's MultiScaleRetention,
// SimpleGatedLinearAttention and GatedLinearAttention.
#include "attention/retention.hpp"

namespace attncalc {
namespace {

// hidden → the decay's numbers, at once or through decay_rank elements that every rank computes.
void add_decay(const Retention& r, Dim hidden, std::vector<WeightTensor>& out) {
  if (r.decay == Decay::fixed) return;
  const Dim made = r.decay == Decay::head ? r.heads : Dim(r.kv_heads * r.key_dim);
  const Dim input = r.decay_rank > 0 ? r.decay_rank : hidden;
  if (r.decay_rank > 0) out.push_back({.role = "gates", .rows = r.decay_rank, .cols = hidden});
  out.push_back({.role = "gates", .rows = made, .cols = input, .split = Split::heads});
  if (r.decay_bias) out.push_back({.role = "gate_bias", .rows = made, .split = Split::heads});
}

}  // namespace

void Retention::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, heads, key_dim, conv_kernel, Split::heads);
  add_conv_state(out, kv_heads, key_dim + value_dim, conv_kernel, Split::kv_heads);
  out.push_back({.component = Component::linear_state,
                 .heads = heads,
                 .width = key_dim * value_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void Retention::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim q = heads * key_dim;
  const Dim k = kv_heads * key_dim;
  const Dim v = kv_heads * value_dim;
  const Dim o = heads * value_dim;
  out.push_back({.role = "q_proj", .rows = q, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = k, .cols = hidden, .split = Split::kv_heads});
  out.push_back({.role = "v_proj", .rows = v, .cols = hidden, .split = Split::kv_heads});
  add_conv_weights(out, q, conv_kernel, false, Split::heads);
  add_conv_weights(out, k + v, conv_kernel, false, Split::kv_heads);
  add_decay(*this, hidden, out);
  if (output_gate) {
    out.push_back({.role = "gates", .rows = o, .cols = hidden, .split = Split::heads});
  }
  if (norm) out.push_back({.role = "state_norm", .rows = value_dim});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = o, .split = Split::heads});
}

void Retention::complete(Dim hidden) {
  if (kv_heads == Dim(0)) kv_heads = heads;
  if (key_dim == Dim(0) && heads > 0) key_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = key_dim;
}

std::vector<std::string> Retention::faults() const {
  std::vector<std::string> faults = faults_below_one(
      {{"heads", heads}, {"kv_heads", kv_heads}, {"key_dim", key_dim}, {"value_dim", value_dim}});
  if (auto fault = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  if (decay == Decay::fixed && decay_rank > 0) {
    faults.push_back(
        "decay_rank belongs to a decay that is made from the token, not to a fixed one");
  }
  return faults;
}

}  // namespace attncalc
