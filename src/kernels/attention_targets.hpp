// SPDX-License-Identifier: Apache-2.0
//
// The implementations of softmax attention that attention.cpp chooses from. One that was not
// compiled, for want of a compiler or an architecture, has no `run`.
#pragma once

#include "kernels/attention.hpp"

namespace attncalc {

// bf16 with dot products of pairs, AVX512_BF16.
AttentionKernel avx512_bf16_attention();
// Everything, computed in fp32 with the vectors that the processor has (Highway).
AttentionKernel simd_attention();

}  // namespace attncalc
