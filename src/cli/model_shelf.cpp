// SPDX-License-Identifier: Apache-2.0
//
// A model is what its flags say, so their texts in a row are its key: each is preceded by its
// length, so that no two sets of flags share one.
#include "cli/model_shelf.hpp"

#include <fmt/format.h>

namespace attncalc {
namespace {

void add(std::string& key, std::string_view text) {
  key += fmt::format("{}:{}", text.size(), text);
}

std::string key_of(const ModelFlags& flags) {
  std::string key;
  add(key, flags.model.value_or(""));
  add(key, flags.as.value_or(""));
  for (const std::string& set : flags.set) add(key, "set " + set);
  for (const std::string& assume : flags.assume) add(key, "assume " + assume);
  return key;
}

}  // namespace

Result<Model> ModelShelf::load(const ModelFlags& flags) {
  std::string key = key_of(flags);
  auto found = read_.find(key);
  if (found == read_.end()) {
    found = read_.emplace(std::move(key), attncalc::load(flags)).first;
  }
  return found->second;
}

}  // namespace attncalc
