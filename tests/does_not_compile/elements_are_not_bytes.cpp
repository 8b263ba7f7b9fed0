// SPDX-License-Identifier: Apache-2.0
//
// Elements become bytes through a format only, because a format has block scales.
//
// expect-gcc: conversion from .*ElementsTag.* to non-scalar type .*BytesTag
// expect-clang: no viable conversion from .*ElementsTag.* to .*BytesTag
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
Elements right = Elements(5);
#else
Bytes wrong = Elements(5);
#endif
