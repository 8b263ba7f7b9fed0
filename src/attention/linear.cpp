// SPDX-License-Identifier: Apache-2.0
//
// Tensors of linear attention without decay. The state is equation 18 of the Linear Transformer
// paper (s and z there); projections as in fla's LinearAttention.
#include "attention/linear.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

std::string Linear::label() const {
  switch (feature_map) {
    case FeatureMap::performer:
      return "performer";
    case FeatureMap::rfa:
      return "rfa";
    default:
      return "linear";
  }
}

Dim Linear::features() const {
  switch (feature_map) {
    case FeatureMap::performer:
      return projections;
    case FeatureMap::rfa:
      return 2 * projections;  // a sine and a cosine each
    default:
      return key_dim;
  }
}

void Linear::cache_tensors(std::vector<CacheTensor>& out) const {
  out.push_back({.component = Component::linear_state,
                 .heads = heads,
                 .width = features() * value_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
  if (!normaliser) return;
  out.push_back({.component = Component::normaliser_state,
                 .heads = heads,
                 .width = features(),
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void Linear::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim k = heads * key_dim;
  const Dim v = heads * value_dim;
  out.push_back({.role = "q_proj", .rows = k, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = k, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "v_proj", .rows = v, .cols = hidden, .split = Split::heads});
  if (qkv_bias) out.push_back({.role = "qkv_bias", .rows = 2 * k + v, .split = Split::heads});
  if (gate) {
    out.push_back({.role = "gates", .rows = heads, .cols = hidden, .split = Split::heads});
    out.push_back({.role = "gate_bias", .rows = heads, .split = Split::heads});
  }
  if (norm) out.push_back({.role = "state_norm", .rows = value_dim});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = v, .split = Split::heads});
  if (o_bias) out.push_back({.role = "o_bias", .rows = hidden});
}

void Linear::complete(Dim hidden) {
  if (key_dim == Dim(0) && heads > 0) key_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = key_dim;
  if (projections == Dim(0) && feature_map != FeatureMap::elementwise) projections = key_dim;
}

std::vector<std::string> Linear::faults() const {
  std::vector<std::string> faults =
      faults_below_one({{"heads", heads}, {"key_dim", key_dim}, {"value_dim", value_dim}});
  if (feature_map == FeatureMap::elementwise && projections > 0) {
    faults.push_back("projections belong to performer and rfa; an elementwise map has none");
  }
  if (feature_map != FeatureMap::elementwise && projections < 1) {
    faults.push_back("projections must be at least 1");
  }
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// A step adds φ(k) vᵀ to the state and φ(k) to the normaliser and answers φ(q). The causal form
// over a prompt is the same sums (Linear Transformer, §3.3), in blocks of 64 on a matrix unit.
template <class N>
void Linear::ops(OpRows<N>& out) const {
  constexpr std::int64_t block = 64;
  const N h = factor<N>("heads", heads);
  const N f = factor<N>("features", features());
  const N v = factor<N>("value_dim", value_dim);
  const N sums = normaliser ? h * f : plain<N>(0);
  const N state = h * f * v + sums;
  N bytes = state_row(out, state_format, Component::linear_state, h, f * v);
  if (normaliser) bytes = bytes + state_row(out, state_format, Component::normaliser_state, h, f);
  const N drawn = factor<N>("projections", projections) * factor<N>("key_dim", key_dim);
  if (projections > 0) {  // features of query and key
    const N both = out.tokens() * (h + h);
    out.add(OpName::gates, {.flops = flops_of(both * drawn),
                            .vector_flops = plain<N>(vector_work::exponential) * both * f});
  }
  add_state(out, StateWork<N>{
                     .state_bytes = bytes,
                     .update = state,
                     .update_vector = gate ? plain<N>(vector_work::multiply) * state : plain<N>(0),
                     .read = state,
                     .io = h * (f + f + v + v),
                     .chunk = block,
                     .per_pair = h * (f + v),
                     .per_token = state + state});
  if (norm) add_elementwise(out, OpName::norm, vector_work::norm, h * v);
}
template void Linear::ops(OpRows<double>&) const;
template void Linear::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
