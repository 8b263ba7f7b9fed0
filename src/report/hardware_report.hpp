// SPDX-License-Identifier: Apache-2.0
//
// What `attncalc hardware` says: the devices as a table, one with every figure's source and
// confidence, and what is implausible in files.
#pragma once

#include <vector>

#include "hardware/check_device.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

struct ListedDevices {
  std::vector<Device> devices;
};
Report hardware_report(const ListedDevices& listed);
Json hardware_json(const ListedDevices& listed);

Report device_report(const Machine& machine);
Json device_json(const Machine& machine);

Report hardware_check_report(const std::vector<CheckedDevice>& devices);
Json hardware_check_json(const std::vector<CheckedDevice>& devices);

}  // namespace attncalc
