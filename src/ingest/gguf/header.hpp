// SPDX-License-Identifier: Apache-2.0
//
// The header of a GGUF file (github.com/ggml-org/ggml/blob/master/docs/gguf.md): keys with values,
// then a line about each tensor, then the tensors. Versions 2 and 3, little-endian.
//
// A file that ends exactly where its header ends is accepted: people cut headers off to ask about a
// model without its 400 GB. A file that ends anywhere else before its last tensor does is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "ingest/byte_reader.hpp"
#include "ingest/gguf/ggml_types.hpp"

namespace attncalc::gguf {

enum class ValueType : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  text,
  array,
  u64,
  i64,
  f64
};

// One value, or an array of them. Long arrays (vocabularies, scores) are checked and passed over:
// only their `count` stays.
struct Value {
  ValueType type = ValueType::u8;
  bool is_array = false;
  std::uint64_t at = 0;  // of the value in the file
  std::uint64_t count = 1;
  std::vector<std::int64_t> integers;  // whole numbers and truth values
  std::vector<double> reals;
  std::string text;  // of a single text
};

struct Key {
  std::string name;
  Value value;
};

struct Tensor {
  std::string name;
  std::vector<std::int64_t> shape;  // fastest dimension first, as ggml counts
  const GgmlType* type = nullptr;
  std::uint64_t at = 0;      // of its line in the header
  std::uint64_t offset = 0;  // of its data, from the end of the header
  Elements elements;
  Bytes bytes;
};

struct Header {
  std::string file;
  std::uint32_t version = 0;
  std::vector<Key> keys;
  std::vector<Tensor> tensors;
  std::uint64_t end = 0;   // of the header
  std::uint64_t data = 0;  // where tensors begin: `end`, aligned
  std::uint64_t alignment = 32;
  bool has_data = false;  // false: the file was cut off after its header
  std::uint64_t file_size = 0;

  const Key* find(std::string_view name) const;
  const Tensor* tensor(std::string_view name) const;
};

// Errors: no GGUF file, big-endian, another version, anything that contradicts itself or the size
// of the file.
Result<Header> read_header(ByteReader& in);
Result<Header> read_header(const std::string& path);

// Whether these first bytes of a file say that it is GGUF.
inline constexpr std::string_view magic = "GGUF";

}  // namespace attncalc::gguf
