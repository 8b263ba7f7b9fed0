// SPDX-License-Identifier: Apache-2.0
//
// Visiting the closed list of kinds, so that no other file has to: each function here asks
// whichever kind a value holds.
#include "attention/kinds.hpp"

namespace attncalc {
namespace {

template <class F, class... Ks>
void for_each_kind(F&& f, std::type_identity<std::variant<Ks...>>) {
  (f(Ks{}), ...);
}

}  // namespace

std::string label(const Kind& kind) {
  return std::visit([](const auto& k) { return k.label(); }, kind);
}

std::vector<CacheTensor> cache_tensors(const Kind& kind) {
  std::vector<CacheTensor> out;
  std::visit([&](const auto& k) { k.cache_tensors(out); }, kind);
  return out;
}

std::vector<WeightTensor> weight_tensors(const Kind& kind, Dim hidden) {
  std::vector<WeightTensor> out;
  std::visit([&](const auto& k) { k.weight_tensors(hidden, out); }, kind);
  return out;
}

std::vector<std::string> faults(const Kind& kind) {
  return std::visit([](const auto& k) { return k.faults(); }, kind);
}

bool puts_itself(const Kind& kind, std::string_view role) {
  return std::visit(
      [&](const auto& k) {
        if constexpr (requires { k.puts(role); }) {
          return k.puts(role);
        } else {
          return false;
        }
      },
      kind);
}

std::vector<std::string_view> kind_keywords() {
  std::vector<std::string_view> out;
  for_each_kind([&](const auto& k) { out.push_back(k.keyword); }, std::type_identity<Kind>{});
  return out;
}

std::optional<Kind> kind_named(std::string_view keyword) {
  std::optional<Kind> found;
  for_each_kind(
      [&](const auto& k) {
        if (k.keyword == keyword) found = k;
      },
      std::type_identity<Kind>{});
  return found;
}

}  // namespace attncalc
