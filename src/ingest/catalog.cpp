// SPDX-License-Identifier: Apache-2.0
//
// Looking up the packed entries, and reading what they say must come out.
#include "ingest/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/unit_text.hpp"
#include "ingest/packed.hpp"

namespace attncalc {
namespace {

struct Scale {
  char letter;
  std::int64_t factor;
};
constexpr Scale scales[] = {
    {'K', units::kilo}, {'M', units::mega}, {'B', units::giga}, {'T', units::tera}};

std::optional<std::int64_t> factor_of(std::string_view suffix) {
  if (suffix.empty()) return 1;
  for (const Scale& scale : scales) {
    if (suffix.size() == 1 && suffix.front() == scale.letter) return scale.factor;
  }
  return std::nullopt;
}

// "671026419200", "37B", "2.4B".
std::optional<Published> parse_published(std::string_view text) {
  std::string digits;
  std::int64_t after_point = 1;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); ++at) {
    if (text[at] == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    digits += text[at];
    if (point) after_point *= 10;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::optional<std::int64_t> factor = factor_of(text.substr(at));
  if (error != std::errc() || !factor || *factor % after_point != 0) return std::nullopt;
  const std::int64_t step = *factor / after_point;
  return Published{(Count(value) * Count(step)).value, step};
}

class ExpectReader {
 public:
  explicit ExpectReader(const Document& document) : document_(document) {}

  std::optional<Published> figure(const Node& expect, std::string_view key) {
    const Node* node = expect.find(key);
    if (!node) return std::nullopt;
    std::optional<Published> read = parse_published(node->text);
    if (!read) {
      problems_.push_back(document_.problem(*node, fmt::format("{} is no figure", key),
                                            "write all digits, or rounded with its unit: 37B"));
    }
    return read;
  }

  Problems take_problems() { return std::move(problems_); }

 private:
  const Document& document_;
  Problems problems_;
};

std::string text_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node ? node->text : std::string();
}

}  // namespace

std::vector<std::string_view> catalog_names() {
  std::vector<std::string_view> names;
  names.reserve(packed_models.entries.size());
  for (const PackedEntry& entry : packed_models.entries) {
    names.push_back(packed_models.string(entry.name));
  }
  return names;
}

std::vector<std::string_view> catalog_spellings() {
  std::vector<std::string_view> names;
  names.reserve(packed_models.names.size());
  for (const PackedName& name : packed_models.names) {
    names.push_back(packed_models.string(name.spelling));
  }
  return names;
}

std::optional<FoundModel> find_in_catalog(std::string_view name) {
  const std::optional<std::size_t> entry = find_packed(packed_models, name);
  if (!entry) return std::nullopt;
  const std::string_view canonical = packed_models.string(packed_models.entries[*entry].name);
  return FoundModel{unpack(packed_models, *entry), std::string(name),
                    fmt::format("catalog:{}", canonical)};
}

bool Published::holds_for(std::int64_t computed) const {
  const std::int64_t apart = computed > value ? computed - value : value - computed;
  return apart <= step / 2;
}

std::string Published::text() const {
  return step == 1 ? format_count(value) : fmt::format("about {}", format_spoken(value));
}

Result<Expect> read_expect(const Document& entry) {
  Expect out;
  const Node* expect = entry.root.find("expect");
  if (!expect) return out;
  ExpectReader reader(entry);
  out.parameters = reader.figure(*expect, "parameters");
  out.active_parameters = reader.figure(*expect, "active_parameters");
  out.kv_bytes_per_token = reader.figure(*expect, "kv_bytes_per_token");
  out.fixed_bytes_per_sequence = reader.figure(*expect, "fixed_bytes_per_sequence");
  out.parameters_source = text_of(*expect, "parameters_source");
  out.kv_source = text_of(*expect, "kv_source");
  if (Problems problems = reader.take_problems(); !problems.empty()) return problems;
  return out;
}

}  // namespace attncalc
