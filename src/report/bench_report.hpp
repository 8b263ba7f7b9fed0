// SPDX-License-Identifier: Apache-2.0
//
// What `attncalc bench` measured, for people, for programs and as a device's profile.
#pragma once

#include <string>

#include "kernels/bench.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

Report bench_report(const BenchAnswer& answer);
Json bench_json(const BenchAnswer& answer);

// A profile that --hw takes (docs/hardware.md): the measured ceilings of all cores.
std::string bench_profile(const BenchAnswer& answer, const std::string& name);

}  // namespace attncalc
