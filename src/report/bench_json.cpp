// SPDX-License-Identifier: Apache-2.0
//
// `attncalc bench` as JSON, schema attncalc/bench/1.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/bench_report.hpp"
#include "report/json.hpp"

namespace attncalc {
namespace {

using json::Object;

Object machine_object(const BenchAnswer& a) {
  Object o;
  o["cpu"] = a.cpu.name;
  o["cores"] = a.cpu.cores.size();
  o["simd"] = a.simd_target;
  o["avx512_bf16"] = a.features.avx512_bf16;
  o["amx"] = a.features.amx_bf16;
  o["amx_throttled"] = a.tiles ? Object(a.tiles->throttled()) : Object(nullptr);
  return o;
}

Object ceiling_object(const Ceiling& c) {
  Object o;
  o["name"] = words(c.name)[static_cast<int>(c.name)];
  o["level"] = c.level.empty() ? Object(nullptr) : Object(c.level);
  o["threads"] = c.workers;
  o["value_per_second"] = c.rate;
  o["unit"] = words(c.unit)[static_cast<int>(c.unit)];
  o["spread"] = c.spread;
  o["samples"] = c.kept;
  o["samples_discarded"] = c.discarded;
  o["variant"] = c.variant;
  return o;
}

Object kernel_object(const KernelFigure& f) {
  Object o;
  o["variant"] = f.c.variant;
  o["phase"] = words(f.c.phase)[static_cast<int>(f.c.phase)];
  o["dtype"] = f.c.dtype();
  o["shape"] = f.c.shape();
  o["kernel"] = f.kernel;
  o["threads"] = f.threads;
  json::put_real(o, "flops", f.work.flops);
  json::put_real(o, "bytes", f.work.bytes);
  o["seconds"] = f.seconds;
  o["spread"] = f.spread;
  o["flops_per_second"] = f.work.flops / f.seconds;
  o["bytes_per_second"] = f.work.bytes / f.seconds;
  o["bound"] = f.bound;
  o["bound_seconds"] = f.bound_seconds;
  o["estimate_seconds"] = f.estimate_seconds;
  o["fraction_of_bound"] = f.fraction_of_bound;
  o["fraction_spread"] = f.fraction_spread;
  o["turns"] = f.kept;
  o["turns_discarded"] = f.discarded;
  o["measured_over_estimate"] = f.measured_over_estimate();
  o["max_error"] = f.max_error;
  return o;
}

}  // namespace

Json bench_json(const BenchAnswer& a) {
  Object o = json::opening("attncalc/bench/1");
  o["scenario"] = {{"full", a.full}};
  o["machine"] = machine_object(a);
  o["ceilings"] = Object::array();
  for (const Ceiling& c : a.ceilings) o["ceilings"].push_back(ceiling_object(c));
  o["kernels"] = Object::array();
  for (const KernelFigure& f : a.kernels) o["kernels"].push_back(kernel_object(f));
  Object& s = o["summary"];
  s["geomean_measured_over_estimate"] = a.summary.geomean_measured_over_estimate;
  s["worst"] = a.summary.worst;
  s["bound_violations"] = a.summary.bound_violations;
  s["untrusted"] = a.summary.untrusted;
  o["broken"] = a.broken;
  o["assumptions"] = Object::array();
  o["warnings"] = Object::array();
  if (a.summary.untrusted > 0) {
    o["warnings"].push_back({{"code", "busy_machine"},
                             {"text", fmt::format("{} kernels have fewer than 3 undisturbed turns",
                                                  a.summary.untrusted)}});
  }
  return Json(std::move(o));
}

}  // namespace attncalc
