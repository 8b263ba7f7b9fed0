// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc roofline` as one value, and what is made of it: a report for people, a
// CSV with one line an operator, the contract's JSON, and what a picture is drawn from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/cost_report.hpp"
#include "roofline/bound.hpp"
#include "roofline/estimate.hpp"
#include "roofline/picture.hpp"
#include "roofline/rates.hpp"
#include "roofline/switch_points.hpp"

namespace attncalc {

// One pass on the machine: a prompt, or a step of a generation.
struct TimedPass {
  Phase phase = Phase::decode;
  CostFigures figures;
  RooflineTimes times;
  BoundTime bound;
  Estimate estimate;
  Rates at_bound, at_serial, at_estimate;
  std::vector<Seconds> estimated_rows;  // in the order of the operators
};

struct MachineFacts {
  Machine machine;
  std::optional<FlopsPerSecond> peak;  // of the type in which most of the pass is multiplied
  std::string peak_name;               // "bf16 tensor"
  std::string bound_peak_name;         // what the bound may use in its place
  std::optional<FlopsPerByte> ridge;   // of peak and memory
  std::optional<double> usd_per_hour;  // of one device
  std::string price_source;
  std::optional<Bytes> memory;  // of one device
};

// The same step with one input at other values: how its place on the roofline moves.
struct TimedStop {
  std::int64_t value = 0;
  FlopsPerByte intensity;
  FlopsPerSecond rate;
};
struct TimedTrack {
  std::string along;  // "batch", "context"
  std::vector<TimedStop> stops;
};

// `cost.figures` is what the rows show; assumptions and warnings of all of it are in `cost.model`.
struct RooflineAnswer {
  CostAnswer cost;
  MachineFacts machine;
  TimedPass pass;
  std::optional<TimedPass> prompt;  // with --isl: the prompt alone, before the generation
  std::vector<SwitchPoint> switches;
  Latencies latencies;
  std::vector<TimedTrack> tracks;
};

Report roofline_report(const RooflineAnswer& answer);
Json roofline_json(const RooflineAnswer& answer);
RooflinePicture roofline_picture(const RooflineAnswer& answer);

}  // namespace attncalc
