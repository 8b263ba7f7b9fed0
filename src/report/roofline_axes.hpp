// SPDX-License-Identifier: Apache-2.0
//
// What every drawing of a roofline has alike, whatever it is drawn with: which decades its two
// logarithmic axes show, what stands at them, and which ceilings are one line since they have one
// rate. From here on a place is a fraction of the frame: 0 is left or below, 1 right or above.
#pragma once

#include <string>
#include <vector>

#include "base/unit_text.hpp"
#include "roofline/picture.hpp"

namespace attncalc {

// From one exponent of ten to another; they need not be whole.
struct LogAxis {
  double low = 0;
  double high = 1;
  double decades() const { return high - low; }
  double at(double value) const;           // outside of 0 … 1 where the frame does not show it
  double value_at(double fraction) const;  // the inverse
  std::vector<int> whole_decades() const;  // within the frame, its edges included
};

struct RooflineAxes {
  LogAxis intensity;  // FLOP a byte
  LogAxis rate;       // FLOP a second
  FlopUnit unit;      // that rates at the axis are written in
};
RooflineAxes axes_of(const RooflinePicture& picture);

// "0.01", "1", "10,000" in the unit; powers of ten that would be too long as "1e-5".
std::string decade_text(int exponent, double unit = 1);

std::string rate_text(BytesPerSecond rate);  // "3.35 TB/s"
std::string rate_text(FlopsPerSecond rate);  // "989 TFLOP/s"
std::string intensity_text(double flops_per_byte);
std::string share_text(double share);  // "12.3 %", "<0.1 %"

// Ceilings of one rate are one line: "bf16, fp16 tensor". Highest first.
std::vector<ComputeCeiling> merged(const std::vector<ComputeCeiling>& ceilings);

// The highest of those that points use; the highest of all where none says so; absent where a
// machine has no compute ceiling. What the outline of the roof is made of, with the first memory.
const ComputeCeiling* main_ceiling(const std::vector<ComputeCeiling>& ceilings);

// Where a slope meets a plateau: the ridge.
FlopsPerByte ridge(const MemoryCeiling& memory, const ComputeCeiling& compute);

}  // namespace attncalc
