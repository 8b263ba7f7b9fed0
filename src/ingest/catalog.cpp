// SPDX-License-Identifier: Apache-2.0
//
// Looking up the packed entries: see packed.hpp.
#include "ingest/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/packed.hpp"

namespace attncalc {

std::vector<std::string_view> catalog_names() {
  std::vector<std::string_view> names;
  names.reserve(packed_models.entries.size());
  for (const PackedEntry& entry : packed_models.entries) {
    names.push_back(packed_models.string(entry.name));
  }
  std::ranges::sort(names);  // packed in the order of file names, where "gpt2.yaml" is the last
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

}  // namespace attncalc
