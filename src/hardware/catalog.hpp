// SPDX-License-Identifier: Apache-2.0
//
// The compiled-in catalog of devices (hardware/*.yaml), and what --hw names: an entry or alias, so
// many of one (`8xh100-sxm`), or a YAML file. An alias that several parts go by is taken as the
// most common of them, with a warning.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.hpp"
#include "hardware/device.hpp"

namespace attncalc {

// Every canonical name, sorted.
std::vector<std::string_view> device_names();
// Every name and alias, for "did you mean".
std::vector<std::string_view> device_spellings();

// All of them, in the order of their names.
Result<std::vector<Device>> catalog_devices();

struct FoundDevice {
  Document document;
  std::string source;  // "catalog:h100-sxm", or the file
};
std::optional<FoundDevice> find_device_in_catalog(std::string_view name);
Result<FoundDevice> find_device_file(const std::string& path);
// A path or a name, without a number of devices before it.
Result<FoundDevice> find_device(std::string_view spec);

// "h100-sxm", "8xh100-sxm", "mine.yaml", "4xmine.yaml".
Result<Machine> load_machine(std::string_view spec);

}  // namespace attncalc
