// SPDX-License-Identifier: Apache-2.0
//
// Where the KV cache of a model stands when several devices share the work: tensor, pipeline, data,
// context and decode-context parallelism, as arithmetic. Nothing is rounded to blocks here (engines
// do that); what several devices hold twice is counted and named, so that
//
//   bytes on all devices = payload + Σ allocation items                  docs/model.md, "Placement"
//
// holds to the byte. Every division gives what does not divide to the first ranks, so rank 0 of
// each stage is the fullest of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/kv.hpp"

namespace attncalc {

// Devices = pp × dp × tp × cp. `dcp` divides the tokens among ranks of one tp group and `ep` the
// experts among dp × tp ranks; they add none.
struct Placement {
  Dim tp = 1;
  Dim pp = 1;
  Dim dp = 1;
  Dim cp = 1;
  Dim dcp = 1;
  Dim ep = 1;

  Count devices() const { return Count(pp) * Count(dp) * Count(tp) * Count(cp); }
};

// One device, counted from 0 in each direction.
struct Rank {
  std::int64_t tp = 0;
  std::int64_t pp = 0;
  std::int64_t dp = 0;
  std::int64_t cp = 0;
};

// Bytes beyond the payload, and the reason for them.
struct AllocationItem {
  std::string name;  // "kv_head_copies"
  Bytes bytes;
  std::string why;
};

struct PlacedKv {
  Count devices = 1;
  Bytes per_device;  // the fullest
  Bytes total;       // over all devices
  std::vector<AllocationItem> allocation;
};

// What is wrong with a placement, in words; empty if nothing is.
std::vector<std::string> placement_faults(const Model& model, const Placement& placement);

// Errors: a tp that the attention or state heads do not divide by, a dcp that does not divide tp,
// more stages than layers, a figure above 2^63 − 1.
Result<PlacedKv> place_kv(const Model& model, const KvQuery& query, const Placement& placement);

// What one rank holds, by walking its own layers, heads, tokens and sequences. Tests hold the
// closed forms of place_kv to the sum of this over all ranks.
Result<Bytes> rank_kv(const Model& model, const KvQuery& query, const Placement& placement,
                      const Rank& rank);

// The bytes of the fullest rank, line by line, with their formulas.
Result<std::vector<Explained>> explain_placed(const Model& model, const KvQuery& query,
                                              const Placement& placement);

// Which tensor-parallel ranks hold which heads of a cache tensor: ranks and heads from first to
// last, both included.
struct HeadShare {
  std::string tensor;  // "key (gqa)"
  std::int64_t first_rank = 0, last_rank = 0;
  std::int64_t first_head = 0, last_head = 0;
  bool whole = false;  // all of it, on every rank
};
std::vector<HeadShare> head_shares(const Model& model, const Placement& placement);

}  // namespace attncalc
