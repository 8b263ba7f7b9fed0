// SPDX-License-Identifier: Apache-2.0
//
// Looking devices up. A name means the same on every machine: what looks like a path is a file,
// then comes the catalog, then any other file that exists.
#include "hardware/catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/nearest.hpp"
#include "base/packed.hpp"
#include "base/unit_text.hpp"
#include "hardware/read_device.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

bool exists(std::string_view path) {
  std::error_code ignored;
  return fs::exists(fs::path(path), ignored);
}

// A spec that can only be a path: if there is nothing, the error is about a file.
bool is_path(std::string_view spec) {
  return spec.ends_with(".yaml") || spec.ends_with(".yml") || spec.starts_with('/') ||
         spec.starts_with("./") || spec.starts_with("../");
}

struct Counted {
  std::optional<std::string_view> devices;  // "8" of "8xh100"
  std::string_view name;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Counted split_count(std::string_view spec) {
  const auto end = std::ranges::find_if_not(spec, is_digit);
  const auto digits = static_cast<std::size_t>(end - spec.begin());
  if (digits == 0 || digits + 1 >= spec.size()) return {std::nullopt, spec};
  if (spec[digits] != 'x' && spec[digits] != 'X') return {std::nullopt, spec};
  return {spec.substr(0, digits), spec.substr(digits + 1)};
}

Problem unknown_device(std::string_view spec) {
  const std::string near = did_you_mean(spec, device_spellings());
  return usage_problem(
      fmt::format("no device is named '{}'", spec),
      near.empty() ? "`attncalc hardware` lists the catalog; a YAML file will do, too" : near);
}

std::vector<Warning> warnings_about(const Device& device, std::string_view typed) {
  std::vector<Warning> out;
  for (const AmbiguousName& name : device.ambiguous) {
    if (catalog_key(name.alias) != catalog_key(typed)) continue;
    out.push_back({"ambiguous_device", fmt::format("{} is taken as {} ({}); there is also {}",
                                                   typed, device.id, device.name, name.others)});
  }
  if (device.illustrative) {
    out.push_back({"illustrative_device",
                   fmt::format("{} is no product: its figures illustrate a text", device.id)});
  }
  return out;
}

}  // namespace

std::vector<std::string_view> device_names() {
  std::vector<std::string_view> names;
  names.reserve(packed_hardware.entries.size());
  for (const PackedEntry& entry : packed_hardware.entries) {
    names.push_back(packed_hardware.string(entry.name));
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string_view> device_spellings() {
  std::vector<std::string_view> names;
  names.reserve(packed_hardware.names.size());
  for (const PackedName& name : packed_hardware.names) {
    names.push_back(packed_hardware.string(name.spelling));
  }
  return names;
}

std::optional<FoundDevice> find_device_in_catalog(std::string_view name) {
  const std::optional<std::size_t> entry = find_packed(packed_hardware, name);
  if (!entry) return std::nullopt;
  const std::string_view canonical = packed_hardware.string(packed_hardware.entries[*entry].name);
  return FoundDevice{unpack(packed_hardware, *entry), fmt::format("catalog:{}", canonical)};
}

Result<std::vector<Device>> catalog_devices() {
  std::vector<Device> out;
  for (const std::string_view name : device_names()) {
    Result<Device> device = read_device(find_device_in_catalog(name)->document);
    if (!device) return device.problems();
    out.push_back(*std::move(device));
  }
  return out;
}

Result<FoundDevice> find_device_file(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  Result<Document> document = parse_yaml(path, *std::move(text));
  if (!document) return document.problems();
  return FoundDevice{*std::move(document), path};
}

Result<FoundDevice> find_device(std::string_view spec) {
  if (spec.empty()) return usage_problem("--hw is empty", "`attncalc hardware` lists the catalog");
  if (is_path(spec)) return find_device_file(std::string(spec));
  if (std::optional<FoundDevice> entry = find_device_in_catalog(spec)) return *std::move(entry);
  if (exists(spec)) return find_device_file(std::string(spec));
  return unknown_device(spec);
}

Result<Machine> load_machine(std::string_view spec) {
  const Counted counted = split_count(spec);
  Machine machine;
  if (counted.devices) {
    const Result<std::int64_t> devices = parse_count(*counted.devices, "--hw");
    if (!devices) return devices.problems();
    machine.devices = *devices;
    machine.devices_given = true;
  }
  const Result<FoundDevice> found = find_device(counted.name);
  if (!found) return found.problems();
  Result<Device> device = read_device(found->document);
  if (!device) return device.problems();
  machine.device = *std::move(device);
  machine.source = found->source;
  if (machine.device.id.empty()) {
    machine.device.id = fs::path(found->source).stem().string();
    if (machine.device.name.empty()) machine.device.name = machine.device.id;
  }
  machine.warnings = warnings_about(machine.device, counted.name);
  return machine;
}

}  // namespace attncalc
