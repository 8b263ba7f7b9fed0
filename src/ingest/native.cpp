// SPDX-License-Identifier: Apache-2.0
//
// Our own YAML: any architecture, written layer by layer (docs/native_yaml.md). This file reads
// what stands around the layers; native/layers.cpp reads the layers, native/sheet.cpp single
// values. Every problem of a file is collected before the reader gives up.
#include <fmt/format.h>

#include "ingest/load.hpp"
#include "ingest/native/sheet.hpp"

namespace attncalc {
namespace {

using native::Sheet;

// `aliases`, `source` and `expect` belong to the catalog, which stores native models too.
const std::vector<std::string_view> top_keys = {"name",
                                                "hidden_size",
                                                "vocab_size",
                                                "layers",
                                                "tie_word_embeddings",
                                                "dtype",
                                                "kv_dtype",
                                                "final_norm",
                                                "max_positions",
                                                "positions",
                                                "embedding_width",
                                                "lm_head",
                                                "lm_head_bias",
                                                "encoder_layers",
                                                "encoder_tokens",
                                                "mtp_layers",
                                                "extra_parameters",
                                                "model_type",
                                                "aliases",
                                                "source",
                                                "expect"};

// "my-model" of "some/folder/my-model.yaml".
std::string stem(std::string_view file) {
  file = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  file = file.substr(file.rfind(':') + 1);
  return std::string(file.substr(0, file.rfind('.')));
}

class ModelReader {
 public:
  ModelReader(const Document& document, Model& model)
      : root_(document.root), model_(model), sheet_(document, model) {
    model_.source = document.file;
    model_.name = stem(document.file);
  }

  Problems read() {
    sheet_.refuse_unknown(root_, "a model", top_keys);
    read_names();
    read_dtypes();
    model_.hidden = required("hidden_size", native::largest_width);
    read_embedding();
    read_stack("layers", model_.decoder);
    read_beside("encoder_layers", "encoder");
    read_beside("mtp_layers", "mtp");
    if (sheet_.sound()) count_parameters();
    return sheet_.take_problems();
  }

 private:
  const Node* find(std::string_view key) const {
    const Node* node = root_.find(key);
    return node != nullptr && node->is_null() ? nullptr : node;
  }

  Dim dimension(const Node& node, std::int64_t least, std::int64_t most) {
    const auto value = sheet_.number(node, least, most);
    return value ? Dim(*value, sheet_.origin(node)) : Dim(0);
  }
  Dim required(std::string_view key, std::int64_t most) {
    if (const Node* node = find(key)) return dimension(*node, 1, most);
    sheet_.wrong(root_, fmt::format("a model needs {}", key));
    return 0;
  }
  Dim optional(std::string_view key) {
    const Node* node = find(key);
    return node == nullptr ? Dim(0) : dimension(*node, 0, native::largest(key));
  }
  bool truth(std::string_view key, bool otherwise) {
    const Node* node = find(key);
    return node == nullptr ? otherwise : sheet_.truth(*node).value_or(otherwise);
  }

  void read_names() {
    if (const Node* node = find("name")) model_.name = sheet_.text(*node).value_or("");
    if (const Node* node = find("model_type")) model_.model_type = sheet_.text(*node).value_or("");
  }

  void read_dtypes() {
    if (const Node* node = find("dtype")) {
      const auto format = sheet_.format(*node);
      model_.dtypes.weights = model_.dtypes.activations = format ? format->name : "";
      model_.dtypes.weights_source = model_.dtypes.activations_source = sheet_.place(*node);
    }
    if (const Node* node = find("kv_dtype")) {
      const std::string name = sheet_.text(*node).value_or("bf16");
      const Result<KvFormats> formats = kv_formats(name, "bf16");
      if (!formats)
        sheet_.wrong(*node, formats.problems().front().message, formats.problems().front().hint);
      model_.dtypes.cache = name;
      model_.dtypes.cache_source = sheet_.place(*node);
    }
  }

  void read_embedding() {
    Embedding& e = model_.embedding;
    e.vocabulary = required("vocab_size", native::largest_tokens);
    e.width = optional("embedding_width");
    e.positions = optional("positions");
    e.tied = truth("tie_word_embeddings", false);
    e.has_head = truth("lm_head", true);
    e.head_bias = truth("lm_head_bias", false);
    model_.max_positions = optional("max_positions");
    model_.encoder_tokens = optional("encoder_tokens");
    add_norm(e.extra, "norm", model_.hidden, final_norm());
    const Dim extra = optional("extra_parameters");
    if (extra > 0) e.extra.push_back({.role = "extra", .rows = extra});
  }

  NormParameters final_norm() {
    const Node* node = find("final_norm");
    if (node == nullptr) return NormParameters::scale;
    return native::norm(sheet_, *node).value_or(NormParameters::scale);
  }

  void read_stack(std::string_view key, Stack& stack) {
    if (const Node* node = find(key)) {
      // A harmless width where it is missing, so that only real problems of the layers are found.
      const Dim hidden = model_.hidden > 0 ? model_.hidden : Dim(native::largest_width);
      native::read_layers(sheet_, *node, hidden, stack);
    } else {
      sheet_.wrong(root_, fmt::format("a model needs {}", key));
    }
  }

  void read_beside(std::string_view key, std::string_view name) {
    if (find(key) == nullptr) return;
    Stack stack;
    stack.name = std::string(name);
    read_stack(key, stack);
    model_.beside.push_back(std::move(stack));
  }

  // Counted here once, so that nobody later meets a model whose parameters leave 64 bits.
  void count_parameters() {
    try {
      static_cast<void>(parameters(model_));
      for (const Stack& stack : model_.beside) {
        const Elements count = parameters_of(stack, model_.hidden);
        if (stack.name == "mtp") model_.mtp_parameters = count.value.value;
      }
    } catch (const Overflow&) {
      sheet_.wrong(root_, "the model has more than 2^63 parameters");
    }
  }

  const Node& root_;
  Model& model_;
  Sheet sheet_;
};

}  // namespace

// --set has been applied by the loader: what it set is here as if the file said so.
Result<Model> read_native(const Document& document, const LoadOptions&) {
  if (document.root.kind != NodeKind::map) {
    return document.problem(document.root,
                            "a model is a map with hidden_size, vocab_size and layers");
  }
  Model model;
  if (Problems problems = ModelReader(document, model).read(); !problems.empty()) return problems;
  return model;
}

}  // namespace attncalc
