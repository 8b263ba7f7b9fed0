// SPDX-License-Identifier: Apache-2.0
//
// The number formats of ggml tensors: so many bytes for a block of so many elements, scales and
// all. A row of a tensor is a whole number of blocks, so the bytes of a tensor are exact.
#pragma once

#include <cstdint>
#include <string_view>

namespace attncalc::gguf {

struct GgmlType {
  std::uint32_t id = 0;   // as in a file
  std::string_view name;  // as ggml prints it
  std::int64_t block_elements = 1;
  std::int64_t block_bytes = 0;
};

// The type with this number; null pointer if there is none, or if ggml has given the number up.
const GgmlType* ggml_type(std::uint32_t id);
const GgmlType* ggml_type(std::string_view name);

}  // namespace attncalc::gguf
