// SPDX-License-Identifier: Apache-2.0
//
// Reading a safetensors header: the length is checked against the file before anything is read, the
// JSON by the reader that configs go through, and each tensor against its type and its neighbours.
#include "ingest/safetensors/header.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/document.hpp"
#include "base/nearest.hpp"

namespace attncalc::safetensors {
namespace {

// Types and their widths: enum Dtype in safetensors/src/tensor.rs.
constexpr Type types[] = {
    {"BOOL", 8},    {"U8", 8},          {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8},
    {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F4", 4},      {"F6_E2M3", 6},
    {"F6_E3M2", 6}, {"I16", 16},        {"U16", 16},        {"F16", 16},    {"BF16", 16},
    {"I32", 32},    {"U32", 32},        {"F32", 32},        {"I64", 64},    {"U64", 64},
    {"F64", 64},    {"C64", 64},
};

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t longest_header = 64 * units::mebi;  // that of any JSON we read

std::vector<std::string_view> type_names() {
  std::vector<std::string_view> out;
  for (const Type& type : types) out.push_back(type.name);
  return out;
}

class Parser {
 public:
  Parser(Header& header, const Document& document, std::uint64_t file_size)
      : header_(header), document_(document), room_(file_size - header.end) {}

  Problems parse() {
    const Node& root = document_.root;
    if (root.kind != NodeKind::map) {
      wrong(root, "the header of a safetensors file is a map of tensors");
      return std::move(problems_);
    }
    for (const Node& node : root.children) {
      if (node.key != "__metadata__") read_tensor(node);
    }
    if (problems_.empty()) check_cover();
    return std::move(problems_);
  }

 private:
  void wrong(const Node& at, std::string message, std::string hint = {}) {
    problems_.push_back(document_.problem(at, std::move(message), std::move(hint)));
  }

  void read_tensor(const Node& node) {
    Tensor tensor;
    tensor.name = node.key;
    const std::size_t before = problems_.size();
    read_type(node, tensor);
    read_shape(node, tensor);
    read_place(node, tensor);
    if (problems_.size() == before) measure(node, tensor);
    if (problems_.size() == before) header_.tensors.push_back(std::move(tensor));
  }

  const Node* part(const Node& node, std::string_view key, NodeKind kind) {
    const Node* found = node.find(key);
    if (found != nullptr && found->kind == kind) return found;
    wrong(found == nullptr ? node : *found,
          fmt::format("tensor {} needs {} as {}", node.key, key, kind_name(kind)));
    return nullptr;
  }

  void read_type(const Node& node, Tensor& tensor) {
    const Node* type = part(node, "dtype", NodeKind::string);
    if (type == nullptr) return;
    tensor.type = find_type(type->text);
    if (tensor.type == nullptr) {
      wrong(*type, fmt::format("safetensors has no type '{}'", type->text),
            did_you_mean(type->text, type_names()));
    }
  }

  void read_shape(const Node& node, Tensor& tensor) {
    const Node* shape = part(node, "shape", NodeKind::list);
    if (shape == nullptr) return;
    for (const Node& size : shape->children) {
      const auto value = size.as_integer();
      if (!value || *value < 0) {
        return wrong(size, fmt::format("a dimension of tensor {} is no whole number of 0 or more",
                                       node.key));
      }
      tensor.shape.push_back(*value);
    }
  }

  void read_place(const Node& node, Tensor& tensor) {
    const Node* place = part(node, "data_offsets", NodeKind::list);
    if (place == nullptr) return;
    const bool two = place->children.size() == 2;
    const auto begin = two ? place->children[0].as_integer() : std::nullopt;
    const auto end = two ? place->children[1].as_integer() : std::nullopt;
    if (!begin || !end || *begin < 0 || *end < *begin) {
      return wrong(*place, fmt::format("data_offsets of tensor {} are not a beginning and an end",
                                       node.key));
    }
    tensor.begin = static_cast<std::uint64_t>(*begin);
    tensor.end = static_cast<std::uint64_t>(*end);
  }

  void measure(const Node& node, Tensor& tensor) {
    constexpr std::int64_t bits_a_byte = 8;
    try {
      Count elements = 1;
      for (const std::int64_t size : tensor.shape) elements = elements * Count(size);
      const Count bits = elements * Count(tensor.type->bits);
      tensor.elements = Elements(elements);
      tensor.bytes = Bytes(ceil_div(bits, Count(bits_a_byte)));
    } catch (const Overflow&) {
      return wrong(node, fmt::format("tensor {} would have more than 2^63 bits", node.key));
    }
    const auto stated = static_cast<std::int64_t>(tensor.end - tensor.begin);
    if (Count(stated) == tensor.bytes.value) return;
    wrong(*node.find("data_offsets"),
          fmt::format("tensor {} has {} bytes by its type and shape, and {} by its offsets",
                      node.key, tensor.bytes.value.value, stated));
  }

  // Each tensor begins where the one before ends, and the last ends with the file.
  void check_cover() {
    std::vector<const Tensor*> order;
    for (const Tensor& tensor : header_.tensors) order.push_back(&tensor);
    std::ranges::stable_sort(order, {},
                             [](const Tensor* t) { return std::pair(t->begin, t->end); });
    std::uint64_t at = 0;
    for (const Tensor* tensor : order) {
      if (tensor->begin != at) {
        return wrong(*document_.root.find(tensor->name),
                     fmt::format("tensor {} begins at {}; the one before ends at {}", tensor->name,
                                 tensor->begin, at));
      }
      at = tensor->end;
    }
    header_.has_data = room_ > 0;
    if (!header_.has_data || at == room_) return;
    problems_.push_back(
        byte_problem(header_.file, header_.end,
                     fmt::format("{} bytes of tensors should follow; the file has {}", at, room_),
                     "the download may have been cut short"));
  }

  Header& header_;
  const Document& document_;
  std::uint64_t room_;
  Problems problems_;
};

}  // namespace

const Type* find_type(std::string_view name) {
  const auto at = std::ranges::find(types, name, &Type::name);
  return at == std::end(types) ? nullptr : at;
}

Result<Header> read_header(ByteReader& in) {
  Header header;
  header.file = in.name();
  header.file_size = in.size();
  const std::uint64_t length = in.u64();
  if (!in.failed() && length > longest_header) {
    in.fail_at(
        0, fmt::format("the header would be {} bytes long; this is no safetensors file", length));
  }
  std::string text = in.text(length);
  if (in.failed()) return in.problem();
  header.end = length_bytes + length;
  const Result<Document> document = parse_json(header.file, std::move(text));
  if (!document) return document.problems();
  if (Problems problems = Parser(header, *document, in.size()).parse(); !problems.empty())
    return problems;
  return header;
}

Result<Header> read_header(const std::string& path) {
  Result<File> file = File::open(path);
  if (!file) return file.problems();
  ByteReader in(std::move(*file));
  return read_header(in);
}

}  // namespace attncalc::safetensors
