// SPDX-License-Identifier: Apache-2.0
//
// Names of operators, and sums over the groups of a pass.
#include "attention/op.hpp"

#include "attention/pass.hpp"

namespace attncalc {
namespace {

constexpr std::array<std::string_view, op_name_count> names = {"embed",         "norm",
                                                               "q_down",        "q_up",
                                                               "q_proj",        "kv_down",
                                                               "k_proj",        "v_proj",
                                                               "in_proj",       "gates",
                                                               "conv",          "qk_norm",
                                                               "rope",          "index_q_proj",
                                                               "index_k_proj",  "index_weights",
                                                               "index_scores",  "topk",
                                                               "compress",      "k_absorb",
                                                               "k_up",          "v_up",
                                                               "qk_scores",     "softmax",
                                                               "attn_values",   "attention",
                                                               "v_absorb",      "cross_qk_scores",
                                                               "cross_softmax", "cross_attn_values",
                                                               "state_update",  "state_read",
                                                               "chunk_scan",    "o_proj",
                                                               "out_proj",      "router",
                                                               "latent_down",   "gate_proj",
                                                               "up_proj",       "act",
                                                               "down_proj",     "latent_up",
                                                               "other",         "add",
                                                               "lm_head",       "allreduce",
                                                               "allgather",     "reduce_scatter",
                                                               "alltoall",      "p2p"};
static_assert(names.back() == "p2p" && static_cast<std::size_t>(OpName::p2p) + 1 == op_name_count);

}  // namespace

std::string_view op_name(OpName name) { return names[static_cast<std::size_t>(name)]; }

std::int64_t Pass::sequences() const {
  Count sum;
  for (const SequenceGroup& group : groups) sum += Count(group.count);
  return sum.value;
}

std::int64_t Pass::new_tokens() const {
  Count sum;
  for (const SequenceGroup& group : groups) sum += Count(group.count) * Count(group.new_tokens);
  return sum.value;
}

}  // namespace attncalc
