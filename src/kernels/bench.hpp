// SPDX-License-Identifier: Apache-2.0
//
// The benchmark: ceilings of this machine, then kernels, each taking turns with the ceiling that
// bounds it, so that a fraction is of what the machine could do in those same milliseconds. The
// work of a kernel is not declared here: it is what the operators of its attention kind add up to
// for that pass, from the very functions that `cost` prints (attention/op_rows.hpp).
//
//   bound     max(bytes ÷ read ceiling, FLOPs ÷ the highest ceiling at that operand width)
//   estimate  bytes ÷ (a × read) + FLOPs ÷ (b × arithmetic) + scores ÷ (c × exp):
//   docs/kernels.md
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attention/kinds.hpp"
#include "attention/pass.hpp"
#include "kernels/attention.hpp"
#include "kernels/measure/ceilings.hpp"

namespace attncalc {

// One kernel at one size.
struct BenchCase {
  std::string variant;  // "gqa 4", "gqa 4, pages of 16", "mla absorbed"
  Phase phase = Phase::decode;
  Storage storage = Storage::bf16;
  Kind kind;
  std::int64_t sequences = 1, tokens = 1, new_tokens = 1;
  std::int64_t page = 0;  // tokens; 0: contiguous

  std::string dtype() const { return std::string(words(Storage())[static_cast<int>(storage)]); }
  std::string shape() const;  // "32 / 8 heads × 128, 1 × 65536 tokens"
  std::string name() const;   // "decode bf16 gqa 4": what --only and --assert match
};

struct BenchWork {
  double flops = 0;
  double scores = 0;  // exponentials
  double bytes = 0;   // of the cache, queries and answers
};
BenchWork work_of(const BenchCase& c);

struct BenchOptions {
  bool full = false;
  std::string only = "*";
  std::optional<double> seconds = {};  // for each measurement
  std::vector<int> threads = {};       // empty: one, and all cores
  std::vector<BenchCase> cases = {};   // instead of the suite
  std::function<void(std::string_view what, double done)> progress = {};
};

struct KernelFigure {
  BenchCase c;
  std::string kernel;  // which implementation
  int threads = 1;
  BenchWork work;
  double seconds = 0, spread = 0;
  int kept = 0, discarded = 0;
  double bound_seconds = 0;
  std::string bound = {};        // which ceiling decides: "read DRAM", "bf16_dot"
  double fraction_of_bound = 0;  // median over turns with that ceiling
  double fraction_spread = 0;
  double estimate_seconds = 0;
  double max_error = 0;  // of sampled rows, relative, against the reference

  bool trusted() const { return kept >= 3; }
  double measured_over_estimate() const { return seconds / estimate_seconds; }
  // Faster than the bound by more than the samples scatter.
  bool violates_bound() const { return trusted() && fraction_of_bound > 1 + noise(); }
  double noise() const;
};

struct BenchSummary {
  double geomean_measured_over_estimate = 1;
  double worst = 1;  // the ratio farthest from one
  int bound_violations = 0;
  int untrusted = 0;  // too few undisturbed samples
};

struct BenchAnswer {
  Cpu cpu;
  CpuFeatures features;
  std::string simd_target;
  bool full = false;
  std::optional<TileState> tiles;
  std::vector<Ceiling> ceilings;
  std::vector<KernelFigure> kernels;
  BenchSummary summary;
  std::vector<std::string> broken;  // floors that were asked for and do not hold
};

std::vector<BenchCase> bench_suite(bool full);
// The suite at the shapes of one softmax or latent layer; empty for other kinds.
std::vector<BenchCase> layer_suite(const Kind& kind, bool full);
BenchAnswer measure_suite(const BenchOptions& options);

}  // namespace attncalc
