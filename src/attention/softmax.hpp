// SPDX-License-Identifier: Apache-2.0
//
// Softmax attention that caches a key and a value for every KV head: MHA (kv_heads = heads), GQA,
// MQA (kv_heads = 1), all with an optional sliding window or chunk, and with keys and values of
// different widths.
//
//   cache of one layer = slots × kv_heads × (head_dim + value_dim)        docs/model.md, "Softmax"
//
// Learnt attention sinks (gpt-oss) are one logit a head: a parameter, not a cached token. Sink
// *tokens* (StreamingLLM) are cached and belong to the window.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

// Norms on queries and keys: over each head's width, or over all heads at once.
enum class QkNorm : std::uint8_t { none, per_head, all_heads };
constexpr std::array<std::string_view, 3> words(QkNorm) {
  return {"none", "per_head", "all_heads"};
}

struct Softmax {
  static constexpr std::string_view keyword = "softmax";

  Dim heads = 0;
  Dim kv_heads = 0;   // 0: as many as heads
  Dim head_dim = 0;   // of queries and keys; 0: hidden / heads
  Dim value_dim = 0;  // 0: head_dim
  std::optional<Dim> window = {};
  std::optional<Dim> chunk = {};
  Dim sink_tokens = 0;  // kept for good beside the window

  bool q_bias = false, k_bias = false, v_bias = false, o_bias = false;
  QkNorm qk_norm = QkNorm::none;
  NormParameters qk_norm_parameters = NormParameters::scale;
  bool learnt_sinks = false;
  bool output_gate = false;   // q_proj also makes a gate as wide as the output (Qwen3-Next)
  bool value_is_key = false;  // no v_proj: values are the keys before their norm (Gemma 4)
  Dim gate_per_head = 0;      // g_proj: a gate of one value a head (Step-3.5): 1; 0: none
  std::optional<Dim> q_lora_rank =
      {};                   // queries by way of a shared narrow projection and a norm (Step-3)
  Dim input_width = 0;      // of what is projected; 0: hidden (Zamba2: twice that)
  bool projects_kv = true;  // false where the layer reads another's cache and has no k/v_proj

  std::string label() const;
  Mask mask() const;
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Softmax&) const = default;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("kv_heads", self.kv_heads);
    visit("head_dim", self.head_dim);
    visit("value_dim", self.value_dim);
    visit("window", self.window);
    visit("chunk", self.chunk);
    visit("sink_tokens", self.sink_tokens);
    visit("q_bias", self.q_bias);
    visit("k_bias", self.k_bias);
    visit("v_bias", self.v_bias);
    visit("o_bias", self.o_bias);
    visit("qk_norm", self.qk_norm);
    visit("qk_norm_parameters", self.qk_norm_parameters);
    visit("learnt_sinks", self.learnt_sinks);
    visit("output_gate", self.output_gate);
    visit("value_is_key", self.value_is_key);
    visit("gate_per_head", self.gate_per_head);
    visit("q_lora_rank", self.q_lora_rank);
    visit("input_width", self.input_width);
    visit("projects_kv", self.projects_kv);
  }
};

// "mha", "gqa" or "mqa".
std::string_view head_sharing(Dim heads, Dim kv_heads);

}  // namespace attncalc
