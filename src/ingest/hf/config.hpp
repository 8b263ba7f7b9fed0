// SPDX-License-Identifier: Apache-2.0
//
// A Hugging Face config as its reader sees it: one map of keys (the language model's), with the
// maps around it, and a record of three things that a plain map look-up would lose:
//   - where each number came from, for errors and `--explain`;
//   - which defaults were taken for keys that are missing, for `assumptions`;
//   - which keys were understood, so that an attention key that nobody looked at is an error and
//     not a silent guess.
//
// Look-ups take several spellings of one key; the first that is present and not null wins. A null
// means what an absent key means. Errors are collected; a look-up that fails answers with a
// harmless value so that reading goes on and finds the next problem too.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "ingest/load.hpp"
#include "model/model.hpp"

namespace attncalc::hf {

using Names = std::initializer_list<std::string_view>;

class Config {
 public:
  // `language` is the map that describes the language model; `around` are the maps that contain it,
  // innermost first, for keys that some files only have outside (tie_word_embeddings, dtype).
  Config(const Document& document, const Node& language, std::vector<const Node*> around,
         Model& model);

  // --- look-ups --------------------------------------------------------------------------------
  const Node* find(Names names);           // present and not null; marks the names as understood
  const Node* find_anywhere(Names names);  // likewise, also in the maps around
  bool has(Names names) { return find(names) != nullptr; }

  std::optional<Dim> integer(Names names);  // a whole number ≥ 0
  std::optional<Dim> whole(const Node& node, std::string_view key, std::int64_t least);
  std::optional<Dim> positive(Names names);  // likewise ≥ 1, or it is an error
  Dim need(Names names);                     // positive, or an error that it is missing
  Dim or_default(Names names, std::int64_t value, std::string_view why);  // noted as an assumption
  bool flag(Names names, bool otherwise);
  std::optional<std::string> word(Names names);

  // A number that may differ by layer: a scalar holds for all, a list gives one each.
  std::optional<Dim> of_layer(Names names, std::size_t layer);

  // The elements of a list as whole numbers or as words; empty if absent, an error if not a list.
  std::vector<std::int64_t> integers(Names names);
  std::vector<std::string> words(Names names);

  // A nested map (linear_attn_config, attn_config) with the same record keeping. The caller keeps
  // it no longer than this config.
  std::optional<Config> within(std::string_view name);

  // Keys that mean nothing to us here although they look as if they did.
  void understand(Names names);

  // --- the record ------------------------------------------------------------------------------
  Origin origin(const Node& node, std::string_view key);
  Dim dim(const Node& node, std::string_view key, std::int64_t value);
  void assume(std::string name, std::string value, std::string source);
  void warn(std::string code, std::string text);
  void problem(const Node& at, std::string message, std::string hint = {});
  void missing(std::string_view name, std::string hint = {});

  const Node& map() const { return *language_; }
  const Document& document() const { return *document_; }
  Model& model() { return *model_; }
  Problems& problems() { return *problems_; }
  const std::set<std::string, std::less<>>& understood() const { return understood_; }

 private:
  const Document* document_;
  const Node* language_;
  std::vector<const Node*> around_;
  Model* model_;
  std::shared_ptr<Problems> problems_;  // shared with nested configs
  std::set<std::string, std::less<>> understood_;
};

}  // namespace attncalc::hf
