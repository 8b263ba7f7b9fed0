// SPDX-License-Identifier: Apache-2.0
//
// The same loops run for real over addresses, through a cache of M bytes that throws out what was
// used longest ago (LRU, write-back). It knows nothing of the formulas of tile_traffic: it is what
// they are proved against, and it shows where they break, below the need of a tile.
#pragma once

#include "attention/tile_traffic.hpp"

namespace attncalc {

struct SimulatedTraffic {
  Bytes reads;   // lines fetched
  Bytes writes;  // dirty lines written back, those left at the end included
  Bytes total() const { return reads + writes; }
};

// One head. `line_bytes` is the grain of the cache. The score tile and a kept output tile are
// scratch: they take room, cost when they are thrown out, and are dropped at the end.
SimulatedTraffic simulate_tiles(LoopOrder order, const TileShape& shape, Bytes cache,
                                std::int64_t line_bytes = 64);

}  // namespace attncalc
