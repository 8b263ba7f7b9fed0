// SPDX-License-Identifier: Apache-2.0
//
// `--set key=value`: a key of the config as if the file said so, put in before any reader looks.
#pragma once

#include <vector>

#include "base/document.hpp"
#include "ingest/load.hpp"

namespace attncalc {

// Sets every override in the document. What was set goes to `assumptions`; a key that the config
// did not have goes to `warnings` with the nearest that it has, for a slip of the keyboard would
// otherwise be a key that nobody reads. Errors: a value that does not parse, a dotted path through
// what is not there or is no map or list.
struct OverrideNotes {
  std::vector<Assumption> assumptions;
  std::vector<Warning> warnings;
};
Result<OverrideNotes> apply_overrides(Document& document, const std::vector<Override>& overrides);

}  // namespace attncalc
