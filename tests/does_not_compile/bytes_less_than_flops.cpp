// SPDX-License-Identifier: Apache-2.0
//
// Bytes and FLOPs do not compare: which of them bounds a step is a question of time.
//
// expect-gcc: no match for 'operator<'
// expect-clang: invalid operands to binary expression
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
bool right = bytes(1) < bytes(2);
#else
bool wrong = bytes(1) < multiply_adds(2);
#endif
