// SPDX-License-Identifier: Apache-2.0
//
// From the ggml type of each tensor to the formats of modules (model/weight_formats.hpp), which
// name modules as Hugging Face checkpoints do. What this table does not name is a norm, a bias, a
// decay: llama.cpp's converter keeps those in f32, the first of the formats.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ingest/gguf/tensors.hpp"

namespace attncalc::gguf {
namespace {

struct PartModule {
  std::string_view part, module;
};

// A fused matrix is several modules of one format.
constexpr PartModule part_modules[] = {
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_qkv", "self_attn.q_proj"},
    {"attn_qkv", "self_attn.k_proj"},
    {"attn_qkv", "self_attn.v_proj"},
    {"attn_qkv", "linear_attn.in_proj"},
    {"attn_output", "self_attn.o_proj"},
    {"attn_gate", "self_attn.g_proj"},
    {"attn_q_a", "self_attn.q_a_proj"},
    {"attn_q_b", "self_attn.q_b_proj"},
    {"attn_kv_a_mqa", "self_attn.kv_a_proj_with_mqa"},
    {"attn_kv_b", "self_attn.kv_b_proj"},
    {"attn_v_b", "self_attn.kv_b_proj"},
    {"indexer.attn_q_b", "self_attn.indexer.wq_b"},
    {"indexer.attn_k", "self_attn.indexer.wk"},
    {"indexer.proj", "self_attn.indexer.weights_proj"},
    {"ssm_in", "linear_attn.in_proj"},
    {"ssm_out", "linear_attn.out_proj"},
    {"ssm_ba", "linear_attn.in_proj_ba"},
    {"ssm_x", "linear_attn.x_proj"},
    {"ssm_dt", "linear_attn.dt_proj"},
    {"shortconv.in_proj", "linear_attn.in_proj"},
    {"shortconv.out_proj", "linear_attn.out_proj"},
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_up", "mlp.gate_proj"},  // where it holds both: the first rule that fits decides
    {"ffn_down", "mlp.down_proj"},
    {"ffn_gate_inp", "mlp.gate"},
    {"ffn_gate_inp_shexp", "mlp.shared_expert_gate"},
    {"ffn_gate_exps", "mlp.experts.0.gate_proj"},
    {"ffn_up_exps", "mlp.experts.0.up_proj"},
    {"ffn_down_exps", "mlp.experts.0.down_proj"},
    {"ffn_gate_up_exps", "mlp.experts.0.gate_proj"},
    {"ffn_gate_up_exps", "mlp.experts.0.up_proj"},
    {"ffn_gate_shexp", "mlp.shared_expert.gate_proj"},
    {"ffn_up_shexp", "mlp.shared_expert.up_proj"},
    {"ffn_down_shexp", "mlp.shared_expert.down_proj"},
};

Format format_of(const GgmlType& type) {
  std::string name(type.name);
  std::ranges::transform(name, name.begin(), [](char c) { return c == 'K' ? 'k' : c; });
  if (const Result<Format> known = find_format(name)) return *known;
  Format format;
  format.name = std::move(name);
  format.block_elements = type.block_elements;
  format.block_bytes = type.block_bytes;
  return format;
}

class FormatWriter {
 public:
  FormatWriter(const Tensors& tensors, std::size_t layers) : tensors_(tensors), layers_(layers) {
    formats_.formats = {*find_format("fp32")};
  }

  WeightFormats write() {
    add_outside("token_embd.weight", "model.embed_tokens");
    add_outside("output.weight", "lm_head");
    for (const PartModule& row : part_modules) add(row);
    return std::move(formats_);
  }

 private:
  void rule(const std::string& module, FormatIndex format) {
    Result<ModulePattern> pattern = ModulePattern::parse(module);
    if (pattern) formats_.rules.push_back({*std::move(pattern), format});
  }

  void add_outside(std::string_view name, const std::string& module) {
    if (const Tensor* tensor = tensors_.outside(name))
      rule(module, formats_.add(format_of(*tensor->type)));
  }

  // One rule where all layers agree, else one a layer.
  void add(const PartModule& row) {
    const std::string name = fmt::format("{}.weight", row.part);
    std::map<std::size_t, FormatIndex> by_layer;
    for (std::size_t i = 0; i < layers_; ++i) {
      if (const Tensor* tensor = tensors_.find(i, name))
        by_layer[i] = formats_.add(format_of(*tensor->type));
    }
    if (by_layer.empty()) return;
    const FormatIndex first = by_layer.begin()->second;
    const bool alike =
        std::ranges::all_of(by_layer, [&](const auto& entry) { return entry.second == first; });
    if (alike) return rule(std::string(row.module), first);
    for (const auto& [layer, format] : by_layer)
      rule(fmt::format("model.layers.{}.{}", layer, row.module), format);
  }

  const Tensors& tensors_;
  std::size_t layers_;
  WeightFormats formats_;
};

}  // namespace

WeightFormats file_formats(const Tensors& tensors, std::size_t layers) {
  return FormatWriter(tensors, layers).write();
}

}  // namespace attncalc::gguf
