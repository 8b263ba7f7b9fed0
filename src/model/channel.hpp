// SPDX-License-Identifier: Apache-2.0
//
// Channel mixers: what follows the token mixing in a layer. A dense MLP, a mixture of experts, or
// nothing (some hybrids alternate pure attention and pure MLP layers). They cache nothing; they
// decide parameters and, through the experts that a token uses, active parameters.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attention/kind.hpp"
#include "attention/tensors.hpp"

namespace attncalc {

// Like the attention kinds, a channel mixer lists its fields once (see attention/kind.hpp).
struct NoChannelMixer {
  bool operator==(const NoChannelMixer&) const = default;
};

struct Dense {
  Dim intermediate = 0;
  bool gated = true;     // gate_proj beside up_proj
  bool up_bias = false;  // also of the gate
  bool down_bias = false;
  bool operator==(const Dense&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("intermediate", self.intermediate);
    visit("gated", self.gated);
    visit("up_bias", self.up_bias);
    visit("down_bias", self.down_bias);
  }
};

struct Moe {
  Dim experts = 0;
  Dim experts_per_token = 0;
  Dim intermediate = 0;         // of one routed expert
  Dim shared_intermediate = 0;  // of all shared experts together; 0: none
  bool gated = true;
  bool expert_bias = false;  // on every expert matrix
  bool router_bias = false;
  bool correction_bias = false;  // one value an expert, for balancing (DeepSeek-V3)
  bool shared_gate = false;      // a sigmoid gate on the shared expert: hidden → 1 (Qwen2-MoE)
  bool shared_gated = true;      // the shared expert has a gate_proj
  Dim latent = 0;                // experts work in this width; 0: hidden (Nemotron-3 Super)
  Dim dense_beside = 0;  // a dense MLP of this width runs beside the experts (Arctic, Gemma 4)
  Dim zero_experts = 0;  // routed to, cost nothing (LongCat)
  bool operator==(const Moe&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("experts", self.experts);
    visit("experts_per_token", self.experts_per_token);
    visit("intermediate", self.intermediate);
    visit("shared_intermediate", self.shared_intermediate);
    visit("gated", self.gated);
    visit("expert_bias", self.expert_bias);
    visit("router_bias", self.router_bias);
    visit("correction_bias", self.correction_bias);
    visit("shared_gate", self.shared_gate);
    visit("shared_gated", self.shared_gated);
    visit("latent", self.latent);
    visit("dense_beside", self.dense_beside);
    visit("zero_experts", self.zero_experts);
  }
};

using ChannelMixer = std::variant<NoChannelMixer, Dense, Moe>;

void add_weight_tensors(const ChannelMixer& mixer, Dim hidden, std::vector<WeightTensor>& out);
std::vector<std::string> faults(const ChannelMixer& mixer);

}  // namespace attncalc
