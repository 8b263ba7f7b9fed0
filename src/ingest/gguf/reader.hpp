// SPDX-License-Identifier: Apache-2.0
//
// The steps in which a GGUF header becomes a Model:
//   shape     how many layers, which of them are windowed, recurrent, shared, experts
//   mixers    the kinds, with their dimensions
//   tensors   what the file's own tensors say: biases, norms, gates, exact counts
// Keys and one row of rules an architecture decide; nothing looks at a model's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/gguf/arch_rules.hpp"
#include "ingest/gguf/keys.hpp"

namespace attncalc::gguf {

// What the keys say of a layer before its dimensions are read.
struct LayerShape {
  bool recurrent = false;
  bool attention = true;
  bool window = false;
  bool own_indexer = false;
  std::optional<std::uint32_t> cache_of;
};

struct ModelShape {
  std::size_t layers = 0;         // block_count
  std::size_t trunk = 0;          // without the draft layers, which come last
  std::optional<Dim> window;      // tokens of a window or chunk
  bool latent = false;            // the cache is a latent (attention.kv_lora_rank)
  std::vector<LayerShape> layer;  // of each of `layers`
};

ModelShape read_shape(Keys& keys, const ArchRules& rules, const LoadOptions& options);

// The token mixers of one layer, by keys alone.
std::vector<Kind> read_mixers(Keys& keys, const ArchRules& rules, const ModelShape& shape,
                              std::size_t layer);

// The channel mixer of one layer, by keys alone; or the one of a kind that its tensors tell.
ChannelMixer read_channel(Keys& keys, const ArchRules& rules, const ModelShape& shape,
                          std::size_t layer);
Dense read_dense(Keys& keys, const ArchRules& rules, std::size_t layer);
Moe read_moe(Keys& keys, const ArchRules& rules, std::size_t layer);

}  // namespace attncalc::gguf
