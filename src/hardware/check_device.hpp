// SPDX-License-Identifier: Apache-2.0
//
// What tables of devices get wrong again and again, found in a file that reads well: a peak with
// structured sparsity, a link's two directions added up, GB for GiB, a prefix missing. Each rule is
// about figures that hold each other down (two types of one unit, the bytes and the bandwidth, a
// device of the catalog with the same memory); a `why:` at a peak is an answer to its ratio.
// docs/hardware.md lists them.
#pragma once

#include "hardware/catalog.hpp"

namespace attncalc {

struct CheckedDevice {
  std::string file;
  Device device;
  Problems findings;  // placed; empty: all is plausible

  bool holds() const { return findings.empty(); }
};

// Errors: what read_device() refuses. `catalog`: what the device may be compared with.
Result<CheckedDevice> check_device(const FoundDevice& found, const std::vector<Device>& catalog);

}  // namespace attncalc
