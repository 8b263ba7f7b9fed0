// SPDX-License-Identifier: Apache-2.0
//
// A catalog as it lies in the program: the YAML files of a folder, parsed at build time by
// pack_catalog.cpp, as read-only tables that hold offsets and no pointers. Nothing is built or
// relocated at start-up, and looking one entry up reads a few names and the nodes of that entry:
//
//   names     sorted by key:  deepseek-ai/deepseek-v3 ─┐ (an alias)
//                             deepseek-v3             ─┤
//   entries   sorted by name: deepseek-v3  <───────────┘─┐
//   nodes     each entry in preorder:     <──────────────┘ map(7), text, list(5), text, …
//   pool      every string once, each followed by a zero byte
//
// Lines and columns are kept, so a mistake in a compiled-in entry is still shown as
// file:line:column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/document.hpp"

namespace attncalc {

// Children follow their parent; `children` says how many there are, each with its own descendants.
struct PackedNode {
  std::uint32_t key;   // where in the pool
  std::uint32_t text;  // where in the pool
  std::uint16_t line;
  std::uint16_t column;
  std::uint16_t children;
  NodeKind kind;
};

struct PackedEntry {
  std::uint32_t name;  // where in the pool; also the name of its file, without .yaml
  std::uint32_t root;  // the first of its nodes
};

struct PackedName {
  std::uint32_t key;       // where in the pool: the spelling as catalog_key() has it
  std::uint32_t spelling;  // where in the pool: as its file has it
  std::uint32_t entry;
};

struct PackedCatalog {
  std::string_view folder;  // "models"
  std::span<const PackedNode> nodes;
  const char* pool;
  std::span<const PackedEntry> entries;
  std::span<const PackedName> names;

  std::string_view string(std::uint32_t offset) const { return pool + offset; }
};

// One for each folder that the build packs; the generated file defines it.
extern const PackedCatalog packed_models;
extern const PackedCatalog packed_hardware;

// What of a name counts when it is looked up: "Llama_3 8B" and "llama-3-8b" are one name. '/' and
// '.' keep their meaning.
std::string catalog_key(std::string_view name);

// The number of the entry with this name or alias.
std::optional<std::size_t> find_packed(const PackedCatalog& catalog, std::string_view name);

// The entry as parse_yaml() had it, but for the source text. Its file is "models/NAME.yaml".
Document unpack(const PackedCatalog& catalog, std::size_t entry);

}  // namespace attncalc
