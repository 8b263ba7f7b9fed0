// SPDX-License-Identifier: Apache-2.0
//
// The JSON of `attncalc roofline`, schema attncalc/roofline/1: what `cost` prints, and times.
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/common.hpp"
#include "report/cost_objects.hpp"
#include "report/roofline_report.hpp"

namespace attncalc {
namespace {

using json::Object;

template <class Q>
Object real_or_null(const std::optional<Q>& quantity) {
  if constexpr (std::is_same_v<Q, double>) {
    return quantity ? Object(*quantity) : Object(nullptr);
  } else {
    return quantity ? Object(quantity->value) : Object(nullptr);
  }
}

Object levels_array(const Device& device) {
  Object list = Object::array();
  for (const MemoryLevel& level : device.levels) {
    Object o{{"name", level.name}};
    json::put(o, "bytes", level.capacity.value.value);
    o["bytes_per_second"] = real_or_null(level.bandwidth);
    list.push_back(std::move(o));
  }
  return list;
}

Object machine_object(const RooflineAnswer& a) {
  const MachineFacts& m = a.machine;
  const Device& d = m.machine.device;
  Object o{{"name", d.id}, {"device", d.name}, {"source", m.machine.source}};
  json::put(o, "devices", m.machine.devices);
  o["peak"] = m.peak_name.empty() ? Object(nullptr) : Object(m.peak_name);
  o["peak_flops_per_second"] = real_or_null(m.peak);
  o["bound_peak"] = m.bound_peak_name.empty() ? Object(nullptr) : Object(m.bound_peak_name);
  o["memory_bytes_per_second"] = real_or_null(d.memory.bandwidth);
  o["ridge_flops_per_byte"] = real_or_null(m.ridge);
  if (m.memory) {
    json::put(o, "memory_bytes", m.memory->value.value);
  } else {
    o["memory_bytes"] = nullptr;
  }
  o["levels"] = levels_array(d);
  o["link_bytes_per_second"] = d.scale_up ? Object(d.scale_up->rate.value) : Object(nullptr);
  o["watts"] = real_or_null(d.watts);
  o["usd_per_hour"] = real_or_null(m.usd_per_hour);
  json::put_or_null(o, "price_source", m.price_source);
  o["illustrative"] = d.illustrative;
  return o;
}

// Rates of both phases, under the contract's names; what the run does not say is null.
Object rates_object(const Rates* prompt, const Rates* step) {
  Object o;
  const auto number = [](const Rates* r, auto&& of) {
    return r ? Object(of(*r)) : Object(nullptr);
  };
  const auto maybe = [](const Rates* r, std::optional<double> Rates::*of) {
    return r ? real_or_null(r->*of) : Object(nullptr);
  };
  o["ttft_seconds"] = number(prompt, [](const Rates& r) { return r.seconds.value; });
  o["tpot_seconds"] = number(step, [](const Rates& r) { return r.seconds.value; });
  o["input_tokens_per_second"] = number(prompt, [](const Rates& r) { return r.tokens_per_second; });
  o["output_tokens_per_second"] = number(step, [](const Rates& r) { return r.tokens_per_second; });
  o["output_tokens_per_second_per_sequence"] =
      number(step, [](const Rates& r) { return r.per_sequence; });
  o["output_tokens_per_second_per_device"] =
      number(step, [](const Rates& r) { return r.per_device; });
  o["usd_per_million_input_tokens"] = maybe(prompt, &Rates::usd_per_million_tokens);
  o["usd_per_million_output_tokens"] = maybe(step, &Rates::usd_per_million_tokens);
  const Rates* shown = step ? step : prompt;
  o["joules_per_token"] = maybe(shown, &Rates::joules_per_token);
  o["mfu"] = maybe(shown, &Rates::mfu);
  o["mbu"] = maybe(shown, &Rates::mbu);
  return o;
}

const TimedPass* pass_in(const RooflineAnswer& a, Phase phase) {
  if (a.pass.phase == phase) return &a.pass;
  return a.prompt && a.prompt->phase == phase ? &*a.prompt : nullptr;
}

Object totals_object(const RooflineAnswer& a) {
  const TimedPass& p = a.pass;
  Object o = json::totals_object(p.figures.totals, a.cost.all_devices);
  o["bound_seconds"] = p.bound.seconds.value;
  o["bound_by"] = word_of(p.bound.bound);
  o["serial_seconds"] = p.times.serial.value;
  o["estimate"] = {{"seconds", p.estimate.seconds.value},
                   {"low_seconds", p.estimate.low.value},
                   {"high_seconds", p.estimate.high.value},
                   {"basis", p.estimate.basis}};
  const TimedPass* prompt = pass_in(a, Phase::prefill);
  const TimedPass* step = pass_in(a, Phase::decode);
  const Object expected =
      rates_object(prompt ? &prompt->at_estimate : nullptr, step ? &step->at_estimate : nullptr);
  o.update(expected);
  const auto rates_at = [&](Rates TimedPass::*at) {
    return rates_object(prompt ? &(prompt->*at) : nullptr, step ? &(step->*at) : nullptr);
  };
  o["at_bound"] = rates_at(&TimedPass::at_bound);
  o["at_serial"] = rates_at(&TimedPass::at_serial);
  return o;
}

Object ops_array(const RooflineAnswer& a) {
  Object list = Object::array();
  const std::vector<Op>& ops = a.pass.figures.ops;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    const RowTime& row = a.pass.times.rows[i];
    Object o = json::op_object(a.cost, ops[i]);
    o["time_seconds"] = row.seconds.value;
    o["bound"] = word_of(row.bound);
    o["ceilings"] = {{"compute_seconds", row.compute.value},
                     {"vector_seconds", row.vector.value},
                     {"memory_seconds", row.memory.value},
                     {"link_seconds", row.link.value},
                     {"overhead_seconds", row.overhead.value}};
    o["estimate_seconds"] = a.pass.estimated_rows[i].value;
    list.push_back(std::move(o));
  }
  return list;
}

Object switches_array(const RooflineAnswer& a) {
  Object list = Object::array();
  for (const SwitchPoint& s : a.switches) {
    list.push_back(
        {{"along", s.along}, {"at", s.at}, {"from", word_of(s.from)}, {"to", word_of(s.to)}});
  }
  return list;
}

}  // namespace

Json roofline_json(const RooflineAnswer& a) {
  Object o = json::opening("attncalc/roofline/1");
  o["model"] = json::model_object(a.cost.model, a.cost.parameters);
  o["scenario"] = json::scenario_object(a.cost.scenario);
  o["scenario"]["launch_seconds"] = a.latencies.launch.value;
  o["machine"] = machine_object(a);
  o["totals"] = totals_object(a);
  o["ops"] = ops_array(a);
  o["copies"] = json::copies_array(a.cost);
  o["switch_points"] = switches_array(a);
  if (!a.cost.explained.empty()) o["explanations"] = json::explanations_array(a.cost);
  json::put_notes(o, a.cost.model);
  return Json(std::move(o));
}

}  // namespace attncalc
