// SPDX-License-Identifier: Apache-2.0
//
// The tensors of the channel mixers, dense and mixture of experts, and what may be wrong with their
// dimensions.
#include "model/channel.hpp"

#include <fmt/format.h>

namespace attncalc {
namespace {

// The matrices of an MLP, `copies` of it, of which `active` work for one token.
struct MlpShape {
  Dim input = 0;
  Dim intermediate = 0;
  bool gated = true;
  bool up_bias = false;
  bool down_bias = false;
  Dim copies = 1;
  Dim active = 1;
};

void add_mlp(const MlpShape& m, std::vector<WeightTensor>& out) {
  const auto add = [&](std::string_view role, Dim rows, Dim cols) {
    out.push_back({.role = role,
                   .rows = rows,
                   .cols = cols,
                   .copies = m.copies,
                   .active = m.active,
                   .split = Split::heads});
  };
  if (m.gated) add("gate_proj", m.intermediate, m.input);
  add("up_proj", m.intermediate, m.input);
  add("down_proj", m.input, m.intermediate);
  if (m.up_bias && m.gated) add("gate_bias", m.intermediate, 1);
  if (m.up_bias) add("up_bias", m.intermediate, 1);
  if (m.down_bias) {
    add("down_bias", m.input, 1);
    out.back().split = Split::whole;  // it is added to what all parts make together
  }
}

void add(const NoChannelMixer&, Dim, std::vector<WeightTensor>&) {}

void add(const Dense& d, Dim hidden, std::vector<WeightTensor>& out) {
  add_mlp({.input = hidden,
           .intermediate = d.intermediate,
           .gated = d.gated,
           .up_bias = d.up_bias,
           .down_bias = d.down_bias},
          out);
}

void add(const Moe& m, Dim hidden, std::vector<WeightTensor>& out) {
  const Dim choices = m.experts + m.zero_experts;
  out.push_back({.role = "router", .rows = choices, .cols = hidden});
  if (m.router_bias) out.push_back({.role = "router_bias", .rows = choices});
  if (m.correction_bias) out.push_back({.role = "correction_bias", .rows = choices});
  const Dim width = m.latent > 0 ? m.latent : hidden;
  if (m.latent > 0) {
    out.push_back({.role = "latent_down", .rows = m.latent, .cols = hidden});
    out.push_back({.role = "latent_up", .rows = hidden, .cols = m.latent});
  }
  add_mlp({.input = width,
           .intermediate = m.intermediate,
           .gated = m.gated,
           .up_bias = m.expert_bias,
           .down_bias = m.expert_bias,
           .copies = m.experts,
           .active = m.experts_per_token},
          out);
  if (m.shared_intermediate > 0) {
    add_mlp({.input = hidden, .intermediate = m.shared_intermediate, .gated = m.shared_gated}, out);
  }
  if (m.shared_gate) out.push_back({.role = "shared_gate", .rows = 1, .cols = hidden});
  if (m.dense_beside > 0) {
    add_mlp({.input = hidden, .intermediate = m.dense_beside, .gated = m.gated}, out);
  }
}

std::vector<std::string> check(const NoChannelMixer&) { return {}; }

std::vector<std::string> check(const Dense& d) {
  return faults_below_one({{"intermediate", d.intermediate}});
}

std::vector<std::string> check(const Moe& m) {
  std::vector<std::string> faults = faults_below_one({{"experts", m.experts},
                                                      {"experts_per_token", m.experts_per_token},
                                                      {"intermediate", m.intermediate}});
  if (m.experts_per_token > m.experts + m.zero_experts) {
    faults.push_back(fmt::format("experts_per_token is {}; there are {} experts",
                                 m.experts_per_token.value, m.experts.value));
  }
  return faults;
}

}  // namespace

void add_weight_tensors(const ChannelMixer& mixer, Dim hidden, std::vector<WeightTensor>& out) {
  std::visit([&](const auto& m) { add(m, hidden, out); }, mixer);
}

std::vector<std::string> faults(const ChannelMixer& mixer) {
  return std::visit([](const auto& m) { return check(m); }, mixer);
}

}  // namespace attncalc
