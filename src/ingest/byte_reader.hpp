// SPDX-License-Identifier: Apache-2.0
//
// A cursor over the bytes of a binary file, for headers that must not be trusted. Everything is
// read in little-endian order; what is not there is never allocated, and a length is believed only
// once that many bytes are known to follow. The first problem stays: from then on every read
// answers with zeros, so a parser checks once a step and not after each number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace attncalc {

class ByteReader {
 public:
  explicit ByteReader(File file);
  // Bytes that are already in memory; `name` is what errors call them. They outlive the reader.
  ByteReader(std::string name, std::string_view bytes);

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return size_ - position_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64() { return little_endian(8); }
  std::string text(std::uint64_t length);
  void skip(std::uint64_t length);

  // Whether `count` things of at least `each` bytes can follow. A problem that names `what` if not.
  bool can_hold(std::uint64_t count, std::uint64_t each, std::string_view what);

  // The first problem wins. `at` is a position in the file; without it, where the cursor stands.
  void fail(std::string message, std::string hint = {});
  void fail_at(std::uint64_t at, std::string message, std::string hint = {});
  bool failed() const { return problem_.has_value(); }
  const Problem& problem() const { return *problem_; }

 private:
  std::uint64_t little_endian(std::size_t bytes);
  void copy(char* into, std::size_t length);
  void refill();

  std::string name_;
  std::optional<File> file_;
  std::string buffer_;       // of the file, what is around the cursor
  std::string_view window_;  // the bytes that can be had without reading the file
  std::uint64_t window_at_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::optional<Problem> problem_;
};

// A problem at a byte of a binary file: "model.gguf: byte 1234" stands where text has line:column.
Problem byte_problem(const std::string& file, std::uint64_t at, std::string message,
                     std::string hint = {});

}  // namespace attncalc
