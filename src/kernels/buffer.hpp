// SPDX-License-Identifier: Apache-2.0
//
// Memory for kernels and their measurements: aligned to a large page, which Linux is asked to use,
// and not touched until somebody writes to it.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace attncalc {

class Buffer {
 public:
  enum class Pages : bool { small, large };

  Buffer() = default;
  explicit Buffer(std::size_t bytes, Pages pages = Pages::large);
  ~Buffer();
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  std::size_t bytes() const { return bytes_; }
  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  template <class T>
  T* as() {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  std::span<T> values() {
    return {as<T>(), bytes_ / sizeof(T)};
  }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace attncalc
