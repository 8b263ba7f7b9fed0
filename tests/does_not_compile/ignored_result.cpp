// SPDX-License-Identifier: Apache-2.0
//
// A Result that nobody looks at is an error that nobody sees: dropping one is a warning, and a
// warning is an error in this project.
//
// expect: ignoring return(ed)? value
#include "base/result.hpp"

using namespace attncalc;

Result<int> answer() { return 42; }

#ifdef CONTROL
int right() { return *answer(); }
#else
void wrong() { answer(); }
#endif
