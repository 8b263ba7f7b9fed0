// SPDX-License-Identifier: Apache-2.0
//
// A product of two quantities has no name here; only a plain number scales one.
//
// expect-gcc: no match for 'operator\*'
// expect-clang: invalid operands to binary expression
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
Bytes right = bytes(2) * 3;
#else
auto wrong = bytes(2) * bytes(3);
#endif
