// SPDX-License-Identifier: Apache-2.0
//
// What the keys of a GGUF file do not say and its `general.architecture` does: which layers have a
// window, which are recurrent and how, which share a cache. One row an architecture; everything
// else is read from keys. docs/gguf.md explains the columns.
//
// The model is one thing, what llama.cpp makes of it another: it gives Mistral and Phi-3 no window
// although their files state one. Where the two differ a row says both.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace attncalc::gguf {

// Which layers have a window, where the file has no list of them. With a period p the full layer is
// the last or the first of every p.
enum class Windows : std::uint8_t {
  none,    // a key, if there is one, means nothing
  listed,  // only where `attention.sliding_window_pattern` lists them
  full_last,
  full_first,
  every_layer,
};

enum class Recurrence : std::uint8_t {
  none,
  mamba1,
  mamba2,
  gated_delta,
  kda,
  lightning,
  rwkv6,
  rwkv7,
  short_conv
};

// Which layers are recurrent.
enum class RecurrentWhere : std::uint8_t {
  nowhere,
  every_layer,
  beside_attention,    // every layer has both
  no_kv_heads,         // head_count_kv is 0 there
  no_kv_heads_no_mlp,  // and feed_forward_length too
  interval,            // all but every n-th: attention.recurrent_layers or full_attention_interval
};

enum class Indexer : std::uint8_t {
  none,
  every_layer,
  moe_layers,  // from leading_dense_block_count on
  listed,      // attention.indexer.types, or GLM's rule where that is absent
  attention_layers,
};

struct ArchRules {
  std::string_view arch;

  Windows windows = Windows::none;
  std::int64_t period = 0;
  std::int64_t window_otherwise = 0;  // where the key is absent; 0: then there is none
  std::int64_t window_always = 0;     // whatever the key says, unless it says 0
  std::int64_t window_only_at = 0;    // windows only in models of so many layers; 0: in all
  bool chunks = false;                // the window is a chunk
  bool engine_has_windows = true;     // false: llama.cpp ignores the key

  Recurrence recurrence = Recurrence::none;
  RecurrentWhere recurrent = RecurrentWhere::nowhere;
  std::int64_t interval = 0;

  bool latent = false;            // attention.kv_lora_rank is the width of a cached latent …
  bool engine_has_latent = true;  // … which llama.cpp caches where both *_mla keys are there

  Indexer indexer = Indexer::none;
  std::int64_t own_kv_layers = 0;  // the layers after so many read an earlier one's cache; 0: none
  bool caches = true;              // false: sees its whole input at once
  bool loops = false;              // num_loops passes through the same layers, each with its caches
  bool gated_mlp = true;
  bool learnt_sinks = false;
  std::string_view refused = {};  // why files of this architecture are not read
};

// The row of an architecture that needs one, or a row of defaults for one that llama.cpp runs as
// plain attention; null pointer for an architecture that we know nothing about.
const ArchRules* arch_rules(std::string_view arch);

std::span<const ArchRules> all_arch_rules();

}  // namespace attncalc::gguf
