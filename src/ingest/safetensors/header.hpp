// SPDX-License-Identifier: Apache-2.0
//
// The header of a safetensors file (github.com/huggingface/safetensors, README "Format"): eight
// bytes that say how long it is, then JSON that gives each tensor a type, a shape and the place of
// its bytes. As there, the tensors must cover the rest of the file without holes or overlaps.
//
// As with GGUF, a file that ends exactly where its header ends is accepted: headers are small, and
// people send each other those.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "ingest/byte_reader.hpp"

namespace attncalc::safetensors {

struct Type {
  std::string_view name;
  int bits = 0;
};
// Null pointer if safetensors has no such type.
const Type* find_type(std::string_view name);

struct Tensor {
  std::string name;
  const Type* type = nullptr;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // of its bytes, from the end of the header
  Elements elements;
  Bytes bytes;
};

struct Header {
  std::string file;
  std::vector<Tensor> tensors;
  std::uint64_t end = 0;  // of the header
  bool has_data = false;  // false: the file was cut off after its header
  std::uint64_t file_size = 0;
};

Result<Header> read_header(ByteReader& in);
Result<Header> read_header(const std::string& path);

}  // namespace attncalc::safetensors
