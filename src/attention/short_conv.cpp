// SPDX-License-Identifier: Apache-2.0
//
// Tensors of a gated short convolution, as in transformers' Lfm2ShortConv: in_proj makes the input
// and the gates before and after the convolution.
#include "attention/short_conv.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

void ShortConv::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, channels, 1, conv_kernel, Split::heads);
}

void ShortConv::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim made = 3 * channels;
  out.push_back({.role = "in_proj", .rows = made, .cols = hidden, .split = Split::heads});
  if (bias) out.push_back({.role = "in_bias", .rows = made, .split = Split::heads});
  add_conv_weights(out, channels, conv_kernel, bias, Split::heads);
  out.push_back({.role = "out_proj", .rows = hidden, .cols = channels, .split = Split::heads});
  if (bias) out.push_back({.role = "out_bias", .rows = hidden});
}

void ShortConv::complete(Dim hidden) {
  if (channels == Dim(0)) channels = hidden;
}

std::vector<std::string> ShortConv::faults() const {
  return faults_below_one({{"channels", channels}, {"conv_kernel", conv_kernel}});
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

template <class N>
void ShortConv::ops(OpRows<N>& out) const {
  add_convolution(out, channels, conv_kernel);
  // the gates before and behind it
  add_elementwise(out, OpName::gates, 2 * vector_work::multiply, factor<N>("channels", channels));
}
template void ShortConv::ops(OpRows<double>&) const;
template void ShortConv::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
