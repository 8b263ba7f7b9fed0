// SPDX-License-Identifier: Apache-2.0
//
// What a model is made of, from the lists of its layers: the weight tensors with how often each is
// stored, the parameters, the label of its attention, and what contradicts itself.
#include "model/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace attncalc {
namespace {

std::vector<WeightTensor> layer_weights(const Layer& layer, Dim hidden) {
  std::vector<WeightTensor> out;
  for (const Kind& mixer : layer.mixers) {
    const std::vector<WeightTensor> weights = weight_tensors(mixer, hidden);
    out.insert(out.end(), weights.begin(), weights.end());
  }
  add_weight_tensors(layer.channel, hidden, out);
  out.insert(out.end(), layer.extra.begin(), layer.extra.end());
  return out;
}

// How often each distinct layer's weights exist: as often as it stands, or once a weight set.
std::vector<std::int64_t> weight_copies(const Stack& stack) {
  std::vector<std::int64_t> copies = stack.times();
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i < stack.distinct.size(); ++i) {
    const auto& set = stack.distinct[i].weight_set;
    if (set) copies[i] = seen.insert(*set).second ? 1 : 0;
  }
  return copies;
}

void add_layer_lines(const Stack& stack, Dim hidden, std::vector<WeightLine>& out) {
  const std::vector<std::int64_t> copies = weight_copies(stack);
  for (std::size_t i = 0; i < stack.distinct.size(); ++i) {
    if (copies[i] == 0) continue;
    const std::string where = layer_label(stack.distinct[i]);
    for (const WeightTensor& tensor : layer_weights(stack.distinct[i], hidden)) {
      out.push_back({.tensor = tensor, .layers = copies[i], .where = where});
    }
  }
}

void append_prefixed(std::vector<std::string>& out, std::string_view prefix,
                     const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) out.push_back(fmt::format("{}{}", prefix, fault));
}

}  // namespace

void Stack::append(const Layer& layer) {
  const auto at = std::find(distinct.begin(), distinct.end(), layer);
  order.push_back(static_cast<std::uint32_t>(at - distinct.begin()));
  if (at == distinct.end()) distinct.push_back(layer);
}

std::vector<std::int64_t> Stack::times() const {
  std::vector<std::int64_t> times(distinct.size(), 0);
  for (const std::uint32_t index : order) ++times[index];
  return times;
}

std::string_view Model::origin_text(Origin origin) const {
  const auto index = static_cast<std::size_t>(origin);
  return index < origins.size() ? std::string_view(origins[index]) : std::string_view();
}

const GgufFacts::Key* GgufFacts::find(std::string_view name) const {
  const auto at = std::ranges::find(keys, name, &Key::name);
  return at == keys.end() ? nullptr : &*at;
}

std::string layer_label(const Layer& layer) {
  std::string text;
  for (const Kind& mixer : layer.mixers) {
    if (!text.empty()) text += '+';
    text += label(mixer);
  }
  return text.empty() ? "none" : text;
}

std::vector<LabelCount> layer_labels(const Model& model) {
  std::vector<LabelCount> out;
  for (const std::uint32_t index : model.decoder.order) {
    const std::string text = layer_label(model.decoder.distinct[index]);
    const auto at = std::find_if(out.begin(), out.end(),
                                 [&](const LabelCount& count) { return count.label == text; });
    if (at == out.end()) {
      out.push_back({text, 1});
    } else {
      ++at->layers;
    }
  }
  return out;
}

std::string attention_label(const Model& model) {
  std::string only;
  for (const LabelCount& count : layer_labels(model)) {
    if (count.label == "none") continue;  // a pure MLP layer has no attention to be mixed with
    if (!only.empty()) return "mixed";
    only = count.label;
  }
  return only.empty() ? "none" : only;
}

std::vector<std::string> faults(const Model& model) {
  std::vector<std::string> out =
      faults_below_one({{"hidden", model.hidden}, {"vocabulary", model.embedding.vocabulary}});
  if (model.decoder.order.empty()) out.push_back("the model has no layers");
  for (std::size_t i = 0; i < model.decoder.distinct.size(); ++i) {
    const Layer& layer = model.decoder.distinct[i];
    const auto first = std::find(model.decoder.order.begin(), model.decoder.order.end(), i);
    const std::string prefix = fmt::format("layer {}: ", first - model.decoder.order.begin());
    for (const Kind& mixer : layer.mixers) append_prefixed(out, prefix, faults(mixer));
    append_prefixed(out, prefix, faults(layer.channel));
  }
  return out;
}

std::vector<WeightLine> outside_lines(const Model& model) {
  const Embedding& e = model.embedding;
  const Dim width = e.width > 0 ? e.width : model.hidden;
  std::vector<WeightLine> out;
  const auto add = [&](std::string_view role, Dim rows, Dim cols, std::string_view where) {
    out.push_back({.tensor = {.role = role, .rows = rows, .cols = cols, .split = Split::heads},
                   .layers = 1,
                   .where = std::string(where)});
  };
  add("embed", e.vocabulary, width, "embed");
  if (e.positions > 0) add("positions", e.positions, model.hidden, "embed");
  for (const WeightTensor& tensor : e.extra) {
    out.push_back({.tensor = tensor, .layers = 1, .where = "norm"});
  }
  if (e.has_head && !e.tied) add("lm_head", e.vocabulary, width, "head");
  if (e.has_head && e.head_bias) add("lm_head_bias", e.vocabulary, 1, "head");
  return out;
}

std::vector<WeightLine> weight_lines(const Model& model) {
  std::vector<WeightLine> out = outside_lines(model);
  const auto is_embedding = [](const WeightLine& line) { return line.where == "embed"; };
  const auto after = std::stable_partition(out.begin(), out.end(), is_embedding);
  const std::vector<WeightLine> last(after, out.end());
  out.erase(after, out.end());
  for (const Stack& stack : model.beside) {
    if (stack.name == "encoder") add_layer_lines(stack, model.hidden, out);
  }
  add_layer_lines(model.decoder, model.hidden, out);
  out.insert(out.end(), last.begin(), last.end());
  return out;
}

Parameters parameters(const Model& model) {
  Parameters sum;
  for (const WeightLine& line : weight_lines(model)) {
    sum.total += line.tensor.elements() * Count(line.layers);
    sum.active += line.tensor.active_elements() * Count(line.layers);
  }
  return sum;
}

Elements parameters_of(const Stack& stack, Dim hidden) {
  std::vector<WeightLine> lines;
  add_layer_lines(stack, hidden, lines);
  Elements sum;
  for (const WeightLine& line : lines) sum += line.tensor.elements() * Count(line.layers);
  return sum;
}

}  // namespace attncalc
