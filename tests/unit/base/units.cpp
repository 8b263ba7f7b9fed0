// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic of quantities: the makers' powers, the results' units, and that nothing wraps around.
// What must not compile is in tests/does_not_compile.
#include "base/units.hpp"

#include <type_traits>

#include "support/catch.hpp"

using namespace attncalc;

TEST_CASE("a maker multiplies by the power that its name says") {
  CHECK(bytes(3).value == Count(3));
  CHECK(kibibytes(1).value == Count(1024));
  CHECK(mebibytes(1).value == Count(1048576));
  CHECK(gibibytes(80).value == Count(85899345920));
  CHECK(gigabytes(80).value == Count(80000000000));
  CHECK(units::tera == 1000000000000);
  CHECK(units::tebi == 1099511627776);
}

TEST_CASE("a count refuses to wrap around") {
  const Count most = INT64_MAX;
  CHECK_THROWS_AS(most + 1, Overflow);
  CHECK_THROWS_AS(most * 2, Overflow);
  CHECK_THROWS_AS(Count(INT64_MIN) - 1, Overflow);
  CHECK_THROWS_AS(gibibytes(INT64_MAX), Overflow);
  CHECK(most + 0 == most);
}

TEST_CASE("division of counts rounds as it says") {
  CHECK(ceil_div(7, 2) == Count(4));
  CHECK(ceil_div(8, 2) == Count(4));
  CHECK(floor_div(7, 2) == Count(3));
  CHECK(ceil_div(0, 5) == Count(0));
}

TEST_CASE("a multiply-add is two floating-point operations") {
  CHECK(multiply_adds(3).value == 6.0);
}

TEST_CASE("bytes at bytes per second take seconds") {
  const auto time = gigabytes(3) / BytesPerSecond(1.5e9);
  STATIC_REQUIRE(std::is_same_v<decltype(time), const Seconds>);
  CHECK(time.value == 2.0);
  CHECK((Flops(6.0) / FlopsPerSecond(3.0)).value == 2.0);
  CHECK((Flops(6.0) / bytes(3)).value == 2.0);
  CHECK((FlopsPerSecond(6.0) / BytesPerSecond(3.0)).value == 2.0);
}
