// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc kv` as one value, and the two things made of it: a report for people (and
// CSV), and the contract's JSON. Both read the same figures, so they cannot differ.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/placement.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

// Every input, as given or as defaulted.
struct KvScenario {
  KvQuery query;
  bool encoder_used = false;  // some layer caches a row an encoder token
  std::string kv_dtype;
  bool kv_dtype_used = true;  // false: only states are kept, in formats of their own
  std::string act_dtype;
  std::string weights_dtype;
  std::string engine = "ideal";
  Placement placement;
  std::string as;  // empty: the model as it is
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> assume;
};

// `model` carries the assumptions and warnings of the whole run.
struct KvAnswer {
  Model model;
  Parameters parameters;
  KvScenario scenario;
  KvFigures figures;
  PlacedKv placed;
  bool explain = false;
  std::vector<Explained> placed_explained;  // of the fullest device, where there are several
  std::vector<HeadShare> head_shares;
};

Report kv_report(const KvAnswer& answer);
Json kv_json(const KvAnswer& answer);

}  // namespace attncalc
