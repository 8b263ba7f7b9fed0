// SPDX-License-Identifier: Apache-2.0
//
// Laws of times, over all models of the catalog on devices that differ in kind: a row is never
// faster than a demand at its ceiling, the bound never slower than the rows, and a machine twice as
// fast is exactly twice as fast.
#include "every_model.hpp"
#include "hardware/catalog.hpp"
#include "roofline/bound.hpp"
#include "roofline/estimate.hpp"
#include "roofline/products.hpp"

namespace attncalc {
namespace {

const std::vector<Device>& some_devices() {
  static const std::vector<Device> devices = [] {
    std::vector<Device> out;
    for (const char* name : {"h100-sxm", "mi300x", "m1-max", "epyc-9654", "groq-lpu"}) {
      const Result<Machine> machine = load_machine(name);
      INFO(name);
      REQUIRE(machine);
      out.push_back(machine->device);
    }
    return out;
  }();
  return devices;
}

template <class F>
void for_every_run(F&& f) {
  const std::vector<PassRequest> passes = {
      {.phase = Phase::decode, .context = 5000, .batch = 3},
      {.phase = Phase::prefill, .context = 6000, .new_tokens = Dim(512), .batch = 2}};
  for (const Model& model : every_model()) {
    for (const TestFormats& formats : {in_bf16(), formats_named("w8a8", "fp8")}) {
      const CostPlan plan = plan_of(model, formats);
      for (const PassRequest& request : passes) {
        const PassRequest asked = request_for(model, request);
        const Result<CostFigures> figures = cost_figures(plan, pass_of(asked), formats.formats);
        REQUIRE(figures);
        for (const Device& device : some_devices()) {
          CAPTURE(model.name, device.id, formats.weights, request.phase);
          f(plan, asked, formats, *figures, device);
        }
      }
    }
  }
}

Device twice_as_fast(Device device) {
  const auto twice = [](auto& rate) { rate.value *= 2; };
  if (device.memory.bandwidth) twice(*device.memory.bandwidth);
  if (device.exp_rate) twice(*device.exp_rate);
  if (device.scale_up) twice(device.scale_up->rate);
  for (MemoryLevel& level : device.levels) {
    if (level.bandwidth) twice(*level.bandwidth);
  }
  for (Peak& peak : device.peaks) twice(peak.rate);
  return device;
}

}  // namespace

TEST_CASE("a row takes as long as each of its demands at its ceiling, and rows sum") {
  for_every_run([](const CostPlan& plan, const PassRequest&, const TestFormats& formats,
                   const CostFigures& figures, const Device& device) {
    const Ceilings c = ceilings_of(device, formats.formats, plan.formats);
    RooflineTimes times;
    time_rows(figures.ops, c, times);
    Seconds sum;
    for (std::size_t i = 0; i < figures.ops.size(); ++i) {
      const Op& op = figures.ops[i];
      const double seconds = times.rows[i].seconds.value;
      sum += times.rows[i].seconds;
      if (c.memory) REQUIRE(seconds >= (op.hbm() / *c.memory).value);
      if (c.vector) REQUIRE(seconds >= (op.vector_flops / *c.vector).value);
      if (op.unit == OpUnit::matrix) REQUIRE(seconds >= (op.flops / c.of(op)->rate).value);
    }
    REQUIRE(times.serial == sum);
  });
}

TEST_CASE("nothing is faster than the bound: neither the rows nor the estimate") {
  for_every_run([](const CostPlan& plan, const PassRequest& asked, const TestFormats& formats,
                   const CostFigures& figures, const Device& device) {
    const Ceilings c = ceilings_of(device, formats.formats, plan.formats);
    RooflineTimes times;
    time_rows(figures.ops, c, times);
    const Result<BoundTime> bound = bound_time(
        plan, asked.conventions, asked.phase, bound_ceilings(device, formats.formats, plan.formats),
        [&](const Conventions& form) {
          PassRequest request = asked;
          request.conventions = form;
          return cost_figures(plan, pass_of(request), formats.formats);
        });
    REQUIRE(bound);
    REQUIRE(bound->seconds.value > 0);
    REQUIRE(bound->seconds <= times.serial);
    const Estimate estimate =
        estimate_of(figures.ops, times, c, asked.phase, coefficients_of(device));
    REQUIRE(estimate.low < estimate.seconds);
    REQUIRE(estimate.seconds < estimate.high);
  });
}

TEST_CASE("a machine that is twice as fast in everything takes half of every time") {
  for_every_run([](const CostPlan& plan, const PassRequest&, const TestFormats& formats,
                   const CostFigures& figures, const Device& device) {
    constexpr double launch = 3e-6;
    const Device fast = twice_as_fast(device);
    RooflineTimes slow_times;
    RooflineTimes fast_times;
    time_rows(
        figures.ops,
        ceilings_of(device, formats.formats, plan.formats, {.launch = Seconds(launch), .hop = {}}),
        slow_times);
    time_rows(figures.ops,
              ceilings_of(fast, formats.formats, plan.formats,
                          {.launch = Seconds(launch / 2), .hop = {}}),
              fast_times);
    for (std::size_t i = 0; i < figures.ops.size(); ++i) {
      REQUIRE(close(fast_times.rows[i].seconds.value * 2, slow_times.rows[i].seconds.value));
      REQUIRE(fast_times.rows[i].bound == slow_times.rows[i].bound);
    }
  });
}

}  // namespace attncalc
