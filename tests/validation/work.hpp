// SPDX-License-Identifier: Apache-2.0
//
// What a case computes, as passes of the model through the library: the prompts, in one call or in
// pieces, and samples of the steps that follow, each standing for so many. Bounds and estimates of
// a case are sums over its passes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hardware/device.hpp"
#include "model/cost.hpp"
#include "roofline/bound.hpp"
#include "roofline/estimate.hpp"
#include "validation/mapping.hpp"

namespace attncalc::validation {

// A model in one set of formats, ready to be costed.
struct Prepared {
  Model model;
  WeightFormats weights;
  CostFormats formats;
  CostPlan plan;
};

struct Devices {
  Device device;
  double count = 1;
};

// `times` passes like this one.
struct WorkPass {
  PassRequest request;
  double times = 1;
};

struct Work {
  const Prepared* prepared = nullptr;
  const Device* device = nullptr;
  double devices = 1;
  std::vector<WorkPass> passes;
};

// Models, formats and devices are prepared once and kept.
class Workshop {
 public:
  // Nothing, and why, where the formats do not go with the model.
  std::optional<Work> prepare(const Case& c, std::string& why_not);

 private:
  const Prepared* prepared(const Case& c, std::string& why_not);
  const Device* device(const std::string& name);
  std::map<std::string, std::unique_ptr<Prepared>> prepared_;
  std::map<std::string, std::string> refused_;
  std::map<std::string, std::unique_ptr<Device>> devices_;
};

// Nothing that does this work on these devices is faster, however the work is spread over them:
// each resource serves its whole demand, over all passes, at all devices' ceilings.
struct CaseBound {
  Seconds compute, memory;
  Seconds seconds() const { return std::max(compute, memory); }
};
Result<CaseBound> bound_of(const Case& c, const Work& work);

// The rows of a pass at a data sheet's ceilings: what an estimate starts from, whatever its
// coefficients.
struct TimedPass {
  CostFigures figures;
  RooflineTimes times;
  Phase phase = Phase::decode;
  double count = 1;
};
struct TimedWork {
  const Device* device = nullptr;
  Ceilings ceilings;
  std::vector<TimedPass> passes;
};
Result<TimedWork> time_work(const Work& work);
double estimated_seconds(const TimedWork& work, const EstimateCoefficients& coefficients);

}  // namespace attncalc::validation
