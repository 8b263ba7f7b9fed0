// SPDX-License-Identifier: Apache-2.0
//
// The compiled-in catalog: the tables keep what packed.hpp promises about them, and each entry
// comes out as it went in.
#include "base/packed.hpp"

#include <algorithm>

#include "support/catch.hpp"

using namespace attncalc;

namespace {

std::size_t nodes_in(const Node& node) {
  std::size_t nodes = 1;
  for (const Node& child : node.children) nodes += nodes_in(child);
  return nodes;
}

// A catalog of one entry, `name: a` and `aliases: [B]`, as pack_catalog would lay it out.
constexpr char pool[] = "\0a\0name\0aliases\0B\0b";
constexpr PackedNode nodes[] = {{0, 0, 1, 1, 2, NodeKind::map},
                                {3, 1, 1, 7, 0, NodeKind::string},
                                {8, 0, 2, 10, 1, NodeKind::list},
                                {0, 16, 2, 11, 0, NodeKind::string}};
constexpr PackedEntry entries[] = {{1, 0}};
constexpr PackedName names[] = {{1, 1, 0}, {18, 16, 0}};
constexpr PackedCatalog tiny = {"models", nodes, pool, entries, names};

}  // namespace

TEST_CASE("a name is looked up without regard to case, and '_' and ' ' are '-'") {
  CHECK(catalog_key("Llama_3 8B") == "llama-3-8b");
  CHECK(catalog_key("deepseek-ai/DeepSeek-V3.1") == "deepseek-ai/deepseek-v3.1");
  CHECK(find_packed(tiny, "A") == 0u);
  CHECK(find_packed(tiny, "b") == 0u);
  CHECK(find_packed(tiny, "") == std::nullopt);
  CHECK(find_packed(tiny, "aa") == std::nullopt);
  CHECK(find_packed(tiny, "zz") == std::nullopt);
}

TEST_CASE("an entry is unpacked with its file, keys, lines and columns") {
  const Document document = unpack(tiny, 0);
  CHECK(document.file == "models/a.yaml");
  CHECK(document.text.empty());
  const auto parsed = parse_yaml("models/a.yaml", "name: a\naliases: [B]\n");
  REQUIRE(parsed);
  CHECK(document.root == parsed->root);
}

TEST_CASE("in a catalog without entries nothing is found") {
  CHECK(find_packed({"models", {}, pool, {}, {}}, "a") == std::nullopt);
}

TEST_CASE("the names of the compiled-in models are sorted, unique and normalised") {
  std::vector<std::string_view> keys;
  for (const PackedName& name : packed_models.names) {
    keys.push_back(packed_models.string(name.key));
    CHECK(catalog_key(packed_models.string(name.spelling)) == keys.back());
  }
  CHECK(std::ranges::is_sorted(keys));
  CHECK(std::ranges::adjacent_find(keys) == keys.end());
}

TEST_CASE("every compiled-in model comes out as its file went in") {
  for (std::size_t i = 0; i < packed_models.entries.size(); ++i) {
    const Document document = unpack(packed_models, i);
    INFO(document.file);
    auto text = read_file(ATTNCALC_SOURCE_DIR "/" + document.file);
    REQUIRE(text);
    const auto parsed = parse_yaml(document.file, std::move(*text));
    REQUIRE(parsed);
    CHECK(document.root == parsed->root);
  }
}

TEST_CASE("every compiled-in model is found by its name and unpacks to just its own nodes") {
  std::size_t next = 0;
  for (std::size_t i = 0; i < packed_models.entries.size(); ++i) {
    const PackedEntry& entry = packed_models.entries[i];
    CHECK(find_packed(packed_models, packed_models.string(entry.name)) == i);
    CHECK(entry.root == next);
    const Document document = unpack(packed_models, i);
    REQUIRE(document.root.find("name"));
    CHECK(document.root.find("name")->text == packed_models.string(entry.name));
    next += nodes_in(document.root);
  }
  CHECK(next == packed_models.nodes.size());
}
