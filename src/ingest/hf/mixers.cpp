// SPDX-License-Identifier: Apache-2.0
//
// The dimensions of a layer's token mixers, from keys: attention here, recurrent kinds in
// states.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

const Names head_names = {
    "num_attention_heads_per_layer", "num_attention_heads", "n_head",          "n_heads",
    "decoder_attention_heads",       "num_heads",           "attention_heads", "num_query_heads",
    "decoder_num_attention_heads"};
const Names kv_head_names = {"num_key_value_heads",
                             "num_kv_heads",
                             "n_kv_heads",
                             "multi_query_group_num",
                             "num_query_groups",
                             "num_attention_groups",
                             "n_head_kv",
                             "num_key_value_heads_per_layer",
                             "num_multi_query_heads",
                             "decoder_num_key_value_heads"};
const Names window_names = {"sliding_window", "sliding_window_size", "window_size",
                            "attention_window_size"};

// Null, absent, or `use_mla: false`: keys that are there but off do not make a layer latent.
bool is_latent(Config& config) {
  const bool off = !config.flag({"use_mla"}, true);
  return config.integer({"kv_lora_rank"}).value_or(Dim(0)) > 0 && !off;
}

// --- KV heads --------------------------------------------------------------------------------

// Falcon: the new architecture has num_kv_heads; the old one is multi-query or multi-head, whatever
// num_kv_heads says (falcon-7b states 71 and stores 1). gpt_bigcode has only the flag.
std::optional<Dim> multi_query_heads(Config& config) {
  const bool multi_query = config.flag({"multi_query"}, false);
  const Node* new_architecture = config.find({"new_decoder_architecture"});
  if (new_architecture && new_architecture->as_boolean() == true) return std::nullopt;
  if (multi_query) return config.dim(*config.find({"multi_query"}), "multi_query", 1);
  return std::nullopt;
}

std::optional<Dim> nested_kv_heads(Config& config) {  // DBRX, MPT
  std::optional<Config> inner = config.within("attn_config");
  if (!inner) return std::nullopt;
  return inner->positive({"kv_n_heads"});
}

Dim kv_heads(Config& config, Dim heads, Role role, std::size_t layer) {
  if (role == Role::window) {
    if (auto stated =
            config.of_layer({"swa_num_key_value_heads", "num_swa_key_value_heads"}, layer))
      return *stated;
  }
  if (role == Role::attention && config.has({"global_head_dim"})) {
    if (auto stated = config.positive({"num_global_key_value_heads"})) return *stated;
  }
  config.understand({"multi_query_attention", "swa_num_key_value_heads", "num_swa_key_value_heads",
                     "num_global_key_value_heads"});
  if (auto one = multi_query_heads(config)) {
    config.understand(kv_head_names);
    return *one;
  }
  const Node* grouped = config.find({"multi_query_attention"});  // ChatGLM: false means MHA
  if (grouped && grouped->as_boolean() == false) return heads;
  if (auto nested = nested_kv_heads(config)) return *nested;
  return config.of_layer(kv_head_names, layer).value_or(heads);
}

// Where no key states it, a head's width is hidden / heads, and that must be whole.
void check_width(Config& config, const Softmax& s) {
  const Dim hidden = config.model().hidden;
  if (s.head_dim > 0 || s.heads < 1 || hidden % s.heads == 0) return;
  const Node* node = config.find(head_names);
  if (!node || !config.problems().empty()) return;
  config.problem(*node,
                 fmt::format("{} is {}; it must divide hidden_size, {}", node->key, s.heads.value,
                             hidden.value),
                 "or state head_dim");
}

// A stated count of KV heads must be sound where it stands; the layer's own check has no place.
void check_heads(Config& config, const Softmax& s) {
  const Node* node = config.find({"num_key_value_heads"});
  // Heads that could not be read are one: what does not divide those is no mistake of its own.
  const bool heads_failed = s.heads <= 1 && !config.problems().empty();
  if (!node || node->kind == NodeKind::list || heads_failed) return;
  const bool divides = s.kv_heads >= 1 && s.heads % s.kv_heads == 0;
  if (divides) return;
  config.problem(*node,
                 fmt::format("num_key_value_heads is {}; it must divide num_attention_heads, {}",
                             s.kv_heads.value, s.heads.value));
}

// --- widths ----------------------------------------------------------------------------------

Dim key_width(Config& config, Role role) {
  const std::optional<Dim> global = config.positive({"global_head_dim"});  // Gemma 4's full layers
  if (role == Role::attention && global) return *global;
  const std::optional<Dim> local = config.positive({"swa_head_dim"});  // MiMo-V2's windows
  if (role == Role::window && local) return *local;
  return config
      .positive({"head_dim", "attention_head_dim", "kv_channels", "d_kv", "hidden_size_per_head",
                 "dim_head"})
      .value_or(Dim(0));
}

Dim value_width(Config& config, Role role) {
  const std::optional<Dim> local = config.positive({"swa_v_head_dim"});
  if (role == Role::window && local) return *local;
  return config.integer({"v_head_dim"}).value_or(Dim(0));  // 0 where MLA is switched off
}

void read_reach(Config& config, Role role, Softmax& s) {
  if (role == Role::window) s.window = config.need(window_names);
  if (role == Role::chunk) s.chunk = config.need({"attention_chunk_size"});
}

// --- biases and norms ------------------------------------------------------------------------

struct Biases {
  bool qkv, o;
};

Biases read_biases(Config& config, const ClassFacts& facts) {
  const Names keys = {"attention_bias", "qkv_bias", "use_qkv_bias",
                      "add_qkv_bias",   "use_bias", "bias"};
  const Node* node = config.find(keys);
  if (!node || !facts.reads_bias_key) return {facts.qkv_bias, facts.o_bias};
  if (const Node* out = config.find({"attention_out_bias"})) {  // Seed-OSS says it for o_proj apart
    return {config.flag(keys, facts.qkv_bias), out->as_boolean().value_or(false)};
  }
  const bool stated = config.flag(keys, facts.qkv_bias);
  const bool qkv_only = node->key.find("qkv") != std::string::npos;
  return {stated, stated && facts.bias_key_covers_o && !qkv_only};
}

QkNorm read_qk_norm(Config& config, const ClassFacts& facts) {
  const bool stated = config.flag(
      {"use_qk_norm", "qk_layernorm", "use_query_key_norm", "normalize_qk_projections"}, false);
  return facts.qk_norm_by_key && !stated ? QkNorm::none : facts.qk_norm;
}

// `gating: true` and "per-head" mean the same (Laguna); Step-3.5 has a key of its own.
Dim gates_per_head(Config& config, const ClassFacts& facts) {
  const bool stated = config.has({"gating", "gating_types"}) && facts.gate_per_head;
  return stated || config.flag({"use_head_wise_attn_gate"}, false) ? 1 : 0;
}

// Step-3.5 keeps what differs in its windows in a map of its own.
void read_other_setting(Config& config, Role role, Softmax& s) {
  std::optional<Config> other = config.within("attention_other_setting");
  if (!other || role != Role::window) return;
  if (const auto heads = other->positive({"num_attention_heads"})) s.heads = *heads;
  if (const auto groups = other->positive({"num_attention_groups"})) s.kv_heads = *groups;
  if (const auto width = other->positive({"head_dim"})) s.head_dim = *width;
}

Dim read_heads(Config& config, Role role, std::size_t layer) {
  if (role == Role::window) {
    if (auto local = config.of_layer({"swa_num_attention_heads", "num_swa_attention_heads"}, layer))
      return *local;
  }
  const std::size_t problems = config.problems().size();
  const std::optional<Dim> heads = config.of_layer(head_names, layer);
  if (config.problems().size() > problems) return 1;  // said; the next step would say it again
  return heads && *heads > 0 ? *heads : config.need({"num_attention_heads"});
}

Softmax read_softmax(Config& config, const ClassFacts& facts, Role role, std::size_t layer) {
  Softmax s;
  s.heads = read_heads(config, role, layer);
  s.kv_heads = kv_heads(config, s.heads, role, layer);
  s.head_dim = key_width(config, role);
  s.value_dim = value_width(config, role);
  s.q_lora_rank = config.positive({"share_q_dim"});
  read_reach(config, role, s);
  const Biases biases = read_biases(config, facts);
  s.q_bias = s.v_bias = biases.qkv;
  s.k_bias = biases.qkv && facts.k_bias;
  s.o_bias = biases.o;
  s.qk_norm = read_qk_norm(config, facts);
  s.qk_norm_parameters = facts.qk_norm_parameters.value_or(facts.norm);
  const bool window_sinks = config.flag({"add_swa_attention_sink_bias"}, false);
  const bool full_sinks = config.flag({"add_full_attention_sink_bias"}, false);
  s.learnt_sinks = facts.learnt_sinks || (role == Role::window ? window_sinks : full_sinks);
  s.output_gate = config.flag({"attn_output_gate"}, facts.output_gate);
  s.gate_per_head = gates_per_head(config, facts);
  s.value_is_key = config.flag({"attention_k_eq_v"}, false) && role == Role::attention;
  read_other_setting(config, role, s);
  check_heads(config, s);
  check_width(config, s);
  s.complete(config.model().hidden);
  return s;
}

// --- blocks chosen by an indexer
// ------------------------------------------------------------------

// MiniMax-M3: some layers choose blocks of keys with a few narrow queries and one key a token,
// which is cached beside keys and values.
std::optional<Sparse> read_block_sparse(Config& config, const Softmax& s, std::size_t layer) {
  std::optional<Config> sparse = config.within("sparse_attention_config");
  if (!sparse || !sparse->flag({"use_sparse_attention"}, false)) return std::nullopt;
  if (sparse->of_layer({"sparse_attention_freq"}, layer).value_or(Dim(1)) == Dim(0))
    return std::nullopt;
  if (sparse->of_layer({"sparse_disable_index_value"}, layer).value_or(Dim(1)) == Dim(0)) {
    config.problem(*sparse->find({"sparse_disable_index_value"}),
                   "an indexer with values of its own is not read");
  }
  Sparse out{.heads = s.heads,
             .kv_heads = s.kv_heads,
             .head_dim = s.head_dim,
             .value_dim = s.value_dim,
             .q_bias = s.q_bias,
             .k_bias = s.k_bias,
             .v_bias = s.v_bias,
             .o_bias = s.o_bias,
             .qk_norm = s.qk_norm,
             .mask = {}};
  out.block_size = sparse->need({"sparse_block_size"});
  out.topk = sparse->need({"sparse_topk_blocks"}) * out.block_size;
  out.index_heads = sparse->need({"sparse_num_index_heads"});
  out.index_head_dim = sparse->need({"sparse_index_dim"});
  return out;
}

// --- MLA -------------------------------------------------------------------------------------

// GLM-5.2's list says which layers choose for themselves and which reuse an earlier choice.
bool shares_indexer(Config& config, std::size_t layer) {
  config.understand({"index_topk_freq", "index_skip_topk_offset", "index_topk_pattern"});
  const Node* types = config.find({"indexer_types"});
  if (!types || layer >= types->children.size()) return false;
  const Node& word = types->children[layer];
  if (word.text != "full" && word.text != "shared") {
    config.problem(word,
                   fmt::format("indexer type '{}' is not understood: full or shared", word.text));
  }
  return word.text == "shared";
}

void read_indexer(Config& config, Latent& l, std::size_t layer) {
  l.index_heads = config.integer({"index_n_heads"}).value_or(Dim(0));
  l.index_head_dim = config.integer({"index_head_dim"}).value_or(Dim(0));
  l.index_topk = config.integer({"index_topk"}).value_or(Dim(0));
  l.shares_indexer = shares_indexer(config, layer);
}

Latent read_latent(Config& config, const ClassFacts& facts, Role role, std::size_t layer) {
  Latent l;
  l.heads = config.need({"num_attention_heads"});
  l.kv_lora_rank = config.need({"kv_lora_rank"});
  l.rope_dim = config.integer({"qk_rope_head_dim"}).value_or(Dim(0));
  l.nope_dim = config.need({"qk_nope_head_dim"});
  l.value_dim = config.positive({"v_head_dim"}).value_or(Dim(0));
  if (facts.value_dim_is_per_head && l.value_dim < 1) l.value_dim = config.model().hidden / l.heads;
  l.q_lora_rank = config.positive({"q_lora_rank"});
  if (role == Role::window) l.window = config.need(window_names);
  read_indexer(config, l, layer);
  l.bias = config.flag({"attention_bias"}, false);
  l.output_gate = config.flag({"mla_use_output_gate"}, false);
  // MLA files carry KV heads and a head_dim that mean nothing to the cache.
  config.understand({"num_key_value_heads", "head_dim", "qk_head_dim", "mla_use_nope"});
  l.complete(config.model().hidden);
  return l;
}

}  // namespace

Kind read_attention(Config& config, const ClassFacts& facts, Role role, std::size_t layer) {
  if (is_latent(config)) return read_latent(config, facts, role, layer);
  const Softmax softmax = read_softmax(config, facts, role, layer);
  if (const auto sparse = read_block_sparse(config, softmax, layer)) return *sparse;
  return softmax;
}

std::vector<Kind> read_mixers(Config& config, const ClassFacts& facts, Role role,
                              std::size_t layer) {
  switch (role) {
    case Role::attention:
    case Role::window:
    case Role::chunk:
      return {read_attention(config, facts, role, layer)};
    case Role::none:
      return {};
    default:
      return read_states(config, facts, role, layer);
  }
}

}  // namespace attncalc::hf
