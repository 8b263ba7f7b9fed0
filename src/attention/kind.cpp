// SPDX-License-Identifier: Apache-2.0
//
// Helpers that kinds share when they list their tensors and check their dimensions.
#include "attention/kind.hpp"

#include <fmt/format.h>

namespace attncalc {

void add_norm(std::vector<WeightTensor>& out, std::string_view role, Dim width,
              NormParameters parameters) {
  if (parameters == NormParameters::none) return;
  out.push_back({.role = role, .rows = width});
  if (parameters == NormParameters::scale_and_bias) out.push_back({.role = "bias", .rows = width});
}

void add_conv_state(std::vector<CacheTensor>& out, Dim heads, Dim width, Dim kernel, Split split) {
  if (kernel < 2) return;
  out.push_back({.component = Component::conv_state,
                 .heads = heads,
                 .width = width * (kernel - 1),
                 .slots = Fixed{},
                 .split = split,
                 .own_format = {}});
}

void add_conv_weights(std::vector<WeightTensor>& out, Dim channels, Dim kernel, bool bias,
                      Split split) {
  if (kernel < 1) return;
  out.push_back({.role = "conv", .rows = channels, .cols = kernel, .split = split});
  if (bias) out.push_back({.role = "conv_bias", .rows = channels, .split = split});
}

std::vector<std::string> faults_below_one(std::initializer_list<NamedDim> dims) {
  std::vector<std::string> faults;
  for (const NamedDim& d : dims) {
    if (d.dim < 1)
      faults.push_back(fmt::format("{} is {}; it must be at least 1", d.name, d.dim.value));
  }
  return faults;
}

std::optional<std::string> fault_unless_divides(NamedDim divisor, NamedDim whole) {
  if (divisor.dim < 1 || whole.dim % divisor.dim == 0) return std::nullopt;
  return fmt::format("{} is {}; it must divide {}, {}", divisor.name, divisor.dim.value, whole.name,
                     whole.dim.value);
}

}  // namespace attncalc
