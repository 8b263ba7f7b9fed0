// SPDX-License-Identifier: Apache-2.0
//
// Reading a GGUF header. Counts and lengths are hostile until the rest of the file is known to be
// long enough for them; arithmetic on them is checked.
#include "ingest/gguf/header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace attncalc::gguf {
namespace {

// More than any file has, and little enough to hold in memory.
constexpr std::uint64_t most_keys = 65'536;
constexpr std::uint64_t most_tensors = 262'144;
constexpr std::uint64_t longest_name = 65'535;  // of a key, by the specification
constexpr std::uint64_t longest_kept_text =
    4'096;  // names and paths; chat templates are passed over
constexpr std::uint64_t longest_kept_array = 16'384;
constexpr std::uint64_t most_kept_values = units::mebi;         // in all arrays together
constexpr std::uint64_t longest_text_array = 16 * units::mebi;  // vocabularies and merges
constexpr std::uint32_t most_dimensions = 4;

// The least that a key (length, type, one byte) and a tensor (length, dimensions, type, offset)
// take.
constexpr std::uint64_t least_key = 8 + 4 + 1;
constexpr std::uint64_t least_tensor = 8 + 4 + 4 + 8;

constexpr std::string_view type_names[] = {"u8",   "i8",   "u16",   "i16", "u32", "i32", "f32",
                                           "bool", "text", "array", "u64", "i64", "f64"};

std::uint64_t scalar_size(ValueType type) {
  constexpr std::uint64_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return sizes[static_cast<std::size_t>(type)];
}

std::uint64_t align(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

class Parser {
 public:
  explicit Parser(ByteReader& in) : in_(in) { header_.file = in.name(); }

  Result<Header> parse() {
    read_counts();
    read_keys();
    read_alignment();
    read_tensors();
    check_data();
    if (in_.failed()) return in_.problem();
    return std::move(header_);
  }

 private:
  void read_counts() {
    header_.file_size = in_.size();
    if (in_.size() < magic.size() || in_.text(magic.size()) != magic) {
      return in_.fail_at(0, "this is no GGUF file: it does not begin with 'GGUF'");
    }
    read_version();
    tensor_count_ = in_.u64();
    key_count_ = in_.u64();
    if (in_.failed()) return;
    if (key_count_ > most_keys) {
      return in_.fail(
          fmt::format("the file says that it has {} keys; the most is {}", key_count_, most_keys));
    }
    if (tensor_count_ > most_tensors) {
      return in_.fail(fmt::format("the file says that it has {} tensors; the most is {}",
                                  tensor_count_, most_tensors));
    }
    if (in_.can_hold(key_count_, least_key, "{} keys")) {
      in_.can_hold(tensor_count_, least_tensor, "{} tensors");
    }
  }

  void read_version() {
    header_.version = in_.u32();
    if (in_.failed() || header_.version == 2 || header_.version == 3) return;
    if (header_.version == 0x02000000 || header_.version == 0x03000000) {
      return in_.fail_at(magic.size(), "the file is big-endian; only little-endian files are read",
                         "gguf_convert_endian.py of llama.cpp converts it");
    }
    in_.fail_at(magic.size(),
                fmt::format("GGUF version {} is not read; 2 and 3 are", header_.version));
  }

  // --- keys ------------------------------------------------------------------------------------

  void read_keys() {
    std::unordered_set<std::string> seen;
    for (std::uint64_t i = 0; i < key_count_ && !in_.failed(); ++i) {
      const std::uint64_t at = in_.position();
      Key key{.name = read_name("key"), .value = {}};
      key.value = read_value(key.name);
      if (in_.failed()) return;
      if (!seen.insert(key.name).second) {
        return in_.fail_at(at, fmt::format("key {} stands here for the second time", key.name));
      }
      header_.keys.push_back(std::move(key));
    }
  }

  std::string read_name(std::string_view what) {
    const std::uint64_t at = in_.position();
    const std::uint64_t length = in_.u64();
    if (!in_.failed() && (length == 0 || length > longest_name)) {
      in_.fail_at(at, fmt::format("the name of a {} is {} bytes long; it may have 1 to {}", what,
                                  length, longest_name));
    }
    return in_.text(length);
  }

  ValueType read_type(std::string_view of) {
    const std::uint64_t at = in_.position();
    const std::uint32_t type = in_.u32();
    if (type < std::size(type_names)) return static_cast<ValueType>(type);
    in_.fail_at(at, fmt::format("{} has a value of type {}, which GGUF does not have", of, type));
    return ValueType::u8;
  }

  Value read_value(std::string_view key) {
    Value value;
    value.type = read_type(key);
    value.at = in_.position();
    value.is_array = value.type == ValueType::array;
    if (value.is_array) {
      read_array(key, value);
    } else if (value.type == ValueType::text) {
      value.text = read_text();
    } else {
      read_scalar(value);
    }
    return value;
  }

  std::string read_text() {
    const std::uint64_t length = in_.u64();
    if (length <= longest_kept_text) return in_.text(length);
    in_.skip(length);
    return {};
  }

  void read_array(std::string_view key, Value& value) {
    value.type = read_type(key);
    value.at = in_.position();
    value.count = in_.u64();
    if (in_.failed()) return;
    if (value.type == ValueType::array) {
      return in_.fail(
          fmt::format("{} is an array of arrays, which no reader of GGUF accepts", key));
    }
    if (value.type == ValueType::text) return skip_texts(key, value.count);
    const std::uint64_t each = scalar_size(value.type);
    if (!in_.can_hold(value.count, each, "an array of {} values")) return;
    kept_ += value.count;
    if (value.count > longest_kept_array || kept_ > most_kept_values)
      return in_.skip(value.count * each);
    for (std::uint64_t i = 0; i < value.count; ++i) read_scalar(value);
  }

  void skip_texts(std::string_view key, std::uint64_t count) {
    constexpr std::uint64_t least_text = 8;  // its length
    if (count > longest_text_array) {
      return in_.fail(
          fmt::format("{} has {} texts; the most is {}", key, count, longest_text_array));
    }
    if (!in_.can_hold(count, least_text, "an array of {} texts")) return;
    for (std::uint64_t i = 0; i < count && !in_.failed(); ++i) in_.skip(in_.u64());
  }

  void read_scalar(Value& value) {
    switch (value.type) {
      case ValueType::u8:
        return add(value, in_.u8());
      case ValueType::i8:
        return add(value, static_cast<std::int8_t>(in_.u8()));
      case ValueType::u16:
        return add(value, in_.u16());
      case ValueType::i16:
        return add(value, static_cast<std::int16_t>(in_.u16()));
      case ValueType::u32:
        return add(value, in_.u32());
      case ValueType::i32:
        return add(value, static_cast<std::int32_t>(in_.u32()));
      case ValueType::i64:
        return add(value, static_cast<std::int64_t>(in_.u64()));
      case ValueType::boolean:
        return add(value, in_.u8() != 0);
      case ValueType::u64:
        return add_u64(value, in_.u64());
      case ValueType::f32:
        return value.reals.push_back(std::bit_cast<float>(in_.u32()));
      case ValueType::f64:
        return value.reals.push_back(std::bit_cast<double>(in_.u64()));
      case ValueType::text:
      case ValueType::array:
        return;
    }
  }

  static void add(Value& value, std::int64_t number) { value.integers.push_back(number); }

  // What 63 bits do not hold is no size of anything: it may stand there, but not as a whole number.
  static void add_u64(Value& value, std::uint64_t number) {
    if (number <= std::numeric_limits<std::int64_t>::max())
      return add(value, static_cast<std::int64_t>(number));
    value.reals.push_back(static_cast<double>(number));
  }

  void read_alignment() {
    const Key* key = header_.find("general.alignment");
    if (in_.failed() || key == nullptr) return;
    const bool fits = key->value.type == ValueType::u32 && !key->value.is_array;
    const std::int64_t value = fits ? key->value.integers.front() : 0;
    if (!std::has_single_bit(static_cast<std::uint64_t>(value))) {
      return in_.fail_at(key->value.at, "general.alignment must be a power of two, as u32");
    }
    header_.alignment = static_cast<std::uint64_t>(value);
  }

  // --- tensors ---------------------------------------------------------------------------------

  void read_tensors() {
    std::unordered_set<std::string> seen;
    for (std::uint64_t i = 0; i < tensor_count_ && !in_.failed(); ++i) {
      Tensor tensor;
      tensor.at = in_.position();
      tensor.name = read_name("tensor");
      read_shape(tensor);
      read_tensor_type(tensor);
      tensor.offset = in_.u64();
      if (!in_.failed()) measure(tensor);
      if (in_.failed()) return;
      if (!seen.insert(tensor.name).second) {
        return in_.fail_at(tensor.at,
                           fmt::format("tensor {} stands here for the second time", tensor.name));
      }
      header_.tensors.push_back(std::move(tensor));
    }
    header_.end = in_.position();
  }

  void read_shape(Tensor& tensor) {
    const std::uint64_t at = in_.position();
    const std::uint32_t dimensions = in_.u32();
    if (dimensions > most_dimensions) {
      return in_.fail_at(at, fmt::format("tensor {} has {} dimensions; the most is {}", tensor.name,
                                         dimensions, most_dimensions));
    }
    for (std::uint32_t d = 0; d < dimensions; ++d) {
      const auto size = static_cast<std::int64_t>(in_.u64());
      if (!in_.failed() && size < 1) {
        return in_.fail_at(at, fmt::format("dimension {} of tensor {} is {}; it must be at least 1",
                                           d, tensor.name, size));
      }
      tensor.shape.push_back(size);
    }
  }

  void read_tensor_type(Tensor& tensor) {
    const std::uint64_t at = in_.position();
    const std::uint32_t id = in_.u32();
    tensor.type = ggml_type(id);
    if (tensor.type == nullptr) {
      in_.fail_at(at,
                  fmt::format("tensor {} is of ggml type {}, which is not known", tensor.name, id));
    }
  }

  // Elements and bytes. A row is a whole number of blocks.
  void measure(Tensor& tensor) {
    const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.front();
    const GgmlType& type = *tensor.type;
    if (row % type.block_elements != 0) {
      return in_.fail_at(
          tensor.at,
          fmt::format("a row of tensor {} has {} values, no whole number of {} blocks of {}",
                      tensor.name, row, type.name, type.block_elements));
    }
    try {
      Count elements = 1;
      for (const std::int64_t size : tensor.shape) elements = elements * Count(size);
      tensor.elements = Elements(elements);
      tensor.bytes = Bytes(Count(elements.value / type.block_elements) * Count(type.block_bytes));
    } catch (const Overflow&) {
      in_.fail_at(tensor.at, fmt::format("tensor {} would have more than 2^63 bytes", tensor.name));
    }
  }

  // --- the data behind the header ----------------------------------------------------------------

  // Tensors lie in the file without overlap, each at a multiple of the alignment.
  void check_data() {
    if (in_.failed()) return;
    header_.data = align(header_.end, header_.alignment);
    header_.has_data = header_.file_size > header_.data;
    std::vector<const Tensor*> order;
    for (const Tensor& tensor : header_.tensors) order.push_back(&tensor);
    std::ranges::sort(order, {}, &Tensor::offset);
    std::uint64_t free_from = 0;
    for (const Tensor* tensor : order) {
      if (in_.failed()) return;
      check_place(*tensor, free_from);
    }
  }

  void check_place(const Tensor& tensor, std::uint64_t& free_from) {
    const auto bytes = static_cast<std::uint64_t>(tensor.bytes.value.value);
    if (tensor.offset % header_.alignment != 0) {
      return in_.fail_at(tensor.at, fmt::format("tensor {} begins at offset {}, no multiple of {}",
                                                tensor.name, tensor.offset, header_.alignment));
    }
    if (tensor.offset < free_from) {
      return in_.fail_at(tensor.at, fmt::format("tensor {} overlaps another one", tensor.name));
    }
    const std::uint64_t room = header_.file_size - std::min(header_.data, header_.file_size);
    const bool fits = tensor.offset <= room && bytes <= room - tensor.offset;
    if (header_.has_data && !fits) {
      return in_.fail_at(
          tensor.at, fmt::format("tensor {} does not fit into the file", tensor.name),
          fmt::format(
              "the download may have been cut short; the header alone is the first {} bytes",
              header_.end));
    }
    if (tensor.offset > std::numeric_limits<std::uint64_t>::max() - bytes) {
      return in_.fail_at(tensor.at, fmt::format("tensor {} lies beyond 2^64 bytes", tensor.name));
    }
    free_from = tensor.offset + bytes;
  }

  ByteReader& in_;
  Header header_;
  std::uint64_t kept_ = 0;
  std::uint64_t key_count_ = 0;
  std::uint64_t tensor_count_ = 0;
};

}  // namespace

const Key* Header::find(std::string_view name) const {
  const auto at = std::ranges::find(keys, name, &Key::name);
  return at == keys.end() ? nullptr : &*at;
}

const Tensor* Header::tensor(std::string_view name) const {
  const auto at = std::ranges::find(tensors, name, &Tensor::name);
  return at == tensors.end() ? nullptr : &*at;
}

Result<Header> read_header(ByteReader& in) { return Parser(in).parse(); }

Result<Header> read_header(const std::string& path) {
  Result<File> file = File::open(path);
  if (!file) return file.problems();
  ByteReader in(std::move(*file));
  return read_header(in);
}

}  // namespace attncalc::gguf
