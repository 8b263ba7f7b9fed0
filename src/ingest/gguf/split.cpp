// SPDX-License-Identifier: Apache-2.0
//
// Finding the other parts of a model by name, and taking their tensors over.
#include "ingest/gguf/split.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <unordered_set>

namespace attncalc::gguf {
namespace {

constexpr std::int64_t most_parts = 10'000;

std::int64_t number(const Header& header, std::string_view name) {
  const Key* key = header.find(name);
  return key == nullptr || key->value.integers.empty() ? 0 : key->value.integers.front();
}

// As llama.cpp names them (llama_split_path).
std::string part_suffix(std::int64_t part, std::int64_t parts) {
  return fmt::format("-{:05}-of-{:05}.gguf", part + 1, parts);
}

Problem about(const std::string& path, std::string message, std::string hint = {}) {
  return {.at = {.file = path},
          .message = std::move(message),
          .hint = std::move(hint),
          .source_line = {}};
}

// Moves the tensors of a part into the whole; a tensor that is there already is a problem.
std::optional<Problem> take_tensors(Header& whole, Header part) {
  std::unordered_set<std::string_view> known;
  for (const Tensor& tensor : whole.tensors) known.insert(tensor.name);
  for (const Tensor& tensor : part.tensors) {
    if (known.contains(tensor.name)) {
      return byte_problem(part.file, tensor.at,
                          fmt::format("tensor {} is in another part, too", tensor.name));
    }
  }
  whole.tensors.insert(whole.tensors.end(), std::make_move_iterator(part.tensors.begin()),
                       std::make_move_iterator(part.tensors.end()));
  return std::nullopt;
}

Problem not_the_first(const std::string& path, std::int64_t part, std::int64_t parts) {
  const std::string suffix = part_suffix(part, parts);
  const bool named = path.ends_with(suffix);
  const std::string stem = path.substr(0, path.size() - (named ? suffix.size() : 0));
  return about(path,
               fmt::format("this is part {} of {}; the keys are in the first", part + 1, parts),
               named ? fmt::format("give {}{}", stem, part_suffix(0, parts)) : std::string());
}

// The tensors of all other parts; false where one is absent.
Result<bool> read_others(const std::string& path, std::int64_t parts, Header& whole) {
  const std::string suffix = part_suffix(0, parts);
  if (!path.ends_with(suffix)) return false;
  const std::string stem = path.substr(0, path.size() - suffix.size());
  for (std::int64_t i = 1; i < parts; ++i) {
    const std::string name = stem + part_suffix(i, parts);
    std::error_code ignored;
    if (!std::filesystem::exists(name, ignored)) return false;
    Result<Header> part = read_header(name);
    if (!part) return part.problems();
    if (number(*part, "split.no") != i || number(*part, "split.count") != parts) {
      return about(name, fmt::format("this is not part {} of {}, as its name says", i + 1, parts));
    }
    if (auto problem = take_tensors(whole, *std::move(part))) return *std::move(problem);
  }
  return true;
}

}  // namespace

Result<Header> read_parts(const std::string& path, std::vector<Warning>& warnings) {
  Result<Header> header = read_header(path);
  if (!header) return header;
  const std::int64_t parts = number(*header, "split.count");
  if (parts <= 1) return header;
  if (parts > most_parts) return about(path, fmt::format("the model would have {} parts", parts));
  if (const std::int64_t part = number(*header, "split.no"); part != 0)
    return not_the_first(path, part, parts);
  const Result<bool> whole = read_others(path, parts, *header);
  if (!whole) return whole.problems();
  if (!*whole) {
    header->tensors.clear();  // some of them would be worse than none
    warnings.push_back(
        {"parts_missing",
         fmt::format("not all of the model's {} files are here: its weights are read from keys",
                     parts)});
  }
  return header;
}

}  // namespace attncalc::gguf
