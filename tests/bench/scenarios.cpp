// SPDX-License-Identifier: Apache-2.0
//
// How many scenarios a second `attncalc check` goes through, the file read and the answer written:
// a thousand of them, over the mix of models, contexts, batches and formats, with a figure of `kv`
// and one of `cost` each.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run.hpp"
#include "mix.hpp"

namespace {

constexpr long scenarios = 1000;

// 5 models × 10 contexts × 10 batches × 2 formats.
std::string capacity_text() {
  std::string text = "scenarios:\n  - matrix:\n      model: [";
  for (const std::string_view name : attncalc::bench::mix) text += std::string(name) + ", ";
  text += "]\n      ctx: [1k, 2k, 4k, 8k, 12k, 16k, 24k, 32k, 48k, 64k]\n";
  text += "      batch: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]\n      kv-dtype: [bf16, fp8]\n";
  text += "    budgets:\n      - {metric: kv.per_device_bytes, max: 900 GiB}\n";
  text += "      - {metric: totals.hbm_bytes, max: 900 TB}\n";
  return text;
}

}  // namespace

int main() {
  std::string path = "/tmp/attncalc-bench-XXXXXX.yaml";  // mkstemps' own pattern
  constexpr int suffix = 5;
  const int descriptor = mkstemps(path.data(), suffix);
  if (descriptor < 0) return 1;
  close(descriptor);
  std::ofstream(path) << capacity_text();
  const std::vector<std::string_view> args = {"check", path, "--json"};
  int code = 0;
  const auto one_scenario = [&](long i) {
    if (i % scenarios != 0) return 0.0;  // the first of a thousand does all of them
    std::ostringstream out, err;
    code = attncalc::run(args, out, err);
    return static_cast<double>(out.str().size());
  };
  attncalc::bench::report_rate("scenarios", scenarios, one_scenario);
  unlink(path.c_str());
  return code;
}
