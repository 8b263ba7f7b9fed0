// SPDX-License-Identifier: Apache-2.0
//
// A score as a section of docs/validation.md.
#pragma once

#include <string>

#include "validation/score.hpp"

namespace attncalc::validation {

std::string section_of(const Score& score);

}  // namespace attncalc::validation
