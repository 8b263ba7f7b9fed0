// SPDX-License-Identifier: Apache-2.0
//
// Tensors of RG-LRU's block, as in transformers' RecurrentGemmaRecurrentBlock and
// RecurrentGemmaRglru.
#include "attention/gated_recurrence.hpp"

#include "attention/op_parts.hpp"

namespace attncalc {

void GatedRecurrence::cache_tensors(std::vector<CacheTensor>& out) const {
  add_conv_state(out, width, 1, conv_kernel, Split::heads);
  out.push_back({.component = Component::ssm_state,
                 .heads = width,
                 .width = 1,
                 .slots = Fixed{},
                 .split = Split::heads,
                 .own_format = state_format});
}

void GatedRecurrence::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim block = heads > 0 ? Dim(width / heads) : Dim(0);  // no heads is a fault
  // One branch passes the recurrence, the other gates its output.
  out.push_back({.role = "in_proj", .rows = 2 * width, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "in_bias", .rows = 2 * width, .split = Split::heads});
  add_conv_weights(out, width, conv_kernel, true, Split::heads);
  out.push_back({.role = "decay", .rows = width, .split = Split::heads});
  // The input gate and the recurrence gate.
  out.push_back({.role = "gates", .rows = 2 * width, .cols = block, .split = Split::heads});
  out.push_back({.role = "gate_bias", .rows = 2 * width, .split = Split::heads});
  out.push_back({.role = "out_proj", .rows = hidden, .cols = width, .split = Split::heads});
  out.push_back({.role = "out_bias", .rows = hidden});
}

void GatedRecurrence::complete(Dim hidden) {
  if (width == Dim(0)) width = hidden;
}

std::vector<std::string> GatedRecurrence::faults() const {
  std::vector<std::string> faults = faults_below_one({{"width", width}, {"heads", heads}});
  if (conv_kernel < 0) faults.push_back("conv_kernel must not be negative");
  if (auto fault = fault_unless_divides({"heads", heads}, {"width", width})) {
    faults.push_back(*fault);
  }
  return faults;
}

// --- operators (docs/model.md, "Operators": states) ----------------------------------------------

// A token's step: the decay a^(c r) from its gate (sigmoid, product, exponential), √(1 − a²) on the
// input, h = a h + x (Griffin, §2.4). Every channel decays by itself: a scan takes the same steps,
// and what it answers is the state itself.
template <class N>
void GatedRecurrence::ops(OpRows<N>& out) const {
  const N channels = factor<N>("width", width);
  constexpr std::int64_t decay =
      vector_work::sigmoid + vector_work::multiply + vector_work::exponential;
  constexpr std::int64_t input = vector_work::sigmoid + 4 * vector_work::multiply;
  add_convolution(out, width, conv_kernel);
  add_state(out, StateWork<N>{.state_bytes = state_row(out, state_format, Component::ssm_state,
                                                       channels, plain<N>(1)),
                              .update = channels,
                              .update_vector = plain<N>(decay + input) * channels,
                              .read = plain<N>(0),
                              .io = plain<N>(4) * channels});
  add_output_gate(out, channels);
}
template void GatedRecurrence::ops(OpRows<double>&) const;
template void GatedRecurrence::ops(OpRows<TracedReal>&) const;

}  // namespace attncalc
