// SPDX-License-Identifier: Apache-2.0
//
// Models that were read already. One command line reads one model; a file of a thousand scenarios
// speaks of a few, and reading each once is most of what makes it fast.
#pragma once

#include <map>
#include <string>

#include "cli/shared_flags.hpp"

namespace attncalc {

class ModelShelf {
 public:
  // As load(): the model that the flags ask for, or what is wrong with them.
  Result<Model> load(const ModelFlags& flags);

 private:
  std::map<std::string, Result<Model>> read_;  // by all that the flags say
};

}  // namespace attncalc
