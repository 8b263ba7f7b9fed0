// SPDX-License-Identifier: Apache-2.0
//
// A device's YAML (docs/hardware.md) to a Device. Everything that is wrong is collected and placed;
// a key that is not known is an error with the nearest that is, since a mistyped key would
// otherwise be a ceiling that silently is not there.
#pragma once

#include <span>
#include <string_view>

#include "base/document.hpp"
#include "hardware/device.hpp"

namespace attncalc {

Result<Device> read_device(const Document& document);

// What an entry under `efficiency:` may be called, and what it is a fraction of.
struct EfficiencyName {
  std::string_view name;
  std::string_view meaning;
};
std::span<const EfficiencyName> efficiency_names();

// A cooling card clocks above its data sheet: fractions a little over 1 are real (GeForce, 1.10).
inline constexpr double largest_fraction = 1.1;

}  // namespace attncalc
