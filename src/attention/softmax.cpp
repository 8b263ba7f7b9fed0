// SPDX-License-Identifier: Apache-2.0
//
// The lists of softmax attention: keys and values of the slots that its window or chunk leaves, and
// the four projections with their biases and norms.
#include "attention/softmax.hpp"

#include <fmt/format.h>

namespace attncalc {
namespace {

Slots slots_of(const Softmax& s) {
  if (s.window) return Window{.tokens = *s.window, .sinks = s.sink_tokens};
  if (s.chunk) return Chunk{*s.chunk};
  return PerToken{};
}

}  // namespace

std::string_view head_sharing(Dim heads, Dim kv_heads) {
  if (kv_heads == heads) return "mha";
  return kv_heads == Dim(1) ? "mqa" : "gqa";
}

std::string Softmax::label() const {
  const std::string_view sharing = head_sharing(heads, kv_heads);
  if (window) return fmt::format("{}:{}", sharing, window->value);
  if (chunk) return fmt::format("{}:chunk{}", sharing, chunk->value);
  return std::string(sharing);
}

void Softmax::cache_tensors(std::vector<CacheTensor>& out) const {
  out.push_back({.component = Component::key, .heads = kv_heads, .width = head_dim,
                 .slots = slots_of(*this), .split = Split::kv_heads, .own_format = {}});
  out.push_back({.component = Component::value, .heads = kv_heads, .width = value_dim,
                 .slots = slots_of(*this), .split = Split::kv_heads, .own_format = {}});
}

void Softmax::weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const {
  const Dim q = heads * head_dim;
  const Dim k = kv_heads * head_dim;
  const Dim v = kv_heads * value_dim;
  const Dim o = heads * value_dim;
  out.push_back({.role = "q_proj", .rows = q, .cols = hidden, .split = Split::heads});
  if (output_gate) out.push_back({.role = "gates", .rows = o, .cols = hidden, .split = Split::heads});
  if (gate_per_head > 0) {
    out.push_back({.role = "gates", .rows = heads * gate_per_head, .cols = hidden, .split = Split::heads});
  }
  if (projects_kv) {
    out.push_back({.role = "k_proj", .rows = k, .cols = hidden, .split = Split::kv_heads});
    if (!value_is_key) {
      out.push_back({.role = "v_proj", .rows = v, .cols = hidden, .split = Split::kv_heads});
    }
  }
  out.push_back({.role = "o_proj", .rows = hidden, .cols = o, .split = Split::heads});
  if (q_bias) out.push_back({.role = "q_bias", .rows = q, .split = Split::heads});
  if (k_bias && projects_kv) out.push_back({.role = "k_bias", .rows = k, .split = Split::kv_heads});
  if (v_bias && projects_kv) out.push_back({.role = "v_bias", .rows = v, .split = Split::kv_heads});
  if (o_bias) out.push_back({.role = "o_bias", .rows = hidden});
  if (learnt_sinks) out.push_back({.role = "sinks", .rows = heads, .split = Split::heads});
  if (qk_norm == QkNorm::per_head) {
    add_norm(out, "q_norm", head_dim, qk_norm_parameters);
    if (projects_kv) add_norm(out, "k_norm", head_dim, qk_norm_parameters);
  } else if (qk_norm == QkNorm::all_heads) {
    add_norm(out, "q_norm", q, qk_norm_parameters);
    if (projects_kv) add_norm(out, "k_norm", k, qk_norm_parameters);
  }
}

void Softmax::complete(Dim hidden) {
  if (kv_heads == Dim(0)) kv_heads = heads;
  if (head_dim == Dim(0) && heads > 0) head_dim = hidden / heads;
  if (value_dim == Dim(0)) value_dim = head_dim;
}

std::vector<std::string> Softmax::faults() const {
  std::vector<std::string> faults = faults_below_one(
      {{"heads", heads}, {"kv_heads", kv_heads}, {"head_dim", head_dim}, {"value_dim", value_dim}});
  if (auto fault = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
    faults.push_back(*fault);
  }
  if (window && *window < 1) faults.push_back("window must be at least 1 token; leave it out for full attention");
  if (chunk && *chunk < 1) faults.push_back("chunk must be at least 1 token; leave it out for full attention");
  if (window && chunk) faults.push_back("a layer has a window or a chunk, not both");
  return faults;
}

}  // namespace attncalc
