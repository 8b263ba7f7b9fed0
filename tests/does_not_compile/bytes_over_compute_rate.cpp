// SPDX-License-Identifier: Apache-2.0
//
// Bytes are divided by bytes per second; by FLOP/s they would be a time that means nothing.
//
// expect-gcc: no match for 'operator/'
// expect-clang: invalid operands to binary expression
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
Seconds right = bytes(2) / BytesPerSecond(3.0);
#else
auto wrong = bytes(2) / FlopsPerSecond(3.0);
#endif
