// SPDX-License-Identifier: Apache-2.0
//
// What a device file may say, and what is said of one that is wrong.
#include "hardware/read_device.hpp"

#include "support/catch.hpp"

using namespace attncalc;

namespace {

Result<Device> read(const std::string& text) {
  Result<Document> document = parse_yaml("x.yaml", text);
  REQUIRE(document);
  return read_device(*document);
}

std::string said_of(const std::string& text) {
  const Result<Device> device = read(text);
  REQUIRE_FALSE(device);
  return render(device.problems());
}

}  // namespace

TEST_CASE("what a profile leaves out is absent, not zero") {
  const Result<Device> device = read("memory: {}\n");
  REQUIRE(device);
  CHECK_FALSE(device->memory.bandwidth);
  CHECK_FALSE(device->memory.usable());
  CHECK(device->peaks.empty());
  CHECK_FALSE(device->price);
}

TEST_CASE("what the driver shows is what can be used, where it is known") {
  const Result<Device> device =
      read("memory: {physical_bytes: 85899345920, visible_bytes: 85520809984}\n");
  REQUIRE(device);
  CHECK(device->memory.usable() == bytes(85520809984));
}

TEST_CASE("a figure's confidence is the device's unless it has its own") {
  const Result<Device> device = read(
      "confidence: high\n"
      "memory: {bandwidth_bytes_per_second: 1e12, source: a}\n"
      "power: {watts: 300, source: [a, b], confidence: low}\n"
      "sources: {a: sheet, b: memory}\n");
  REQUIRE(device);
  CHECK(device->memory.from.confidence == Confidence::high);
  CHECK(device->watts_from.confidence == Confidence::low);
  CHECK(device->watts_from.sources == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a size with a unit is answered with the number that it is") {
  CHECK(said_of("memory: {physical_bytes: 80 GiB}\n") ==
        "x.yaml:1:26: error: physical_bytes is '80 GiB'; it must be a whole number from 1 to "
        "1125899906842624\n"
        "  memory: {physical_bytes: 80 GiB}\n"
        "                           ^\n"
        "hint: 80 GiB is 85899345920; the unit is in the key's name\n");
}

TEST_CASE("all that is wrong with a file is said at once") {
  const std::string said = said_of(
      "memory: {bandwith_bytes_per_second: 1e12}\n"
      "peaks:\n"
      "  - {unit: tensor, in: bf17, accumulate: fp32, flops_per_second: 1e12}\n"
      "  - {unit: tensor, in: bf16, flops_per_second: 1e12}\n"
      "  - {unit: tensor, in: fp8, accumulate: fp32, flops_per_second: -1}\n"
      "price: {usd_per_hour: 2}\n"
      "efficiency: {gemm: {fraction: 0.8, basis: measured}}\n"
      "power: {watts: 300, source: sheet}\n"
      "sources: {sheets: the sheet}\n");
  for (const char* expected :
       {"x.yaml:1:37: error: memory has no key 'bandwith_bytes_per_second'",
        "hint: did you mean bandwidth_bytes_per_second?",
        "in is 'bf17'; it must be one of fp32, tf32, fp16, bf16, fp8, fp6, fp4, int8, int4, int32",
        "x.yaml:4:5: error: a peak needs accumulate", "flops_per_second is -1; it must be a number",
        "price needs as_of", "efficiency has no key 'gemm'", "hint: it has memory_stream,",
        "sources has no 'sheet'"}) {
    INFO(said);
    CHECK(said.find(expected) != std::string::npos);
  }
}

TEST_CASE("a peak that is there twice is an error, one with another accumulator is not") {
  const std::string two =
      "memory: {}\n"
      "peaks:\n"
      "  - {unit: tensor, in: fp16, accumulate: fp32, flops_per_second: 165.2e12}\n"
      "  - {unit: tensor, in: fp16, accumulate: fp16, flops_per_second: 330.3e12}\n";
  CHECK(read(two));
  const std::string said =
      said_of(two + "  - {unit: tensor, in: fp16, accumulate: fp32, flops_per_second: 1e12}\n");
  CHECK(said.find("there are two tensor peaks of fp16 added up in fp32") != std::string::npos);
}

TEST_CASE("a fraction above what a boost clock explains is an error") {
  const std::string said =
      said_of("memory: {}\nefficiency: {stream_read: {fraction: 1.29, basis: measured}}\n");
  CHECK(said.find("fraction is 1.29; it must be at most 1.1") != std::string::npos);
}

TEST_CASE("an ambiguous name must be a name of the device") {
  const std::string said = said_of("memory: {}\naliases: [a]\nambiguous: {b: other parts}\n");
  CHECK(said.find("b is not a name of this device") != std::string::npos);
}
