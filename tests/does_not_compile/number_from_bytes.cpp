// SPDX-License-Identifier: Apache-2.0
//
// A quantity does not decay to a number on its own: whoever takes the value says so.
//
// expect-gcc: cannot convert 'attncalc::Bytes' .* to 'int64_t'
// expect-clang: no viable conversion from 'attncalc::Bytes' .* to '.*int64_t'
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
std::int64_t right = bytes(2).value.value;
#else
std::int64_t wrong = bytes(2);
#endif
