// SPDX-License-Identifier: Apache-2.0
//
// Aligned memory from the C++ run-time, with a word to Linux about the size of its pages.
#include "kernels/buffer.hpp"

#include <new>

#include "base/units.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace attncalc {
namespace {

constexpr std::align_val_t large_page{2 * units::mebi};

}  // namespace

Buffer::Buffer(std::size_t bytes, Pages pages) : bytes_(bytes) {
  data_ = static_cast<std::byte*>(::operator new(bytes, large_page));
#if defined(__linux__)
  madvise(data_, bytes, pages == Pages::large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
  (void)pages;
#endif
}

Buffer::~Buffer() {
  if (data_ != nullptr) ::operator delete(data_, large_page);
}

}  // namespace attncalc
