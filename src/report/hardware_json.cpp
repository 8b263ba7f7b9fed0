// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc hardware`: schemas attncalc/hardware/1 (list), attncalc/device/1 (show) and
// attncalc/hardware-check/1 (check).
#include <nlohmann/json.hpp>

#include "hardware/peaks.hpp"
#include "report/hardware_report.hpp"
#include "report/json.hpp"

namespace attncalc {
namespace {

using json::Object;

template <class E>
std::string_view word(E value) {
  return words(value)[static_cast<std::size_t>(value)];
}

void put_bytes(Object& o, const std::string& key, std::optional<Bytes> bytes) {
  if (!bytes) {
    o[key] = nullptr;
    return;
  }
  json::put(o, key, bytes->value.value);
}

template <class Rate>
void put_rate(Object& o, const std::string& key, const std::optional<Rate>& rate) {
  if (!rate) {
    o[key] = nullptr;
    return;
  }
  json::put_real(o, key, rate->value);
}

std::optional<FlopsPerSecond> rate_of(const Peak* peak) {
  return peak ? std::optional(peak->rate) : std::nullopt;
}

Object summary_object(const Device& d) {
  Object o{{"name", d.id}, {"title", d.name}};
  json::put_or_null(o, "class", d.device_class);
  json::put_or_null(o, "vendor", d.vendor);
  put_bytes(o, "memory_bytes", d.memory.usable());
  put_rate(o, "memory_bytes_per_second", d.memory.bandwidth);
  put_rate(o, "peak_flops_per_second", rate_of(sixteen_bit_peak(d)));
  put_rate(o, "fp8_flops_per_second", peak(d, MathUnit::tensor, MathType::fp8, MathType::fp32));
  put_rate(o, "ridge_flops_per_byte", ridge(d));
  o["illustrative"] = d.illustrative;
  o["confidence"] = word(d.confidence);
  return o;
}

void put_from(Object& o, const Provenance& from) {
  o["source"] = from.sources;
  o["confidence"] = word(from.confidence);
  if (!from.basis.empty()) o["basis"] = from.basis;
}

Object memory_object(const DeviceMemory& memory) {
  Object o;
  json::put_or_null(o, "type", memory.type);
  put_bytes(o, "physical_bytes", memory.physical);
  put_bytes(o, "visible_bytes", memory.visible);
  put_rate(o, "bytes_per_second", memory.bandwidth);
  put_from(o, memory.from);
  return o;
}

Object levels_array(const Device& d) {
  Object list = Object::array();
  for (const MemoryLevel& level : d.levels) {
    Object o{{"name", level.name}};
    put_bytes(o, "bytes", level.capacity);
    put_rate(o, "bytes_per_second", level.bandwidth);
    put_from(o, level.from);
    list.push_back(std::move(o));
  }
  return list;
}

Object peaks_array(const Device& d) {
  Object list = Object::array();
  for (const Peak& p : d.peaks) {
    Object o{{"unit", word(p.unit)}, {"in", word(p.in)}, {"accumulate", word(p.accumulate)}};
    json::put_real(o, "flops_per_second", p.rate.value);
    put_from(o, p.from);
    list.push_back(std::move(o));
  }
  return list;
}

Object link_object(const std::optional<Link>& link) {
  if (!link) return nullptr;
  Object o;
  json::put_or_null(o, "name", link->name);
  json::put_real(o, "each_way_bytes_per_second", link->rate.value);
  put_rate(o, "one_peer_bytes_per_second", link->rate_to_one_peer);
  o["topology"] = word(link->topology);
  o["domain"] = link->domain ? Object(*link->domain) : Object(nullptr);
  put_from(o, link->from);
  return o;
}

Object exp_object(const Device& d) {
  if (!d.exp_rate) return nullptr;
  Object o;
  json::put_real(o, "exponentials_per_second", d.exp_rate->value);
  put_from(o, d.exp_from);
  return o;
}

Object power_object(const Device& d) {
  if (!d.watts) return nullptr;
  Object o;
  json::put_real(o, "watts", *d.watts);
  put_from(o, d.watts_from);
  return o;
}

Object price_object(const Device& d) {
  if (!d.price) return nullptr;
  Object o;
  json::put_real(o, "usd_per_hour", d.price->usd_per_hour);
  o["as_of"] = d.price->as_of;
  put_from(o, d.price->from);
  return o;
}

Object efficiencies_array(const Device& d) {
  Object list = Object::array();
  for (const Efficiency& e : d.efficiencies) {
    Object o{{"name", e.name}};
    json::put_real(o, "fraction", e.fraction);
    o["basis"] = word(e.basis);
    json::put_or_null(o, "what", e.what);
    json::put_or_null(o, "source", e.source);
    list.push_back(std::move(o));
  }
  return list;
}

Object device_object(const Device& d) {
  Object o = summary_object(d);
  o["aliases"] = d.aliases;
  o["year"] = d.year ? Object(*d.year) : Object(nullptr);
  o["memory"] = memory_object(d.memory);
  o["levels"] = levels_array(d);
  o["peaks"] = peaks_array(d);
  o["exp"] = exp_object(d);
  o["links"] = Object{{"scale_up", link_object(d.scale_up)}, {"host", link_object(d.host)}};
  o["power"] = power_object(d);
  o["price"] = price_object(d);
  o["efficiency"] = efficiencies_array(d);
  o["sources"] = Object::object();
  for (const DeviceSource& s : d.sources) o["sources"][s.name] = s.text;
  o["notes"] = d.notes;
  return o;
}

Object findings_array(const CheckedDevice& d) {
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
  for (const Device& d : listed.devices) o["devices"].push_back(summary_object(d));
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
    Object one{{"file", d.file}, {"device", summary_object(d.device)}};
    one["findings"] = findings_array(d);
    one["ok"] = d.holds();
    o["devices"].push_back(std::move(one));
  }
  o["ok"] = all;
  return Json(std::move(o));
}

}  // namespace attncalc
