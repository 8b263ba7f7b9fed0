// SPDX-License-Identifier: Apache-2.0
//
// Evaluates the arithmetic that an expectation is written in: whole numbers, + - * / ( ), min and
// max, exactly, as a fraction. A wrong expression is a broken test and throws.
#pragma once

#include <cstdint>
#include <string_view>

namespace attncalc::expect {

struct Fraction {
  __int128 over = 0;
  __int128 under = 1;
  bool operator==(const Fraction&) const = default;
};

Fraction evaluate(std::string_view expression);

double as_double(Fraction f);
bool is_whole(Fraction f);
std::int64_t whole(Fraction f);  // throws if it is not

}  // namespace attncalc::expect
