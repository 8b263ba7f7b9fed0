// SPDX-License-Identifier: Apache-2.0
//
// Small facts about slots that do not depend on a number type.
#include "attention/tensors.hpp"

namespace attncalc {

std::optional<std::int64_t> full_at(const Slots& slots) {
  if (const auto* w = std::get_if<Window>(&slots)) return w->tokens + w->sinks;
  if (const auto* c = std::get_if<Chunk>(&slots)) return c->tokens.value;
  if (std::holds_alternative<PerToken>(slots) || std::holds_alternative<Every>(slots)) {
    return std::nullopt;
  }
  return 0;
}

}  // namespace attncalc
