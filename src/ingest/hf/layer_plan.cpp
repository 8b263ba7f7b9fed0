// SPDX-License-Identifier: Apache-2.0
//
// Which mixer stands in which layer. Configs say it in many spellings; each has one function here
// that answers with a plan if its key is there. The first that answers wins, and windows are then
// laid over the attention layers by the keys and class rules for windows. See docs/model.md,
// "Layer patterns", and the sources beside each function.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.hpp"
#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

using MaybeRoles = std::optional<std::vector<Role>>;

struct TypeWord {
  std::string_view word;
  Role role;
};

// The words of `layer_types` and `layers_block_type` (transformers configuration_utils,
// ALLOWED_LAYER_TYPES, and the files themselves).
constexpr TypeWord type_words[] = {
    {"full_attention", Role::attention},
    {"attention", Role::attention},
    {"global_attention", Role::attention},
    {"global", Role::attention},
    {"deepseek_sparse_attention", Role::attention},
    {"sliding_attention", Role::window},
    {"sliding_window_attention", Role::window},
    {"local_attention", Role::window},
    {"local", Role::window},  // GPT-Neo
    {"compressed_sparse_attention", Role::compressed},
    {"heavily_compressed_attention", Role::compressed},
    {"chunked_attention", Role::chunk},
    {"linear_attention", Role::linear},
    {"conv", Role::conv},
    {"mamba", Role::mamba},
    {"mamba2", Role::mamba},
    {"hybrid", Role::parallel_mamba},
    {"recurrent", Role::recurrent},
    {"moe", Role::none},
    {"mlp", Role::none},
};

Role role_of_word(Config& config, const Node& node) {
  std::vector<std::string_view> words;
  for (const TypeWord& known : type_words) {
    if (known.word == node.text) return known.role;
    words.push_back(known.word);
  }
  config.problem(node, fmt::format("layer type '{}' is not understood", node.text),
                 did_you_mean(node.text, words));
  return Role::attention;
}

MaybeRoles from_words(Config& config, std::size_t) {
  const Node* node = config.find({"layer_types", "layers_block_type", "attention_layers"});
  if (!node || node->kind != NodeKind::list) return std::nullopt;
  // The list decides; the rules that it was made from say the same once more.
  config.understand({"full_attention_interval", "sliding_window_pattern", "_sliding_window_pattern",
                     "no_rope_layers", "no_rope_layer_interval", "nope_layer_interval",
                     "attn_layer_period", "attn_layer_offset", "hybrid_override_pattern",
                     "full_attn_idxs", "attention_chunk_size", "global_attn_every_n_layers",
                     "attention_types", "hybrid_layer_ids"});
  std::vector<Role> roles;
  for (const Node& child : node->children) roles.push_back(role_of_word(config, child));
  // DeepSeek-V4 as transformers writes it: the windows are those of its compressed layers.
  if (config.has({"compress_rates"}))
    std::replace(roles.begin(), roles.end(), Role::window, Role::compressed);
  if (has_shared_blocks(config))
    std::replace(roles.begin(), roles.end(), Role::parallel_mamba, Role::shared_then_mamba);
  return roles;
}

// GPT-Neo: [[["global", "local"], 12]] is twelve times these two (GPTNeoConfig).
MaybeRoles from_attention_types(Config& config, std::size_t layers) {
  const Node* node = config.find({"attention_types"});
  if (!node || node->kind != NodeKind::list) return std::nullopt;
  std::vector<Role> roles;
  for (const Node& entry : node->children) {
    const bool pair = entry.kind == NodeKind::list && entry.children.size() == 2;
    const auto times = pair ? entry.children[1].as_integer() : std::nullopt;
    if (!times || *times < 0 || entry.children[0].kind != NodeKind::list) {
      config.problem(entry, "attention_types holds lists of words, each with how often it stands");
      return roles;
    }
    for (std::int64_t n = 0; n < *times && roles.size() < layers; ++n) {
      for (const Node& word : entry.children[0].children)
        roles.push_back(role_of_word(config, word));
    }
  }
  return roles;
}

// PLaMo-2: the middle one of every mamba_step layers is attention, windowed unless its number is
// listed (Plamo2Config; is_mamba in modeling_plamo.py).
MaybeRoles from_mamba_step(Config& config, std::size_t layers) {
  const std::optional<Dim> step = config.positive({"mamba_step"});
  if (!step) return std::nullopt;
  const bool states = config.flag({"mamba_enabled"}, true);
  const std::vector<std::int64_t> full = config.integers({"full_attention_idx"});
  const auto middle = static_cast<std::size_t>(step->value / 2);
  const auto period = static_cast<std::size_t>(step->value);
  std::vector<Role> roles(layers, Role::mamba);
  for (std::size_t i = 0; i < layers; ++i) {
    const bool attends = layers <= middle ? i + 1 == layers : i % period == middle;
    if (states && !attends) continue;
    const bool listed =
        std::find(full.begin(), full.end(), static_cast<std::int64_t>(i)) != full.end();
    roles[i] = listed || !config.has({"attention_window_size"}) ? Role::attention : Role::window;
  }
  return roles;
}

// Baichuan-M1 lists its windowed layers, from 0.
MaybeRoles from_window_indices(Config& config, std::size_t layers) {
  if (!config.has({"sliding_window_layers"})) return std::nullopt;
  std::vector<Role> roles(layers, Role::attention);
  for (const std::int64_t index : config.integers({"sliding_window_layers"})) {
    if (index < static_cast<std::int64_t>(layers))
      roles[static_cast<std::size_t>(index)] = Role::window;
  }
  return roles;
}

// SambaY (Phi-4-mini-flash): state spaces and attention in turn. In the first half attention has a
// window; behind it stand one state space and one full attention, whose output and whose cache all
// later layers share: gated memory units, which keep nothing, and attention with queries alone
// (arXiv:2507.06607; SambaYDecoderLayer).
MaybeRoles from_mb_per_layer(Config& config, std::size_t layers) {
  const std::optional<Dim> every = config.positive({"mb_per_layer"});
  if (!every) return std::nullopt;
  const auto period = static_cast<std::size_t>(every->value);
  std::vector<Role> roles(layers, Role::attention);
  for (std::size_t i = 0; i < layers; ++i) {
    const bool state = i % period == 0;
    if (state) roles[i] = i < layers / 2 + 2 ? Role::mamba : Role::none;
    if (!state && i < layers / 2) roles[i] = Role::window;
  }
  return roles;
}

// DeepSeek-V4: a ratio each layer, 0 for none. One more entry than layers is the draft layer's.
MaybeRoles from_compress_ratios(Config& config, std::size_t layers) {
  if (!config.has({"compress_ratios"})) return std::nullopt;
  const std::size_t stated = config.integers({"compress_ratios"}).size();
  return std::vector<Role>(std::min(layers, stated), Role::compressed);
}

// RecurrentGemma: a few words, again and again; attention has a window (RecurrentGemmaConfig).
MaybeRoles from_block_types(Config& config, std::size_t layers) {
  const Node* words = config.find({"block_types", "_block_types"});
  if (!words || words->kind != NodeKind::list || words->children.empty()) return std::nullopt;
  std::vector<Role> roles;
  for (std::size_t i = 0; i < layers; ++i) {
    const Role role = role_of_word(config, words->children[i % words->children.size()]);
    roles.push_back(role == Role::attention ? Role::window : role);
  }
  return roles;
}

// GLA and RetNet: the same linear attention in every layer.
MaybeRoles from_decaying_attention(Config& config, std::size_t layers) {
  if (!has_decaying_attention(config)) return std::nullopt;
  return std::vector<Role>(layers, Role::linear);
}

// Nemotron-H: M state space, * attention, - MLP, E experts.
MaybeRoles from_pattern_text(Config& config, std::size_t) {
  const Node* node = config.find({"hybrid_override_pattern"});
  if (!node) return std::nullopt;
  std::vector<Role> roles;
  for (const char letter : node->text) {
    switch (letter) {
      case 'M':
        roles.push_back(Role::mamba);
        break;
      case '*':
        roles.push_back(Role::attention);
        break;
      case '-':
      case 'E':
        roles.push_back(Role::none);
        break;
      case '|':
        break;
      default:
        config.problem(
            *node,
            fmt::format("hybrid_override_pattern holds '{}'; it may hold M, *, - and E", letter));
        return roles;
    }
  }
  return roles;
}

// MiMo: 0 full, 1 windowed.
MaybeRoles from_hybrid_bits(Config& config, std::size_t) {
  if (!config.has({"hybrid_layer_pattern"})) return std::nullopt;
  std::vector<Role> roles;
  for (const std::int64_t bit : config.integers({"hybrid_layer_pattern"})) {
    roles.push_back(bit == 0 ? Role::attention : Role::window);
  }
  config.understand({"attention_chunk_size"});  // as wide as the window; the class reads the window
  return roles;
}

// SmallThinker: 0 full, 1 windowed.
MaybeRoles from_window_layout(Config& config, std::size_t) {
  if (!config.has({"sliding_window_layout"})) return std::nullopt;
  std::vector<Role> roles;
  for (const std::int64_t bit : config.integers({"sliding_window_layout"})) {
    roles.push_back(bit == 0 ? Role::attention : Role::window);
  }
  return roles;
}

// Ling and Ring linear: the last layer of each group is full, and what is left over after the last
// whole group (BailingMoeLinearV2DecoderLayer).
MaybeRoles from_layer_groups(Config& config, std::size_t layers) {
  const std::optional<Dim> group = config.positive({"layer_group_size"});
  if (!group) return std::nullopt;
  const auto size = static_cast<std::size_t>(group->value);
  std::vector<Role> roles(layers, Role::linear);
  for (std::size_t i = 0; i < layers; ++i) {
    if ((i + 1) % size == 0 || i >= layers / size * size) roles[i] = Role::attention;
  }
  return roles;
}

// MiniMax: 1 full, 0 lightning.
MaybeRoles from_attn_type_list(Config& config, std::size_t) {
  if (!config.has({"attn_type_list"})) return std::nullopt;
  std::vector<Role> roles;
  for (const std::int64_t bit : config.integers({"attn_type_list"})) {
    roles.push_back(bit == 1 ? Role::attention : Role::linear);
  }
  return roles;
}

// Kimi: lists of layers that count from 1.
MaybeRoles from_linear_attn_config(Config& config, std::size_t layers) {
  std::optional<Config> inner = config.within("linear_attn_config");
  if (!inner || !inner->has({"full_attn_layers"})) return std::nullopt;
  std::vector<Role> roles(layers, Role::linear);
  for (const std::int64_t number : inner->integers({"full_attn_layers"})) {
    if (number >= 1 && number <= static_cast<std::int64_t>(layers)) {
      roles[static_cast<std::size_t>(number - 1)] = Role::attention;
    }
  }
  return roles;
}

// Qwen3-Next: every n-th layer is full, the last of each group.
MaybeRoles from_full_attention_interval(Config& config, std::size_t layers) {
  if (!config.has({"linear_num_key_heads", "linear_key_head_dim"})) return std::nullopt;
  const Dim every =
      config.or_default({"full_attention_interval"}, 4, "class default of Qwen3-Next and Qwen3.5");
  std::vector<Role> roles(layers, Role::linear);
  for (std::size_t i = 0; i < layers && every > 0; ++i) {
    if ((static_cast<std::int64_t>(i) + 1) % every == 0) roles[i] = Role::attention;
  }
  return roles;
}

// Zamba: two layers and a call come first; then the period begins (ZambaConfig).
std::vector<Role> calls_by_period(std::size_t layers, std::int64_t period, std::int64_t offset) {
  constexpr std::size_t first_call = 2;
  std::vector<Role> roles(layers, Role::mamba);
  if (layers > first_call) roles[first_call] = Role::shared_then_mamba;
  for (std::size_t i = first_call + 1; i < layers; ++i) {
    const auto behind = static_cast<std::int64_t>(i - first_call - 1);
    if (behind % period == offset) roles[i] = Role::shared_then_mamba;
  }
  return roles;
}

// Jamba: attention at offset, offset + period, …
MaybeRoles from_period(Config& config, std::size_t layers) {
  const std::optional<Dim> period = config.positive({"attn_layer_period"});
  if (!period) return std::nullopt;
  const Dim offset = config.or_default({"attn_layer_offset"}, 4, "class default of Jamba");
  if (has_shared_blocks(config)) return calls_by_period(layers, period->value, offset.value);
  std::vector<Role> roles(layers, Role::mamba);
  for (std::size_t i = 0; i < layers; ++i) {
    if (static_cast<std::int64_t>(i) % period->value == offset.value) roles[i] = Role::attention;
  }
  return roles;
}

// Bamba lists its attention layers (from 0); the others are state spaces. Falcon-H1 has the key
// too, null: then every layer has both.
MaybeRoles from_attention_indices(Config& config, std::size_t layers) {
  const bool state_space = config.map().find("mamba_d_state") != nullptr;
  if (!state_space) return std::nullopt;
  if (!config.has({"attn_layer_indices"})) {
    const bool listed = config.map().find("attn_layer_indices") != nullptr;
    if (!listed) return std::nullopt;
    return std::vector<Role>(layers, Role::parallel_mamba);
  }
  std::vector<Role> roles(layers, Role::mamba);
  for (const std::int64_t index : config.integers({"attn_layer_indices"})) {
    if (index < static_cast<std::int64_t>(layers))
      roles[static_cast<std::size_t>(index)] = Role::attention;
  }
  return roles;
}

// LFM2: the indices (from 0) of attention layers among short convolutions.
MaybeRoles from_full_attention_indices(Config& config, std::size_t layers) {
  if (!config.has({"full_attn_idxs"})) return std::nullopt;
  std::vector<Role> roles(layers, Role::conv);
  for (const std::int64_t index : config.integers({"full_attn_idxs"})) {
    if (index < static_cast<std::int64_t>(layers))
      roles[static_cast<std::size_t>(index)] = Role::attention;
  }
  return roles;
}

// mllama: cross-attention stands in these layers, which count among num_hidden_layers.
MaybeRoles from_cross_layers(Config& config, std::size_t layers) {
  if (!config.has({"cross_attention_layers"})) return std::nullopt;
  std::vector<Role> roles(layers, Role::attention);
  for (const std::int64_t index : config.integers({"cross_attention_layers"})) {
    if (index < static_cast<std::int64_t>(layers))
      roles[static_cast<std::size_t>(index)] = Role::cross;
  }
  return roles;
}

// A pure state-space model: state keys and no attention heads (Mamba 1 and 2, Codestral-Mamba).
MaybeRoles from_state_keys(Config& config, std::size_t layers) {
  const bool state = config.map().find("state_size") && config.map().find("conv_kernel");
  if (!state || config.map().find("num_attention_heads")) return std::nullopt;
  return std::vector<Role>(layers, Role::mamba);
}

constexpr MaybeRoles (*spellings[])(Config&, std::size_t) = {
    from_block_types,
    from_compress_ratios,
    from_words,
    from_attention_types,
    from_mamba_step,
    from_window_indices,
    from_mb_per_layer,
    from_pattern_text,
    from_hybrid_bits,
    from_window_layout,
    from_attn_type_list,
    from_linear_attn_config,
    from_full_attention_interval,
    from_layer_groups,
    from_period,
    from_attention_indices,
    from_full_attention_indices,
    from_cross_layers,
    from_decaying_attention,
    from_state_keys,
};

// --- windows over attention layers ---------------------------------------------------------------

// By its switch, or by a window that is no number of tokens: null, 0, -1 (Grok-2).
bool windows_are_off(Config& config) {
  const Node* use = config.find({"use_sliding_window"});
  const Node* window = config.find({"sliding_window", "sliding_window_size"});
  const bool none = window && (window->as_integer() == 0 || window->as_integer() == -1);
  if (none) {
    config.understand({"global_attn_every_n"});
    config.assume(window->key, "none", fmt::format("{} is no number of tokens", window->text));
  }
  return none || (use && use->as_boolean() == false);
}

// "LLLG": L windowed, G full, repeated (EXAONE 4).
std::vector<Role> repeat_letters(Config& config, const Node& node, std::size_t layers) {
  std::vector<Role> roles(layers, Role::attention);
  for (std::size_t i = 0; i < layers && !node.text.empty(); ++i) {
    const char letter = node.text[i % node.text.size()];
    if (letter != 'L' && letter != 'G') {
      config.problem(node, fmt::format("{} holds '{}'; it may hold L and G", node.key, letter));
      break;
    }
    if (letter == 'L') roles[i] = Role::window;
  }
  return roles;
}

// Every `period`-th layer is full, the last of each group; the others are windowed.
std::vector<Role> full_last(std::size_t layers, std::int64_t period) {
  std::vector<Role> roles(layers, Role::window);
  for (std::size_t i = 0; i < layers && period > 0; ++i) {
    if ((static_cast<std::int64_t>(i) + 1) % period == 0) roles[i] = Role::attention;
  }
  return roles;
}

// Qwen2 and Qwen3: the first max_window_layers are full, the rest windowed.
std::vector<Role> window_from(std::size_t layers, std::int64_t first) {
  std::vector<Role> roles(layers, Role::window);
  std::fill_n(roles.begin(), std::min<std::size_t>(layers, static_cast<std::size_t>(first)),
              Role::attention);
  return roles;
}

std::vector<Role> windowed_attention(Config& config, std::size_t layers) {
  const Names period_names = {"sliding_window_pattern", "_sliding_window_pattern",
                              "global_attn_every_n_layers"};
  const Node* pattern = config.find(period_names);
  const std::optional<Dim> first = config.integer({"max_window_layers"});
  const bool has_window = config.has({"sliding_window", "sliding_window_size"});
  if (!has_window || windows_are_off(config)) return std::vector<Role>(layers, Role::attention);
  if (pattern && pattern->kind == NodeKind::string) return repeat_letters(config, *pattern, layers);
  if (pattern) {
    const auto period = config.positive(period_names);
    return full_last(layers, period.value_or(Dim(1)));
  }
  if (first && config.has({"use_sliding_window"})) return window_from(layers, *first);
  return std::vector<Role>(layers, Role::window);
}

// Llama 4: chunked layers where rotary positions are used, full where they are not. An empty list
// stands for the class's rule, every fourth layer (Llama4TextConfig).
std::vector<Role> chunked_attention(Config& config, std::size_t layers) {
  std::vector<std::int64_t> uses_rope = config.integers({"no_rope_layers"});
  if (uses_rope.empty()) {
    const Dim every = config.or_default({"no_rope_layer_interval", "nope_layer_interval"}, 4,
                                        "class default of Llama4TextConfig");
    for (std::size_t i = 0; i < layers; ++i) {
      uses_rope.push_back((static_cast<std::int64_t>(i) + 1) % std::max<std::int64_t>(every, 1) !=
                          0);
    }
  }
  std::vector<Role> roles(layers, Role::attention);
  for (std::size_t i = 0; i < std::min(layers, uses_rope.size()); ++i) {
    if (uses_rope[i] != 0) roles[i] = Role::chunk;
  }
  return roles;
}

// Where a list says which layers have a window, the keys for windows mean nothing without one.
void understand_windows(Config& config) {
  config.understand({"sliding_window", "sliding_window_size", "window_size", "max_window_layers",
                     "use_sliding_window", "attention_chunk_size", "swa_num_attention_heads",
                     "swa_num_key_value_heads", "swa_head_dim", "swa_v_head_dim",
                     "num_swa_attention_heads", "num_swa_key_value_heads", "attention_window_size",
                     "add_swa_attention_sink_bias", "swa_rope_theta"});
}

std::vector<Role> read_roles(Config& config, const ClassFacts& facts, std::size_t layers) {
  if (facts.rwkv_version > 0) return std::vector<Role>(layers, Role::recurrent);
  for (const auto& spelling : spellings) {
    if (MaybeRoles roles = spelling(config, layers)) {
      understand_windows(config);
      return *std::move(roles);
    }
  }
  if (config.positive({"attention_chunk_size"})) return chunked_attention(config, layers);
  return windowed_attention(config, layers);
}

// Nemotron-H: what a block of the pattern is, when it is no mixer.
std::vector<Channel> read_channels(Config& config, std::size_t layers) {
  std::vector<Channel> channels;
  if (const Node* pattern = config.find({"hybrid_override_pattern"})) {
    for (const char letter : pattern->text) {
      if (letter == '|') continue;
      channels.push_back(letter == '-'   ? Channel::dense
                         : letter == 'E' ? Channel::experts
                                         : Channel::none);
    }
  } else if (const Node* words = config.find({"layers_block_type"})) {
    const bool blocks =
        std::any_of(words->children.begin(), words->children.end(),
                    [](const Node& word) { return word.text == "moe" || word.text == "mlp"; });
    for (const Node& word : words->children) {
      if (blocks)
        channels.push_back(word.text == "moe"   ? Channel::experts
                           : word.text == "mlp" ? Channel::dense
                                                : Channel::none);
    }
  }
  if (!channels.empty()) channels.resize(layers, Channel::by_keys);
  return channels;
}

// The last layer before `end` that stands in the same role.
std::optional<std::uint32_t> last_alike(const std::vector<Role>& roles, std::size_t end,
                                        Role role) {
  for (std::size_t i = end; i-- > 0;) {
    if (roles[i] == role) return static_cast<std::uint32_t>(i);
  }
  return std::nullopt;
}

// SambaY: attention behind the middle reads the cache of the one full layer there.
std::vector<std::optional<std::uint32_t>> share_middle_layer(const std::vector<Role>& roles) {
  std::vector<std::optional<std::uint32_t>> owner(roles.size());
  const std::size_t middle = roles.size() / 2 + 1;
  for (std::size_t i = middle + 1; i < roles.size(); ++i) {
    if (roles[i] == Role::attention) owner[i] = static_cast<std::uint32_t>(middle);
  }
  return owner;
}

// Gemma 3n and 4: the last num_kv_shared_layers read the cache of the last layer of their kind
// before them. CLA: every group of cla_share_factor layers shares the first one's.
std::vector<std::optional<std::uint32_t>> read_sharing(Config& config,
                                                       const std::vector<Role>& roles) {
  std::vector<std::optional<std::uint32_t>> owner;
  const auto shared =
      static_cast<std::size_t>(config.integer({"num_kv_shared_layers"}).value_or(Dim(0)).value);
  const Dim factor = config.positive({"cla_share_factor"}).value_or(Dim(1));
  const bool cla = config.flag({"use_cla"}, false) && factor > 1;
  if (config.has({"mb_per_layer"})) return share_middle_layer(roles);
  if (shared == 0 && !cla) return owner;
  owner.resize(roles.size());
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const std::size_t first = roles.size() - std::min(shared, roles.size());
    if (i >= first) owner[i] = last_alike(roles, first, roles[i]);
    const auto group = static_cast<std::uint32_t>(i - i % static_cast<std::size_t>(factor.value));
    if (cla && group != i) owner[i] = group;
  }
  return owner;
}

// The layer count; some files have only the list of layers.
std::size_t layer_count(Config& config) {
  // Whisper's and T5's num_hidden_layers or num_layers is the encoder's.
  if (const auto stated =
          config.positive({"decoder_layers", "num_decoder_layers", "decoder_num_hidden_layers"})) {
    return static_cast<std::size_t>(stated->value);
  }
  const Names names = {"num_hidden_layers", "n_layer", "n_layers", "num_layers",
                       "num_transformer_layers"};
  const Node* list = config.find({"layers_block_type", "layer_types"});
  if (!config.has(names) && list) return list->children.size();
  return static_cast<std::size_t>(config.need(names).value);
}

// Blocks of a state space alone, and Zamba's, have no MLP.
bool has_no_channel(Config& config, const std::vector<Role>& roles) {
  return from_state_keys(config, roles.size()) ||
         std::find(roles.begin(), roles.end(), Role::shared_then_mamba) != roles.end();
}

}  // namespace

LayerPlan read_layer_plan(Config& config, const ClassFacts& facts) {
  LayerPlan plan;
  const std::size_t layers = layer_count(config);
  if (layers > static_cast<std::size_t>(most_layers)) {
    const Node* node = config.find({"num_hidden_layers", "n_layer", "n_layers", "num_layers"});
    config.problem(node ? *node : config.map(),
                   fmt::format("{} layers are more than {}", layers, most_layers));
    return plan;
  }
  plan.roles = read_roles(config, facts, layers);
  if (plan.roles.size() < layers) {
    const Node* list =
        config.find({"layer_types", "layers_block_type", "attention_layers", "hybrid_layer_pattern",
                     "attn_type_list", "hybrid_override_pattern", "compress_ratios",
                     "sliding_window_layout", "attention_types"});
    config.problem(list ? *list : config.map(),
                   fmt::format("the list of layer types is too short: {} of {} layers",
                               plan.roles.size(), layers));
  }
  plan.roles.resize(layers, Role::attention);
  plan.channels = read_channels(config, layers);
  if (has_no_channel(config, plan.roles)) plan.channels.assign(layers, Channel::none);
  plan.cache_of = read_sharing(config, plan.roles);
  return plan;
}

}  // namespace attncalc::hf
