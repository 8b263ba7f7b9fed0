// SPDX-License-Identifier: Apache-2.0
//
// The claims of the five documents as data (claims_*.yaml, README.md beside this file), and what
// comes out for each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "seeds/verdict.hpp"

namespace attncalc::seeds {

struct Claim {
  std::string id;
  int document = 0;
  std::int64_t line = 0;
  std::string section, text;
  std::string stated;         // as printed: "536 MB"; empty where the claim is a formula or a word
  std::string theirs;         // the formula at a sample, or the word
  std::string ours;           // the expression of our figure
  std::string when, only_if;  // a condition that the text does not state, and our figure under it
  std::string why;            // the derivation, or what to know about the figure
  std::string out_of_scope;   // the reason, where there is no figure
  std::vector<std::string> checks;  // what a collection of checks from elsewhere asks of this claim
  std::string differs;              // why our verdict is not that collection's
};

struct Finding {
  Claim claim;
  std::string figure;  // ours, as text for a table
  Verdict verdict = Verdict::out_of_scope;
};

// Throws std::runtime_error with the place of whatever is wrong in the file.
std::vector<Claim> read_claims(const std::string& path, int document);

Finding find(const Claim& claim);

// The value of an expression with commands in [] and experiments in {}.
double value_of(const std::string& expression);

}  // namespace attncalc::seeds
