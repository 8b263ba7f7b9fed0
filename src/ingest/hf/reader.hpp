// SPDX-License-Identifier: Apache-2.0
//
// The steps in which a Hugging Face config becomes a Model. Each step is a file of its own:
//   layer_plan     which token mixer stands in which layer, from whichever of the ten spellings
//   mixers         attention with its dimensions; states and recurrent: the kinds without one
//   channels       dense or mixture of experts, by layer
//   families       what only some families have beside these; compressed, shared_blocks and
//                  encoders: the same, where it is a story of its own
//   quantisation   how the checkpoint stores what the layers are made of
//   known_keys     what may be ignored, and what must not be
// None of them looks at a model's name.
#pragma once

#include <string>
#include <vector>

#include "ingest/hf/classes.hpp"
#include "ingest/hf/config.hpp"

namespace attncalc::hf {

// What stands in a layer. Several token mixers in one layer run side by side.
enum class Role : std::uint8_t {
  attention,          // over the whole context
  window,             // attention over the last tokens
  chunk,              // attention within a chunk
  linear,             // the linear attention that the config describes: gated delta, KDA, lightning
  mamba,              // the state space that the config describes: Mamba 1 or 2
  parallel_mamba,     // attention and state space side by side
  shared_then_mamba,  // a call of a shared transformer block, then a state space (Zamba)
  conv,               // short convolution
  cross,              // cross-attention only
  recurrent,          // RWKV, RG-LRU
  compressed,         // DeepSeek-V4
  none,               // no token mixer
};

// What follows the token mixer. `by_keys`: dense or experts as the keys for layers say.
enum class Channel : std::uint8_t { by_keys, dense, experts, none };

struct LayerPlan {
  std::vector<Role> roles;
  // Where one block of the list is a mixer *or* an MLP (Nemotron-H); empty: all by keys.
  std::vector<Channel> channels;
  // The layer whose cache this one reads; empty: each its own.
  std::vector<std::optional<std::uint32_t>> cache_of;
};

inline constexpr std::int64_t most_layers = 100'000;

LayerPlan read_layer_plan(Config& config, const ClassFacts& facts);

// Facts that a key of the file decides for the class: MPT's no_bias, MiniCPM-V's version.
ClassFacts facts_for(Config& config, const Node& root, ClassFacts facts);

// Architecture search (block_configs): every layer has its own head groups and width, or none.
// Answers nothing where the key is absent.
std::optional<Layer> read_searched_layer(Config& config, const ClassFacts& facts,
                                         std::size_t layer);

// What only some families learn beside mixers, channels and plain norms, found by their keys:
// per-layer inputs and AltUp (Gemma 3n, 4), hyper-connections (DeepSeek-V4), adapters (Zamba2).
void add_layer_extras(Config& config, const ClassFacts& facts, const LayerPlan& plan,
                      std::size_t index, Layer& layer);
void add_model_extras(Config& config, const ClassFacts& facts);

// Encoder-decoder models (T5, Whisper): the encoder's stack, cross-attention in each layer, and
// what the file says about either.
void read_encoder(Config& config, const ClassFacts& facts);
void add_cross_attention(Config& config, const ClassFacts& facts, Layer& layer);
ClassFacts facts_of_encoders(Config& config, const Node& root, ClassFacts facts);

// DeepSeek-V4: layers that compress, streams beside the residual, experts by a table.
Kind read_compressed(Config& config, std::size_t layer);
Kind read_compressed_draft(Config& config);
void add_hyper_connections(Config& config, Layer& layer);
void add_stream_head(Config& config, std::vector<WeightTensor>& out);
void drop_bias_of_hash_layers(Config& config, std::size_t index, Layer& layer);

// Zamba: the block that is called in front of a layer, and what the call itself learns.
bool has_shared_blocks(const Config& config);
std::optional<Layer> read_shared_block(Config& config, const ClassFacts& facts,
                                       const LayerPlan& plan, std::size_t index);
void add_call_of_shared_block(Config& config, const LayerPlan& plan, std::size_t index,
                              Layer& layer);

// RWKV, RecurrentGemma, and the linear attention with decay of GLA and RetNet.
Kind read_rwkv(Config& config, const ClassFacts& facts, std::size_t layer);
void add_channel_mixing(Config& config, const ClassFacts& facts, Layer& layer);
std::int64_t channel_mixing_width(int version, std::int64_t hidden);
Kind read_gated_recurrence(Config& config);
bool has_decaying_attention(const Config& config);
Kind read_decaying_attention(Config& config);

// The token mixers of one layer.
std::vector<Kind> read_mixers(Config& config, const ClassFacts& facts, Role role,
                              std::size_t layer);

Kind read_attention(Config& config, const ClassFacts& facts, Role role, std::size_t layer);
std::vector<Kind> read_states(Config& config, const ClassFacts& facts, Role role,
                              std::size_t layer);

// The channel mixer of one layer.
ChannelMixer read_channel(Config& config, const ClassFacts& facts, Channel channel,
                          std::size_t layer);

// How the checkpoint stores its weights and its cache: quantization_config, else the side file.
void read_quantisation(Config& config, const SideFiles& side, const LoadOptions& options);

// Every key of the language model that nobody understood and that could change the cache becomes an
// error, or an assumption where the user let it pass.
void check_leftovers(Config& config, const LoadOptions& options);

}  // namespace attncalc::hf
