// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean": the names nearest to what was typed, by edit distance, for every place where a
// name is looked up (models, machines, keys, dtypes, flags).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attncalc {

// At most `most` candidates, nearest first (ties in the order given); none that is further than a
// third of the longer name away. Case, and the separators "-", "_", "." and " ", do not count.
std::vector<std::string_view> nearest(std::string_view typed,
                                      std::span<const std::string_view> among,
                                      std::size_t most = 3);

// "did you mean llama-3-70b, llama-2-70b?" or empty.
std::string did_you_mean(std::string_view typed, std::span<const std::string_view> among);

}  // namespace attncalc
