// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the native reader share: the document, the model that is being built, and the
// problems found so far. Values are read through here, so every one of them is checked the same
// way, knows its place in the file, and is complained about at that place.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "attention/kind.hpp"
#include "base/document.hpp"
#include "base/nearest.hpp"
#include "model/model.hpp"

namespace attncalc::native {

// The largest value that a key may have. Widths and counts stay small enough that a product of
// three of them fits 64 bits; token counts go as far as --ctx does.
inline constexpr std::int64_t largest_width = units::mebi;
inline constexpr std::int64_t largest_tokens = units::tebi;
std::int64_t largest(std::string_view key);

class Sheet {
 public:
  Sheet(const Document& document, Model& model) : document_(document), model_(model) {}

  // Notes a problem at a node.
  void wrong(const Node& at, std::string message, std::string hint = {});
  bool sound() const { return problems_.empty(); }
  Problems take_problems() { return std::move(problems_); }
  std::size_t problem_count() const { return problems_.size(); }

  // "my.yaml:12:24 heads", for --explain.
  std::string place(const Node& node) const;
  Origin origin(const Node& node);

  // The value of a node if it is what it must be; otherwise a problem and nothing.
  std::optional<std::int64_t> number(const Node& node, std::int64_t least, std::int64_t most);
  std::optional<bool> truth(const Node& node);
  std::optional<std::string> text(const Node& node);
  std::optional<std::string> word(const Node& node, const std::vector<std::string_view>& words);
  std::optional<Format> format(const Node& node);
  bool is(const Node& node, NodeKind kind, std::string_view wanted);

  // Complains about every key of a map that is not among `known`.
  void refuse_unknown(const Node& map, std::string_view what,
                      const std::vector<std::string_view>& known);

 private:
  void not_what_it_must_be(const Node& node, std::string_view wanted);

  const Document& document_;
  Model& model_;
  Problems problems_;
};

// Reads the children of a map into the fields of a kind or channel mixer: pass it to fields().
class FieldReader {
 public:
  FieldReader(Sheet& sheet, const Node& map) : sheet_(sheet), map_(map) {}

  void operator()(std::string_view name, Dim& field) {
    if (const Node* node = child(name)) read(*node, field);
  }
  void operator()(std::string_view name, std::optional<Dim>& field) {
    if (const Node* node = child(name); node && !node->is_null()) read(*node, field.emplace());
  }
  void operator()(std::string_view name, bool& field) {
    if (const Node* node = child(name)) field = sheet_.truth(*node).value_or(field);
  }
  void operator()(std::string_view name, std::string& field) {
    if (const Node* node = child(name)) field = sheet_.text(*node).value_or(field);
  }
  void operator()(std::string_view name, std::optional<Format>& field) {
    if (const Node* node = child(name); node && !node->is_null()) field = sheet_.format(*node);
  }
  template <class E>
  requires std::is_enum_v<E>
  void operator()(std::string_view name, E& field) {
    constexpr auto all = words(E{});
    const Node* node = child(name);
    if (node == nullptr) return;
    const std::optional<std::string> typed = sheet_.word(*node, {all.begin(), all.end()});
    if (typed) field = static_cast<E>(std::find(all.begin(), all.end(), *typed) - all.begin());
  }

  // Every name that was visited: the keys that the map may have.
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  const Node* child(std::string_view name) {
    names_.push_back(name);
    return map_.find(name);
  }
  void read(const Node& node, Dim& field) {
    if (const auto value = sheet_.number(node, 0, largest(node.key)))
      field = Dim(*value, sheet_.origin(node));
  }

  Sheet& sheet_;
  const Node& map_;
  std::vector<std::string_view> names_;
};

// A fault that a kind found in its own dimensions ("kv_heads is 3; it must divide heads, 32") is
// shown at the key that it begins with, or at the whole map where that key was left out.
void place_faults(Sheet& sheet, const Node& map, std::string_view what,
                  const std::vector<std::string>& faults);

// "rms", "layer" or "none"; a problem and nothing otherwise.
std::optional<NormParameters> norm(Sheet& sheet, const Node& node);

// The layers of a `layers:` list, repeats written out, appended to `stack`.
void read_layers(Sheet& sheet, const Node& list, Dim hidden, Stack& stack);

}  // namespace attncalc::native
