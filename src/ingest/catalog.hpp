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

}  // namespace attncalc
