// SPDX-License-Identifier: Apache-2.0
//
// What a file of published rows says about us: how many become cases, which are faster than the
// bound, and how far estimates are off: with the library's own coefficients; with coefficients
// fitted to other devices alone; and with three fitted to the same device and engine, but to other
// models.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "validation/fit.hpp"
#include "validation/mapping.hpp"

namespace attncalc::validation {

struct Violation {
  const Record* row = nullptr;
  Case measured;
  double times_faster = 0;        // bound / measured
  const Record* known = nullptr;  // its line in exceptions.tsv
};

// One scored row: |estimate / measured − 1|; negative: no such estimate.
struct Error {
  std::string family, engine, precision, device;
  Figure figure = Figure::decode;
  double table = -1, left_out = -1, calibrated = -1;
};

// What an engine reaches on devices of a kind: what the library's table has, from all rows.
struct Reached {
  std::string kind, engine;
  Adjustment by;
  std::size_t devices = 0, rows = 0;
};

struct Score {
  int counted = 0;  // tier A and B with a time or rate
  int mapped = 0;   // of these, to model, devices, formats and a figure
  int bounded = 0;  // of these, with a bound: all, or something is wrong
  std::map<std::string, int> unmapped, not_scored;
  std::vector<Violation> violations;
  std::vector<Error> errors;
  std::vector<Reached> reached;
  std::vector<double> bound_over_measured;  // of single devices
};

// Throws std::runtime_error where a row that is mapped has no bound.
Score score(const Records& rows, const Mapping& mapping);

double median(std::vector<double> values);

}  // namespace attncalc::validation
