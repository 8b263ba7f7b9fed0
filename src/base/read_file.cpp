// SPDX-License-Identifier: Apache-2.0
//
// Reading a whole file that a user named, without filling the memory.
#include <algorithm>

#include "base/document.hpp"
#include "base/file.hpp"
#include "base/units.hpp"

namespace attncalc {
namespace {

constexpr std::size_t largest_file = 64 * units::mebi;

Problem too_large(const std::string& path) {
  return {.at = {path}, .message = "the file is larger than 64 MiB", .hint = {}, .source_line = {}};
}

}  // namespace

// A file may be longer than it said (and /proc says 0): it is read until there is no more, or until
// there is one byte more than allowed.
Result<std::string> read_file(const std::string& path) {
  constexpr std::size_t smallest_step = 4 * units::kibi;
  const Result<File> file = File::open(path);
  if (!file) return file.problems();
  if (file->size() > largest_file) return too_large(path);
  std::string text;
  std::size_t step = std::max<std::size_t>(file->size() + 1, smallest_step);
  for (std::size_t size = 0; size <= largest_file; step = size) {
    text.resize(size + step);
    const Result<std::size_t> got = file->read(size, std::span(text).subspan(size));
    if (!got) return got.problems();
    size += *got;
    text.resize(size);
    if (*got < step) return text;
  }
  return too_large(path);
}

}  // namespace attncalc
