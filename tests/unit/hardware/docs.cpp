// SPDX-License-Identifier: Apache-2.0
//
// docs/hardware.md against the program.
#include "base/document.hpp"
#include "hardware/read_device.hpp"
#include "support/catch.hpp"

using namespace attncalc;

TEST_CASE("docs/hardware.md has every name of an efficiency, with its meaning") {
  const Result<std::string> text = read_file(ATTNCALC_SOURCE_DIR "/docs/hardware.md");
  REQUIRE(text);
  for (const EfficiencyName& name : efficiency_names()) {
    const std::string row =
        "| `" + std::string(name.name) + "` | " + std::string(name.meaning) + " |";
    INFO(row);
    CHECK(text->find(row) != std::string::npos);
  }
}
