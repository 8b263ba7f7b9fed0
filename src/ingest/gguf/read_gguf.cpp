// SPDX-License-Identifier: Apache-2.0
//
// The steps from a GGUF header to a Model, one after the other; each reports what it cannot read.
#include "ingest/gguf/read_gguf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ingest/gguf/reader.hpp"
#include "ingest/gguf/split.hpp"
#include "ingest/gguf/tensors.hpp"

namespace attncalc {
namespace gguf {
namespace {

constexpr ArchRules unknown_rules = {.arch = "unknown", .windows = Windows::listed};

class ModelReader {
 public:
  ModelReader(const Header& header, const LoadOptions& options, Model& model)
      : header_(header), options_(options), model_(model), keys_(header, model) {}

  Problems read() {
    if (!read_arch()) return keys_.take_problems();
    read_names();
    model_.hidden = keys_.need("embedding_length");
    model_.max_positions = keys_.number_or("context_length", 0);
    shape_ = read_shape(keys_, rules_, options_);
    if (keys_.sound()) read_stacks();
    read_embedding();
    if (keys_.sound()) finish();
    return keys_.take_problems();
  }

 private:
  bool read_arch() {
    if (keys_.arch().empty()) {
      keys_.problem("the header has no key general.architecture");
      return false;
    }
    if (const ArchRules* known = arch_rules(keys_.arch())) {
      rules_ = *known;
      if (rules_.refused.empty()) return true;
      keys_.problem(
          fmt::format("files of architecture {} are not read: {}", keys_.arch(), rules_.refused));
      return false;
    } else {
      keys_.warn(
          "unknown_architecture",
          fmt::format("architecture '{}' is not known: the cache is read from the keys alone",
                      keys_.arch()));
    }
    return true;
  }

  void read_names() {
    model_.arch = keys_.arch();
    model_.source = header_.file;
    model_.name = keys_.text("general.name");
  }

  // --- layers ----------------------------------------------------------------------------------

  void read_stacks() {
    const Tensors tensors(header_, shape_.layers);
    Stack drafts;
    drafts.name = "mtp";
    for (std::size_t i = 0; i < shape_.layers && keys_.sound(); ++i) {
      const Layer layer = read_layer(tensors, i);
      check(layer, i);
      (i < shape_.trunk ? model_.decoder : drafts).append(layer);
    }
    model_.decoder.caches = rules_.caches;
    if (!rules_.caches)
      keys_.warn("no_cache", "the model sees its whole input at once: nothing is cached");
    if (keys_.sound() && drafts.depth() > 0) keep_drafts(std::move(drafts));
    if (keys_.sound() && rules_.loops) repeat_layers();
  }

  // A loop passes the same weights again and fills caches of its own.
  void repeat_layers() {
    constexpr std::int64_t most_loops = 100;
    const Key* key = keys_.find("num_loops");
    const Dim loops = keys_.number_or("num_loops", 1);
    if (loops > most_loops) {
      return keys_.problem(*key, fmt::format("{} loops are more than {}", loops.value, most_loops));
    }
    Stack once = std::exchange(model_.decoder, Stack{});
    for (std::int64_t loop = 0; loop < loops; ++loop) {
      for (std::size_t i = 0; i < once.depth(); ++i) {
        Layer layer = once.distinct[once.order[i]];
        layer.weight_set = static_cast<std::uint32_t>(i);
        model_.decoder.append(layer);
      }
    }
  }

  Layer read_layer(const Tensors& tensors, std::size_t i) {
    Layer layer;
    layer.mixers = read_mixers(keys_, rules_, shape_, i);
    layer.cache_of = shape_.layer[i].cache_of;
    if (!keys_.sound()) return layer;
    if (!tensors.empty()) {
      refine_layer(keys_, rules_, tensors, i, layer);
      return layer;
    }
    layer.channel = read_channel(keys_, rules_, shape_, i);
    const bool mlp = !std::holds_alternative<NoChannelMixer>(layer.channel);
    const int norms = (layer.mixers.empty() ? 0 : 1) + (mlp ? 1 : 0);
    for (int n = 0; n < norms; ++n)
      add_norm(layer.extra, "norm", model_.hidden, NormParameters::scale);
    return layer;
  }

  // Said once: the first layer that is wrong ends the reading.
  void check(const Layer& layer, std::size_t i) {
    if (!keys_.sound()) return;
    const auto report = [&](const std::vector<std::string>& faults) {
      for (const std::string& fault : faults) keys_.problem(fmt::format("layer {}: {}", i, fault));
    };
    for (const Kind& kind : layer.mixers) report(faults(kind));
    report(faults(layer.channel));
  }

  void keep_drafts(Stack drafts) {
    model_.mtp_parameters = parameters_of(drafts, model_.hidden).value.value;
    const std::size_t count = drafts.depth();
    keys_.warn("mtp_left_out",
               fmt::format("{} multi-token-prediction layer{} left out of cache and parameters",
                           count, count == 1 ? " is" : "s are"));
    model_.beside.push_back(std::move(drafts));
  }

  // --- around the layers -------------------------------------------------------------------------

  void read_embedding() {
    Embedding& e = model_.embedding;
    const Tensors tensors(header_, shape_.layers);
    if (!tensors.empty()) {
      refine_embedding(tensors, model_.hidden, e);
      return;
    }
    e.vocabulary = read_vocabulary();
    e.has_head = rules_.caches;
    add_norm(e.extra, "norm", model_.hidden, NormParameters::scale);
    keys_.warn("parameters_assumed",
               "the file has no tensors: parameters assume norms and a head of its own as in "
               "Llama, and no biases");
  }

  Dim read_vocabulary() {
    if (keys_.has("vocab_size")) return keys_.need("vocab_size");
    const Key* tokens = keys_.find("tokenizer.ggml.tokens");
    if (tokens != nullptr && tokens->value.is_array)
      return static_cast<std::int64_t>(tokens->value.count);
    keys_.missing("vocab_size");
    return 0;
  }

  void finish() {
    keep_facts();
    for (const std::string& fault : faults(model_)) keys_.problem(fault);
    const Elements ours = parameters(model_).total;  // throws where it leaves 64 bits
    if (header_.tensors.empty()) return;
    model_.stored = header_weights(header_);
    model_.weight_formats = file_formats(Tensors(header_, shape_.layers), shape_.layers);
    model_.dtypes.weights = model_.weight_formats->name();
    model_.dtypes.weights_source = model_.stored->source;
    compare(ours);
  }

  void keep_facts() {
    GgufFacts facts;
    const std::string prefix = keys_.arch() + ".";
    for (const Key& key : header_.keys) {
      if (!key.name.starts_with(prefix) || key.value.integers.empty()) continue;
      facts.keys.push_back(
          {key.name.substr(prefix.size()), key.value.integers, key.value.is_array});
    }
    facts.has_tensors = !header_.tensors.empty();
    facts.has_draft_projection =
        header_.tensor(fmt::format("blk.{}.nextn.eh_proj.weight", shape_.trunk)) != nullptr;
    model_.gguf = std::move(facts);
  }

  // Without draft layers and tables of positions, the file has what our weight tensors say.
  void compare(Elements ours) {
    Elements stored;
    for (const Tensor& tensor : header_.tensors) {
      if (!is_buffer(tensor)) stored += tensor.elements;
    }
    stored = stored - Elements(Count(model_.mtp_parameters.value_or(0)));
    if (stored == ours) return;
    keys_.warn("weights_differ", fmt::format("the file has {} parameters, and its keys ask for {}",
                                             stored.value.value, ours.value.value));
  }

  const Header& header_;
  const LoadOptions& options_;
  Model& model_;
  Keys keys_;
  ArchRules rules_ = unknown_rules;
  ModelShape shape_;
};

}  // namespace
}  // namespace gguf

Result<Model> read_gguf(gguf::Header header, const LoadOptions& options) {
  Model model;
  if (Problems problems = gguf::apply_overrides(header, options.set, model); !problems.empty())
    return problems;
  try {
    if (Problems problems = gguf::ModelReader(header, options, model).read(); !problems.empty())
      return problems;
  } catch (const Overflow&) {
    return Problem{.at = {.file = header.file},
                   .message = "the model has more than 2^63 parameters",
                   .hint = {},
                   .source_line = {}};
  }
  return model;
}

Result<Model> read_gguf(const std::string& path, const LoadOptions& options) {
  std::vector<Warning> warnings;
  Result<gguf::Header> header = gguf::read_parts(path, warnings);
  if (!header) return header.problems();
  Result<Model> model = read_gguf(*std::move(header), options);
  if (model) model->warnings.insert(model->warnings.begin(), warnings.begin(), warnings.end());
  return model;
}

}  // namespace attncalc
