// SPDX-License-Identifier: Apache-2.0
//
// What the documents claim about numerics and about which token sees which, tried out: small,
// deterministic, in plain doubles. Each figure has a name that a claim's expression can use in
// braces: {online.as_printed}. Nothing here is fast or clever; it is the definition that counts.
#pragma once

#include <string>
#include <vector>

namespace attncalc::seeds {

struct Figure {
  std::string name;
  double value;
};

struct Experiment {
  std::string title;
  std::string about;  // what was done, in a sentence or two
  std::vector<Figure> figures;
};

// All of them, run once.
const std::vector<Experiment>& experiments();

// The figure of that name. Throws std::runtime_error if there is none.
double experiment_figure(const std::string& name);

}  // namespace attncalc::seeds
