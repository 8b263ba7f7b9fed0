// SPDX-License-Identifier: Apache-2.0
//
// The harness on times that are made up, workers on jobs that count, and loops that must do what
// they say: a ceiling that the compiler has optimised away reads too high, one that spills too low.
#include <ctime>

#include "kernels/measure/ceilings.hpp"
#include "kernels/measure/loops.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

JobTime quiet(double seconds) { return {.seconds = seconds}; }
JobTime disturbed(double seconds) { return {.seconds = seconds, .disturbed = true}; }

// By the time of the processor, which does not run while somebody else has the core.
template <class Loop>
double rate_of(const Loop& loop, std::size_t rounds) {
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t begin = std::clock();
    const double work = loop(rounds);
    const auto took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    best = std::max(best, work / took);
  }
  return best;
}

}  // namespace

TEST_CASE("a median leaves out what was disturbed") {
  const std::vector<JobTime> times = {quiet(1), disturbed(9), quiet(3), quiet(2), disturbed(8)};
  const Measured m = measured(times);
  CHECK(m.seconds == 2);
  CHECK(m.kept == 3);
  CHECK(m.discarded == 2);
  CHECK(m.spread == Approx(0.5));  // quartiles 1.5 and 2.5 around 2
}

TEST_CASE("where everything was disturbed it says that nothing was kept") {
  const std::vector<JobTime> times = {disturbed(4), disturbed(6)};
  CHECK(measured(times).seconds == 5);
  CHECK(measured(times).kept == 0);
  CHECK_FALSE(measured(times).trusted());
}

TEST_CASE("a ratio takes only turns in which the ceiling held still") {
  const std::vector<Contestant> both = {{.run = {}, .work = 10}, {.run = {}, .work = 8}};
  // The ceiling runs at 10, 10, 5, 5 a second; the kernel at 8, 8, 2, 4.
  const Race race = {{quiet(1), quiet(1), quiet(2), quiet(2)},
                     {quiet(1), quiet(1), quiet(4), quiet(2)}};
  const Ratio ratio = rate_ratio(race, both, 1, 0);
  CHECK(ratio.kept == 2);  // turn 1 stands between 10 and 5
  CHECK(ratio.discarded == 1);
  CHECK(ratio.value == Approx((0.8 + 0.4) / 2));
}

TEST_CASE("all workers run a job once and meet inside it") {
  Workers workers({0, 0, 0});
  for (int turn = 0; turn < 20; ++turn) {
    std::atomic<int> arrived = 0, saw_all = 0;
    workers.run([&](const Worker& w) {
      CHECK(w.count == 3);
      ++arrived;
      w.meet();
      if (arrived == 3) ++saw_all;
      w.meet();
    });
    CHECK(saw_all == 3);
  }
}

TEST_CASE("a race gives every contestant every turn") {
  Workers workers({0});
  int a = 0, b = 0;
  const std::vector<Contestant> both = {{.run = [&](const Worker&) { ++a; }},
                                        {.run = [&](const Worker&) { ++b; }}};
  const Race times = race(workers, both, {.seconds = 0, .least_turns = 4});
  CHECK(times[0].size() == 4);
  CHECK(times[1].size() == 4);
  CHECK(a == 5);  // once before the clock
  CHECK(b == 5);
}

TEST_CASE("arithmetic loops take time in proportion to their rounds") {
  const auto grows = [](auto loop) {
    const double few = rate_of(loop, 50'000), many = rate_of(loop, 500'000);
    CHECK(many < 3 * few);  // a loop that was left out would be ten times as fast
    CHECK(few < 3 * many);
  };
  grows(fma_loop);
  grows(convert_loop);
  grows([](std::size_t rounds) { return exp_loop(rounds, 3); });
  if (cpu_features().avx512_bf16) grows(bf16_dot_loop);
  if (cpu_features().avx512_vnni) grows(int8_dot_loop);
}

TEST_CASE("no loop exceeds what a core can issue") {
  // Two units of 16 lanes and two FLOPs a lane, at less than 7 GHz; twice for pairs of bf16.
  constexpr double fastest_clock = 7e9, lanes = 16, units = 2, flops = 2;
  const double most = fastest_clock * lanes * units * flops;
  CHECK(rate_of(fma_loop, 200'000) < most);
  if (cpu_features().avx512_bf16) CHECK(rate_of(bf16_dot_loop, 200'000) < 2 * most);
}

TEST_CASE("ceilings of caches rise from memory inwards") {
  const Cpu cpu = this_cpu();
  if (cpu.caches.empty()) return;  // not Linux: no levels are known
  Workers workers({cpu.cores.front()});
  double memory = 0, nearest = 0;
  for (const CeilingPlan& plan : ceiling_plans(cpu, cpu_features(), 1)) {
    if (plan.name != CeilingName::read) continue;
    const Ceiling c = measure_ceiling(workers, plan, {.seconds = 0.05});
    CHECK_FALSE(c.variant.empty());
    if (plan.level == "DRAM") memory = c.rate;
    if (plan.level == "L1") nearest = c.rate;
  }
  CHECK(memory > 0);
  CHECK(nearest > memory);
}

}  // namespace attncalc
