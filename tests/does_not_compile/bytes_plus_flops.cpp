// SPDX-License-Identifier: Apache-2.0
//
// Bytes and FLOPs do not add: a step takes the longer of the two times, never their sum.
//
// expect-gcc: no match for 'operator\+'
// expect-clang: invalid operands to binary expression
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
auto right = bytes(1) + bytes(2);
#else
auto wrong = bytes(1) + multiply_adds(2);
#endif
