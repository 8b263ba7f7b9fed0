// SPDX-License-Identifier: Apache-2.0
//
// The two lists of the gated delta rule: its state and convolution for one sequence, and its
// projections. What they mean is in the header.
#include "attention/gated_delta.hpp"

namespace attncalc {

void GatedDelta::cache_tensors(std::vector<CacheTensor>& out) const {
  const Dim kept = conv_kernel - 1;
  if (kept > 0) {
    out.push_back({.component = Component::conv_state,
                   .heads = 2 * key_heads,
                   .width = key_dim * kept,
                   .slots = Fixed{},
                   .split = Split::heads,
                   .own_format = {}});
    out.push_back({.component = Component::conv_state,
                   .heads = value_heads,
                   .width = value_dim * kept,
                   .slots = Fixed{},
                   .split = Split::heads,
                   .own_format = {}});
  }
  out.push_back({.component = Component::linear_state,
                 .heads = value_heads,
                 .width = key_dim * value_dim,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

// Roles as in transformers' Qwen3NextGatedDeltaNet: one projection makes q, k, v and the output
// gate z, another b and a (write strength and decay); A_log and dt_bias are one value a head.
void GatedDelta::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim keys = key_heads * key_dim;
  const Dim values = value_heads * value_dim;
  out.push_back(
      {.role = "in_proj", .rows = 2 * keys + 2 * values, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "gates", .rows = 2 * value_heads, .cols = hidden, .split = Split::heads});
  if (conv_kernel > 0) {
    out.push_back(
        {.role = "conv", .rows = 2 * keys + values, .cols = conv_kernel, .split = Split::heads});
  }
  out.push_back({.role = "dt_bias", .rows = value_heads, .split = Split::heads});
  out.push_back({.role = "a_log", .rows = value_heads, .split = Split::heads});
  out.push_back({.role = "state_norm", .rows = value_dim});
  out.push_back({.role = "out_proj", .rows = hidden, .cols = values, .split = Split::heads});
}

void GatedDelta::complete(Dim) {
  if (value_heads == Dim(0)) value_heads = key_heads;
  if (value_dim == Dim(0)) value_dim = key_dim;
}

std::vector<std::string> GatedDelta::faults() const {
  std::vector<std::string> faults = faults_below_one({{"key_heads", key_heads},
                                                      {"value_heads", value_heads},
                                                      {"key_dim", key_dim},
                                                      {"value_dim", value_dim}});
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  if (auto fault = fault_unless_divides({"key_heads", key_heads}, {"value_heads", value_heads})) {
    faults.push_back(*fault);
  }
  return faults;
}

}  // namespace attncalc
