// SPDX-License-Identifier: Apache-2.0
//
// Words and counts that several reports print in the same way.
#include "report/common.hpp"

#include <fmt/format.h>

#include <cmath>

namespace attncalc {

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", format_count(count), noun, count == 1 ? "" : "s");
}

std::string layers_text(const Model& model) {
  const std::string depth = counted(static_cast<std::int64_t>(model.decoder.depth()), "layer");
  const std::vector<LabelCount> labels = layer_labels(model);
  if (labels.size() == 1) return fmt::format("{}, {}", depth, labels.front().label);
  std::string parts;
  for (const LabelCount& part : labels) {
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", part.layers, part.label);
  }
  return fmt::format("{}: {}", depth, parts);
}

std::string parameters_text(const Parameters& p) {
  const std::int64_t total = p.total.value.value;
  const std::int64_t active = p.active.value.value;
  std::string text = format_spoken(total) + " parameters";
  if (active != total) text += fmt::format(", {} active", format_spoken(active));
  return text;
}

std::string title_of(const Model& model) {
  const bool says_more = model.source != model.name;
  return says_more ? fmt::format("{} ({})", model.name, model.source) : model.name;
}

void add_if_any(Notes notes, std::vector<Block>& blocks) {
  if (!notes.items.empty()) blocks.push_back(std::move(notes));
}

void add_notes(const Model& model, std::vector<Block>& blocks) {
  Notes assumed{"assumed", {}};
  for (const Assumption& a : model.assumptions) {
    assumed.items.push_back(fmt::format("{} = {}  ({})", a.name, a.value, a.source));
  }
  add_if_any(std::move(assumed), blocks);
  Notes warnings{"warnings", {}};
  for (const Warning& w : model.warnings) warnings.items.push_back(w.text);
  add_if_any(std::move(warnings), blocks);
}

Cell number_cell(double value) {
  constexpr double largest_exact = 9007199254740992.0;  // 2^53
  const bool whole = value == std::floor(value) && std::abs(value) <= largest_exact;
  if (whole) return static_cast<std::int64_t>(value);
  return value;
}

Cell intensity_cell(FlopsPerByte intensity) {
  if (!std::isfinite(intensity.value)) return {};
  return intensity.value;
}

}  // namespace attncalc
