// SPDX-License-Identifier: Apache-2.0
//
// A step of a server as YAML: several groups of sequences, each so many new tokens behind so many
// cached ones (docs/scenario.md). What a group leaves out is one sequence, one new token, nothing
// cached, nothing shared, decode.
#pragma once

#include <string>
#include <vector>

#include "attention/pass.hpp"
#include "base/result.hpp"
#include "model/model.hpp"

namespace attncalc {

// Numbers remember their place in the file: `model` keeps the origins of the whole run.
Result<std::vector<SequenceGroup>> read_scenario_file(const std::string& path, Model& model);

}  // namespace attncalc
