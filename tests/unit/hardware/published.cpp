// SPDX-License-Identifier: Apache-2.0
//
// The catalog against figures that vendors publish, to the digit that they print; and against the
// rules of `hardware check`, every entry.
#include <cmath>

#include "hardware/catalog.hpp"
#include "hardware/check_device.hpp"
#include "hardware/peaks.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

struct Published {
  std::string_view device;
  double tflops;     // dense, 16-bit into fp32
  double gigabytes;  // a second, of memory
  double physical;   // GiB
  std::string_view source;
};

constexpr Published figures[] = {
    {"v100-sxm-32gb", 125, 900, 32, "NVIDIA V100 data sheet, 2018"},
    {"t4", 65, 320, 16, "NVIDIA T4 data sheet, 2019"},
    {"a10", 125, 600, 24, "NVIDIA A10 data sheet, 2021 (250 with sparsity)"},
    {"a100-sxm-40gb", 312, 1555, 40, "NVIDIA A100 data sheet, 2021"},
    {"a100-sxm-80gb", 312, 2039, 80, "NVIDIA A100 data sheet, 2021"},
    {"a100-pcie-80gb", 312, 1935, 80, "NVIDIA A100 data sheet, 2021"},
    {"l4", 121, 300, 24, "NVIDIA L4 product page (242 with sparsity)"},
    {"l40s", 362.05, 864, 48, "NVIDIA L40S data sheet, 2023"},
    {"rtx-4090", 165.2, 1008, 24, "NVIDIA Ada GPU architecture whitepaper, table 2"},
    {"h100-sxm", 989.4, 3350, 80, "NVIDIA H100 whitepaper, table 2"},
    {"h200-sxm", 989.4, 4800, 144, "NVIDIA H200 data sheet, 2024 (six stacks of 24 GiB)"},
    {"b200-sxm", 2250, 8000, 192, "NVIDIA DGX B200 data sheet, an eighth of it, without sparsity"},
    {"mi250x", 383, 3276.8, 128, "AMD CDNA 2 whitepaper"},
    {"mi300x", 1307.4, 5300, 192, "AMD Instinct MI300X data sheet, 2023"},
    {"mi355x", 2516.6, 8000, 288, "AMD Instinct MI355X data sheet, 2025"},
    {"gaudi3", 1835, 3700, 128, "Intel Gaudi 3 white paper, 2024"},
    {"tpu-v4", 275, 1228, 32, "Google Cloud TPU v4 page"},
    {"tpu-v5e", 197, 819, 16, "Google Cloud TPU v5e page"},
    {"tpu-v5p", 459, 2765, 95, "Google Cloud TPU v5p page"},
    {"trainium2", 667, 2900, 96, "AWS Neuron documentation, Trainium2"},
};

Device device(std::string_view name) {
  const Result<Machine> machine = load_machine(name);
  REQUIRE(machine);
  return machine->device;
}

}  // namespace

TEST_CASE("peaks, bandwidths and memories are what vendors publish") {
  for (const Published& p : figures) {
    INFO(p.device << ": " << p.source);
    const Device d = device(p.device);
    auto peak16 = peak(d, MathUnit::tensor, MathType::bf16, MathType::fp32);
    if (!peak16) peak16 = peak(d, MathUnit::tensor, MathType::fp16, MathType::fp32);
    REQUIRE(peak16);
    CHECK(peak16->value == Approx(p.tflops * 1e12).epsilon(1e-12));
    CHECK(d.memory.bandwidth->value == Approx(p.gigabytes * 1e9).epsilon(1e-12));
    CHECK(d.memory.physical->value.value ==
          static_cast<std::int64_t>(p.physical) * (std::int64_t{1} << 30));
  }
}

TEST_CASE("fp8 peaks are those of data sheets, halved where these have sparsity") {
  // H100 whitepaper, table 2; MI300X and MI355X data sheets; Gaudi 3 white paper; TPU7x page.
  const auto fp8 = [](std::string_view name) {
    return peak(device(name), MathUnit::tensor, MathType::fp8, MathType::fp32)->value;
  };
  CHECK(fp8("h100-sxm") == 1978.9e12);
  CHECK(fp8("mi300x") == 2614.9e12);
  CHECK(fp8("mi355x") == 5033.2e12);
  CHECK(fp8("gaudi3") == 1835e12);
  CHECK(fp8("tpu-v7x") == 4614e12);
}

TEST_CASE("the seed's edge device has the ridge that the seed says, 78.1 FLOPs a byte") {
  CHECK(ridge(device("generic-edge"))->value == 2e12 / 25.6e9);
  CHECK(device("generic-edge").illustrative);
}

TEST_CASE("links are per direction") {
  // NVLink 4: 900 GB/s for both directions (H100 whitepaper); xGMI of MI300X: 896 for both, 128 for
  // both of one pair (AMD CDNA 3 whitepaper); ICI of TPU v5e: 400 for both (Google Cloud).
  CHECK(device("h100-sxm").scale_up->rate.value == 450e9);
  CHECK(device("mi300x").scale_up->rate.value == 448e9);
  CHECK(device("mi300x").scale_up->rate_to_one_peer->value == 64e9);
  CHECK(device("tpu-v5e").scale_up->rate.value == 200e9);
}

TEST_CASE("nothing in the catalog is implausible by the rules for files of others") {
  const Result<std::vector<Device>> catalog = catalog_devices();
  REQUIRE(catalog);
  for (const std::string_view name : device_names()) {
    const Result<CheckedDevice> checked = check_device(*find_device_in_catalog(name), *catalog);
    REQUIRE(checked);
    INFO((checked->holds() ? std::string(name) : render(checked->findings)));
    CHECK(checked->holds());
  }
}
