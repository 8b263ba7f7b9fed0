// SPDX-License-Identifier: Apache-2.0
//
// What the reports of several verbs say alike: how a model is introduced, what was assumed, what is
// to be noticed.
#pragma once

#include <string>
#include <vector>

#include "model/model.hpp"
#include "report/report.hpp"

namespace attncalc {

// "80 layers, gqa" or "48 layers: 36 gated_delta, 12 gqa".
std::string layers_text(const Model& model);

// "671 billion parameters, 37.5 billion active".
std::string parameters_text(const Parameters& parameters);

// The model's name, and where it was read where that says more.
std::string title_of(const Model& model);

// "1 layer", "2 layers".
std::string counted(std::int64_t count, std::string_view noun);

// Appends notes if there are any.
void add_if_any(Notes notes, std::vector<Block>& blocks);

// Appends "assumed" and "warnings", each only if there is something to say.
void add_notes(const Model& model, std::vector<Block>& blocks);

// A whole number where it is one, else the real number.
Cell number_cell(double value);

// A cell of bytes.
inline std::int64_t count_of(Bytes bytes) { return bytes.value.value; }

// The word for a value of an enum that has words().
template <class E>
std::string_view word_of(E value) {
  return words(E{})[static_cast<std::size_t>(value)];
}

// Empty where nothing is moved.
Cell intensity_cell(FlopsPerByte intensity);

}  // namespace attncalc
