// SPDX-License-Identifier: Apache-2.0
//
// A count is whole: half a byte is a mistake in a formula, and is not rounded away.
//
// expect-gcc: narrowing conversion of '2.5.*' from 'double'
// expect-clang: cannot be narrowed|changes value from 2.5 to 2
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
Count right{2};
#else
Count wrong{2.5};
#endif
