// SPDX-License-Identifier: Apache-2.0
//
// Reading a packed catalog. pack_catalog.cpp writes what is read here.
#include "base/packed.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace attncalc {
namespace {

// Unpacks the node at `next` with all below it, and leaves `next` behind them. pack_catalog took
// the tree from parse_yaml, so it is no deeper than that allows.
Node unpack_node(const PackedCatalog& catalog, std::size_t& next) {
  const PackedNode& packed = catalog.nodes[next++];
  Node node{.kind = packed.kind,
            .line = packed.line,
            .column = packed.column,
            .key = std::string(catalog.string(packed.key)),
            .text = std::string(catalog.string(packed.text)),
            .children = {}};
  node.children.reserve(packed.children);
  for (std::size_t i = 0; i < packed.children; ++i)
    node.children.push_back(unpack_node(catalog, next));
  return node;
}

}  // namespace

std::string catalog_key(std::string_view name) {
  std::string key(name);
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_' || c == ' ') c = '-';
  }
  return key;
}

std::optional<std::size_t> find_packed(const PackedCatalog& catalog, std::string_view name) {
  const std::string key = catalog_key(name);
  const auto key_of = [&](const PackedName& packed) { return catalog.string(packed.key); };
  const auto found = std::ranges::lower_bound(catalog.names, std::string_view(key), {}, key_of);
  if (found == catalog.names.end() || key_of(*found) != key) return std::nullopt;
  return found->entry;
}

Document unpack(const PackedCatalog& catalog, std::size_t entry) {
  const PackedEntry& packed = catalog.entries[entry];
  std::size_t next = packed.root;
  return {.file = fmt::format("{}/{}.yaml", catalog.folder, catalog.string(packed.name)),
          .text = {},
          .root = unpack_node(catalog, next)};
}

}  // namespace attncalc
