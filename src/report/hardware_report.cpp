// SPDX-License-Identifier: Apache-2.0
//
// Devices for people. Rates are in decimal prefixes as data sheets have them, memory in binary
// ones.
#include "report/hardware_report.hpp"

#include <fmt/format.h>

#include "hardware/peaks.hpp"
#include "report/common.hpp"

namespace attncalc {
namespace {

std::string in_a_list(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

template <class E>
std::string word_text(E value) {
  return std::string(word_of(value));
}

// --- list ----------------------------------------------------------------------------------------

constexpr std::string_view device_list_note =
    "peaks are dense, TFLOP/s; 16-bit: bf16 into fp32, or what comes nearest; ridge: FLOPs a byte";

constexpr auto giga = static_cast<double>(units::giga);
constexpr auto tera = static_cast<double>(units::tera);

// In a column that is headed by its unit, and still right-aligned.
Cell short_number(std::optional<double> value) {
  constexpr double whole_from = units::kilo;  // 80000, not 8e+04
  if (!value) return Cell();
  return fmt::format(fmt::runtime(*value < whole_from ? "{:.4g}" : "{:.0f}"), *value);
}

std::optional<double> rate_in(const Peak* peak, double unit) {
  return peak ? std::optional(peak->rate.value / unit) : std::nullopt;
}
std::optional<double> bandwidth_of(const Device& d, double unit) {
  const auto& rate = d.memory.bandwidth;
  return rate ? std::optional(rate->value / unit) : std::nullopt;
}
std::optional<double> ridge_of(const Device& d) {
  const std::optional<FlopsPerByte> found = ridge(d);
  return found ? std::optional(found->value) : std::nullopt;
}
const Peak* fp8_of(const Device& d) {
  const Peak* into_fp32 = nullptr;
  for (const Peak& p : d.peaks) {
    const bool is_it = p.unit == MathUnit::tensor && p.in == MathType::fp8;
    if (is_it && p.accumulate == MathType::fp32) into_fp32 = &p;
  }
  return into_fp32;
}

Cell cell_of(std::optional<Bytes> bytes) { return bytes ? Cell(bytes->value.value) : Cell(); }
Cell real_cell(std::optional<double> value) { return value ? number_cell(*value) : Cell(); }

Table device_rows(const std::vector<Device>& devices) {
  Table out;
  out.columns = {{"name", "name", Unit::text},
                 {"class", "class", Unit::text},
                 {"memory_bytes", "memory", Unit::bytes, false},
                 {"memory_bytes_per_second", "GB/s", Unit::count},
                 {"peak_flops_per_second", "16-bit", Unit::count},
                 {"fp8_flops_per_second", "fp8", Unit::count},
                 {"ridge_flops_per_byte", "ridge", Unit::count}};
  for (const Device& d : devices) {
    out.rows.push_back({d.id, d.device_class, cell_of(d.memory.usable()),
                        short_number(bandwidth_of(d, giga)),
                        short_number(rate_in(sixteen_bit_peak(d), tera)),
                        short_number(rate_in(fp8_of(d), tera)), short_number(ridge_of(d))});
  }
  return out;
}

// The same in base units.
Table device_record(const std::vector<Device>& devices) {
  Table out = device_rows(devices);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const Device& d = devices[i];
    out.rows[i] = {d.id,
                   d.device_class,
                   cell_of(d.memory.usable()),
                   real_cell(bandwidth_of(d, 1)),
                   real_cell(rate_in(sixteen_bit_peak(d), 1)),
                   real_cell(rate_in(fp8_of(d), 1)),
                   real_cell(ridge_of(d))};
  }
  return out;
}

// --- show ----------------------------------------------------------------------------------------

// Every figure of a device as a row: what it is, as people say it, and in base units.
class FigureRows {
 public:
  FigureRows() {
    shown_.columns = {{"figure", "figure", Unit::text},
                      {"value", "value", Unit::count},
                      {"confidence", "confidence", Unit::text},
                      {"source", "source", Unit::text},
                      {"basis", "basis", Unit::text}};
    exact_.columns = {{"figure", {}, Unit::text}, {"value", {}, Unit::count},
                      {"unit", {}, Unit::text},   {"confidence", {}, Unit::text},
                      {"source", {}, Unit::text}, {"basis", {}, Unit::text}};
  }

  void add(std::string figure, Bytes bytes, const Provenance& from) {
    add(std::move(figure), format_bytes(bytes, UnitStyle::iec), bytes.value.value, "bytes", from);
  }
  void add(std::string figure, BytesPerSecond rate, const Provenance& from) {
    add(std::move(figure), format_rate(rate), number_cell(rate.value), "bytes per second", from);
  }
  void add(std::string figure, FlopsPerSecond rate, const Provenance& from) {
    add(std::move(figure), format_rate(rate), number_cell(rate.value), "FLOP per second", from);
  }
  template <class Value>
  void add(std::string figure, const std::optional<Value>& value, const Provenance& from) {
    if (value) add(std::move(figure), *value, from);
  }
  void add(std::string figure, const std::string& shown, const Cell& value, const char* unit,
           const Provenance& from) {
    const std::string confidence = word_text(from.confidence);
    const std::string sources = in_a_list(from.sources);
    exact_.rows.push_back({figure, value, std::string(unit), confidence, sources, from.basis});
    shown_.rows.push_back({std::move(figure), shown, confidence, sources, from.basis});
  }

  const Table& shown() const { return shown_; }
  const Table& exact() const { return exact_; }

 private:
  Table shown_, exact_;
};

void add_link(FigureRows& rows, const std::optional<Link>& link, std::string_view what) {
  if (!link) return;
  const std::string name = link->name.empty() ? std::string(what) : link->name;
  rows.add(name + ", each way", link->rate, link->from);
  rows.add(name + ", to one peer", link->rate_to_one_peer, link->from);
}

FigureRows device_figures(const Device& d) {
  FigureRows rows;
  rows.add("memory", d.memory.physical, d.memory.from);
  rows.add("memory that is visible", d.memory.visible, d.memory.from);
  rows.add("memory bandwidth", d.memory.bandwidth, d.memory.from);
  for (const MemoryLevel& level : d.levels) {
    Provenance of_capacity = level.from;
    if (level.bandwidth) of_capacity.basis.clear();  // it is about the rate
    rows.add(level.name, level.capacity, of_capacity);
    rows.add(level.name + " bandwidth", level.bandwidth, level.from);
  }
  for (const Peak& p : d.peaks) {
    rows.add(
        fmt::format("{} {} into {}", word_text(p.unit), word_text(p.in), word_text(p.accumulate)),
        p.rate, p.from);
  }
  if (d.exp_rate) {
    std::string shown = format_rate(*d.exp_rate);
    shown.replace(shown.find("FLOP"), std::string_view("FLOP").size(), "exp");
    rows.add("exponentials", shown, number_cell(d.exp_rate->value), "per second", d.exp_from);
  }
  add_link(rows, d.scale_up, "link");
  add_link(rows, d.host, "host link");
  if (d.watts) {
    rows.add("power", fmt::format("{:g} W", *d.watts), number_cell(*d.watts), "watts",
             d.watts_from);
  }
  if (d.price) {
    rows.add(fmt::format("an hour, as of {}", d.price->as_of),
             fmt::format("${:.4g}", d.price->usd_per_hour), number_cell(d.price->usd_per_hour),
             "usd per hour", d.price->from);
  }
  return rows;
}

Table reachable(const Device& d) {
  Table out;
  out.title = "what is reachable of it";
  out.columns = {{"name", "name", Unit::text},
                 {"fraction", "fraction", Unit::count},
                 {"basis", "basis", Unit::text},
                 {"what", "what", Unit::text},
                 {"source", "source", Unit::text}};
  for (const Efficiency& e : d.efficiencies) {
    out.rows.push_back(
        {e.name, fmt::format("{:.3g}", e.fraction), word_text(e.basis), e.what, e.source});
  }
  return out;
}

Notes sources_of_device(const Device& d) {
  Notes out{"sources", {}};
  for (const DeviceSource& s : d.sources) out.items.push_back(s.name + ": " + s.text);
  return out;
}

Notes machine_warnings(const Machine& machine) {
  Notes out{"warnings", {}};
  for (const Warning& warning : machine.warnings) out.items.push_back(warning.text);
  return out;
}

std::string link_text(const Device& d) {
  if (!d.scale_up || d.scale_up->topology == Topology::none) return {};
  const std::string joins =
      d.scale_up->domain ? fmt::format(" of {}", *d.scale_up->domain) : std::string();
  return fmt::format("{}: {}{}", d.scale_up->name, word_text(d.scale_up->topology), joins);
}

Paragraph device_introduction(const Machine& machine) {
  const Device& d = machine.device;
  Paragraph out;
  std::string line = d.device_class;
  if (d.year) line += fmt::format(", {}", *d.year);
  if (!d.memory.type.empty()) line += ", " + d.memory.type;
  if (const auto found = ridge_of(d)) line += fmt::format(", ridge at {:.4g} FLOPs a byte", *found);
  out.lines.push_back(line);
  if (machine.devices_given) out.lines.push_back(fmt::format("{} devices", machine.devices));
  if (const std::string link = link_text(d); !link.empty()) out.lines.push_back(link);
  if (!d.aliases.empty()) out.lines.push_back("also: " + in_a_list(d.aliases));
  return out;
}

// --- check ---------------------------------------------------------------------------------------

Table checked_devices(const std::vector<CheckedDevice>& devices) {
  Table out;
  out.columns = {{"file", "file", Unit::text},
                 {"device", "device", Unit::text},
                 {"findings", "findings", Unit::count}};
  for (const CheckedDevice& d : devices) {
    out.rows.push_back({d.file, d.device.name, static_cast<std::int64_t>(d.findings.size())});
  }
  return out;
}

Notes findings_in(const CheckedDevice& d) {
  Notes out{d.file, {}};
  for (const Problem& p : d.findings) {
    out.items.push_back(
        fmt::format("{}:{}:{}: {}; {}", p.at.file, p.at.line, p.at.column, p.message, p.hint));
  }
  return out;
}

Table findings_record(const std::vector<CheckedDevice>& devices) {
  Table out;
  out.columns = {{"file", {}, Unit::text},
                 {"line", {}, Unit::count},
                 {"column", {}, Unit::count},
                 {"finding", {}, Unit::text},
                 {"hint", {}, Unit::text}};
  for (const CheckedDevice& d : devices) {
    for (const Problem& p : d.findings) {
      out.rows.push_back(
          {p.at.file, std::int64_t{p.at.line}, std::int64_t{p.at.column}, p.message, p.hint});
    }
  }
  return out;
}

}  // namespace

Report hardware_report(const ListedDevices& listed) {
  Report report;
  report.title = counted(static_cast<std::int64_t>(listed.devices.size()), "device");
  report.blocks.push_back(Paragraph{{std::string(device_list_note)}});
  report.blocks.push_back(device_rows(listed.devices));
  report.record = device_record(listed.devices);
  return report;
}

Report device_report(const Machine& machine) {
  const Device& d = machine.device;
  const FigureRows figures = device_figures(d);
  Report report;
  report.title = fmt::format("{} ({})", d.name, machine.source);
  report.blocks.push_back(device_introduction(machine));
  report.blocks.push_back(figures.shown());
  if (!d.efficiencies.empty()) report.blocks.push_back(reachable(d));
  add_if_any(sources_of_device(d), report.blocks);
  add_if_any(Notes{"notes", d.notes}, report.blocks);
  add_if_any(machine_warnings(machine), report.blocks);
  report.record = figures.exact();
  return report;
}

Report hardware_check_report(const std::vector<CheckedDevice>& devices) {
  std::int64_t findings = 0;
  for (const CheckedDevice& d : devices) findings += static_cast<std::int64_t>(d.findings.size());
  Report report;
  report.title = fmt::format("{}, {}", counted(static_cast<std::int64_t>(devices.size()), "device"),
                             findings == 0 ? "nothing implausible" : counted(findings, "finding"));
  report.blocks.push_back(checked_devices(devices));
  for (const CheckedDevice& d : devices) add_if_any(findings_in(d), report.blocks);
  report.record = findings_record(devices);
  return report;
}

}  // namespace attncalc
