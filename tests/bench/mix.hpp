// SPDX-License-Identifier: Apache-2.0
//
// The mix of models that rates are measured over (GQA, MLA, Gemma's windows, a hybrid, experts),
// and the loop that measures: inputs change with every call and results are summed, so that nothing
// can be left out. Seconds are of processor time, so that other work on the machine takes little
// away. The middle of several runs is printed with its spread; no bound is asserted, because a
// shared machine would fail it by chance.
#pragma once

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string_view>
#include <vector>

#include "ingest/load.hpp"

namespace attncalc::bench {

inline constexpr std::string_view mix[] = {"llama-3-70b", "deepseek-v3", "gemma-3-27b",
                                           "qwen3-next-80b-a3b", "mixtral-8x7b"};

inline std::vector<Model> load_mix() {
  std::vector<Model> models;
  for (const std::string_view name : mix) models.push_back(*load_model(name));
  return models;
}

// Runs `calls` calls several times; `call(i)` returns a figure to sum.
template <class F>
int report_rate(const char* what, long calls, F&& call) {
  constexpr int runs = 9;
  std::vector<double> rates;
  double sum = 0;
  for (int run = 0; run < runs; ++run) {
    const std::clock_t begin = std::clock();
    for (long i = 0; i < calls; ++i) sum += call(run * calls + i);
    const auto took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    rates.push_back(static_cast<double>(calls) / took);
  }
  std::sort(rates.begin(), rates.end());
  std::printf(
      "%s: %.0f a second of one core (median of %d runs of %ld calls; %.0f to %.0f; sum %.17g)\n",
      what, rates[runs / 2], runs, calls, rates.front(), rates.back(), sum);
  return 0;
}

}  // namespace attncalc::bench
