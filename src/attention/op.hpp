// SPDX-License-Identifier: Apache-2.0
//
// An operator: the row that every cost table, every law and every point of a roofline is made of.
// Totals are sums of rows and nothing else. See docs/model.md, "Operators".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/units.hpp"

namespace attncalc {

// The contract's operator names, in the order in which a layer runs them. `other` is a matrix of a
// family that has no name of its own in the contract.
enum class OpName : std::uint8_t {
  embed,
  norm,
  q_down,
  q_up,
  q_proj,
  kv_down,
  k_proj,
  v_proj,
  in_proj,
  gates,
  conv,
  qk_norm,
  rope,
  index_q_proj,
  index_k_proj,
  index_weights,
  index_scores,
  topk,
  compress,
  k_absorb,
  k_up,
  v_up,
  qk_scores,
  softmax,
  attn_values,
  attention,
  v_absorb,
  cross_qk_scores,
  cross_softmax,
  cross_attn_values,
  state_update,
  state_read,
  chunk_scan,
  o_proj,
  out_proj,
  router,
  latent_down,
  gate_proj,
  up_proj,
  act,
  down_proj,
  latent_up,
  other,
  add,
  lm_head,
  allreduce,
  allgather,
  reduce_scatter,
  alltoall,
  p2p,
};
inline constexpr std::size_t op_name_count = 50;
std::string_view op_name(OpName name);

// Which part of a chip does it.
enum class OpUnit : std::uint8_t { matrix, vector };
constexpr std::array<std::string_view, 2> words(OpUnit) { return {"matrix", "vector"}; }

// What an operand is; the pass's formats say how wide that is.
enum class Operand : std::uint8_t {
  none,
  activation,
  weight,
  expert_weight,
  embedding,
  cache,
  index,
  state
};
constexpr std::array<std::string_view, 8> words(Operand) {
  return {"none", "activation", "weight", "expert_weight", "embedding", "cache", "index", "state"};
}
struct Operands {
  Operand left = Operand::activation;
  Operand right = Operand::activation;
  bool operator==(const Operands&) const = default;
};

// `count` products of m × k with k × n in one layer. Where a mask leaves parts of a product out, m
// is the mean, so that multiply-adds = m × n × k × count always.
struct Gemm {
  double m = 0, n = 0, k = 0, count = 0;
  bool operator==(const Gemm&) const = default;
};

struct Op {
  OpName name = OpName::other;
  std::uint8_t group = 0;  // index into CostPlan::groups
  OpUnit unit = OpUnit::vector;
  Operands operands;
  std::uint32_t weight_format = 0;  // of a weight operand: index into CostPlan::formats
  std::int64_t layers = 0;
  Flops flops;         // of matrix products
  Flops vector_flops;  // of everything else
  Bytes weights;
  Bytes kv_read;
  Bytes kv_write;
  Bytes activations;
  Bytes link;
  std::optional<Gemm> gemm;  // of one layer; none where layers differ in it

  Bytes hbm() const { return weights + kv_read + kv_write + activations; }
  FlopsPerByte intensity() const { return (flops + vector_flops) / hbm(); }
};

}  // namespace attncalc
