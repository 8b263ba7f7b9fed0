// SPDX-License-Identifier: Apache-2.0
//
// What work off the matrix unit costs, in operations an element: the one table of it, explained in
// docs/model.md, "Vector work". These are conventions, not measurements: a softmax of 5 and a norm
// of 7 are what "LLM Inference Unveiled" (arXiv:2402.16363, Table 1) counts.
#pragma once

#include <cstdint>

namespace attncalc::vector_work {

inline constexpr std::int64_t softmax = 5;     // maximum, subtract, exponential, sum, divide
inline constexpr std::int64_t norm = 7;        // mean, subtract, square, sum, scale, weight, bias
inline constexpr std::int64_t rope = 3;        // four products and two sums a pair
inline constexpr std::int64_t activation = 5;  // a sigmoid and a product: SiLU; GELU by tanh alike
inline constexpr std::int64_t sigmoid = 4;     // negate, exponential, add, divide
inline constexpr std::int64_t multiply = 1;
inline constexpr std::int64_t add = 1;
inline constexpr std::int64_t compare = 1;  // of a top-k selection, once a candidate
inline constexpr std::int64_t exponential = 1;
inline constexpr std::int64_t convolution_tap = 2;  // a product and a sum

}  // namespace attncalc::vector_work
