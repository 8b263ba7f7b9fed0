// SPDX-License-Identifier: Apache-2.0
//
// /proc/cpuinfo, /proc/meminfo and /sys/devices/system/cpu. What is not there is left out; only
// without /proc/cpuinfo is there nothing to say.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "hardware/detect.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

template <class Number>
std::optional<Number> leading_number(std::string_view text) {
  Number value{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  return end.ec == std::errc() ? std::optional(value) : std::nullopt;
}

// "key   : value" or "key: value kB".
std::pair<std::string, std::string> split_line(const std::string& line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos) return {};
  const std::size_t key_end = line.find_last_not_of(" \t", colon - 1);
  const std::size_t value = line.find_first_not_of(" \t", colon + 1);
  return {colon == 0 ? std::string() : line.substr(0, key_end + 1),
          value == std::string::npos ? std::string() : line.substr(value)};
}

// --- /proc/cpuinfo -------------------------------------------------------------------------------

// A paragraph a hardware thread. On Arm there is no name, and cores are not told from threads.
struct CpuInfo {
  std::map<std::string, std::string> first;  // of the first thread
  std::set<std::pair<std::string, std::string>> cores;
  std::int64_t threads = 0;
  double most_megahertz = 0;
};

CpuInfo read_cpuinfo(std::istream& file) {
  CpuInfo out;
  std::string package;
  for (std::string line; std::getline(file, line);) {
    const auto [key, value] = split_line(line);
    if (key.empty()) continue;
    out.first.try_emplace(key, value);
    if (key == "processor") ++out.threads;
    if (key == "physical id") package = value;
    if (key == "core id") out.cores.emplace(package, value);
    if (key == "cpu MHz") {
      out.most_megahertz = std::max(out.most_megahertz, leading_number<double>(value).value_or(0));
    }
  }
  return out;
}

std::string value_of(const CpuInfo& info, const std::string& key) {
  const auto found = info.first.find(key);
  return found == info.first.end() ? std::string() : found->second;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

// --- /sys ----------------------------------------------------------------------------------------

// Linux writes the capacity as "32K"; each core lists the caches that it has a share in.
std::vector<CpuCache> read_caches(const fs::path& cpus) {
  std::map<int, std::map<std::string, Bytes>, std::greater<>> found;  // by level, by who shares it
  std::error_code error;
  for (const auto& cpu : fs::directory_iterator(cpus, error)) {
    for (const auto& index : fs::directory_iterator(cpu.path() / "cache", error)) {
      const auto level = leading_number<int>(first_line(index.path() / "level"));
      const auto size = leading_number<std::int64_t>(first_line(index.path() / "size"));
      if (!level || !size || first_line(index.path() / "type") == "Instruction") continue;
      found[*level][first_line(index.path() / "shared_cpu_list")] = kibibytes(*size);
    }
  }
  std::vector<CpuCache> out;
  for (const auto& [level, caches] : found) {
    CpuCache all{.level = level, .capacity = Bytes(0), .count = static_cast<int>(caches.size())};
    for (const auto& [shared, capacity] : caches) all.capacity += capacity;
    out.push_back(all);
  }
  return out;
}

void read_clock(const fs::path& cpus, const CpuInfo& info, CpuFacts& facts) {
  constexpr auto kilo = static_cast<double>(units::kilo);
  constexpr auto mega = static_cast<double>(units::mega);
  const std::string most = first_line(cpus / "cpu0" / "cpufreq" / "cpuinfo_max_freq");
  if (const auto kilohertz = leading_number<double>(most)) {
    facts.hertz = *kilohertz * kilo;
    facts.hertz_is_maximum = true;
  } else if (info.most_megahertz > 0) {
    facts.hertz = info.most_megahertz * mega;
  }
}

std::optional<Bytes> read_memory(const fs::path& meminfo) {
  std::ifstream file(meminfo);
  for (std::string line; std::getline(file, line);) {
    const auto [key, value] = split_line(line);
    if (key != "MemTotal") continue;
    const auto kib = leading_number<std::int64_t>(value);
    return kib ? std::optional(kibibytes(*kib)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<CpuFacts> read_cpu_facts(const std::string& root) {
  const fs::path base(root);
  std::ifstream cpuinfo(base / "proc" / "cpuinfo");
  if (!cpuinfo) {
    Problem problem = usage_problem("cannot read /proc/cpuinfo", "only Linux is known here");
    problem.exit_code = 3;
    return problem;
  }
  const CpuInfo info = read_cpuinfo(cpuinfo);
  const fs::path cpus = base / "sys" / "devices" / "system" / "cpu";
  CpuFacts facts;
  facts.name = value_of(info, "model name");
  facts.vendor = value_of(info, "vendor_id");
  facts.family = leading_number<int>(value_of(info, "cpu family")).value_or(0);
  facts.flags = words_of(value_of(info, "flags") + " " + value_of(info, "Features"));
  facts.cores = info.cores.empty() ? info.threads : static_cast<std::int64_t>(info.cores.size());
  facts.caches = read_caches(cpus);
  read_clock(cpus, info, facts);
  facts.memory = read_memory(base / "proc" / "meminfo");
  return facts;
}

}  // namespace attncalc
