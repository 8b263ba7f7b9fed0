// SPDX-License-Identifier: Apache-2.0
//
// A Device as the YAML that read_device() reads: what `hardware detect` writes, and whoever
// measures a machine. Reading it back gives the same device.
#pragma once

#include <string>

#include "hardware/device.hpp"

namespace attncalc {

std::string device_yaml(const Device& device);

}  // namespace attncalc
