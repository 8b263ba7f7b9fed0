// SPDX-License-Identifier: Apache-2.0
//
// The compiled-in catalog of models. An entry is a document with `name`, `aliases`, `source`,
// `config` (a Hugging Face config's own keys) or `layers` (native), and `expect`. A directory given
// on the command line (--models-dir) takes precedence, name by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"

namespace attncalc {

// Every canonical name, sorted.
std::vector<std::string_view> catalog_names();
// Every name and alias, for "did you mean".
std::vector<std::string_view> catalog_spellings();

// The entry of a name or alias (case, '_' and ' ' do not count). Errors: unknown, with the nearest.
Result<Document> catalog_entry(std::string_view name);

// What an entry says must come out; absent figures are absent.
struct Expect {
  std::optional<std::int64_t> parameters;
  std::optional<std::int64_t> active_parameters;
  std::optional<std::int64_t> kv_bytes_per_token;
  std::optional<std::int64_t> fixed_bytes_per_sequence;
  std::string parameters_source, kv_source;
};
Result<Expect> read_expect(const Document& entry);

}  // namespace attncalc
