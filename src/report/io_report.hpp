// SPDX-License-Identifier: Apache-2.0
//
// The answer of `attncalc io` as one value, and what is made of it: a report and JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attention/tile_simulation.hpp"
#include "attention/tile_traffic.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

struct IoScenario {
  TileShape shape;
  Dim heads = 1;  // all heads of all sequences move the same
  Dim batch = 1;
  std::string dtype;
  std::string tile_dtype;
  std::optional<Bytes> sram;
  std::int64_t align = 16;
  bool block_given = false;

  Count copies() const { return Count(heads) * Count(batch); }
};

// One way to run the attention. Figures are of all heads and sequences.
struct IoRow {
  LoopOrder order = LoopOrder::standard;
  std::optional<std::int64_t> block_rows = {}, block_cols = {};  // standard has no tiles
  std::optional<Bytes> need = {};                                // of one tile
  TileTraffic traffic = {};                                      // of one head
  std::optional<SimulatedTraffic> simulated = {};                // of one head, with --simulate
  TileShape shape = {};                                          // with the blocks of this row
};

struct IoAnswer {
  IoScenario scenario;
  double flops = 0;  // both products, over the pairs under the mask
  std::vector<IoRow> rows = {};
  std::optional<BlockChoice> square_block = {};  // the largest that fits --sram, for flash2
  bool explain = false;
};

// What `--explain` derives of a row, under its JSON keys: of one head, and of all of them.
struct IoFormula {
  std::string_view key;
  Traced one_head;
};
std::vector<IoFormula> io_formulas(const IoRow& row);

Report io_report(const IoAnswer& answer);
Json io_json(const IoAnswer& answer);

}  // namespace attncalc
