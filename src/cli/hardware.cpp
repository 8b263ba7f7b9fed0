// SPDX-License-Identifier: Apache-2.0
//
// `attncalc hardware`: list the devices, show one with its sources, check files for what tables of
// devices get wrong, write a profile of this machine.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.hpp"
#include "cli/sub_commands.hpp"
#include "cli/write.hpp"
#include "hardware/catalog.hpp"
#include "hardware/check_device.hpp"
#include "hardware/detect.hpp"
#include "hardware/write_device.hpp"
#include "report/hardware_report.hpp"

namespace attncalc {
namespace {

// --- list ----------------------------------------------------------------------------------------

bool is_listed(const Device& device, const std::vector<std::string>& words) {
  return std::ranges::all_of(words, [&](const std::string& w) {
    return device.id.find(w) != std::string::npos || device.device_class == w;
  });
}

Result<ListedDevices> list_devices(const std::vector<std::string>& words) {
  Result<std::vector<Device>> devices = catalog_devices();
  if (!devices) return devices.problems();
  ListedDevices out;
  for (Device& device : *devices) {
    if (is_listed(device, words)) out.devices.push_back(std::move(device));
  }
  if (!out.devices.empty()) return out;
  return usage_problem(
      fmt::format("no device in the catalog has '{}' in its name", fmt::join(words, "' and '")),
      did_you_mean(words.front(), device_spellings()));
}

int run_device_list(Args args, const Streams& streams) {
  OutputFlags output;
  std::vector<std::string> words;
  const Command command{
      .name = "attncalc hardware list",
      .summary = "The devices that are built in.",
      .about = "With words: those that have all of them in their name, or are of that class.",
      .positional = Positional{"WORD", &words, 0, any_number},
      .groups = {flag_group(output, CanExplain::no)},
      .examples = {{"every device", "attncalc hardware"},
                   {"all H100s", "attncalc hardware list h100"},
                   {"all CPUs", "attncalc hardware list cpu"}}};
  return run_command(command, output, args, streams, [&]() -> Result<Answer> {
    Result<ListedDevices> devices = list_devices(words);
    if (!devices) return devices.problems();
    return answer_of(*std::move(devices), hardware_report, hardware_json);
  });
}

// --- show ----------------------------------------------------------------------------------------

int run_device_show(Args args, const Streams& streams) {
  OutputFlags output;
  std::vector<std::string> names;
  const Command command{
      .name = "attncalc hardware show",
      .summary = "One device: every figure with its source and confidence.",
      .about = {},
      .positional = Positional{"DEVICE", &names, 1, 1},
      .groups = {flag_group(output, CanExplain::no)},
      .examples = {{"an entry of the catalog", "attncalc hardware show h100-sxm"},
                   {"a profile of your own", "attncalc hardware show ./mine.yaml"}}};
  return run_command(command, output, args, streams, [&]() -> Result<Answer> {
    Result<Machine> machine = load_machine(names.front());
    if (!machine) return machine.problems();
    return answer_of(*std::move(machine), device_report, device_json);
  });
}

// --- check ---------------------------------------------------------------------------------------

// Every file, or the whole catalog where none is named.
Result<std::vector<CheckedDevice>> check_devices(const std::vector<std::string>& files) {
  const Result<std::vector<Device>> catalog = catalog_devices();
  if (!catalog) return catalog.problems();
  std::vector<CheckedDevice> out;
  Gather problems;
  const auto check_found = [&](const Result<FoundDevice>& found) {
    Result<CheckedDevice> checked = found ? check_device(*found, *catalog) : found.problems();
    if (checked) {
      out.push_back(*std::move(checked));
    } else {
      problems.add(checked.problems());
    }
  };
  for (const std::string& file : files) check_found(find_device_file(file));
  if (files.empty()) {
    for (const std::string_view name : device_names()) check_found(*find_device_in_catalog(name));
  }
  if (problems.failed()) return problems.take_problems();
  return out;
}

int run_device_check(Args args, const Streams& streams) {
  OutputFlags output;
  std::vector<std::string> files;
  const Command command{
      .name = "attncalc hardware check",
      .summary = "Whether files are read, and what in them is implausible.",
      .about =
          "Peaks with sparsity, both directions of a link added up, GB for GiB, ratios between\n"
          "types that no device has, a prefix missing. Without a file, checks the catalog.\n"
          "Exit code 1: something is implausible; 2: a file cannot be read.",
      .positional = Positional{"FILE", &files, 0, any_number},
      .groups = {flag_group(output, CanExplain::no)},
      .examples = {{"a profile before it is used", "attncalc hardware check mine.yaml"},
                   {"the built-in catalog", "attncalc hardware check"}}};
  return run_command(command, output, args, streams, [&]() -> Result<Answer> {
    Result<std::vector<CheckedDevice>> devices = check_devices(files);
    if (!devices) return devices.problems();
    const bool holds = std::ranges::all_of(*devices, &CheckedDevice::holds);
    return answer_of(*std::move(devices), hardware_check_report, hardware_check_json,
                     holds ? 0 : 1);
  });
}

// --- detect --------------------------------------------------------------------------------------

Result<std::string> detected_profile() {
  const Result<CpuFacts> facts = read_cpu_facts();
  if (!facts) return facts.problems();
  return device_yaml(detected_device(*facts));
}

int run_detect(Args args, const Streams& streams) {
  std::optional<std::string> file;
  const Command command{
      .name = "attncalc hardware detect",
      .summary = "Writes a profile of this CPU, for --hw.",
      .about =
          "Cores, caches, memory and peaks worked out from the clock, with how. The bandwidth of\n"
          "memory is not in it: that can only be measured.",
      .positional = {},
      .groups = {{"output",
                  {{"--output", "FILE", "write to a file, whole or not at all", &file, "-o"}}}},
      .examples = {{"a profile to complete", "attncalc hardware detect -o mine.yaml"}}};
  if (asks_for_help(args)) {
    streams.out << help_text(command);
    return 0;
  }
  if (const auto problems = parse(command, args)) return deliver(*problems, streams);
  const Result<std::string> profile = detected_profile();
  if (!profile) return deliver(profile.problems(), streams);
  if (!file) {
    streams.out << *profile;
    return 0;
  }
  const std::optional<Problem> problem = write_file(*file, *profile);
  return problem ? deliver(Problems{*problem}, streams) : 0;
}

// --- which of them -------------------------------------------------------------------------------

constexpr SubCommand device_forms[] = {
    {"list", "the built-in devices (the default)", run_device_list},
    {"show", "one device with every figure's source", run_device_show},
    {"check", "what is implausible in files", run_device_check},
    {"detect", "writes a profile of this CPU", run_detect},
};

}  // namespace

int run_hardware(Args args, const Streams& streams) {
  return run_sub_command({.verb = "attncalc hardware",
                          .about = "The devices that are built in, and files of your own.",
                          .forms = device_forms},
                         args, streams);
}

}  // namespace attncalc
