// SPDX-License-Identifier: Apache-2.0
//
// The verbs of the program, one file each. run.cpp has the list.
#pragma once

#include <span>
#include <string_view>

#include "cli/output.hpp"

namespace attncalc {

using Args = std::span<const std::string_view>;

int run_kv(Args args, const Streams& streams);
int run_cost(Args args, const Streams& streams);
int run_io(Args args, const Streams& streams);
int run_models(Args args, const Streams& streams);

}  // namespace attncalc
