// SPDX-License-Identifier: Apache-2.0
//
// A roofline as it is drawn: ceilings, points and tracks, already in base units and with the words
// that stand beside them. Whoever draws needs no model and no machine; whoever computes needs no
// paper.
//
//   attainable(intensity) = min(compute ceiling, memory ceiling × intensity)
//                                                                    docs/model.md, "Roofline"
#pragma once

#include <string>
#include <vector>

#include "base/units.hpp"

namespace attncalc {

// A slope: what a level of memory feeds. The first is the device's memory; caches follow inwards.
struct MemoryCeiling {
  std::string name;  // "HBM3", "l2"
  BytesPerSecond rate;
};

// A plateau: what units multiply at one number type.
struct ComputeCeiling {
  std::string name;  // "bf16 tensor"
  FlopsPerSecond rate;
  bool used = false;  // by a point of this picture
};

// An operator over all of its layers, or a whole pass.
struct PicturePoint {
  std::string label;       // "q_proj"
  std::string kind;        // its group: "attention.gqa", "mlp.dense"; "total" for the whole
  FlopsPerByte intensity;  // of FLOPs and memory traffic; never 0, never infinite
  FlopsPerSecond rate;     // FLOPs ÷ its time on this machine
  double share = 0;        // of the seconds of all rows, 0 … 1
  std::string bound;       // "compute", "vector", "memory", "link", "overhead"
};

// How a point moves while one input grows: its stops are joined in their order.
struct TrackStop {
  std::string label;  // "1", "32k"
  FlopsPerByte intensity;
  FlopsPerSecond rate;
};
struct PictureTrack {
  std::string label;  // what grows: "batch"
  std::string kind;   // of the point that moves, as PicturePoint has it
  std::vector<TrackStop> stops;
};

struct RooflinePicture {
  std::string title;                    // "llama3-70b, decode behind 32,768 tokens"
  std::string subtitle;                 // the machine: "8 × NVIDIA H100 SXM5 80GB"
  std::vector<MemoryCeiling> memory;    // at least one
  std::vector<ComputeCeiling> compute;  // highest first; may be empty
  std::vector<PicturePoint> points;     // most seconds first
  std::vector<PictureTrack> tracks = {};
  std::vector<std::string> undrawn = {};  // rows without a place on these axes, and why
  std::string source = {};                // one line below: where the figures are from
};

}  // namespace attncalc
