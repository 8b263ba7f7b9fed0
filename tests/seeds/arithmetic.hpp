// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of the claims, in doubles: numbers, + - * / ^ ( ) and ceil, floor, sqrt, log2,
// exp, min, max. The fractions of tests/expect are exact but know no roots, and experiments give
// reals; whole numbers below 2^53 are exact here too.
#pragma once

#include <string_view>

namespace attncalc::seeds {

double evaluate(std::string_view expression);  // throws std::runtime_error where it is wrong

}  // namespace attncalc::seeds
