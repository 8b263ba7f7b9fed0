// SPDX-License-Identifier: Apache-2.0
//
// The closed list of attention kinds: the one place that names them all. Everything else visits.
#pragma once

#include <variant>

#include "attention/compressed.hpp"
#include "attention/cross.hpp"
#include "attention/gated_delta.hpp"
#include "attention/gated_recurrence.hpp"
#include "attention/kda.hpp"
#include "attention/latent.hpp"
#include "attention/lightning.hpp"
#include "attention/linear.hpp"
#include "attention/retention.hpp"
#include "attention/rwkv.hpp"
#include "attention/short_conv.hpp"
#include "attention/softmax.hpp"
#include "attention/sparse.hpp"
#include "attention/state_space1.hpp"
#include "attention/state_space2.hpp"

namespace attncalc {

using Kind =
    std::variant<Softmax, Latent, GatedDelta, StateSpace2, StateSpace1, ShortConv, Cross, Kda,
                 Lightning, Rwkv, Compressed, Linear, Retention, Sparse, GatedRecurrence>;

template <class>
inline constexpr bool all_are_kinds = false;
template <class... Ks>
inline constexpr bool all_are_kinds<std::variant<Ks...>> = (AttentionKind<Ks> && ...);
static_assert(all_are_kinds<Kind>);

std::string label(const Kind& kind);
std::vector<CacheTensor> cache_tensors(const Kind& kind);
std::vector<WeightTensor> weight_tensors(const Kind& kind, Dim hidden);
std::vector<std::string> faults(const Kind& kind);

// Whether the kind's ops() put the operator of a weight tensor, because it is not simply multiplied
// with every token (MLA's up-projections). A kind with such tensors has puts(role).
bool puts_itself(const Kind& kind, std::string_view role);

// The keywords of all kinds, in the order of the list.
std::vector<std::string_view> kind_keywords();

// A kind with its default fields, by keyword; nullopt if there is none of that name.
std::optional<Kind> kind_named(std::string_view keyword);

}  // namespace attncalc
