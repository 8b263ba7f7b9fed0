// SPDX-License-Identifier: Apache-2.0
//
// What one step computes, for operators: how many sequences, how many new tokens each, behind how
// many cached ones; and the conventions that change what is counted (docs/model.md, "Operators").
// Weights are read once a pass, attention is paid by each sequence, so a uniform batch is one group
// and a serving step that mixes chunks of prompts with decodes is several.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "attention/format.hpp"

namespace attncalc {

// Whether the new tokens are a piece of a prompt or continue an answer. It decides which of them
// need logits (the last, or all) and whether a recurrent state takes steps or scans chunks.
enum class Phase : std::uint8_t { prefill, decode };
constexpr std::array<std::string_view, 2> words(Phase) { return {"prefill", "decode"}; }

struct SequenceGroup {
  Dim count = 1;       // sequences
  Dim new_tokens = 1;  // of each, computed by this pass
  Dim cached = 0;      // of each, before this pass
  // The first `shared_prefix` cached tokens are the same for `family` sequences (0: for all of the
  // group) and read once for them: a system prompt, the beams of a search.
  Dim shared_prefix = 0;
  Dim family = 0;
  Phase phase = Phase::decode;

  std::int64_t tokens() const { return new_tokens + cached; }  // in the cache after the pass
};

enum class MlaForm : std::uint8_t { cheapest, absorbed, expanded };
constexpr std::array<std::string_view, 3> words(MlaForm) {
  return {"auto", "absorbed", "expanded"};
}

enum class ExpertsRead : std::uint8_t { expected, least, all };
constexpr std::array<std::string_view, 3> words(ExpertsRead) { return {"expected", "min", "all"}; }

// Whether scores stay on chip (FlashAttention) or pass through memory.
enum class AttentionTraffic : std::uint8_t { tiled, standard };
constexpr std::array<std::string_view, 2> words(AttentionTraffic) { return {"tiled", "standard"}; }

// Whether query heads read the KV head that they share, or a copy of it each (repeat_kv).
enum class GqaTraffic : std::uint8_t { broadcast, materialised };
constexpr std::array<std::string_view, 2> words(GqaTraffic) {
  return {"broadcast", "materialised"};
}

struct Conventions {
  bool full_attention = false;  // the square of a causal prefill, not what is under the mask
  bool all_logits = false;      // the head on every token of a prompt, not on its last
  bool mtp = false;             // with the draft layers
  bool endless_batch =
      false;  // --batch inf: the weights' reading is shared by so many that it is 0
  MlaForm mla = MlaForm::cheapest;
  ExpertsRead experts = ExpertsRead::expected;
  AttentionTraffic attention = AttentionTraffic::tiled;
  GqaTraffic gqa = GqaTraffic::broadcast;
};

struct Pass {
  std::vector<SequenceGroup> groups;
  Dim encoder_tokens = 0;  // of each sequence, for cross-attention
  Conventions conventions = {};

  std::int64_t sequences() const;
  std::int64_t new_tokens() const;  // of all sequences
};

// The formats that a pass moves its operands in. Weights have their own, tensor by tensor, in the
// plan of a model (model/cost.hpp).
struct CostFormats {
  Format activation;
  KvFormats kv;
};

}  // namespace attncalc
