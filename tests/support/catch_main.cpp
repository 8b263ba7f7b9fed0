// SPDX-License-Identifier: Apache-2.0
//
// The main() of a test program under Catch2 release 2, compiled once because it takes ten seconds.
// Release 3 brings its own, and then this file is not built.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
