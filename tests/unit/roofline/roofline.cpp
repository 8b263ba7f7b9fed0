// SPDX-License-Identifier: Apache-2.0
//
// Times of rows and rates, by hand on a device of round figures.
#include "roofline/roofline.hpp"

#include "roofline/rates.hpp"
#include "roofline/switch_points.hpp"
#include "support/catch.hpp"
#include "unit/roofline/device.hpp"

namespace attncalc {
namespace {

Ceilings ceilings(const Device& device, const Latencies& latencies = {}) {
  const CostFormats formats{*find_format("bf16"), *kv_formats("bf16", "bf16")};
  return ceilings_of(device, formats, {Format{}}, latencies);
}

// 2 GFLOP of products and so many bytes.
Op product(std::int64_t moved) {
  Op op;
  op.name = OpName::q_proj;
  op.unit = OpUnit::matrix;
  op.operands = {Operand::activation, Operand::weight};
  op.layers = 10;
  op.flops = Flops(2e9);
  op.weights = bytes(moved);
  return op;
}

}  // namespace

TEST_CASE("a row takes as long as its longest demand, which names its bound") {
  const Device device = round_device();
  const Ceilings c = ceilings(device);
  const RowTime slow_memory = row_time(product(100'000'000), c);  // 20 µs of FLOPs, 100 µs of bytes
  CHECK(slow_memory.seconds.value == Approx(100e-6));
  CHECK(slow_memory.bound == Bound::memory);
  const RowTime slow_units = row_time(product(1'000'000), c);
  CHECK(slow_units.seconds.value == Approx(20e-6));
  CHECK(slow_units.bound == Bound::compute);
  CHECK(slow_units.memory.value == Approx(1e-6));
}

TEST_CASE("at the ridge both demands are the same") {
  const Device device = round_device();
  const RowTime row = row_time(product(20'000'000), ceilings(device));  // 100 FLOP a byte
  CHECK(row.compute.value == Approx(row.memory.value));
}

TEST_CASE("vector work and states meet the rate of vector lanes") {
  const Device device = round_device();
  Op softmax;
  softmax.name = OpName::softmax;
  softmax.vector_flops = Flops(5e9);
  CHECK(row_time(softmax, ceilings(device)).seconds.value == Approx(500e-6));
  CHECK(row_time(softmax, ceilings(device)).bound == Bound::vector);
  Op state;
  state.name = OpName::state_update;
  state.unit = OpUnit::vector;
  state.flops = Flops(1e9);
  CHECK(row_time(state, ceilings(device)).seconds.value == Approx(100e-6));
}

TEST_CASE("a softmax waits for its exponentials where their rate is known") {
  Device device = round_device();
  device.exp_rate = FlopsPerSecond(1e12);  // 1 G exponentials: 1 ms
  Op softmax;
  softmax.name = OpName::softmax;
  softmax.vector_flops = Flops(5e9);
  CHECK(row_time(softmax, ceilings(device)).seconds.value == Approx(1e-3));
}

TEST_CASE("a launch is paid by every layer") {
  const Device device = round_device();
  const RowTime row =
      row_time(product(1000), ceilings(device, {.launch = Seconds(5e-6), .hop = {}}));
  CHECK(row.seconds.value == Approx(50e-6));
  CHECK(row.bound == Bound::overhead);
}

TEST_CASE("a ceiling that the profile lacks limits nothing") {
  Device device = round_device();
  device.memory.bandwidth.reset();
  const RowTime row = row_time(product(100'000'000), ceilings(device));
  CHECK(row.bound == Bound::compute);
  CHECK(row.seconds.value == Approx(20e-6));
}

TEST_CASE("rates are divisions by the time of a step") {
  const StepFacts step{.tokens = 8,
                       .sequences = 8,
                       .devices = 2,
                       .flops = Flops(1e12),
                       .bytes = 4e9,
                       .peak = FlopsPerSecond(100e12),
                       .memory = BytesPerSecond(1e12),
                       .usd_per_hour = 3.6,
                       .watts = 500};
  const Rates r = rates_of(step, Seconds(0.01));
  CHECK(r.tokens_per_second == Approx(800));
  CHECK(r.per_sequence == Approx(100));
  CHECK(r.per_device == Approx(400));
  CHECK(*r.usd_per_million_tokens == Approx(2.5));  // 0.2 ¢ a second for both
  CHECK(*r.joules_per_token == Approx(1.25));
  CHECK(*r.mfu == Approx(0.5));
  CHECK(*r.mbu == Approx(0.2));
  const Rates none = rates_of({.tokens = 1}, Seconds(1));
  CHECK_FALSE(none.usd_per_million_tokens);
  CHECK_FALSE(none.mfu);
}

TEST_CASE("a switch point is the first value that differs") {
  const auto bound_at = [](std::int64_t n) -> Result<Bound> {
    return n >= 300 && n < 5000 ? Bound::compute : Bound::memory;
  };
  const std::vector<SwitchPoint> found = switch_points("batch", 1, 1 << 16, bound_at);
  REQUIRE(found.size() == 2);
  CHECK(found[0].at == 300);
  CHECK(found[0].to == Bound::compute);
  CHECK(found[1].at == 5000);
  CHECK(found[1].to == Bound::memory);
  CHECK(switch_points("batch", 1, 128, bound_at).empty());
}

}  // namespace attncalc
