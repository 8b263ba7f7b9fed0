// SPDX-License-Identifier: Apache-2.0
//
// Encoders. In front of a decoder (T5, BART, Whisper) an encoder is a stack beside the decoder's:
// it keeps nothing itself, and each decoder layer gets a cross-attention that keeps keys and values
// of its output. Alone (BERT, Longformer, a T5 saved as encoder) it is the model, and nothing is
// cached. Sources: transformers' T5Stack, BartEncoder, MBartEncoder, WhisperEncoder,
// LongformerSelfAttention.
#include "ingest/hf/reader.hpp"

namespace attncalc::hf {
namespace {

const Names encoder_layer_names = {"encoder_layers", "num_encoder_layers",
                                   "encoder_num_hidden_layers", "num_layers"};

Softmax read_encoder_attention(Config& config, const ClassFacts& facts) {
  Softmax s;
  s.heads = config.need({"encoder_attention_heads", "encoder_num_attention_heads", "num_heads",
                         "num_attention_heads"});
  s.kv_heads = config.positive({"encoder_num_key_value_heads"}).value_or(Dim(0));
  s.head_dim = config.positive({"d_kv", "encoder_head_dim"}).value_or(Dim(0));
  s.q_bias = s.v_bias = facts.qkv_bias;
  s.k_bias = facts.qkv_bias && facts.k_bias;
  s.o_bias = facts.o_bias;
  s.complete(config.model().hidden);
  return s;
}

Layer read_encoder_layer(Config& config, const ClassFacts& facts) {
  Layer layer;
  layer.mixers = {read_encoder_attention(config, facts)};
  layer.channel =
      Dense{.intermediate = config.need({"encoder_ffn_dim", "d_ff", "intermediate_size"}),
            .gated = facts.gated_mlp && facts.gated_encoder_mlp,
            .up_bias = facts.mlp_bias,
            .down_bias = facts.mlp_bias};
  for (int n = 0; n < facts.norms; ++n)
    add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
  return layer;
}

// Whisper's two convolutions over the spectrogram, three frames wide each.
void add_audio_stem(Config& config, std::vector<WeightTensor>& out) {
  constexpr std::int64_t frames = 3;
  const auto bins = config.positive({"num_mel_bins"});
  if (!bins) return;
  const Dim hidden = config.model().hidden;
  out.push_back({.role = "stem", .rows = hidden, .cols = *bins * frames});
  out.push_back({.role = "stem", .rows = hidden, .cols = hidden * frames});
  out.push_back({.role = "bias", .rows = 2 * hidden});
}

// Moonshine's three convolutions over the waveform and the norm behind the first
// (MoonshineEncoder).
void add_waveform_stem(const ClassFacts& facts, Dim hidden, std::vector<WeightTensor>& out) {
  constexpr std::int64_t samples[] = {127, 7, 3};
  if (!facts.waveform_stem) return;
  const Dim wide = 2 * hidden;
  out.push_back({.role = "stem", .rows = hidden, .cols = samples[0]});
  add_norm(out, "norm", hidden, NormParameters::scale_and_bias);
  out.push_back({.role = "stem", .rows = wide, .cols = hidden * samples[1]});
  out.push_back({.role = "stem", .rows = hidden, .cols = wide * samples[2]});
  out.push_back({.role = "bias", .rows = wide + hidden});
}

// Whisper states how many frames its encoder makes of 30 seconds. Texts are as long as they are.
void read_encoder_positions(Config& config, const ClassFacts& facts,
                            std::vector<WeightTensor>& out) {
  Model& model = config.model();
  if (const auto frames = config.positive({"max_source_positions"})) {
    model.encoder_tokens = *frames;
    out.push_back({.role = "positions", .rows = *frames, .cols = model.hidden});
  } else if (facts.learnt_positions) {
    const Dim rows = model.max_positions + facts.extra_positions;
    out.push_back({.role = "positions", .rows = rows, .cols = model.hidden});
  }
}

// T5's bias for the distance of two tokens: a number a bucket and head, once a stack or, in UMT5,
// in each of its layers.
void add_relative_bias(Config& config, const ClassFacts& facts, std::size_t layers,
                       std::vector<WeightTensor>& out) {
  const auto buckets = config.positive({"relative_attention_num_buckets"});
  if (!buckets) return;
  const Dim heads = config.need({"num_heads", "num_attention_heads"});
  const auto tables = facts.relative_bias_each_layer ? static_cast<std::int64_t>(layers) : 1;
  out.push_back({.role = "relative_bias", .rows = *buckets * tables, .cols = heads});
}

bool saved_as_encoder(const Node& root) {
  const Node* classes = root.find("architectures");
  return classes && !classes->children.empty() &&
         classes->children.front().text.ends_with("EncoderModel");
}

// Longformer projects queries, keys and values of its global tokens apart.
void add_longformer(Config& config, Layer& layer) {
  if (!config.has({"attention_window"})) return;
  const Dim hidden = config.model().hidden;
  layer.extra.push_back({.role = "global_proj", .rows = 3 * hidden, .cols = hidden});
  layer.extra.push_back({.role = "bias", .rows = 3 * hidden});
}

}  // namespace

bool has_encoder_and_decoder(Config& config) {
  return config.flag({"is_encoder_decoder"}, false) || config.has({"num_decoder_layers"});
}

ClassFacts facts_of_encoders(Config& config, const Node& root, ClassFacts facts) {
  // T5 says whether its MLP is gated: by a flag, or by a word such as "gated-gelu".
  if (const auto act = config.word({"feed_forward_proj"}))
    facts.gated_mlp = act->starts_with("gated");
  facts.gated_mlp = config.flag({"is_gated_act"}, facts.gated_mlp);
  if (has_encoder_and_decoder(config) && saved_as_encoder(root)) {
    facts.bidirectional = true;
    facts.encoder_alone = true;
  }
  return facts;
}

// The decoder's cross-attention, with the biases of its self-attention, and its norm.
void add_cross_attention(Config& config, const ClassFacts& facts, Layer& layer) {
  add_longformer(config, layer);
  if (!has_encoder_and_decoder(config) || facts.encoder_alone) return;
  const Softmax* own = layer.mixers.empty() ? nullptr : std::get_if<Softmax>(&layer.mixers[0]);
  if (!own) return;
  Cross cross{.heads = own->heads,
              .kv_heads = own->kv_heads,
              .head_dim = own->head_dim,
              .value_dim = own->value_dim,
              .q_bias = own->q_bias,
              .k_bias = own->k_bias,
              .v_bias = own->v_bias,
              .o_bias = own->o_bias};
  cross.complete(config.model().hidden);
  layer.mixers.push_back(cross);
  // One before it, and one behind it where self-attention has one there, too (T5Gemma).
  for (int n = 0; n < facts.norms / 2; ++n)
    add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
}

void read_encoder(Config& config, const ClassFacts& facts) {
  Model& model = config.model();
  std::vector<WeightTensor>& out = model.embedding.extra;
  config.understand({"num_hidden_layers", "encoder_layers", "encoder_num_hidden_layers",
                     "encoder_num_attention_heads", "encoder_num_key_value_heads",
                     "encoder_attention_heads", "encoder_ffn_dim", "decoder_layers", "num_layers",
                     "is_encoder_decoder"});
  add_relative_bias(config, facts, model.decoder.depth(), out);
  if (!has_encoder_and_decoder(config) || facts.encoder_alone) return;
  const auto width = config.positive({"encoder_hidden_size"});
  if (width && *width != model.hidden) {
    config.problem(*config.find({"encoder_hidden_size"}),
                   "an encoder of another width than its decoder is not read");
    return;
  }
  Stack stack;
  stack.name = "encoder";
  stack.caches = false;
  const Layer layer = read_encoder_layer(config, facts);
  const Dim layers = config.need(encoder_layer_names);
  if (layers > most_layers) return;  // said by the decoder's plan
  for (std::int64_t i = 0; i < layers; ++i) stack.append(layer);
  add_relative_bias(config, facts, stack.depth(), out);
  add_audio_stem(config, out);
  add_waveform_stem(facts, model.hidden, out);
  read_encoder_positions(config, facts, out);
  if (facts.embedding_norm) add_norm(out, "norm", model.hidden, facts.norm);
  if (facts.final_norm) add_norm(out, "norm", model.hidden, facts.norm);
  model.beside.push_back(std::move(stack));
}

}  // namespace attncalc::hf
