// SPDX-License-Identifier: Apache-2.0
//
// A bare number is no quantity of bytes: the maker's name says which unit was meant.
//
// expect-gcc: conversion from 'int' to non-scalar type 'attncalc::Bytes'
// expect-clang: no viable conversion from 'int' to 'attncalc::Bytes'
#include "base/units.hpp"

using namespace attncalc;

#ifdef CONTROL
Bytes right = gibibytes(5);
#else
Bytes wrong = 5;
#endif
