// SPDX-License-Identifier: Apache-2.0
//
// Profiles of CPUs made from what Linux would say of them.
#include "hardware/detect.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/document.hpp"
#include "hardware/catalog.hpp"
#include "hardware/peaks.hpp"
#include "hardware/read_device.hpp"
#include "hardware/write_device.hpp"
#include "report/hardware_report.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

namespace fs = std::filesystem;

// A folder that looks like / of another machine.
class FakeRoot {
 public:
  FakeRoot()
      : path_(fs::temp_directory_path() / ("attncalc_fake_root_" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;
  ~FakeRoot() { fs::remove_all(path_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  void cache(int cpu, int index, const std::string& level, const std::string& type,
             const std::string& size, const std::string& shared) const {
    const std::string folder = "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/cache/index" +
                               std::to_string(index) + "/";
    write(folder + "level", level + "\n");
    write(folder + "type", type + "\n");
    write(folder + "size", size + "\n");
    write(folder + "shared_cpu_list", shared + "\n");
  }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// Two cores of two threads each.
std::string cpuinfo(const std::string& vendor, const std::string& family,
                    const std::string& flags) {
  std::string out;
  for (int thread = 0; thread < 4; ++thread) {
    out += "processor\t: " + std::to_string(thread) + "\nvendor_id\t: " + vendor +
           "\ncpu family\t: " + family + "\nmodel name\t: Test CPU @ 2.5\ncpu MHz\t\t: 2000.0\n" +
           "physical id\t: 0\ncore id\t\t: " + std::to_string(thread / 2) + "\nflags\t\t: fpu " +
           flags + "\n\n";
  }
  return out;
}

Device detected(const FakeRoot& root) {
  const Result<CpuFacts> facts = read_cpu_facts(root.path());
  REQUIRE(facts);
  return detected_device(*facts);
}

double rate(const Device& d, MathUnit unit, MathType in, MathType into) {
  const auto found = peak(d, unit, in, into);
  REQUIRE(found);
  return found->value;
}

}  // namespace

TEST_CASE("a server with AMX: tiles of 16 × 16 × 32, two units of 512 bits a core") {
  const FakeRoot root;
  root.write("proc/cpuinfo", cpuinfo("GenuineIntel", "6",
                                     "avx2 fma avx512f avx512_vnni avx512_bf16 amx_bf16 amx_int8"));
  root.write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
  root.write("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3500000\n");
  root.cache(0, 0, "1", "Data", "48K", "0-1");
  root.cache(0, 1, "1", "Instruction", "32K", "0-1");
  root.cache(0, 2, "2", "Unified", "2048K", "0-1");
  root.cache(0, 3, "3", "Unified", "30720K", "0-3");
  root.cache(2, 0, "1", "Data", "48K", "2-3");
  root.cache(2, 2, "2", "Unified", "2048K", "2-3");
  root.cache(2, 3, "3", "Unified", "30720K", "0-3");
  const Device d = detected(root);
  CHECK(d.name == "Test CPU @ 2.5");
  CHECK(d.memory.usable() == gibibytes(16));
  CHECK_FALSE(d.memory.bandwidth);
  // 2 cores × 3.5 GHz × 16 lanes × 2 units × 2; AMX: 1024 and 2048 FLOP a clock and core
  // (https://en.wikipedia.org/wiki/Advanced_Matrix_Extensions).
  CHECK(rate(d, MathUnit::vector, MathType::fp32, MathType::fp32) == 2 * 3.5e9 * 64);
  CHECK(rate(d, MathUnit::tensor, MathType::bf16, MathType::fp32) == 2 * 3.5e9 * 1024);
  CHECK(rate(d, MathUnit::tensor, MathType::int8, MathType::int32) == 2 * 3.5e9 * 2048);
  REQUIRE(d.levels.size() == 3);
  CHECK(d.levels[0].name == "llc");
  CHECK(d.levels[0].capacity == kibibytes(30720));
  CHECK(d.levels[1].capacity == kibibytes(2 * 2048));
  CHECK(d.levels[2].capacity == kibibytes(2 * 48));
}

TEST_CASE("Zen 4 does 512 bits in two steps; the clock is what it ran at where no more is told") {
  const FakeRoot root;
  root.write("proc/cpuinfo", cpuinfo("AuthenticAMD", "25", "avx2 fma avx512f avx512_bf16"));
  const Device d = detected(root);
  // 32 fp32 FLOP a clock and core, as in the catalog's EPYC 9654.
  CHECK(rate(d, MathUnit::vector, MathType::fp32, MathType::fp32) == 2 * 2e9 * 32);
  CHECK(rate(d, MathUnit::tensor, MathType::bf16, MathType::fp32) == 2 * 2e9 * 64);
  CHECK(d.peaks[0].from.basis ==
        "2 cores × 2 GHz (what it ran at) × AVX-512: 16 lanes × 1 unit (assumed) × 2 FLOP");
  CHECK_FALSE(d.memory.usable());
}

TEST_CASE("a core with AVX2 alone has two units of 256 bits and no tensor unit") {
  const FakeRoot root;
  root.write("proc/cpuinfo", cpuinfo("GenuineIntel", "6", "avx2 fma"));
  const Device d = detected(root);
  REQUIRE(d.peaks.size() == 1);
  CHECK(d.peaks[0].rate.value == 2 * 2e9 * 32);
}

TEST_CASE("an Arm core without a clock has no peaks, and is counted by its threads") {
  const FakeRoot root;
  root.write("proc/cpuinfo",
             "processor\t: 0\nFeatures\t: fp asimd asimddp\n\nprocessor\t: 1\n"
             "Features\t: fp asimd asimddp\n");
  const Result<CpuFacts> facts = read_cpu_facts(root.path());
  REQUIRE(facts);
  CHECK(facts->cores == 2);
  CHECK(detected_device(*facts).peaks.empty());
  CHECK(detected_device(*facts).name == "this CPU");
}

TEST_CASE("where there is no /proc, that is said, with exit code 3") {
  const Result<CpuFacts> facts = read_cpu_facts("/nowhere/at/all");
  REQUIRE_FALSE(facts);
  CHECK(facts.problems()[0].exit_code == 3);
}

TEST_CASE("what is written of a device reads as that device, for the whole catalog") {
  for (const std::string_view name : device_names()) {
    INFO(name);
    const Result<Machine> machine = load_machine(name);
    REQUIRE(machine);
    const Result<Document> document = parse_yaml("written.yaml", device_yaml(machine->device));
    REQUIRE(document);
    const Result<Device> device = read_device(*document);
    INFO((device ? std::string() : render(device.problems())));
    REQUIRE(device);
    Machine again = *machine;
    again.device = *device;
    CHECK(device_json(again).text() == device_json(*machine).text());
  }
}
