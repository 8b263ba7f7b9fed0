// SPDX-License-Identifier: Apache-2.0
//
// Edit distance counts an exchange of two neighbours as one step (optimal string alignment): it is
// the commonest slip of a hand.
#include "base/nearest.hpp"

#include <algorithm>

namespace attncalc {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_separator(char c) { return c == '-' || c == '_' || c == '.' || c == ' '; }

// What of a name counts.
std::string essence(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (!is_separator(c)) out += lower(c);
  return out;
}

// Three rows of the table are enough: this one, the one above, and for exchanges the one above it.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_up(b.size() + 1), up(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(two_up, up);
    std::swap(up, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = up[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, up[j] + 1, row[j - 1] + 1});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) row[j] = std::min(row[j], two_up[j - 2] + 1);
    }
  }
  return row[b.size()];
}

struct Candidate {
  std::string_view name;
  std::size_t distance;
};

}  // namespace

std::vector<std::string_view> nearest(std::string_view typed,
                                      std::span<const std::string_view> among, std::size_t most) {
  const std::string wanted = essence(typed);
  std::vector<Candidate> near;
  for (const std::string_view name : among) {
    const std::string have = essence(name);
    const std::size_t shorter = std::min(wanted.size(), have.size());
    const std::size_t longer = std::max(wanted.size(), have.size());
    const std::size_t limit = longer / 3;
    if (longer - shorter > limit) continue;  // also keeps a megabyte of typing cheap
    const std::size_t distance = edit_distance(wanted, have);
    if (distance <= limit) near.push_back({name, distance});
  }
  std::stable_sort(near.begin(), near.end(),
                   [](const auto& a, const auto& b) { return a.distance < b.distance; });
  std::vector<std::string_view> names;
  for (const Candidate& candidate : near)
    if (names.size() < most) names.push_back(candidate.name);
  return names;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string_view> among) {
  std::string out;
  for (const std::string_view name : nearest(typed, among)) {
    out += out.empty() ? "did you mean " : ", ";
    out += name;
  }
  return out.empty() ? out : out + "?";
}

}  // namespace attncalc
