// SPDX-License-Identifier: Apache-2.0
//
// Numbers: enum ggml_type in ggml/include/ggml.h. Sizes: GGML_QUANT_SIZES in
// gguf-py/gguf/constants.py and the block_* structs in ggml/src/ggml-common.h, both of
// github.com/ggml-org/llama.cpp. A block is written as what it consists of: scales (and minima) +
// low bits + high bits + sub-scales.
#include "ingest/gguf/ggml_types.hpp"

#include <algorithm>
#include <iterator>

namespace attncalc::gguf {
namespace {

constexpr GgmlType table[] = {
    {0, "f32", 1, 4},
    {1, "f16", 1, 2},
    {2, "q4_0", 32, 2 + 16},
    {3, "q4_1", 32, 2 + 2 + 16},
    // 4 and 5 were q4_2 and q4_3: given up before GGUF
    {6, "q5_0", 32, 2 + 4 + 16},
    {7, "q5_1", 32, 2 + 2 + 4 + 16},
    {8, "q8_0", 32, 2 + 32},
    {9, "q8_1", 32, 2 + 2 + 32},  // both scales are half precision; gguf-py says 4 + 4
    {10, "q2_K", 256, 2 + 2 + 64 + 16},
    {11, "q3_K", 256, 2 + 64 + 32 + 12},
    {12, "q4_K", 256, 2 + 2 + 128 + 12},
    {13, "q5_K", 256, 2 + 2 + 128 + 32 + 12},
    {14, "q6_K", 256, 2 + 128 + 64 + 16},
    {15, "q8_K", 256, 4 + 256 + 32},
    {16, "iq2_xxs", 256, 2 + 64},
    {17, "iq2_xs", 256, 2 + 64 + 8},
    {18, "iq3_xxs", 256, 2 + 64 + 32},
    {19, "iq1_s", 256, 2 + 32 + 16},
    {20, "iq4_nl", 32, 2 + 16},
    {21, "iq3_s", 256, 2 + 64 + 32 + 8 + 4},
    {22, "iq2_s", 256, 2 + 64 + 8 + 8},
    {23, "iq4_xs", 256, 2 + 2 + 128 + 4},
    {24, "i8", 1, 1},
    {25, "i16", 1, 2},
    {26, "i32", 1, 4},
    {27, "i64", 1, 8},
    {28, "f64", 1, 8},
    {29, "iq1_m", 256, 32 + 16 + 8},
    {30, "bf16", 1, 2},
    // 31 to 33 were q4_0 repacked for ARM: no longer in files
    {34, "tq1_0", 256, 2 + 48 + 4},
    {35, "tq2_0", 256, 2 + 64},
    // 36 to 38 were iq4_nl repacked for ARM
    {39, "mxfp4", 32, 1 + 16},
    {40, "nvfp4", 64, 4 + 32},
    {41, "q1_0", 128, 2 + 16},
    {42, "q2_0", 64, 2 + 16},
};

}  // namespace

const GgmlType* ggml_type(std::uint32_t id) {
  const auto at = std::ranges::find(table, id, &GgmlType::id);
  return at == std::end(table) ? nullptr : at;
}

const GgmlType* ggml_type(std::string_view name) {
  const auto at = std::ranges::find(table, name, &GgmlType::name);
  return at == std::end(table) ? nullptr : at;
}

}  // namespace attncalc::gguf
