// SPDX-License-Identifier: Apache-2.0
//
// The compiled-in catalog of models. An entry is a document with `name`, `aliases`, `source`,
// `config` (a Hugging Face config's own keys) or `layers` (native), and `expect`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/load.hpp"

namespace attncalc {

// Every canonical name, sorted.
std::vector<std::string_view> catalog_names();
// Every name and alias, for "did you mean".
std::vector<std::string_view> catalog_spellings();

// The entry of a name or alias (case, '_' and ' ' do not count); nullopt if there is none.
std::optional<FoundModel> find_in_catalog(std::string_view name);

// A figure as somebody published it: exact, or rounded to its last digit ("2.4B").
struct Published {
  std::int64_t value = 0;
  std::int64_t step = 1;  // what one in the last digit stands for

  bool holds_for(std::int64_t computed) const;
  std::string text() const;
};

// What an entry says must come out; absent figures are absent.
struct Expect {
  std::optional<Published> parameters;
  std::optional<Published> active_parameters;
  std::optional<Published> kv_bytes_per_token;  // in bf16, before any window binds
  std::optional<Published> fixed_bytes_per_sequence;
  std::string parameters_source, kv_source;
};
Result<Expect> read_expect(const Document& entry);

}  // namespace attncalc
