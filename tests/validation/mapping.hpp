// SPDX-License-Identifier: Apache-2.0
//
// From a published row to something that can be computed: which model, which device and how many,
// which formats, which figure at which scenario, and how many seconds the row says it took. What
// names and columns mean is in the tables beside this file (models.tsv, devices.tsv,
// precisions.tsv, conventions.tsv); a name that no table has is looked up in the catalogs.
#pragma once

#include <string>
#include <variant>

#include "validation/records.hpp"

namespace attncalc::validation {

// What took the time. A step makes one token of each sequence; `serving` is the mean over so many
// requests that the batch is as large as memory lets it be.
enum class Figure { prefill, decode, generation, serving };

struct FormatNames {
  std::string weights;  // "checkpoint": what the model's own files say; "least": nobody says
  std::string kv, activations;
};

struct Scenario {
  double batch = 1;      // sequences; of serving: requests at once, 0 where that is not said
  double prompt = 0;     // tokens of each
  double cached = 0;     // tokens before the prompt
  double generated = 0;  // tokens of each
  double context = 0;    // mean over the steps of a decode
  double chunk = 0;      // the most prompt tokens a call; 0: all at once
};

struct Case {
  const Record* row = nullptr;
  std::string model;   // catalog entry
  std::string device;  // catalog entry
  double devices = 1;
  FormatNames formats;
  Figure figure = Figure::decode;
  Scenario scenario;
  double seconds = 0;      // of serving: for one request on all devices
  std::string not_scored;  // why an estimate is not held to it; empty: it is
};

// Why a row is none. `counts` is false for rows without a time or rate.
struct Unmapped {
  std::string reason;
  std::string what;
  bool counts = true;
};

class Mapping {
 public:
  // Throws std::runtime_error where a table cannot be read.
  explicit Mapping(const std::string& folder);
  std::variant<Case, Unmapped> map(const Record& row) const;
  // The line of exceptions.tsv about this row; null if there is none.
  const Record* known_row(const Record& row) const;

 private:
  const Record* convention_of(const Record& row) const;
  const Record* precision_of(const Record& row, const std::string& name) const;
  Records models_, devices_, precisions_, conventions_, exceptions_;
};

}  // namespace attncalc::validation
