// SPDX-License-Identifier: Apache-2.0
//
// `attncalc bench` for people: ceilings with how they were reached, kernels beside their bound.
#include "report/bench_report.hpp"

#include <fmt/format.h>

#include "base/units.hpp"

namespace attncalc {
namespace {

std::string rate_text(const Ceiling& c) {
  constexpr const char* units_of[] = {"GB/s", "GFLOP/s", "G/s"};
  return fmt::format("{:.1f} {}", c.rate / units::giga, units_of[static_cast<int>(c.unit)]);
}

std::string place(const Ceiling& c) {
  const std::string_view name = words(c.name)[static_cast<int>(c.name)];
  return c.level.empty() ? std::string(name) : fmt::format("{} {}", name, c.level);
}

Table ceilings_of(const BenchAnswer& a) {
  Table out;
  out.title = "ceilings";
  out.columns = {{"name", "ceiling", Unit::text}, {"threads", "threads", Unit::count},
                 {"rate", "rate", Unit::text},    {"spread", "spread", Unit::share},
                 {"kept", "samples", Unit::text}, {"variant", "reached with", Unit::text}};
  for (const Ceiling& c : a.ceilings) {
    out.rows.push_back({place(c), std::int64_t{c.workers}, rate_text(c), c.spread,
                        fmt::format("{} of {}", c.kept, c.kept + c.discarded), c.variant});
  }
  return out;
}

Table kernels_of(const BenchAnswer& a) {
  Table out;
  out.title = "kernels";
  out.lead = {"`of bound` is the median over turns with that ceiling, in which it held still."};
  out.columns = {
      {"kernel", "kernel", Unit::text},      {"shape", "shape", Unit::text},
      {"threads", "threads", Unit::count},   {"seconds", "time", Unit::text},
      {"rate", "rate", Unit::text},          {"bound", "bound by", Unit::text},
      {"fraction", "of bound", Unit::share}, {"spread", "spread", Unit::share},
      {"kept", "turns", Unit::text},         {"over_estimate", "of estimate", Unit::text},
      {"error", "error", Unit::text},        {"with", "with", Unit::text}};
  for (const KernelFigure& f : a.kernels) {
    const bool memory = f.bound.starts_with("read");
    const double rate = (memory ? f.work.bytes : f.work.flops) / f.seconds / units::giga;
    out.rows.push_back(
        {f.c.name(), f.c.shape(), std::int64_t{f.threads}, format_seconds(Seconds(f.seconds)),
         fmt::format("{:.1f} {}", rate, memory ? "GB/s" : "GFLOP/s"), f.bound, f.fraction_of_bound,
         f.fraction_spread, fmt::format("{} of {}", f.kept, f.kept + f.discarded),
         fmt::format("{:.2f}", f.measured_over_estimate()), fmt::format("{:.1e}", f.max_error),
         f.kernel});
  }
  return out;
}

Notes notes_of(const BenchAnswer& a) {
  Notes notes{"how it went", {}};
  const BenchSummary& s = a.summary;
  notes.items.push_back(fmt::format("measured over estimate: geometric mean {:.2f}, worst {:.2f}",
                                    s.geomean_measured_over_estimate, s.worst));
  notes.items.push_back(
      fmt::format("kernels faster than their bound beyond noise: {}", s.bound_violations));
  if (s.untrusted > 0) {
    notes.items.push_back(
        fmt::format("{} of {} kernels have fewer than 3 turns with an undisturbed core and a "
                    "steady ceiling: the "
                    "machine is busy, and their fractions are of medians",
                    s.untrusted, a.kernels.size()));
  }
  if (a.tiles) {
    notes.items.push_back(fmt::format("AMX is {}: with a tile load each, products run at {:.0f}%",
                                      a.tiles->throttled() ? "throttled" : "at its full rate",
                                      a.tiles->loads_over_products * 100));
  } else {
    notes.items.push_back("this processor has no AMX, or the system does not let us use it");
  }
  return notes;
}

Table record_of(const BenchAnswer& a) {
  Table out;
  for (const char* key : {"variant", "phase", "dtype", "shape", "kernel", "bound"}) {
    out.columns.push_back({key, key, Unit::text});
  }
  for (const char* key :
       {"threads", "flops", "bytes", "seconds", "spread", "bound_seconds", "estimate_seconds",
        "fraction_of_bound", "measured_over_estimate", "max_error"}) {
    out.columns.push_back({key, key, Unit::text});
  }
  for (const KernelFigure& f : a.kernels) {
    std::vector<Cell> row = {
        f.c.variant, std::string(words(f.c.phase)[static_cast<int>(f.c.phase)]),
        f.c.dtype(), f.c.shape(),
        f.kernel,    f.bound};
    for (const double value :
         {double(f.threads), f.work.flops, f.work.bytes, f.seconds, f.spread, f.bound_seconds,
          f.estimate_seconds, f.fraction_of_bound, f.measured_over_estimate(), f.max_error}) {
      row.emplace_back(fmt::format("{:.6g}", value));
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Report bench_report(const BenchAnswer& a) {
  Report report;
  report.title = "measured on this machine";
  report.blocks.push_back(Paragraph{{fmt::format(
      "{}, {} cores; vectors: {}{}{}", a.cpu.name, a.cpu.cores.size(), a.simd_target,
      a.features.avx512_bf16 ? ", AVX512_BF16" : "", a.features.amx_bf16 ? ", AMX" : "")}});
  report.blocks.push_back(ceilings_of(a));
  if (!a.kernels.empty()) {
    report.blocks.push_back(kernels_of(a));
    report.blocks.push_back(notes_of(a));
    if (!a.broken.empty()) report.blocks.push_back(Notes{"does not hold", a.broken});
  }
  report.record = record_of(a);
  return report;
}

std::string bench_profile(const BenchAnswer& a, const std::string& name) {
  const int all = static_cast<int>(a.cpu.cores.size());
  std::string levels, peaks, memory, exps;
  for (const Ceiling& c : a.ceilings) {
    if (c.workers != all) continue;
    const auto peak = [&](const char* unit, const char* in, const char* accumulate) {
      peaks += fmt::format(
          "  - {{unit: {}, in: {}, accumulate: {}, flops_per_second: {:.4g}, source: bench}}\n",
          unit, in, accumulate, c.rate);
    };
    if (c.name == CeilingName::read && c.level == "DRAM") {
      memory = fmt::format("  bandwidth_bytes_per_second: {:.4g}\n", c.rate);
    }
    if (c.name == CeilingName::fma_fp32) peak("vector", "fp32", "fp32");
    if (c.name == CeilingName::bf16_dot && !a.features.amx_bf16) peak("tensor", "bf16", "fp32");
    if (c.name == CeilingName::amx_bf16) peak("tensor", "bf16", "fp32");
    if (c.name == CeilingName::exp)
      exps = fmt::format("exp: {{per_second: {:.4g}, source: bench}}\n", c.rate);
    if (c.name != CeilingName::read || c.level == "DRAM") continue;
    for (const CacheLevel& cache : a.cpu.caches) {
      if (fmt::format("L{}", cache.level) != c.level) continue;
      const std::int64_t bytes = cache.capacity.value.value * std::max(1, all / cache.cores);
      levels =
          fmt::format(
              "  - {{name: l{}, bytes: {}, bandwidth_bytes_per_second: {:.4g}, source: bench}}\n",
              cache.level, bytes, c.rate) +
          levels;
    }
  }
  return fmt::format(
      "name: {}\ntitle: \"{}, {} cores, measured\"\nclass: cpu\nconfidence: high\nmemory:\n"
      "{}  source: bench\nlevels:\n{}peaks:\n{}{}sources:\n  bench: \"attncalc bench on this "
      "machine\"\n",
      name, a.cpu.name, all, memory, levels, peaks, exps);
}

}  // namespace attncalc
