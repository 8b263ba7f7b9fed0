// SPDX-License-Identifier: Apache-2.0
//
// A regular file that a user named, opened without risk and read in pieces. Weights files are
// hundreds of gigabytes of which we want the first few; configs are read whole (read_file).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"

namespace attncalc {

class File {
 public:
  // Errors: absent (with the nearest names beside it), a folder, a FIFO or device (never opened: it
  // could block); with exit code 3, a file that exists but cannot be opened.
  static Result<File> open(const std::string& path);

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }  // when it was opened

  // Fills `into` from `offset` on. How many bytes there were: fewer only at the end of the file.
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) const;

 private:
  File(std::string path, int fd, std::uint64_t size)
      : path_(std::move(path)), fd_(fd), size_(size) {}

  std::string path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace attncalc
