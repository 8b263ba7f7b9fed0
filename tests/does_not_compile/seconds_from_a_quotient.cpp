// SPDX-License-Identifier: Apache-2.0
//
// Bytes by a bandwidth are seconds, and seconds are not FLOPs.
//
// expect-gcc: conversion from .*SecondsTag.* to non-scalar type .*FlopsTag
// expect-clang: no viable conversion from .*SecondsTag.* to .*FlopsTag
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
Seconds right = bytes(2) / BytesPerSecond(3.0);
#else
Flops wrong = bytes(2) / BytesPerSecond(3.0);
#endif
