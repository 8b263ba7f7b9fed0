// SPDX-License-Identifier: Apache-2.0
//
// Catch2 by either of its names: release 2, which Debian 12 ships as one header, and release 3.
// Tests include this and no Catch2 header, so they do not notice which one it is.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // NOLINT: where release 2 has it
#else
#include <catch2/catch.hpp>
#endif
