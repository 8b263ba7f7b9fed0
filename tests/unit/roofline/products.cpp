// SPDX-License-Identifier: Apache-2.0
//
// Which peak applies, by the table of docs/model.md, "Which peak applies".
#include "roofline/products.hpp"

#include "model/model.hpp"
#include "support/catch.hpp"
#include "unit/roofline/device.hpp"

namespace attncalc {
namespace {

Format format(std::string_view name) { return *find_format(name); }

Format weights(std::string_view scheme) {
  const Model model;
  const WeightFormats formats = *named_formats(scheme, model);
  return formats.formats[formats.linear];
}

double tera_flops(const Peak* peak) {
  REQUIRE(peak);
  constexpr double tera = 1e12;
  return peak->rate.value / tera;
}

}  // namespace

TEST_CASE("a product runs in the type that its operands have or are brought to") {
  struct Case {
    std::string activation;
    Format other;
    MathType expected;
  };
  const std::vector<Case> cases = {
      {"bf16", format("bf16"), MathType::bf16},        {"fp16", format("fp16"), MathType::fp16},
      {"bf16", format("fp32"), MathType::fp32},        {"bf16", format("fp8"), MathType::fp8},
      {"bf16", format("fp8_group128"), MathType::fp8}, {"bf16", format("nvfp4"), MathType::fp4},
      {"bf16", format("mxfp4"), MathType::bf16},       {"bf16", weights("w4a16"), MathType::bf16},
      {"fp16", weights("w4a16"), MathType::fp16},      {"bf16", weights("w8a8"), MathType::int8},
      {"fp16", format("q8_0"), MathType::fp16},        {"fp16", format("q4_k"), MathType::fp16},
      {"bf16", format("bits:5"), MathType::bf16}};
  for (const Case& c : cases) {
    CAPTURE(c.activation, c.other.name);
    CHECK(product_type(format(c.activation), c.other) == c.expected);
  }
}

TEST_CASE("a row runs at the 32-bit accumulator's rate, the bound at any") {
  const Device device = round_device();
  CHECK(tera_flops(product_peak(device, format("fp16"), format("fp16"))) == 100);
  Device halves = device;  // without units for 8 bits
  std::erase_if(halves.peaks, [](const Peak& p) { return math_bits(p.in) == 8; });
  CHECK(tera_flops(bound_peak(halves, format("fp16"), format("fp16"))) == 150);
}

TEST_CASE("a device without units for a type uses the activations'") {
  Device device = round_device();
  CHECK(tera_flops(product_peak(device, format("bf16"), format("nvfp4"))) == 100);
  std::erase_if(device.peaks, [](const Peak& p) { return p.in == MathType::bf16; });
  CHECK(tera_flops(product_peak(device, format("bf16"), format("bf16"))) == 100);  // fp16's
  std::erase_if(device.peaks, [](const Peak& p) { return p.unit == MathUnit::tensor; });
  CHECK(tera_flops(product_peak(device, format("bf16"), format("bf16"))) == 10);  // fp32 lanes
  device.peaks.clear();
  CHECK(product_peak(device, format("bf16"), format("bf16")) == nullptr);
}

TEST_CASE("the bound allows every peak at the wider operand's width or a narrower one") {
  const Device device = round_device();
  CHECK(tera_flops(bound_peak(device, format("bf16"), format("bf16"))) == 200);
  CHECK(tera_flops(bound_peak(device, format("bf16"), weights("w4a16"))) == 200);
  CHECK(tera_flops(bound_peak(device, format("fp8"), format("fp8"))) == 200);
  // Nothing so narrow: what there is.
  CHECK(tera_flops(bound_peak(device, format("int4"), format("int4"))) == 200);
}

}  // namespace attncalc
