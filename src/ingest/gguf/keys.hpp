// SPDX-License-Identifier: Apache-2.0
//
// The keys of a GGUF header as the reader of models asks for them: by their name without the
// architecture before it, as whole numbers in bounds, one for all layers or one for each. Problems
// are collected with the byte at which the value stands; a look-up that fails answers with nothing.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/gguf/header.hpp"
#include "ingest/load.hpp"
#include "model/model.hpp"

namespace attncalc::gguf {

class Keys {
 public:
  Keys(const Header& header, Model& model);

  const std::string& arch() const { return arch_; }
  const Key* find(std::string_view name) const;  // "attention.head_count", or a general key in full
  bool has(std::string_view name) const { return find(name) != nullptr; }

  // A whole number of 0 or more; of an array, its first.
  std::optional<Dim> number(std::string_view name);
  Dim number_or(std::string_view name, std::int64_t otherwise);
  Dim need(std::string_view name);  // at least 1, or a problem
  // What holds for one layer: the number, or the array's element. An array that is too short is a
  // problem (once).
  std::optional<Dim> of_layer(std::string_view name, std::size_t layer);
  bool is_array(std::string_view name) const;

  std::string text(std::string_view name) const;

  // From now on as if the key were not there.
  void ignore(const Key& key) { ignored_.insert(key.name); }

  void problem(const Key& at, std::string message, std::string hint = {});
  void problem(std::string message, std::string hint = {});  // with the file as a whole
  void missing(std::string_view name);
  void assume(std::string name, std::string value, std::string source);
  void warn(std::string code, std::string text);

  const Header& header() const { return header_; }
  Model& model() { return model_; }
  bool sound() const { return problems_.empty(); }
  Problems take_problems() { return std::move(problems_); }

 private:
  std::optional<Dim> element(const Key& key, std::size_t index);
  Origin origin(std::string place);

  const Header& header_;
  Model& model_;
  std::string arch_;
  Problems problems_;
  std::set<std::string, std::less<>> complained_, ignored_;
  std::map<std::string, Origin, std::less<>> origins_;  // a key is asked for once a layer
};

// The largest value of a key: a width or count, or, for what counts tokens, a context.
std::int64_t largest(std::string_view name);

// `--set key=value`: changes the header before anybody reads it. The key may leave out the
// architecture; the value is written as in YAML. What was set becomes an assumption.
Problems apply_overrides(Header& header, const std::vector<Override>& overrides, Model& model);

}  // namespace attncalc::gguf
