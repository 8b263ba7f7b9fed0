// SPDX-License-Identifier: Apache-2.0
//
// Reading numbers and text from untrusted bytes, a window of the file at a time.
#include "ingest/byte_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/units.hpp"

namespace attncalc {
namespace {

constexpr std::size_t window_bytes = 64 * units::kibi;

}  // namespace

Problem byte_problem(const std::string& file, std::uint64_t at, std::string message,
                     std::string hint) {
  return {.at = {.file = fmt::format("{}:byte {}", file, at)},
          .message = std::move(message),
          .hint = std::move(hint),
          .source_line = {}};
}

ByteReader::ByteReader(File file)
    : name_(file.path()), file_(std::move(file)), size_(file_->size()) {}

ByteReader::ByteReader(std::string name, std::string_view bytes)
    : name_(std::move(name)), window_(bytes), size_(bytes.size()) {}

std::uint64_t ByteReader::little_endian(std::size_t bytes) {
  unsigned char raw[8] = {};
  copy(reinterpret_cast<char*>(raw), bytes);
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | raw[i];
  return value;
}

std::string ByteReader::text(std::uint64_t length) {
  if (failed() || !can_hold(length, 1, "a text of {} bytes")) return {};
  std::string out(static_cast<std::size_t>(length), '\0');
  copy(out.data(), out.size());
  return out;
}

void ByteReader::skip(std::uint64_t length) {
  if (!failed() && can_hold(length, 1, "{} bytes")) position_ += length;
}

bool ByteReader::can_hold(std::uint64_t count, std::uint64_t each, std::string_view what) {
  if (failed()) return false;
  if (count <= remaining() / each) return true;
  fail(fmt::format("{} cannot follow: the file has {} more bytes",
                   fmt::format(fmt::runtime(what), count), remaining()));
  return false;
}

void ByteReader::fail(std::string message, std::string hint) {
  fail_at(position_, std::move(message), std::move(hint));
}

void ByteReader::fail_at(std::uint64_t at, std::string message, std::string hint) {
  if (!failed()) problem_ = byte_problem(name_, at, std::move(message), std::move(hint));
}

// Fills `into`, or leaves its zeros and notes that the file ends here.
void ByteReader::copy(char* into, std::size_t length) {
  if (failed()) return;
  if (length > remaining()) return fail("the file ends here, in the middle of its header");
  while (length > 0) {
    const bool inside = position_ >= window_at_ && position_ < window_at_ + window_.size();
    if (!inside) refill();
    if (failed()) return;
    const auto from = static_cast<std::size_t>(position_ - window_at_);
    const std::size_t part = std::min(length, window_.size() - from);
    std::memcpy(into, window_.data() + from, part);
    into += part;
    length -= part;
    position_ += part;
  }
}

void ByteReader::refill() {
  buffer_.resize(window_bytes);
  const Result<std::size_t> got = file_->read(position_, buffer_);
  if (!got) {
    problem_ = got.problems().front();
    return;
  }
  window_ = std::string_view(buffer_).substr(0, *got);
  window_at_ = position_;
  // It was longer when it was opened.
  if (window_.empty()) fail("the file ends here, in the middle of its header");
}

}  // namespace attncalc
