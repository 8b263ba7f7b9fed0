// SPDX-License-Identifier: Apache-2.0
//
// What a model class supplies that its config does not state: whether projections have biases, how
// many norms a layer has, whether the head is tied when the key is absent. Facts about classes are
// data, one row a `model_type`, each with the modelling code it was read from. Caches are never
// decided here: what is cached follows from keys, and only the value of an *omitted* key may come
// from a class (`omitted`), which is then listed in `assumptions`.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "attention/softmax.hpp"

namespace attncalc::hf {

struct OmittedKey {
  std::string_view key;
  std::string_view value;  // as YAML
};

struct ClassFacts {
  std::string_view model_type;
  bool qkv_bias = false;  // where `attention_bias` and its kin are absent
  bool k_bias = true;     // false: such a bias is on queries and values alone (Whisper)
  bool o_bias = false;
  bool reads_bias_key = true;     // false: the class has no such key, whatever the file says
  bool bias_key_covers_o = true;  // a true bias key also puts one on o_proj
  bool qk_norm_by_key = false;    // only where use_qk_norm is true
  bool mlp_bias = false;
  bool bias_key_covers_mlp = false;  // `bias` and `use_bias` speak of the MLP too (Falcon)
  int mixers = 1;                    // token mixers of the same shape in one layer (LongCat: 2)
  bool gated_mlp = true;
  bool gated_encoder_mlp = true;  // false: of the two stacks only the decoder's is (Moonshine)
  int mlp_times_hidden = 0;       // the MLP's width where no key gives it (GPT-2: 4)
  int mlp_width_over = 1;         // the width key is this many times the real one (Qwen 1: 2)
  QkNorm qk_norm = QkNorm::none;
  std::optional<NormParameters> qk_norm_parameters = {};  // absent: as the other norms
  NormParameters norm = NormParameters::scale;
  int norms = 2;  // over the hidden width, each layer
  bool final_norm = true;
  bool state_norms = false;    // Mamba-1 with learnt norms on its time steps, B and C (Jamba)
  bool no_bias_key = false;    // `no_bias` removes every bias, of norms too (MPT)
  bool bidirectional = false;  // an encoder: nothing is cached
  bool tied = false;           // where tie_word_embeddings is absent
  bool head_bias = false;
  bool embedding_norm = false;
  bool waveform_stem = false;     // three convolutions over raw sound (Moonshine)
  bool learnt_positions = false;  // an embedding of max_positions rows
  int extra_positions = 0;        // rows beyond max_positions (OPT: 2)
  int extra_vocabulary = 0;       // rows of the embedding beyond vocab_size, input side only
  bool learnt_sinks = false;
  bool output_gate = false;
  bool router_bias = false;
  bool expert_bias = false;
  bool gate_per_head = false;
  bool gated_experts = true;
  bool shared_gate = false;  // a sigmoid gate on the shared expert
  bool correction_bias = false;
  bool value_dim_is_per_head = false;  // MLA without v_head_dim: hidden / heads (MiniCPM3)
  bool one_norm_if_parallel = false;   // `use_parallel_residual` leaves one norm (StableLM 2 12B)
  bool sub_norms = false;              // before o_proj and down_proj (BitNet)
  int rwkv_version = 0;                // 0: no RWKV
  bool encoder_alone = false;          // of an encoder-decoder, only the encoder was saved
  bool relative_bias_each_layer = false;  // UMT5; T5: one table a stack
  std::span<const OmittedKey> omitted = {};
};

// The row of a model_type; nullopt if the class is not known (its file is then read by its keys
// alone, with a warning that the parameter count assumes a Llama-like class).
std::optional<ClassFacts> class_facts(std::string_view model_type);

}  // namespace attncalc::hf
