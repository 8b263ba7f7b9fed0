// SPDX-License-Identifier: Apache-2.0
//
// The table of names, from the checkpoints' own lists of tensors (Hugging Face's model classes, and
// DeepSeek's and MiniMax's own code).
#include "model/module_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "model/model.hpp"

namespace attncalc {
namespace {

// --- how a file spells its containers ------------------------------------------------------------

// Lists name the towers and drafts beside the language model, too; their spelling is not ours.
bool is_beside(std::string_view pattern) {
  constexpr std::string_view words[] = {"vision", "visual", "audio", "mtp", "projector"};
  return std::ranges::any_of(
      words, [&](std::string_view word) { return pattern.find(word) != std::string_view::npos; });
}

// "language_model.model.layers." of "language_model.model.layers.12.mlp"; nothing of "*.mlp".
std::optional<std::string_view> before_number(std::string_view pattern) {
  for (const std::string_view word :
       {std::string_view("layers."), std::string_view(".h."), std::string_view("blocks.")}) {
    const std::size_t at = pattern.find(word);
    if (at == std::string_view::npos) continue;
    const std::size_t end = at + word.size();
    const bool counts = end < pattern.size() && (pattern[end] == '*' || isdigit(pattern[end]) != 0);
    const std::string_view prefix = pattern.substr(0, end);
    if (counts && prefix.find('*') == std::string_view::npos) return prefix;
  }
  return std::nullopt;
}

void read_spelling(std::string_view pattern, ModuleSpelling& s) {
  const auto says = [&](std::string_view word) {
    return pattern.find(word) != std::string_view::npos;
  };
  if (says(".mixer.")) s.attention = s.recurrent = s.dense = s.experts = "mixer";
  if (says(".attn.")) s.attention = "attn";
  if (says(".mamba.")) s.recurrent = "mamba";
  if (says("block_sparse_moe")) s.experts = "block_sparse_moe";
  if (says("feed_forward")) s.dense = s.experts = "feed_forward";
  if (says("ffn")) s.dense = s.experts = "ffn";
}

// --- what a tensor is called in its container ----------------------------------------------------

struct Names {
  std::string_view role;
  Reach reach;
  std::array<std::string_view, 4> leaves;
};

constexpr Names mixer_names[] = {
    {"q_proj", Reach::linear, {"q_proj", "wq", "qkv_proj", "q_b_proj"}},
    {"k_proj", Reach::linear, {"k_proj", "wk", "qkv_proj"}},
    {"v_proj", Reach::linear, {"v_proj", "wv", "qkv_proj"}},
    {"o_proj", Reach::linear, {"o_proj", "wo", "wo_a", "wo_b"}},
    {"q_down", Reach::linear, {"q_a_proj", "wq_a", "fused_wqa_wkv"}},
    {"q_up", Reach::linear, {"q_b_proj", "wq_b"}},
    {"kv_down", Reach::linear, {"kv_a_proj_with_mqa", "wkv_a", "wkv", "fused_wqa_wkv"}},
    {"k_up", Reach::linear, {"kv_b_proj", "wkv_b"}},
    {"v_up", Reach::linear, {"kv_b_proj", "wkv_b"}},
    {"gates", Reach::linear, {"g_proj", "gate_proj"}},
    {"index_q_proj", Reach::linear, {"indexer.wq_b", "index_q_proj"}},
    {"index_k_proj", Reach::linear, {"indexer.wk", "index_k_proj"}},
    {"index_weights", Reach::by_name, {"indexer.weights_proj", "indexers_proj"}},
    {"compress", Reach::by_name, {"compressor.wkv", "compressor.wgate"}},
    {"in_proj", Reach::linear, {"in_proj", "in_proj_qkv", "in_proj_z", "in_proj_qkvz"}},
    {"out_proj", Reach::linear, {"out_proj"}},
};
constexpr Names delta_gates = {"gates", Reach::linear, {"in_proj_a", "in_proj_b", "in_proj_ba"}};
constexpr Names mamba_gates = {"gates", Reach::linear, {"x_proj", "dt_proj"}};
constexpr Names kda_gates = {
    "gates", Reach::linear, {"f_a_proj", "f_b_proj", "g_a_proj", "b_proj"}};
// DeepSeek-V4 makes its index keys with a second compressor, which stays as it is.
constexpr Names compressed_index = {
    "index_k_proj", Reach::by_name, {"indexer.compressor.wkv", "indexer.compressor.wgate"}};

constexpr Names mlp_names[] = {
    {"gate_proj", Reach::linear, {"gate_proj", "w1", "gate_up_proj"}},
    {"up_proj", Reach::linear, {"up_proj", "w3", "gate_up_proj"}},
    {"down_proj", Reach::linear, {"down_proj", "w2"}},
};
constexpr Names channel_names[] = {
    {"router", Reach::by_name, {"gate", "router", "router.proj"}},
    {"shared_gate", Reach::by_name, {"shared_expert_gate"}},
    {"latent_down", Reach::linear, {"fc1_latent_proj"}},
    {"latent_up", Reach::linear, {"fc2_latent_proj"}},
};
constexpr Names extra_names[] = {
    {"out_proj", Reach::linear, {"self_attn.linear_attn"}},
    {"down_proj", Reach::linear, {"mlp.linear_mlp"}},
    {"per_layer_gate", Reach::linear, {"per_layer_input_gate"}},
    {"per_layer_proj", Reach::linear, {"per_layer_projection"}},
    {"laurel_down", Reach::linear, {"laurel.linear_left"}},
    {"laurel_up", Reach::linear, {"laurel.linear_right"}},
};
// With every prefix that a list may put before them.
constexpr Names outside_names[] = {
    {"embed",
     Reach::by_name,
     {"language_model.model.embed_tokens", "model.language_model.embed_tokens",
      "backbone.embeddings", "embed"}},
    {"lm_head",
     Reach::head,
     {"language_model.lm_head", "model.language_model.lm_head", "head", "output"}},
};

const Names* find_names(std::span<const Names> table, std::string_view role) {
  const auto at = std::ranges::find(table, role, &Names::role);
  return at == table.end() ? nullptr : &*at;
}

// Adds a tensor under each of its names in each of the containers.
void add_named(const WeightTensor& tensor, const Names* names,
               std::initializer_list<std::string_view> containers, std::vector<NamedTensor>& out) {
  NamedTensor named;
  named.tensor = tensor;
  if (names) {
    named.reach = names->reach;
    for (const std::string_view container : containers) {
      for (const std::string_view leaf : names->leaves) {
        if (leaf.empty()) continue;
        named.modules.push_back(container.empty() ? std::string(leaf)
                                                  : fmt::format("{}.{}", container, leaf));
      }
    }
  }
  out.push_back(std::move(named));
}

const Names* mixer_row(const Kind& kind, std::string_view role) {
  const bool is_gate = role == "gates";
  if (is_gate && std::holds_alternative<GatedDelta>(kind)) return &delta_gates;
  if (is_gate && std::holds_alternative<StateSpace1>(kind)) return &mamba_gates;
  if (is_gate && std::holds_alternative<Kda>(kind)) return &kda_gates;
  if (role == "index_k_proj" && std::holds_alternative<Compressed>(kind)) return &compressed_index;
  return find_names(mixer_names, role);
}

bool is_recurrent(const Kind& kind) {
  return std::holds_alternative<GatedDelta>(kind) || std::holds_alternative<StateSpace1>(kind) ||
         std::holds_alternative<StateSpace2>(kind) || std::holds_alternative<ShortConv>(kind);
}

void add_mixer(const Kind& kind, Dim hidden, const ModuleSpelling& spelling,
               std::vector<NamedTensor>& out) {
  const std::string& container = is_recurrent(kind) ? spelling.recurrent : spelling.attention;
  std::string_view before;
  for (const WeightTensor& tensor : weight_tensors(kind, hidden)) {
    add_named(tensor, mixer_row(kind, tensor.role), {container}, out);
    // Mamba-2's projection is listed by heads and by groups, MLA's kv_b_proj by keys and values.
    out.back().shares_module =
        tensor.role == "v_up" || (tensor.role == "in_proj" && before == "in_proj");
    before = tensor.role;
  }
}

// The MLPs of a mixture follow each other: routed experts, shared ones, a dense one beside them.
class ChannelNames {
 public:
  ChannelNames(const ChannelMixer& channel, const ModuleSpelling& spelling)
      : moe_(std::get_if<Moe>(&channel)), spelling_(spelling) {}

  void add(const WeightTensor& tensor, std::vector<NamedTensor>& out) {
    const Names* names = find_names(mlp_names, tensor.role);
    if (!names) return add_beside(tensor, out);
    // Gate, up, down: what does not come after the one before begins the next MLP.
    const auto place = names - mlp_names;
    if (place <= place_) ++mlp_;
    place_ = place;
    if (!moe_ || mlp_ > routed_and_shared()) {
      add_named(tensor, names, {spelling_.dense}, out);
    } else if (mlp_ == 1) {
      add_named(tensor, names, {experts() + "experts.0"}, out);
    } else {
      add_named(tensor, names, {experts() + "shared_expert", experts() + "shared_experts"}, out);
    }
  }

 private:
  int routed_and_shared() const { return moe_->shared_intermediate > 0 ? 2 : 1; }
  // Where a dense MLP runs beside the experts, it is `mlp`, and they stand in the layer (Gemma 4).
  std::string experts() const {
    return moe_->dense_beside > 0 ? std::string() : spelling_.experts + ".";
  }

  void add_beside(const WeightTensor& tensor, std::vector<NamedTensor>& out) {
    const Names* names = find_names(channel_names, tensor.role);
    const bool in_layer = moe_ && moe_->dense_beside > 0;
    add_named(tensor, names, {in_layer ? std::string_view() : std::string_view(spelling_.experts)},
              out);
  }

  const Moe* moe_;
  const ModuleSpelling& spelling_;
  int mlp_ = 1;                // which of the mixture's MLPs
  std::ptrdiff_t place_ = -1;  // of the tensor before, in its MLP
};

}  // namespace

ModuleSpelling spelling_of(std::span<const std::string_view> patterns) {
  ModuleSpelling spelling;
  bool has_prefix = false;
  for (const std::string_view pattern : patterns) {
    if (is_beside(pattern)) continue;
    read_spelling(pattern, spelling);
    if (has_prefix) continue;
    if (const auto prefix = before_number(pattern)) {
      spelling.layers = *prefix;
      has_prefix = true;
    }
  }
  return spelling;
}

std::vector<NamedTensor> named_tensors(const Layer& layer, Dim hidden,
                                       const ModuleSpelling& spelling) {
  std::vector<NamedTensor> out;
  for (const Kind& mixer : layer.mixers) add_mixer(mixer, hidden, spelling, out);
  std::vector<WeightTensor> channel;
  add_weight_tensors(layer.channel, hidden, channel);
  ChannelNames names(layer.channel, spelling);
  for (const WeightTensor& tensor : channel) names.add(tensor, out);
  for (const WeightTensor& tensor : layer.extra) {
    add_named(tensor, find_names(extra_names, tensor.role), {""}, out);
  }
  return out;
}

NamedTensor named_outside(const WeightTensor& tensor) {
  std::vector<NamedTensor> out;
  add_named(tensor, find_names(outside_names, tensor.role), {""}, out);
  return out.front();
}

}  // namespace attncalc
