// SPDX-License-Identifier: Apache-2.0
//
// One function a kind that can change; a kind that is not named here has nothing that the forms
// speak of, and stays as it is. docs/model.md, "Variants".
#include "model/variant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest.hpp"
#include "base/unit_text.hpp"

namespace attncalc {
namespace {

using Form = Variant::Form;

constexpr std::string_view forms_hint =
    "the forms are mha, gqa:N, mqa, mla:R+P (latent and rotary width), window:TOKENS, full and "
    "linear";

// --- reading -------------------------------------------------------------------------------------

struct Typed {
  std::string_view word;
  std::string_view argument;
  bool has_argument = false;
};

Typed split_at(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}, false};
  return {text.substr(0, at), text.substr(at + 1), true};
}

Result<Variant> read_gqa(std::string_view argument, Variant variant) {
  const Result<std::int64_t> heads = parse_count(argument, "--as gqa:N");
  if (!heads) return heads.problems();
  variant.kv_heads = *heads;
  return variant;
}

Result<Variant> read_mla(std::string_view argument, Variant variant) {
  const Typed widths = split_at(argument, '+');
  if (!widths.has_argument) {
    return usage_problem(fmt::format("--as mla '{}' names no two widths", argument),
                         "write mla:512+64: the latent's width and the rotary key's");
  }
  const Result<std::int64_t> rank = parse_count(widths.word, "--as mla:R+P, R");
  if (!rank) return rank.problems();
  const Result<std::int64_t> rope = parse_count(widths.argument, "--as mla:R+P, P", 0);
  if (!rope) return rope.problems();
  variant.kv_lora_rank = *rank;
  variant.rope_dim = *rope;
  return variant;
}

Result<Variant> read_window(std::string_view argument, Variant variant) {
  const Result<std::int64_t> tokens = parse_tokens(argument, "--as window:TOKENS");
  if (!tokens) return tokens.problems();
  variant.window = *tokens;
  return variant;
}

struct FormRow {
  std::string_view word;
  Form form;
  Result<Variant> (*read)(std::string_view argument, Variant variant);  // null: takes none
};
constexpr auto form_rows = std::to_array<FormRow>({
    {"mha", Form::mha, nullptr},
    {"gqa", Form::gqa, read_gqa},
    {"mqa", Form::mqa, nullptr},
    {"mla", Form::mla, read_mla},
    {"window", Form::window, read_window},
    {"full", Form::full, nullptr},
    {"linear", Form::linear, nullptr},
});

Problem unknown_form(std::string_view word) {
  std::vector<std::string_view> words;
  for (const FormRow& row : form_rows) words.push_back(row.word);
  const std::string near = did_you_mean(word, words);
  return usage_problem(fmt::format("--as has no form '{}'", word),
                       near.empty() ? std::string(forms_hint) : near);
}

// --- changing ------------------------------------------------------------------------------------

std::int64_t kv_heads_of(const Variant& variant, std::int64_t heads) {
  if (variant.form == Form::mha) return heads;
  return variant.form == Form::gqa ? variant.kv_heads : 1;
}

// Changes layer by layer and remembers, once, what it had to decide.
class Changer {
 public:
  Changer(const Variant& variant, Model& model) : variant_(variant), model_(model) {}

  Kind change(const Kind& kind) {
    return std::visit([&](const auto& k) { return changed(k); }, kind);
  }
  bool changed_anything() const { return changed_anything_; }
  std::vector<std::string> take_faults() { return std::move(faults_); }

 private:
  template <class K>
  Kind changed(const K& kind) {
    decide_text(kind.label(), "unchanged", "layers of this kind stay as they are");
    return kind;
  }

  Kind changed(const Softmax& s) {
    changed_anything_ = true;
    switch (variant_.form) {
      case Form::mla:
        return latent_from(s);
      case Form::window:
        return windowed(s);
      case Form::full:
        return full(s);
      case Form::linear:
        return linear_from(s.heads, s.head_dim, s.value_dim);
      default:
        return shared_heads(s);
    }
  }

  Kind changed(const Latent& l) {
    changed_anything_ = true;
    Latent out = l;
    switch (variant_.form) {
      case Form::mla:
        out.kv_lora_rank = variant_.kv_lora_rank;
        out.rope_dim = variant_.rope_dim;
        return out;
      case Form::window:
        out.window = Dim(variant_.window);
        return out;
      case Form::full:
        out.window.reset();
        return out;
      case Form::linear:
        return linear_from(l.heads, l.nope_dim + l.rope_dim, l.value_dim);
      default:
        return softmax_from(l);
    }
  }

  Kind shared_heads(const Softmax& s) {
    Softmax out = s;
    out.kv_heads = kv_heads_of(variant_, s.heads);
    check_divides(s.heads, out.kv_heads);
    return out;
  }

  Kind windowed(const Softmax& s) {
    Softmax out = s;
    out.window = Dim(variant_.window);
    out.chunk.reset();
    return out;
  }

  Kind full(const Softmax& s) {
    Softmax out = s;
    out.window.reset();
    out.chunk.reset();
    out.sink_tokens = 0;
    return out;
  }

  // The heads of the softmax layer keep their widths as the part that is not rotated; the rotary
  // part comes on top, as in DeepSeek-V2.
  Kind latent_from(const Softmax& s) {
    if (!s.projects_kv) {
      fault("--as mla: a layer reads another's cache and has no projections of its own to change");
    }
    if (s.input_width > 0) fault("--as mla: a layer projects more than the hidden state");
    if (s.chunk) decide("window", s.chunk->value, "a chunk becomes a window as long");
    decide("nope_dim", s.head_dim, "head_dim of the softmax layers");
    decide("value_dim", s.value_dim, "value width of the softmax layers");
    if (!s.q_lora_rank) decide_text("q_lora_rank", "none", "queries are projected at once");
    Latent out;
    out.heads = s.heads;
    out.kv_lora_rank = variant_.kv_lora_rank;
    out.rope_dim = variant_.rope_dim;
    out.nope_dim = s.head_dim;
    out.value_dim = s.value_dim;
    out.q_lora_rank = s.q_lora_rank;
    out.window = s.chunk ? s.chunk : s.window;
    out.bias = s.o_bias;
    out.output_gate = s.output_gate;
    return out;
  }

  // Keys and values of every head as MLA expands them.
  Kind softmax_from(const Latent& l) {
    decide("head_dim", l.nope_dim + l.rope_dim, "nope_dim + rope_dim of the MLA layers");
    decide("value_dim", l.value_dim, "value width of the MLA layers");
    if (l.index_heads > 0) decide_text("indexer", "none", "attention becomes dense");
    Softmax out;
    out.heads = l.heads;
    out.kv_heads = kv_heads_of(variant_, l.heads);
    out.head_dim = l.nope_dim + l.rope_dim;
    out.value_dim = l.value_dim;
    out.q_lora_rank = l.q_lora_rank;
    out.window = l.window;
    out.q_bias = out.k_bias = out.v_bias = out.o_bias = l.bias;
    out.output_gate = l.output_gate;
    check_divides(out.heads, out.kv_heads);
    return out;
  }

  // Every head keeps a matrix of its own, so every head has its own keys and values.
  Linear linear_from(Dim heads, Dim key_dim, Dim value_dim) {
    decide("heads", heads, "each with its own keys and values");
    decide("key_dim", key_dim, "head_dim of the layers, and as many features");
    decide_text("projections", "plain", "without biases, norms, gates or a narrow query");
    Linear out;
    out.heads = heads;
    out.key_dim = key_dim;
    out.value_dim = value_dim;
    return out;
  }

  void check_divides(Dim heads, Dim kv_heads) {
    if (auto fault_text = fault_unless_divides({"kv_heads", kv_heads}, {"heads", heads})) {
      fault(fmt::format("--as {}: {}", variant_.typed, *fault_text));
    }
  }

  void fault(std::string text) {
    if (std::ranges::find(faults_, text) == faults_.end()) faults_.push_back(std::move(text));
  }

  void decide(std::string_view name, std::int64_t value, std::string_view rule) {
    decide_text(name, std::to_string(value), rule);
  }

  void decide_text(std::string_view name, std::string value, std::string_view rule) {
    Assumption assumption{std::string(name), std::move(value),
                          fmt::format("--as {}: {}", variant_.typed, rule)};
    auto& known = model_.assumptions;
    if (std::ranges::find(known, assumption) == known.end()) known.push_back(std::move(assumption));
  }

  const Variant& variant_;
  Model& model_;
  std::vector<std::string> faults_;
  bool changed_anything_ = false;
};

// Layers that differed only in what was changed are one distinct layer now.
Stack merged(const std::vector<Layer>& distinct, const Stack& old) {
  Stack stack = old;
  stack.distinct.clear();
  stack.order.clear();
  for (const std::uint32_t index : old.order) stack.append(distinct[index]);
  return stack;
}

}  // namespace

Result<Variant> parse_variant(std::string_view text) {
  const Typed typed = split_at(text, ':');
  const auto row = std::ranges::find(form_rows, typed.word, &FormRow::word);
  if (row == form_rows.end()) return unknown_form(typed.word);
  if (typed.has_argument != (row->read != nullptr)) {
    return usage_problem(fmt::format("--as {} {}", row->word,
                                     row->read ? "needs a value after a colon" : "takes no value"),
                         std::string(forms_hint));
  }
  Variant variant;
  variant.form = row->form;
  variant.typed = std::string(text);
  return row->read ? row->read(typed.argument, variant) : Result<Variant>(variant);
}

Result<Model> as_variant(const Model& model, const Variant& variant) {
  Model out = model;
  Changer changer(variant, out);
  std::vector<Layer> distinct = model.decoder.distinct;
  for (Layer& layer : distinct) {
    for (Kind& mixer : layer.mixers) mixer = changer.change(mixer);
  }
  if (auto faults = changer.take_faults(); !faults.empty()) return usage_problems(faults);
  out.decoder = merged(distinct, model.decoder);
  out.assumptions.push_back({"attention", variant.typed, "--as"});
  if (!changer.changed_anything()) {
    out.warnings.push_back({"as_changes_nothing", "no layer has attention that --as could change"});
  }
  return out;
}

}  // namespace attncalc
