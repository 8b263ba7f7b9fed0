// SPDX-License-Identifier: Apache-2.0
//
// From a Hugging Face config.json to a Model: find the language model's map, lay the class's
// defaults under it, read the layers one by one, then the rest, and refuse what was not understood.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "ingest/hf/language_map.hpp"
#include "ingest/hf/reader.hpp"

namespace attncalc {
namespace hf {
namespace {

std::string text_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node && node->kind == NodeKind::string ? node->text : std::string();
}

// The class of the language model: its own model_type, else that of the maps around it.
std::string model_type_of(const std::vector<Node*>& path) {
  for (auto map = path.rbegin(); map != path.rend(); ++map) {
    std::string type = text_of(**map, "model_type");
    if (!type.empty()) return type;
  }
  return {};
}

void lay_under(Node& map, std::string_view key, std::string_view value) {
  Result<Node> node = parse_value(value);
  if (!node || map.find(key)) return;
  node->key = std::string(key);
  node->line = 0;
  map.children.push_back(*std::move(node));
}

// mamba_ssm's own files (state-spaces/mamba-2.8b) keep what differs from their classes' defaults in
// ssm_cfg. Said here in the keys of the classes that transformers made of them.
void spell_out_mamba(Node& root, Model& model) {
  const auto ssm = std::ranges::find(root.children, "ssm_cfg", &Node::key);
  if (ssm == root.children.end() || ssm->kind != NodeKind::map || root.find("model_type")) return;
  const Node cfg = *ssm;
  root.children.erase(ssm);
  const auto value = [&](std::string_view key, std::string_view otherwise) {
    const Node* node = cfg.find(key);
    return node ? node->text : std::string(otherwise);
  };
  const bool second = value("layer", "Mamba1") == "Mamba2";
  lay_under(root, "model_type", second ? "mamba2" : "mamba");
  lay_under(root, "state_size", value("d_state", second ? "128" : "16"));
  lay_under(root, "conv_kernel", value("d_conv", "4"));
  lay_under(root, "expand", value("expand", "2"));
  if (second) lay_under(root, "head_dim", value("headdim", "64"));
  if (second) lay_under(root, "n_groups", value("ngroups", "1"));
  // MambaLMHeadModel rounds the vocabulary up.
  Node* rows = root.find("vocab_size");
  const Node* multiple = root.find("pad_vocab_size_multiple");
  const std::int64_t step = multiple ? multiple->as_integer().value_or(1) : 1;
  const std::int64_t stated = rows ? rows->as_integer().value_or(0) : 0;
  if (step < 2 || stated < 1 || stated % step == 0 || stated > most_layers * most_layers) return;
  rows->text = fmt::format("{}", (stated + step - 1) / step * step);
  model.assumptions.push_back(
      {"vocab_size", rows->text, "up to the next multiple of pad_vocab_size_multiple"});
}

// Files without a model_type name the class that was saved: MiniCPM3ForCausalLM is a minicpm3.
std::string type_of_architecture(const Node& root) {
  const Node* list = root.find("architectures");
  if (!list || list->kind != NodeKind::list || list->children.empty()) return {};
  std::string name = list->children.front().text;
  for (const std::string_view ending : {"ForCausalLM", "LMHeadModel", "ForConditionalGeneration"}) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

// What makes a model this one and not another of its class.
bool is_size(std::string_view key) {
  return key == "hidden_size" || key == "num_hidden_layers" || key == "num_attention_heads" ||
         key == "vocab_size";
}

// Lays the values of omitted keys under the map; each is an assumption. A config that was cut down
// to its differences from the class is always nested in another (LLaVA, Gemma 3); one that stands
// alone and does not say its size is a mistake, and the class's own size would be a guess.
void add_class_defaults(Node& language, bool nested, const ClassFacts& facts, Model& model) {
  for (const OmittedKey& omitted : facts.omitted) {
    if (language.find(omitted.key) || (!nested && is_size(omitted.key))) continue;
    Result<Node> value = parse_value(omitted.value);
    if (!value) continue;
    value->key = std::string(omitted.key);
    value->line = 0;
    language.children.push_back(*std::move(value));
    model.assumptions.push_back({std::string(omitted.key), std::string(omitted.value),
                                 fmt::format("class default of {}", facts.model_type)});
  }
}

// ERNIE-4.5-VL has two sets of experts and gives their sizes in pairs: for text, for images. The
// language model's are the first.
void take_text_experts(Node& language, Model& model) {
  const Node* count = language.find("moe_num_experts");
  constexpr std::size_t pair = 2;
  if (!count || count->kind != NodeKind::list || count->children.size() != pair) return;
  model.assumptions.push_back({"moe_num_experts", count->children[0].text,
                               "the first of two: experts for image tokens are not counted"});
  for (const std::string_view key : {"moe_num_experts", "moe_intermediate_size",
                                     "moe_layer_start_index", "moe_layer_end_index"}) {
    Node* node = language.find(key);
    if (!node || node->kind != NodeKind::list || node->children.size() != pair) continue;
    Node first = node->children[0];
    first.key = std::string(key);
    *node = std::move(first);
  }
}

// Some classes are told apart by a version beside the type (MiniCPM-V 2.6 and 4).
ClassFacts facts_or_warn(const Node& language, std::string_view model_type, Model& model) {
  const Node* version = language.find("version");
  if (version) {
    if (auto facts = class_facts(fmt::format("{}-{}", model_type, version->text))) return *facts;
  }
  if (std::optional<ClassFacts> facts = class_facts(model_type)) return *facts;
  model.warnings.push_back(
      {"unknown_class",
       fmt::format("model_type '{}' is not known: the cache is read from the keys alone, "
                   "and parameters assume a Llama-like class",
                   model_type)});
  ClassFacts plain;
  plain.model_type = model_type;
  return plain;
}

// --- the parts beside the layers -----------------------------------------------------------------

// What stands on top: a vocabulary, a score a sequence, or nothing. `architectures` names the class
// that was saved; a bare ...Model has no head.
enum class Head : std::uint8_t { language, score, none };

Head head_of(const ClassFacts& facts, const Node& root) {
  const Node* list = root.find("architectures");
  if (!list || list->children.empty()) return facts.bidirectional ? Head::none : Head::language;
  const std::string& name = list->children.front().text;
  if (name.ends_with("ForSequenceClassification") || name.ends_with("ForRewardModel"))
    return Head::score;
  const Node* classes = root.find("auto_map");
  const bool generates =
      classes && (classes->find("AutoModelForCausalLM") || classes->find("AutoModelForSeq2SeqLM") ||
                  classes->find("AutoModelForConditionalGeneration"));
  const bool bare = name.ends_with("Model") && !name.ends_with("LMHeadModel");
  return bare && !generates ? Head::none : Head::language;
}

// The class that was saved is the language model's own; where that is nested, the class around it
// is a chat model and has a head.
Head head_of_language(const Config& config, const ClassFacts& facts, const Node& root) {
  return &config.map() == &root ? head_of(facts, root) : Head::language;
}

// OPT-350m: rows narrower than the stream, with a matrix in and one out.
void read_narrow_embedding(Config& config, Embedding& e) {
  const auto width = config.positive({"word_embed_proj_dim"});
  const Dim hidden = config.model().hidden;
  if (!width || *width == hidden) return;
  e.width = *width;
  e.extra.push_back({.role = "project_in", .rows = hidden, .cols = *width});
  e.extra.push_back({.role = "project_out", .rows = *width, .cols = hidden});
}

void read_embedding(Config& config, const ClassFacts& facts, const Node& root) {
  Embedding& e = config.model().embedding;
  const Head head = head_of_language(config, facts, root);
  e.vocabulary = config.need({"vocab_size", "padded_vocab_size", "n_vocab"});
  if (const Node* tied = config.find_anywhere(
          {"tie_word_embeddings", "tie_embeddings", "weight_tying", "share_input_output_layers"})) {
    e.tied = tied->as_boolean().value_or(facts.tied);
  } else {
    e.tied = facts.tied;
    config.assume("tie_word_embeddings", facts.tied ? "true" : "false",
                  fmt::format("class default of {}", facts.model_type));
  }
  read_narrow_embedding(config, e);
  e.has_head = head == Head::language;
  if (facts.learnt_positions) e.positions = config.model().max_positions + facts.extra_positions;
  if (facts.extra_vocabulary > 0) {
    e.extra.push_back(
        {.role = "extra_embed", .rows = facts.extra_vocabulary, .cols = config.model().hidden});
  }
  if (facts.embedding_norm) add_norm(e.extra, "norm", config.model().hidden, facts.norm);
  e.head_bias = config.flag({"lm_head_bias"}, facts.head_bias);
  if (head == Head::score) {
    const Node* labels = root.find("id2label");
    const auto rows = labels ? static_cast<std::int64_t>(labels->children.size()) : 1;
    e.extra.push_back({.role = "score", .rows = rows, .cols = config.model().hidden});
  }
  const bool final_norm = facts.final_norm && config.flag({"do_layer_norm_before"}, true);
  if (final_norm) add_norm(e.extra, "norm", config.model().hidden, facts.norm);
}

std::string dtype_name(std::string text) {
  const std::string_view prefix = "torch.";
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  const Result<Format> format = find_format(text);
  return format ? format->name : std::string();
}

void read_dtypes(Config& config) {
  Dtypes& d = config.model().dtypes;
  const Node* node = config.find_anywhere({"torch_dtype", "dtype"});
  d.activations = node ? dtype_name(node->text) : std::string();
  if (!d.activations.empty()) {
    d.activations_source = config.model().origin_text(config.origin(*node, node->key));
  }
}

// A layer like the last one. DeepSeek-V4's has a ratio of its own and a head for its streams.
Layer draft_layer(Config& config) {
  const Stack& decoder = config.model().decoder;
  Layer layer = decoder.distinct[decoder.order.back()];
  if (layer.mixers.empty() || !std::holds_alternative<Compressed>(layer.mixers[0])) return layer;
  layer.mixers = {read_compressed_draft(config)};
  add_stream_head(config, layer.extra);
  return layer;
}

// Draft layers are not part of the language model; say that they were seen.
void note_mtp(Config& config) {
  const auto layers = config.integer(
      {"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules", "_num_mtp_layers"});
  config.model().mtp_parameters = 0;
  if (!layers || *layers < 1) return;
  const Model& model = config.model();
  // Each draft layer: a layer like the last one, a projection of [embedding; state] back to the
  // hidden width, and three norms (DeepSeek-V3 §2.2; embedding and head are shared).
  Stack stack;
  stack.name = "mtp";
  if (!model.decoder.order.empty()) stack.append(draft_layer(config));
  const Count h = model.hidden.value;
  const Count beside = h * h * Count(2) + h * Count(3);
  const Elements each = parameters_of(stack, model.hidden) + Elements(beside);
  config.model().mtp_parameters = (each * Count(*layers)).value.value;
  config.warn("mtp_left_out",
              fmt::format("{} multi-token-prediction layer{} left out of cache and parameters",
                          layers->value, *layers == Dim(1) ? " is" : "s are"));
}

Layer read_layer(Config& config, const ClassFacts& facts, const LayerPlan& plan,
                 std::size_t index) {
  if (std::optional<Layer> searched = read_searched_layer(config, facts, index)) return *searched;
  Layer layer;
  for (int n = 0; n < facts.mixers; ++n) {
    for (Kind& kind : read_mixers(config, facts, plan.roles[index], index))
      layer.mixers.push_back(std::move(kind));
  }
  const Channel channel = plan.channels.empty() ? Channel::by_keys : plan.channels[index];
  layer.channel = read_channel(config, facts, channel, index);
  for (int n = 0; n < facts.norms; ++n)
    add_norm(layer.extra, "norm", config.model().hidden, facts.norm);
  if (index < plan.cache_of.size()) layer.cache_of = plan.cache_of[index];
  add_layer_extras(config, facts, plan, index, layer);
  return layer;
}

void read_layers(Config& config, const ClassFacts& facts) {
  const LayerPlan plan = read_layer_plan(config, facts);
  for (std::size_t i = 0; i < plan.roles.size(); ++i) {
    if (const auto block = read_shared_block(config, facts, plan, i))
      config.model().decoder.append(*block);
    config.model().decoder.append(read_layer(config, facts, plan, i));
    if (!config.problems().empty()) return;  // the next layer would only say it again
  }
  config.model().decoder.caches = !facts.bidirectional;
  if (facts.bidirectional)
    config.warn("no_cache", "an encoder sees its whole input at once: nothing is cached");
}

void read_all(Config& config, const ClassFacts& row, const Node& root, const SideFiles& side,
              const LoadOptions& options) {
  Model& model = config.model();
  const ClassFacts facts = facts_for(config, root, row);
  model.hidden = config.need({"hidden_size", "n_embd", "d_model", "dim", "model_dim", "n_embed"});
  model.max_positions =
      config
          .integer({"max_position_embeddings", "n_positions", "seq_length", "max_target_positions",
                    "max_seq_len", "max_sequence_length", "model_max_length", "context_length"})
          .value_or(Dim(0));
  read_layers(config, facts);
  read_encoder(config, facts);
  read_embedding(config, facts, root);
  add_model_extras(config, facts);
  read_dtypes(config);
  read_quantisation(config, side, options);
  note_mtp(config);
  check_leftovers(config, options);
  if (!config.problems().empty()) return;
  for (std::string& fault : faults(model)) config.problem(config.map(), std::move(fault));
}

}  // namespace
}  // namespace hf

Result<Model> read_hf(const Document& original, const LoadOptions& options, const SideFiles& side) {
  if (original.root.kind != NodeKind::map) {
    return original.problem(
        original.root,
        fmt::format("a model config is a map of keys; this is {}", kind_name(original.root.kind)));
  }
  Document document = original;  // class defaults are laid under a copy
  Model model;
  hf::spell_out_mamba(document.root, model);
  std::vector<Node*> path = hf::path_to_language(document.root);
  Node& language = *path.back();
  model.source = document.file;
  model.model_type = hf::model_type_of(path);
  model.name = hf::text_of(document.root, "_name_or_path");
  if (model.model_type.empty()) {
    std::string type = hf::type_of_architecture(document.root);
    if (hf::class_facts(type)) model.model_type = std::move(type);
  }
  const hf::ClassFacts facts = hf::facts_or_warn(language, model.model_type, model);
  hf::add_class_defaults(language, path.size() > 1, facts, model);
  hf::take_text_experts(language, model);
  hf::Config config(document, language,
                    std::vector<const Node*>(std::next(path.rbegin()), path.rend()), model);
  try {
    hf::read_all(config, facts, document.root, side, options);
  } catch (const Overflow& overflow) {
    config.problem(language, overflow.what());
  }
  if (!config.problems().empty()) return config.problems();
  return model;
}

}  // namespace attncalc
