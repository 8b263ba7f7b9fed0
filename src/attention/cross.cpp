// SPDX-License-Identifier: Apache-2.0
//
// Tensors of cross-attention, as in transformers' T5Attention (has_relative_attention_bias false),
// WhisperAttention (k_proj without bias) and MllamaTextCrossAttention (norms on queries and keys;
// MllamaCrossAttentionDecoderLayer adds cross_attn_attn_gate).
#include "attention/cross.hpp"

namespace attncalc {
namespace {

void add_cached(Component component, Dim heads, Dim width, std::vector<CacheTensor>& out) {
  out.push_back({.component = component,
                 .heads = heads,
                 .width = width,
                 .slots = PerEncoderToken{},
                 .split = Split::kv_heads,
                 .own_format = {}});
}

}  // namespace

void Cross::cache_tensors(std::vector<CacheTensor>& out) const {
  add_cached(Component::cross_key, kv_heads, head_dim, out);
  add_cached(Component::cross_value, kv_heads, value_dim, out);
}

void Cross::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim q = heads * head_dim;
  const Dim k = kv_heads * head_dim;
  const Dim v = kv_heads * value_dim;
  const Dim o = heads * value_dim;
  out.push_back({.role = "q_proj", .rows = q, .cols = hidden, .split = Split::heads});
  out.push_back({.role = "k_proj", .rows = k, .cols = encoder_width, .split = Split::kv_heads});
  out.push_back({.role = "v_proj", .rows = v, .cols = encoder_width, .split = Split::kv_heads});
  out.push_back({.role = "o_proj", .rows = hidden, .cols = o, .split = Split::heads});
  if (q_bias) out.push_back({.role = "q_bias", .rows = q, .split = Split::heads});
  if (k_bias) out.push_back({.role = "k_bias", .rows = k, .split = Split::kv_heads});
  if (v_bias) out.push_back({.role = "v_bias", .rows = v, .split = Split::kv_heads});
  if (o_bias) out.push_back({.role = "o_bias", .rows = hidden});
  if (qk_norm) {
    out.push_back({.role = "q_norm", .rows = head_dim});
    out.push_back({.role = "k_norm", .rows = head_dim});
  }
  if (gate) out.push_back({.role = "gates", .rows = 1});
}

void Cross::complete(Dim hidden) {
  if (kv_heads == Dim(0)) kv_heads = heads;
  if (head_dim == Dim(0) && heads > 0) head_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = head_dim;
  if (encoder_width == Dim(0)) encoder_width = hidden;
}

std::vector<std::string> Cross::faults() const {
  std::vector<std::string> faults = faults_below_one({{"heads", heads},
                                                      {"kv_heads", kv_heads},
                                                      {"head_dim", head_dim},
                                                      {"value_dim", value_dim},
                                                      {"encoder_width", encoder_width}});
  if (auto fault = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  return faults;
}

}  // namespace attncalc
