// SPDX-License-Identifier: Apache-2.0
//
// Source of every row: load_arch_hparams() in src/models/<arch>.cpp, load_swa_pattern() and
// create_memory() in src/llama-model.cpp, and src/llama-hparams.cpp of llama.cpp v0.5.0 (snapshot
// de3ff815ea of 2026-09-28). That a model has a window, a latent or shared caches which llama.cpp
// does not use is from its Hugging Face config.
#include "ingest/gguf/arch_rules.hpp"

#include <algorithm>
#include <iterator>

namespace attncalc::gguf {
namespace {

constexpr ArchRules special[] = {
    // windows
    {.arch = "gemma2", .windows = Windows::full_last, .period = 2, .window_otherwise = 4096},
    {.arch = "gemma3", .windows = Windows::full_last, .period = 6},
    {.arch = "gemma3n", .windows = Windows::full_last, .period = 5, .own_kv_layers = 20},
    {.arch = "gemma4", .windows = Windows::listed},
    {.arch = "gemma4-assistant", .windows = Windows::listed},
    {.arch = "gpt-oss", .windows = Windows::full_last, .period = 2, .learnt_sinks = true},
    {.arch = "cohere2", .windows = Windows::full_last, .period = 4},
    {.arch = "cohere2moe", .windows = Windows::full_first, .period = 4},
    {.arch = "exaone4",
     .windows = Windows::full_last,
     .period = 4,
     .window_otherwise = 4096,
     .window_only_at = 64},
    {.arch = "exaone-moe", .windows = Windows::full_last, .period = 4},
    {.arch = "llama4",
     .windows = Windows::full_last,
     .period = 4,
     .window_otherwise = 8192,
     .window_always = 8192,
     .chunks = true},
    {.arch = "olmo2", .windows = Windows::full_last, .period = 4},
    {.arch = "afmoe", .windows = Windows::full_last, .period = 4},
    {.arch = "mellum", .windows = Windows::full_last, .period = 4},
    {.arch = "laguna", .windows = Windows::full_first, .period = 4},
    {.arch = "smallthinker", .windows = Windows::full_first, .period = 4, .window_always = 4096},
    {.arch = "plamo3", .windows = Windows::full_last, .period = 8},
    {.arch = "muse-glimmer", .windows = Windows::full_last, .period = 4},
    {.arch = "mimo2", .windows = Windows::listed},
    {.arch = "step35", .windows = Windows::listed},
    {.arch = "spark2_5", .windows = Windows::listed},
    {.arch = "maple", .windows = Windows::listed},
    {.arch = "granite_swa", .windows = Windows::listed},
    {.arch = "deepseek4", .windows = Windows::every_layer},
    // windows that the model has and llama.cpp does not
    {.arch = "llama", .windows = Windows::every_layer, .engine_has_windows = false},  // Mistral 7B
    {.arch = "mistral3", .windows = Windows::every_layer, .engine_has_windows = false},
    {.arch = "phi3", .windows = Windows::every_layer, .engine_has_windows = false},
    {.arch = "phimoe", .windows = Windows::every_layer, .engine_has_windows = false},
    {.arch = "starcoder2",
     .windows = Windows::every_layer,
     .engine_has_windows = false,
     .gated_mlp = false},
    // latents
    {.arch = "deepseek2", .latent = true},
    {.arch = "mistral4", .latent = true},
    {.arch = "deepseek32", .latent = true, .indexer = Indexer::every_layer},
    {.arch = "glm-dsa", .latent = true, .indexer = Indexer::listed},
    {.arch = "hy_v4", .latent = true, .indexer = Indexer::listed},
    {.arch = "dots3note", .windows = Windows::listed, .latent = true, .indexer = Indexer::listed},
    {.arch = "minicpm3", .latent = true, .engine_has_latent = false},
    {.arch = "plm", .latent = true, .engine_has_latent = false, .gated_mlp = false},
    {.arch = "deepseek2-ocr", .latent = true, .engine_has_latent = false},
    // an indexer beside grouped queries
    {.arch = "minimax-m3", .indexer = Indexer::moe_layers},
    // recurrent
    {.arch = "mamba", .recurrence = Recurrence::mamba1, .recurrent = RecurrentWhere::every_layer},
    {.arch = "mamba2", .recurrence = Recurrence::mamba2, .recurrent = RecurrentWhere::every_layer},
    {.arch = "rwkv6",
     .recurrence = Recurrence::rwkv6,
     .recurrent = RecurrentWhere::every_layer,
     .gated_mlp = false},
    {.arch = "rwkv6qwen2",
     .recurrence = Recurrence::rwkv6,
     .recurrent = RecurrentWhere::every_layer},
    {.arch = "rwkv7",
     .recurrence = Recurrence::rwkv7,
     .recurrent = RecurrentWhere::every_layer,
     .gated_mlp = false},
    {.arch = "arwkv7", .recurrence = Recurrence::rwkv7, .recurrent = RecurrentWhere::every_layer},
    {.arch = "falcon-h1",
     .recurrence = Recurrence::mamba2,
     .recurrent = RecurrentWhere::beside_attention},
    {.arch = "jamba", .recurrence = Recurrence::mamba1, .recurrent = RecurrentWhere::no_kv_heads},
    // PLaMo 2's Mamba has heads, and a convolution over its channels alone, as Mamba-1 has
    {.arch = "plamo2", .recurrence = Recurrence::mamba1, .recurrent = RecurrentWhere::no_kv_heads},
    {.arch = "granitehybrid",
     .recurrence = Recurrence::mamba2,
     .recurrent = RecurrentWhere::no_kv_heads},
    {.arch = "nemotron_h",
     .recurrence = Recurrence::mamba2,
     .recurrent = RecurrentWhere::no_kv_heads_no_mlp,
     .gated_mlp = false},
    {.arch = "nemotron_h_moe",
     .recurrence = Recurrence::mamba2,
     .recurrent = RecurrentWhere::no_kv_heads_no_mlp,
     .gated_mlp = false},
    {.arch = "lfm2",
     .windows = Windows::every_layer,
     .recurrence = Recurrence::short_conv,
     .recurrent = RecurrentWhere::no_kv_heads},
    {.arch = "lfm2moe",
     .recurrence = Recurrence::short_conv,
     .recurrent = RecurrentWhere::no_kv_heads},
    {.arch = "kimi-linear",
     .recurrence = Recurrence::kda,
     .recurrent = RecurrentWhere::no_kv_heads,
     .latent = true},
    {.arch = "kimi-k3",
     .recurrence = Recurrence::kda,
     .recurrent = RecurrentWhere::no_kv_heads,
     .latent = true},
    {.arch = "bailingmoe3",
     .recurrence = Recurrence::kda,
     .recurrent = RecurrentWhere::no_kv_heads,
     .latent = true},
    {.arch = "qwen3next",
     .recurrence = Recurrence::gated_delta,
     .recurrent = RecurrentWhere::interval,
     .interval = 4},
    {.arch = "qwen35",
     .recurrence = Recurrence::gated_delta,
     .recurrent = RecurrentWhere::interval,
     .interval = 4},
    {.arch = "qwen35moe",
     .recurrence = Recurrence::gated_delta,
     .recurrent = RecurrentWhere::interval,
     .interval = 4},
    {.arch = "qwen4exp",
     .recurrence = Recurrence::gated_delta,
     .recurrent = RecurrentWhere::interval,
     .interval = 4,
     .indexer = Indexer::attention_layers},
    {.arch = "minimax-01",
     .recurrence = Recurrence::lightning,
     .recurrent = RecurrentWhere::interval,
     .interval = 8},
    // see their whole input at once: encoders and diffusion models
    {.arch = "bert", .caches = false, .gated_mlp = false},
    {.arch = "modern-bert", .caches = false},
    {.arch = "nomic-bert", .caches = false},
    {.arch = "nomic-bert-moe", .caches = false, .gated_mlp = false},
    {.arch = "neo-bert", .caches = false},
    {.arch = "jina-bert-v2", .caches = false},
    {.arch = "jina-bert-v3", .caches = false, .gated_mlp = false},
    {.arch = "eurobert", .caches = false},
    {.arch = "gemma-embedding", .caches = false},
    {.arch = "t5encoder", .caches = false},
    {.arch = "dream", .caches = false},
    {.arch = "llada", .caches = false},
    {.arch = "llada-moe", .caches = false},
    {.arch = "rnd1", .caches = false},
    {.arch = "wavtokenizer-dec", .caches = false},
    // the layers are passed more than once
    {.arch = "nanbeige", .loops = true},
    // not the layers of a language model
    {.arch = "clip", .refused = "it is the vision part of a model"},
    {.arch = "eagle3", .refused = "it is a draft head, not a model"},
    {.arch = "dflash", .refused = "it is a draft head, not a model"},
    {.arch = "qwen3tts", .refused = "speech models are not modelled"},
    {.arch = "pockettts", .refused = "speech models are not modelled"},
    {.arch = "graniteswitch", .refused = "its router layer and stacked adapters are not modelled"},
    // plain attention around an MLP without a gate
    {.arch = "apertus", .gated_mlp = false},
    {.arch = "arcee", .gated_mlp = false},
    {.arch = "bloom", .gated_mlp = false},
    {.arch = "codeshell", .gated_mlp = false},
    {.arch = "falcon", .gated_mlp = false},
    {.arch = "gpt2", .gated_mlp = false},
    {.arch = "gptj", .gated_mlp = false},
    {.arch = "gptneox", .gated_mlp = false},
    {.arch = "jais2", .gated_mlp = false},
    {.arch = "mpt", .gated_mlp = false},
    {.arch = "nemotron", .gated_mlp = false},
    {.arch = "phi2", .gated_mlp = false},
    {.arch = "starcoder", .gated_mlp = false},
};

// Run by llama.cpp as plain attention, every layer alike but for arrays in the keys.
constexpr std::string_view plain[] = {
    "arctic",      "baichuan",    "bailingmoe",   "bailingmoe2",    "bitnet",    "chameleon",
    "chatglm",     "cogvlm",      "command-r",    "dbrx",           "deci",      "deepseek",
    "dots1",       "ernie4_5",    "ernie4_5-moe", "exaone",         "gemma",     "glm4",
    "glm4moe",     "granite",     "granitemoe",   "grok",           "grovemoe",  "hunyuan-dense",
    "hrm_text",    "hunyuan-moe", "hunyuan_vl",   "hy_v3",          "internlm2", "jais",
    "llama-embed", "maincoder",   "minicpm",      "minimax-m2",     "olmo",      "olmoe",
    "openelm",     "orion",       "paddleocr",    "pangu-embedded", "plamo",     "qwen",
    "qwen2",       "qwen2moe",    "qwen2vl",      "qwen3",          "qwen3moe",  "qwen3vl",
    "qwen3vlmoe",  "refact",      "seed_oss",     "smollm3",        "stablelm",  "t5",
    "talkie",      "xverse"};

constexpr ArchRules plain_rules = {.arch = "plain"};

}  // namespace

const ArchRules* arch_rules(std::string_view arch) {
  const auto row = std::ranges::find(special, arch, &ArchRules::arch);
  if (row != std::end(special)) return row;
  return std::ranges::find(plain, arch) == std::end(plain) ? nullptr : &plain_rules;
}

std::span<const ArchRules> all_arch_rules() { return special; }

}  // namespace attncalc::gguf
