// SPDX-License-Identifier: Apache-2.0
//
// Writes small GGUF files for tests, right ones and wrong ones. Tensors have no data unless asked
// for: a header is all that anybody here reads.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace attncalc::test {

// A number in little-endian order.
template <class T>
std::string raw(T value) {
  std::string out;
  const auto bits = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
  return out;
}

inline std::string raw_text(std::string_view text) {
  return raw<std::uint64_t>(text.size()) + std::string(text);
}

class GgufWriter {
 public:
  std::uint32_t version = 3;
  std::uint64_t alignment = 32;

  // Numbers in the type that gguf-py's converters mostly take (u32).
  GgufWriter& key(std::string_view name, std::int64_t value) {
    return add(name, 4, raw(static_cast<std::uint32_t>(value)));
  }
  GgufWriter& key(std::string_view name, int value) { return key(name, std::int64_t{value}); }
  GgufWriter& key(std::string_view name, bool value) {
    return add(name, 7, raw(static_cast<std::uint8_t>(value)));
  }
  GgufWriter& key(std::string_view name, double value) {
    return add(name, 6, raw(std::bit_cast<std::uint32_t>(static_cast<float>(value))));
  }
  GgufWriter& key(std::string_view name, const char* value) {
    return add(name, 8, raw_text(value));
  }
  GgufWriter& key(std::string_view name, const std::vector<std::int64_t>& values) {
    std::string body = raw<std::uint32_t>(5) + raw<std::uint64_t>(values.size());
    for (const std::int64_t v : values) body += raw(static_cast<std::int32_t>(v));
    return add(name, 9, body);
  }
  GgufWriter& flags(std::string_view name, const std::vector<bool>& values) {
    std::string body = raw<std::uint32_t>(7) + raw<std::uint64_t>(values.size());
    for (const bool v : values) body += raw(static_cast<std::uint8_t>(v));
    return add(name, 9, body);
  }
  GgufWriter& texts(std::string_view name, const std::vector<std::string>& values) {
    std::string body = raw<std::uint32_t>(8) + raw<std::uint64_t>(values.size());
    for (const std::string& v : values) body += raw_text(v);
    return add(name, 9, body);
  }
  // Any bytes as the value of a key.
  GgufWriter& add(std::string_view name, std::uint32_t type, std::string_view body) {
    keys_ += raw_text(name) + raw(type) + std::string(body);
    ++key_count_;
    return *this;
  }

  // `bytes` of data are set aside for the tensor; `type` is ggml's number.
  GgufWriter& tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                     std::uint32_t type, std::uint64_t bytes) {
    tensors_ += raw_text(name) + raw(static_cast<std::uint32_t>(shape.size()));
    for (const std::int64_t size : shape) tensors_ += raw(static_cast<std::uint64_t>(size));
    tensors_ += raw(type) + raw(data_);
    data_ += (bytes + alignment - 1) / alignment * alignment;
    ++tensor_count_;
    return *this;
  }

  std::string header() const {
    return "GGUF" + raw(version) + raw(tensor_count_) + raw(key_count_) + keys_ + tensors_;
  }
  std::string file() const {
    std::string out = header();
    out.resize((out.size() + alignment - 1) / alignment * alignment + data_);
    return out;
  }

 private:
  std::string keys_, tensors_;
  std::uint64_t key_count_ = 0, tensor_count_ = 0, data_ = 0;
};

}  // namespace attncalc::test
