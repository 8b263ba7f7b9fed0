// SPDX-License-Identifier: Apache-2.0
//
// pack_catalog WHAT OUT.cpp DIR: a tool of the build. It parses every DIR/*.yaml and writes a C++
// file that defines `packed_WHAT` (see packed.hpp). What is wrong with an entry stops the build:
// what does not parse, a name that is not the file's, a name or alias that is taken.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>

#include "base/packed.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

// --- reading -------------------------------------------------------------------------------------

struct Source {
  std::string name;
  Document document;
};

void append(Problems& all, const Problems& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::vector<fs::path> yaml_files(const fs::path& folder, Problems& problems) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (error) {
    problems.push_back(usage_problem(fmt::format("{}: {}", folder.string(), error.message())));
  }
  std::ranges::sort(files);
  return files;
}

// `name:` repeats the file's name, so that an entry says what it is wherever it is copied to.
void check_name(const Source& source, Problems& problems) {
  const Document& document = source.document;
  const Node* name = document.root.find("name");
  if (!name) return problems.push_back(document.problem(document.root, "there is no name"));
  if (name->kind == NodeKind::string && name->text == source.name) return;
  const bool number = name->text == source.name;
  problems.push_back(document.problem(
      *name, fmt::format("name is {}; the file is named {}", name->text, source.name),
      number ? "a name that reads as a number must be quoted" : ""));
}

std::vector<Source> read_sources(const fs::path& folder, Problems& problems) {
  std::vector<Source> sources;
  for (const fs::path& path : yaml_files(folder, problems)) {
    auto text = read_file(path.string());
    if (!text) {
      append(problems, text.problems());
      continue;
    }
    auto document = parse_yaml(path.string(), std::move(*text));
    if (!document) {
      append(problems, document.problems());
      continue;
    }
    sources.push_back({path.stem().string(), std::move(*document)});
    check_name(sources.back(), problems);
  }
  return sources;
}

// --- packing -------------------------------------------------------------------------------------

class Pool {
 public:
  std::uint32_t add(const std::string& text) {
    const auto [known, is_new] = offsets_.try_emplace(text, size_);
    if (!is_new) return known->second;
    strings_.push_back(text);
    size_ += static_cast<std::uint32_t>(text.size() + 1);
    return known->second;
  }
  const std::vector<std::string>& strings() const { return strings_; }

 private:
  std::map<std::string, std::uint32_t> offsets_;
  std::vector<std::string> strings_;
  std::uint32_t size_ = 0;
};

struct Packing {
  Pool pool;
  std::vector<PackedNode> nodes;
  std::vector<PackedEntry> entries;
  std::map<std::string, PackedName> names;  // by key, hence sorted as find_packed() wants them
};

// Places and sizes are packed into 16 bits, strings end at a zero byte.
bool is_packable(const Node& node) {
  constexpr auto most = std::numeric_limits<std::uint16_t>::max();
  return node.line <= most && node.column <= most && node.children.size() <= most &&
         node.key.find('\0') == node.key.npos && node.text.find('\0') == node.text.npos;
}

void pack_node(Packing& packing, const Document& document, const Node& node, Problems& problems) {
  if (!is_packable(node)) {
    problems.push_back(
        document.problem(node, "this cannot be packed: it is too large or has a zero byte"));
  }
  packing.nodes.push_back({.key = packing.pool.add(node.key),
                           .text = packing.pool.add(node.text),
                           .line = static_cast<std::uint16_t>(node.line),
                           .column = static_cast<std::uint16_t>(node.column),
                           .children = static_cast<std::uint16_t>(node.children.size()),
                           .kind = node.kind});
  for (const Node& child : node.children) pack_node(packing, document, child, problems);
}

void pack_name(Packing& packing, const std::vector<Source>& sources, std::size_t entry,
               const Node& spelling, Problems& problems) {
  const std::string key = catalog_key(spelling.text);
  const PackedName packed = {.key = packing.pool.add(key),
                             .spelling = packing.pool.add(spelling.text),
                             .entry = static_cast<std::uint32_t>(entry)};
  const auto [known, is_new] = packing.names.emplace(key, packed);
  if (is_new) return;
  problems.push_back(sources[entry].document.problem(
      spelling,
      fmt::format("{} is already a name of {}", spelling.text, sources[known->second.entry].name),
      "case does not count, and '_' and ' ' are '-'"));
}

void pack_names(Packing& packing, const std::vector<Source>& sources, std::size_t entry,
                Problems& problems) {
  const Document& document = sources[entry].document;
  if (const Node* name = document.root.find("name"))
    pack_name(packing, sources, entry, *name, problems);
  const Node* aliases = document.root.find("aliases");
  if (!aliases) return;
  if (aliases->kind != NodeKind::list)
    problems.push_back(document.problem(*aliases, "aliases must be a list of names"));
  for (const Node& alias : aliases->children) {
    if (alias.kind == NodeKind::string)
      pack_name(packing, sources, entry, alias, problems);
    else
      problems.push_back(document.problem(alias, "an alias must be text"));
  }
}

Packing pack(const std::vector<Source>& sources, Problems& problems) {
  Packing packing;
  packing.pool.add("");  // at 0: what absent keys and texts point to
  for (std::size_t entry = 0; entry < sources.size(); ++entry) {
    packing.entries.push_back({.name = packing.pool.add(sources[entry].name),
                               .root = static_cast<std::uint32_t>(packing.nodes.size())});
    pack_names(packing, sources, entry, problems);
    pack_node(packing, sources[entry].document, sources[entry].document.root, problems);
  }
  return packing;
}

// --- writing -------------------------------------------------------------------------------------

// A literal of its own for every string, so that no escape runs into the digits after it.
std::string literal(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
    out += plain ? std::string(1, c) : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  }
  return out + "\\0\"";
}

std::string_view enumerator(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "null";
    case NodeKind::boolean:
      return "boolean";
    case NodeKind::integer:
      return "integer";
    case NodeKind::real:
      return "real";
    case NodeKind::string:
      return "string";
    case NodeKind::list:
      return "list";
    case NodeKind::map:
      return "map";
  }
  return {};
}

std::string cpp_tables(const Packing& packing) {
  std::string out = "constexpr char pool[] =\n";
  for (const std::string& text : packing.pool.strings()) out += literal(text) + "\n";
  out +=
      fmt::format(";\nconstexpr std::array<PackedNode, {}> nodes = {{{{\n", packing.nodes.size());
  for (const PackedNode& n : packing.nodes)
    out += fmt::format("{{{}, {}, {}, {}, {}, NodeKind::{}}},\n", n.key, n.text, n.line, n.column,
                       n.children, enumerator(n.kind));
  out += fmt::format("}}}};\nconstexpr std::array<PackedEntry, {}> entries = {{{{\n",
                     packing.entries.size());
  for (const PackedEntry& e : packing.entries) out += fmt::format("{{{}, {}}},\n", e.name, e.root);
  out += fmt::format("}}}};\nconstexpr std::array<PackedName, {}> names = {{{{\n",
                     packing.names.size());
  for (const auto& [key, n] : packing.names)
    out += fmt::format("{{{}, {}, {}}},\n", n.key, n.spelling, n.entry);
  return out + "}};\n";
}

std::string cpp_file(std::string_view what, const Packing& packing) {
  constexpr std::string_view form = R"(// Written by pack_catalog from {0}/*.yaml. Edit these.
#include <array>

#include "base/packed.hpp"

namespace attncalc {{
namespace {{
{1}}}  // namespace
extern const PackedCatalog packed_{0};
constinit const PackedCatalog packed_{0} = {{"{0}", nodes, pool, entries, names}};
}}  // namespace attncalc
)";
  return fmt::format(form, what, cpp_tables(packing));
}

int fail(const Problems& problems) {
  std::fputs(render(problems).c_str(), stderr);
  return problems.front().exit_code;
}

int write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return 0;
  Problem problem = usage_problem(fmt::format("{}: cannot write", path));
  problem.exit_code = 3;
  return fail({problem});
}

int run(std::string_view what, const std::string& out, const fs::path& folder) {
  Problems problems;
  const std::vector<Source> sources = read_sources(folder, problems);
  const Packing packing = pack(sources, problems);
  return problems.empty() ? write(out, cpp_file(what, packing)) : fail(problems);
}

}  // namespace
}  // namespace attncalc

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: pack_catalog WHAT OUT.cpp DIR\n", stderr);
    return 2;
  }
  return attncalc::run(argv[1], argv[2], argv[3]);
}
