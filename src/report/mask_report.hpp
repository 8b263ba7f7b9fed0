// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc mask` as one value, and what is made of it: a report, a CSV with one line
// a pattern, and JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attention/pattern.hpp"
#include "model/model.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

struct MaskScenario {
  Dim tokens = 1;
  std::int64_t index_block = 64;  // of a BSR index
  Bytes row = Bytes(0);           // of one gathered row of the cache
  Bytes line = Bytes(0);          // of one cache line
  bool brute = false;
  std::string dump;
};

// One pattern. What is absent cannot be known without drawing it, or at all.
struct MaskRow {
  std::string name;                         // "window:4096", or a kind's label
  std::optional<std::int64_t> layers = {};  // of a model
  Pattern pattern = {};
  double pairs = 0;
  double all = 0;  // pairs without a pattern
  LayerSpan span = {};
  Bytes csr = {};
  std::optional<Bytes> bsr = {};
  std::optional<std::int64_t> lines = {};  // that the last token gathers its keys from
  // With --brute: counted one by one.
  std::optional<double> drawn_pairs = {};

  double sparsity() const { return 1 - pairs / all; }
};

struct MaskAnswer {
  std::optional<Model> model;
  MaskScenario scenario;
  std::vector<MaskRow> rows;
  std::vector<std::string> without;  // labels of a model's layers that have no mask
};

Report mask_report(const MaskAnswer& answer);
Json mask_json(const MaskAnswer& answer);

}  // namespace attncalc
