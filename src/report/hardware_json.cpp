// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc hardware`: schemas attncalc/hardware/1 (list), attncalc/device/1 (show) and
// attncalc/hardware-check/1 (check).
#include <nlohmann/json.hpp>

#include "hardware/peaks.hpp"
#include "report/common.hpp"
#include "report/hardware_report.hpp"
#include "report/json.hpp"

namespace attncalc {
namespace {

using json::Object;

void put_bytes_or_null(Object& o, const std::string& key, std::optional<Bytes> bytes) {
  if (!bytes) {
    o[key] = nullptr;
    return;
  }
  json::put(o, key, bytes->value.value);
}

template <class Rate>
void put_rate_or_null(Object& o, const std::string& key, const std::optional<Rate>& rate) {
  if (!rate) {
    o[key] = nullptr;
    return;
  }
  json::put_real(o, key, rate->value);
}

std::optional<FlopsPerSecond> rate_if_any(const Peak* peak) {
  return peak ? std::optional(peak->rate) : std::nullopt;
}

Object device_summary(const Device& d) {
  Object o{{"name", d.id}, {"title", d.name}};
  json::put_or_null(o, "class", d.device_class);
  json::put_or_null(o, "vendor", d.vendor);
  put_bytes_or_null(o, "memory_bytes", d.memory.usable());
  put_rate_or_null(o, "memory_bytes_per_second", d.memory.bandwidth);
  put_rate_or_null(o, "peak_flops_per_second", rate_if_any(sixteen_bit_peak(d)));
  put_rate_or_null(o, "fp8_flops_per_second",
                   peak(d, MathUnit::tensor, MathType::fp8, MathType::fp32));
  put_rate_or_null(o, "ridge_flops_per_byte", ridge(d));
  o["illustrative"] = d.illustrative;
  o["confidence"] = word_of(d.confidence);
  return o;
}

void put_provenance(Object& o, const Provenance& from) {
  o["source"] = from.sources;
  o["confidence"] = word_of(from.confidence);
  if (!from.basis.empty()) o["basis"] = from.basis;
}

Object device_memory_object(const DeviceMemory& memory) {
  Object o;
  json::put_or_null(o, "type", memory.type);
  put_bytes_or_null(o, "physical_bytes", memory.physical);
  put_bytes_or_null(o, "visible_bytes", memory.visible);
  put_rate_or_null(o, "bytes_per_second", memory.bandwidth);
  put_provenance(o, memory.from);
  return o;
}

Object device_levels_array(const Device& d) {
  Object list = Object::array();
  for (const MemoryLevel& level : d.levels) {
    Object o{{"name", level.name}};
    put_bytes_or_null(o, "bytes", level.capacity);
    put_rate_or_null(o, "bytes_per_second", level.bandwidth);
    put_provenance(o, level.from);
    list.push_back(std::move(o));
  }
  return list;
}

Object device_peaks_array(const Device& d) {
  Object list = Object::array();
  for (const Peak& p : d.peaks) {
    Object o{
        {"unit", word_of(p.unit)}, {"in", word_of(p.in)}, {"accumulate", word_of(p.accumulate)}};
    json::put_real(o, "flops_per_second", p.rate.value);
    put_provenance(o, p.from);
    list.push_back(std::move(o));
  }
  return list;
}

Object device_link_object(const std::optional<Link>& link) {
  if (!link) return nullptr;
  Object o;
  json::put_or_null(o, "name", link->name);
  json::put_real(o, "each_way_bytes_per_second", link->rate.value);
  put_rate_or_null(o, "one_peer_bytes_per_second", link->rate_to_one_peer);
  o["topology"] = word_of(link->topology);
  o["domain"] = link->domain ? Object(*link->domain) : Object(nullptr);
  put_provenance(o, link->from);
  return o;
}

Object device_exp_object(const Device& d) {
  if (!d.exp_rate) return nullptr;
  Object o;
  json::put_real(o, "exponentials_per_second", d.exp_rate->value);
  put_provenance(o, d.exp_from);
  return o;
}

Object device_power_object(const Device& d) {
  if (!d.watts) return nullptr;
  Object o;
  json::put_real(o, "watts", *d.watts);
  put_provenance(o, d.watts_from);
  return o;
}

Object device_price_object(const Device& d) {
  if (!d.price) return nullptr;
  Object o;
  json::put_real(o, "usd_per_hour", d.price->usd_per_hour);
  o["as_of"] = d.price->as_of;
  put_provenance(o, d.price->from);
  return o;
}

Object device_efficiencies_array(const Device& d) {
  Object list = Object::array();
  for (const Efficiency& e : d.efficiencies) {
    Object o{{"name", e.name}};
    json::put_real(o, "fraction", e.fraction);
    o["basis"] = word_of(e.basis);
    json::put_or_null(o, "what", e.what);
    json::put_or_null(o, "source", e.source);
    list.push_back(std::move(o));
  }
  return list;
}

Object device_object(const Device& d) {
  Object o = device_summary(d);
  o["aliases"] = d.aliases;
  o["year"] = d.year ? Object(*d.year) : Object(nullptr);
  o["memory"] = device_memory_object(d.memory);
  o["levels"] = device_levels_array(d);
  o["peaks"] = device_peaks_array(d);
  o["exp"] = device_exp_object(d);
  o["links"] =
      Object{{"scale_up", device_link_object(d.scale_up)}, {"host", device_link_object(d.host)}};
  o["power"] = device_power_object(d);
  o["price"] = device_price_object(d);
  o["efficiency"] = device_efficiencies_array(d);
  o["sources"] = Object::object();
  for (const DeviceSource& s : d.sources) o["sources"][s.name] = s.text;
  o["notes"] = d.notes;
  return o;
}

Object device_findings_array(const CheckedDevice& d) {
  Object list = Object::array();
  for (const Problem& p : d.findings) {
    list.push_back(
        {{"line", p.at.line}, {"column", p.at.column}, {"finding", p.message}, {"hint", p.hint}});
  }
  return list;
}

}  // namespace

Json hardware_json(const ListedDevices& listed) {
  Object o = json::opening("attncalc/hardware/1");
  o["devices"] = Object::array();
  for (const Device& d : listed.devices) o["devices"].push_back(device_summary(d));
  return Json(std::move(o));
}

Json device_json(const Machine& machine) {
  Object o = json::opening("attncalc/device/1");
  o["device"] = device_object(machine.device);
  o["source"] = machine.source;
  json::put(o, "devices", machine.devices);
  o["warnings"] = Object::array();
  for (const Warning& w : machine.warnings) {
    o["warnings"].push_back({{"code", w.code}, {"text", w.text}});
  }
  return Json(std::move(o));
}

Json hardware_check_json(const std::vector<CheckedDevice>& devices) {
  Object o = json::opening("attncalc/hardware-check/1");
  bool all = true;
  o["devices"] = Object::array();
  for (const CheckedDevice& d : devices) {
    all = all && d.holds();
    Object one{{"file", d.file}, {"device", device_summary(d.device)}};
    one["findings"] = device_findings_array(d);
    one["ok"] = d.holds();
    o["devices"].push_back(std::move(one));
  }
  o["ok"] = all;
  return Json(std::move(o));
}

}  // namespace attncalc
