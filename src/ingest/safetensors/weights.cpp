// SPDX-License-Identifier: Apache-2.0
//
// The index of a sharded checkpoint, and its shards. Both name every tensor; they must agree.
// Without an index the shards' names say how many there are: model-00001-of-00003.safetensors.
#include "ingest/safetensors/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>

#include "base/document.hpp"
#include "base/units.hpp"

namespace attncalc::safetensors {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view index_name = "model.safetensors.index.json";
constexpr std::string_view whole_name = "model.safetensors";
constexpr std::string_view suffix = ".safetensors";
constexpr std::string_view index_suffix = ".safetensors.index.json";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// What a clone without Git LFS has in the place of a large file: three lines of text.
bool is_lfs_pointer(const fs::path& path) {
  constexpr std::uintmax_t longest = units::kibi;
  std::error_code error;
  if (const auto size = fs::file_size(path, error); error || size > longest) return false;
  const Result<std::string> text = read_file(path.string());
  return text && text->starts_with("version https://git-lfs");
}

bool can_be_read(const fs::path& path) { return is_there(path) && !is_lfs_pointer(path); }

class IndexReader {
 public:
  IndexReader(fs::path folder, const Document& index) : folder_(std::move(folder)), index_(index) {
    out_.source = index.file;
  }

  Result<Weights> read() {
    read_total_size();
    read_map();
    for (const auto& [shard, place] : shards_) read_shard(shard, *place);
    for (const auto& [name, node] : names_) {
      if (!missing_.contains(node->text)) {
        wrong(*node, fmt::format("{} is not in {}", name, node->text));
      }
    }
    if (!problems_.empty()) return std::move(problems_);
    return std::move(out_);
  }

 private:
  void wrong(const Node& at, std::string message) {
    problems_.push_back(index_.problem(at, std::move(message)));
  }

  void read_total_size() {
    const Node* metadata = index_.root.find("metadata");
    const Node* size = metadata == nullptr ? nullptr : metadata->find("total_size");
    if (size == nullptr) return;
    const auto value = size->as_integer();
    if (!value || *value < 0) return wrong(*size, "total_size is no whole number of bytes");
    out_.total_size = Bytes(Count(*value));
  }

  void read_map() {
    const Node* map = index_.root.find("weight_map");
    if (map == nullptr || map->kind != NodeKind::map) {
      return wrong(index_.root, "an index of safetensors has a map weight_map");
    }
    for (const Node& entry : map->children) {
      // A shard lies beside its index: a path could lead anywhere.
      if (entry.kind != NodeKind::string || entry.text.find('/') != std::string::npos ||
          entry.text.empty()) {
        wrong(entry, fmt::format("{} is in no file of this folder", entry.key));
        continue;
      }
      names_[entry.key] = &entry;
      shards_.try_emplace(entry.text, &entry);
    }
  }

  void read_shard(const std::string& shard, const Node& place) {
    const fs::path path = folder_ / shard;
    if (!can_be_read(path)) {
      out_.missing_shards.push_back(shard);
      missing_.insert(shard);
      return;
    }
    Result<Header> header = read_header(path.string());
    if (!header) {
      problems_.insert(problems_.end(), header.problems().begin(), header.problems().end());
      missing_.insert(shard);
      return;
    }
    for (Tensor& tensor : header->tensors) take(std::move(tensor), shard, place);
  }

  void take(Tensor tensor, const std::string& shard, const Node& place) {
    const auto at = names_.find(tensor.name);
    if (at == names_.end() || at->second->text != shard) {
      return wrong(
          place, fmt::format("{} has tensor {}, which the index has elsewhere or not at all", shard,
                             tensor.name));
    }
    names_.erase(at);
    out_.tensors.push_back(std::move(tensor));
  }

  fs::path folder_;
  const Document& index_;
  Weights out_;
  std::map<std::string, const Node*> names_;   // that no shard had so far
  std::map<std::string, const Node*> shards_;  // and where the index names each first
  std::set<std::string> missing_;
  Problems problems_;
};

Result<Weights> read_index(const fs::path& path) {
  Result<std::string> text = read_file(path.string());
  if (!text) return text.problems();
  const Result<Document> document = parse_json(path.string(), *std::move(text));
  if (!document) return document.problems();
  return IndexReader(path.parent_path(), *document).read();
}

// --- without an index ----------------------------------------------------------------------------

// The names of all parts of "model-00002-of-00003.safetensors"; only its own for any other name.
std::vector<std::string> parts_of(const std::string& name) {
  constexpr std::string_view between = "-of-";
  const std::string stem = name.substr(0, name.size() - suffix.size());
  const std::size_t of = stem.rfind(between);
  const std::size_t dash = of == std::string::npos || of == 0 ? of : stem.rfind('-', of - 1);
  if (of == std::string::npos || dash == std::string::npos) return {name};
  const std::string number = stem.substr(dash + 1, of - dash - 1);
  const std::string count = stem.substr(of + between.size());
  const auto digits = [](const std::string& text) {
    constexpr std::size_t most = 5;  // as huggingface_hub writes them
    return !text.empty() && text.size() <= most &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
  };
  if (!digits(number) || !digits(count)) return {name};
  std::vector<std::string> out;
  for (int i = 1; i <= std::stoi(count); ++i) {
    out.push_back(
        fmt::format("{}-{:0{}}-of-{}{}", stem.substr(0, dash), i, number.size(), count, suffix));
  }
  return out;
}

Result<Weights> read_parts(const fs::path& path) {
  Weights out{.source = path.string(), .tensors = {}, .missing_shards = {}, .total_size = {}};
  for (const std::string& part : parts_of(path.filename().string())) {
    const fs::path shard = path.parent_path() / part;
    if (!can_be_read(shard)) {
      out.missing_shards.push_back(part);
      continue;
    }
    Result<Header> header = read_header(shard.string());
    if (!header) return header.problems();
    std::ranges::move(header->tensors, std::back_inserter(out.tensors));
  }
  return out;
}

// The index or the first file of weights; those of the language model before any other.
std::optional<fs::path> weights_in(const fs::path& folder) {
  for (const std::string_view name : {index_name, whole_name}) {
    if (is_there(folder / name)) return folder / name;
  }
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (is_weights_name(entry.path().string())) files.push_back(entry.path());
  }
  if (files.empty()) return std::nullopt;
  const auto order = [](const fs::path& path) {
    const std::string name = path.filename().string();
    return std::tuple(!name.ends_with(index_suffix), name.starts_with("adapter"), name);
  };
  return *std::ranges::min_element(files, {}, order);
}

}  // namespace

bool is_weights_name(std::string_view path) {
  return path.ends_with(suffix) || path.ends_with(index_suffix);
}

Result<Weights> read_weights(const std::string& path) {
  if (path.ends_with(index_suffix)) return read_index(path);
  const fs::path index = fs::path(path).parent_path() / index_name;
  const bool is_shard = parts_of(fs::path(path).filename().string()).size() > 1;
  if (is_shard && is_there(index)) return read_index(index);
  if (is_there(path)) return read_parts(path);
  return read_header(path).problems();  // says which files are near
}

Result<std::optional<Weights>> read_folder(const std::string& path) {
  const std::optional<fs::path> file = weights_in(path);
  if (!file) return std::optional<Weights>();
  Result<Weights> weights = read_weights(file->string());
  if (!weights) return weights.problems();
  return std::optional<Weights>(*std::move(weights));
}

}  // namespace attncalc::safetensors
