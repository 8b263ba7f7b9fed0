// SPDX-License-Identifier: Apache-2.0
//
// The compiled-in devices and what --hw names.
#include "hardware/catalog.hpp"

#include <algorithm>

#include "hardware/peaks.hpp"
#include "hardware/read_device.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

Machine machine(std::string_view spec) {
  const Result<Machine> found = load_machine(spec);
  INFO(spec << (found ? "" : render(found.problems())));
  REQUIRE(found);
  return *found;
}

std::string failure(std::string_view spec) {
  const Result<Machine> found = load_machine(spec);
  REQUIRE_FALSE(found);
  return render(found.problems());
}

}  // namespace

TEST_CASE("every device of the catalog is read, and says where its figures are from") {
  CHECK(device_names().size() >= 55);
  for (const std::string_view name : device_names()) {
    INFO(name);
    const Device device = machine(name).device;
    CHECK(device.id == name);
    CHECK(device.memory.bandwidth);
    CHECK_FALSE(device.memory.from.sources.empty());
    CHECK_FALSE(device.peaks.empty());
    for (const Peak& p : device.peaks) CHECK_FALSE(p.from.sources.empty());
    for (const Efficiency& e : device.efficiencies) CHECK_FALSE(e.source.empty());
  }
}

TEST_CASE("a number before x is a number of devices") {
  const Machine eight = machine("8xh100-sxm");
  CHECK(eight.devices == 8);
  CHECK(eight.devices_given);
  CHECK(eight.device.id == "h100-sxm");
  CHECK(machine("H100_SXM").device.id == "h100-sxm");
  CHECK_FALSE(machine("h100-sxm").devices_given);
  CHECK(machine("4090").device.id == "rtx-4090");
  CHECK(failure("0xh100-sxm") == "error: --hw '0' is too small: it must be at least 1\n");
}

TEST_CASE("an ambiguous name is the common part, with a warning; an exact one has none") {
  const Machine h100 = machine("8xh100");
  CHECK(h100.device.id == "h100-sxm");
  REQUIRE(h100.warnings.size() == 1);
  CHECK(h100.warnings[0].code == "ambiguous_device");
  CHECK(h100.warnings[0].text ==
        "h100 is taken as h100-sxm (NVIDIA H100 SXM5 80GB); there is also h100-pcie (2.04 TB/s, "
        "three quarters of the peaks) and h100-nvl (3.94 TB/s, 94 GB)");
  CHECK(machine("h100-sxm").warnings.empty());
  CHECK(machine("a100").device.id == "a100-sxm-80gb");
  CHECK(machine("m3-max").warnings.size() == 1);
}

TEST_CASE("a device that no one sells says so") {
  REQUIRE(machine("generic-edge").warnings.size() == 1);
  CHECK(machine("generic-edge").warnings[0].code == "illustrative_device");
}

TEST_CASE("a name that nothing has comes with the nearest") {
  CHECK(failure("h100-sxn").find("hint: did you mean h100-sxm") != std::string::npos);
  CHECK(failure("nothing-like-it") ==
        "error: no device is named 'nothing-like-it'\n"
        "hint: `attncalc hardware` lists the catalog; a YAML file will do, too\n");
  CHECK(failure("") == "error: --hw is empty\nhint: `attncalc hardware` lists the catalog\n");
}

TEST_CASE("peaks are of a unit, a type and what products are added up in") {
  // GeForce: half rate into fp32 (NVIDIA's Ada whitepaper, table 2: 330.3 and 165.2 TFLOPS).
  const Device card = machine("rtx-4090").device;
  CHECK(peak(card, MathUnit::tensor, MathType::fp16, MathType::fp16)->value == 330.3e12);
  CHECK(peak(card, MathUnit::tensor, MathType::fp16, MathType::fp32)->value == 165.2e12);
  CHECK(fastest_peak(card, MathUnit::tensor, MathType::fp16)->rate.value == 330.3e12);
  const Device ampere = machine("a100-sxm-80gb").device;
  CHECK_FALSE(peak(ampere, MathUnit::tensor, MathType::fp8, MathType::fp32));
  CHECK(fastest_peak(ampere, MathUnit::tensor, MathType::fp8) == nullptr);
}

TEST_CASE("the highest peak at a width may be that of a narrower type") {
  const Device h100 = machine("h100-sxm").device;
  CHECK(highest_peak(h100, 16)->rate.value == 1978.9e12);  // fp8 and int8
  const Device m2 = machine("m2-ultra").device;
  CHECK(highest_peak(m2, 16)->unit == MathUnit::vector);
  CHECK(highest_peak(m2, 8) == nullptr);
}
