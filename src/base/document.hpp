// SPDX-License-Identifier: Apache-2.0
//
// A tree of values read from JSON or YAML that still knows where each value stood. Everything that
// attncalc reads as text (model configs, our own YAML, hardware profiles) becomes this tree first,
// so an error can point at line and column whatever the syntax was.
//
// Decided on purpose, because parsers differ:
//   - a duplicate key is an error in both syntaxes (the second would silently win);
//   - trailing commas and comments in JSON are errors;
//   - bare Infinity, -Infinity and NaN are accepted as real numbers: Python writes them into real
//     config files (time_step_limit). YAML's .inf and .nan become the same text;
//   - a real number that a double cannot hold (1e400) is an error; a whole number beyond 64 bits
//     stays one, with its text, and as_integer() has no value;
//   - YAML anchors and aliases are refused (an alias bomb is then impossible), tags too, and a
//     second document;
//   - plain YAML scalars follow the core schema of YAML 1.2 (yes, no, on and off are text), with
//     two exceptions. 32_768 is a whole number: digits may be grouped as on the command line.
//     012, 0x1f and 0o17 are text: YAML 1.1 and 1.2 disagree about them, so nobody should guess;
//   - control characters (but tab and line ends) are refused: no config has them, and both parsers
//     below take one of them for the end of the file;
//   - nesting is limited to 64, a file to 64 MiB (YAML to 1 MiB: its parser is slow).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace attncalc {

enum class NodeKind : std::uint8_t { null, boolean, integer, real, string, list, map };

std::string_view kind_name(NodeKind kind);  // "null", "a whole number", "a list", …

// One value. Scalars keep their text (strings unescaped; null, true, false, Infinity, -Infinity and
// NaN as JSON spells them, whatever YAML said); lists and maps keep their children in the order of
// the file. `key` is empty but for the children of a map. Line and column are those of the value
// (of the key, where YAML leaves the value out), and a column counts characters, not bytes.
struct Node {
  NodeKind kind = NodeKind::null;
  int line = 0;  // 0: not from a file (set on the command line)
  int column = 0;
  std::string key;
  std::string text;
  std::vector<Node> children;

  // The child of a map with this key; null pointer if absent (or if this is no map).
  const Node* find(std::string_view name) const;
  Node* find(std::string_view name);
  bool is_null() const { return kind == NodeKind::null; }

  // The scalar as a number or truth value; nullopt if it is none or does not fit. A real that is a
  // whole number below 2^53 ("8.0", "1e3") counts as an integer.
  std::optional<std::int64_t> as_integer() const;
  std::optional<double> as_real() const;
  std::optional<bool> as_boolean() const;

  bool operator==(const Node&) const = default;
};

struct Document {
  std::string file;  // as the user would name it: a path, "catalog:llama-3-70b", "--set"
  std::string text;  // the source without byte order mark; empty for a compiled-in document
  Node root;

  Span span(const Node& node) const { return {file, node.line, node.column}; }
  std::string_view line_text(int line) const;  // without its line end; empty if there is none
  Problem problem(const Node& node, std::string message, std::string hint = {}) const;
};

// Parse text that is already in memory. `file` is only used to name places.
// Errors: syntax, duplicate key, depth, size, bytes that are not UTF-8.
Result<Document> parse_json(std::string file, std::string text);
Result<Document> parse_yaml(std::string file, std::string text);

// Reads a whole regular file. Errors: absent (with the nearest names beside it), a directory, a
// FIFO or device (never opened: it could block), larger than 64 MiB; and, with exit code 3, a file
// that exists but cannot be read.
Result<std::string> read_file(const std::string& path);

// A scalar or flow value as typed after `--set key=`, by YAML's rules: 8, true, null, [1, 2], text.
// Nothing at all is null. The nodes have line 0; a problem has no place but shows `text`.
Result<Node> parse_value(std::string_view text);

}  // namespace attncalc
