// SPDX-License-Identifier: Apache-2.0
//
// From rules to lines of stored tensors, and from lines to bytes.
#include "model/weight_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "model/model.hpp"
#include "model/module_names.hpp"

namespace attncalc {
namespace {

bool has_wildcard(std::string_view text) { return text.find_first_of("*?") != text.npos; }

// Whether `part` stands in `whole` between dots.
bool stands_in(std::string_view part, std::string_view whole) {
  for (std::size_t at = whole.find(part); at != whole.npos; at = whole.find(part, at + 1)) {
    const std::size_t end = at + part.size();
    const bool begins = at == 0 || whole[at - 1] == '.';
    if (begins && (end == whole.size() || whole[end] == '.')) return true;
  }
  return false;
}

bool glob_matches_module(std::string_view glob, std::string_view module) {
  return glob_matches(glob, module) || glob_matches(std::string(glob) + ".*", module);
}

// --- which rule a module falls under -------------------------------------------------------------

// Lists are long (a name a layer and module), so the rules are sorted once by what they can tell
// apart: those for one layer under its number, those that no number enters, and the rest.
class Rules {
 public:
  Rules(const WeightFormats& formats, const ModuleSpelling& spelling)
      : formats_(formats), spelling_(spelling) {
    for (std::size_t i = 0; i < formats.rules.size(); ++i) sort_in(i);
  }

  bool tell_layers_apart() const { return !by_layer_.empty() || !numbered_.empty(); }

  FormatIndex format_of(const NamedTensor& tensor, std::size_t layer) const {
    if (tensor.reach == Reach::never) return 0;
    std::size_t first = first_in(everywhere_, tensor, layer, formats_.rules.size());
    first = first_in(numbered_, tensor, layer, first);
    if (const auto at = by_layer_.find(layer); at != by_layer_.end()) {
      first = first_in(at->second, tensor, first);
    }
    return by_default(first, tensor.reach);
  }

  FormatIndex format_outside(const NamedTensor& tensor) const {
    const auto names = [&](const WeightRule& rule) {
      return std::ranges::any_of(
          tensor.modules, [&](const std::string& module) { return rule.modules.matches(module); });
    };
    const auto rule = std::ranges::find_if(formats_.rules, names);
    return by_default(static_cast<std::size_t>(rule - formats_.rules.begin()), tensor.reach);
  }

 private:
  struct OfLayer {
    std::size_t rule;
    std::string_view rest;  // of the pattern, behind the number
  };

  void sort_in(std::size_t rule) {
    const ModulePattern& pattern = formats_.rules[rule].modules;
    std::string_view rest = pattern.text();
    if (!pattern.is_regex() && rest.starts_with(spelling_.layers)) {
      rest.remove_prefix(spelling_.layers.size());
      std::size_t layer = 0;
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), layer);
      const bool whole = end == rest.data() + rest.size();
      if (error == std::errc() && (whole || *end == '.')) {
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + (whole ? 0 : 1));
        by_layer_[layer].push_back({rule, rest});
        return;
      }
    }
    (sees_numbers(pattern.text()) ? numbered_ : everywhere_).push_back(rule);
  }

  bool sees_numbers(std::string_view text) const {
    const bool digits = std::ranges::any_of(text, [](char c) { return std::isdigit(c) != 0; });
    return digits || text.find("\\d") != text.npos || text.find("layers") != text.npos ||
           text.find("blocks") != text.npos || text.find(".h.") != text.npos;
  }

  std::size_t first_in(const std::vector<std::size_t>& rules, const NamedTensor& tensor,
                       std::size_t layer, std::size_t before) const {
    for (const std::size_t rule : rules) {
      if (rule >= before) break;
      for (const std::string& module : tensor.modules) {
        const std::string full = fmt::format("{}{}.{}", spelling_.layers, layer, module);
        if (formats_.rules[rule].modules.matches(full)) return rule;
      }
    }
    return before;
  }

  static std::size_t first_in(const std::vector<OfLayer>& rules, const NamedTensor& tensor,
                              std::size_t before) {
    for (const OfLayer& rule : rules) {
      if (rule.rule >= before) break;
      for (const std::string& module : tensor.modules) {
        if (covers(rule.rest, module)) return rule.rule;
      }
    }
    return before;
  }

  static bool covers(std::string_view rest, std::string_view module) {
    if (rest.empty()) return true;  // the whole layer
    if (has_wildcard(rest)) return glob_matches_module(rest, module);
    return module.starts_with(rest) && (module.size() == rest.size() || module[rest.size()] == '.');
  }

  FormatIndex by_default(std::size_t rule, Reach reach) const {
    if (rule < formats_.rules.size()) return formats_.rules[rule].format;
    const bool reached =
        reach == Reach::linear || (reach == Reach::head && formats_.linear_has_head);
    return reached ? formats_.linear : FormatIndex(0);
  }

  const WeightFormats& formats_;
  const ModuleSpelling& spelling_;
  std::map<std::size_t, std::vector<OfLayer>> by_layer_;
  std::vector<std::size_t> everywhere_, numbered_;
};

// --- lines ---------------------------------------------------------------------------------------

// The lines of one stack, layer by layer only where rules can tell layers apart.
class StackLines {
 public:
  StackLines(const Stack& stack, Dim hidden, const ModuleSpelling& spelling, const Rules& rules)
      : stack_(stack), rules_(rules) {
    for (const Layer& layer : stack.distinct) {
      named_.push_back(named_tensors(layer, hidden, spelling));
    }
  }

  void add_to(std::vector<StoredTensor>& out, bool is_decoder) {
    count();
    for (std::uint32_t d = 0; d < named_.size(); ++d) {
      const std::string where = layer_label(stack_.distinct[d]);
      for (std::uint32_t t = 0; t < named_[d].size(); ++t) {
        for (const auto& [format, layers] : counts_[d][t]) {
          StoredTensor line{.tensor = named_[d][t].tensor,
                            .format = format,
                            .layers = layers,
                            .shares_module = named_[d][t].shares_module,
                            .where = where,
                            .distinct = std::nullopt,
                            .position = t};
          if (is_decoder) line.distinct = d;
          out.push_back(std::move(line));
        }
      }
    }
  }

 private:
  void count() {
    for (const auto& tensors : named_) counts_.emplace_back(tensors.size());
    std::set<std::uint32_t> weight_sets;
    std::vector<std::int64_t> times(named_.size(), 0);
    for (std::size_t i = 0; i < stack_.order.size(); ++i) {
      const std::uint32_t d = stack_.order[i];
      const auto& set = stack_.distinct[d].weight_set;
      if (set && !weight_sets.insert(*set).second) continue;  // stored with an earlier layer
      if (rules_.tell_layers_apart()) {
        count_layer(d, i, 1);
      } else {
        ++times[d];
      }
    }
    for (std::uint32_t d = 0; d < times.size(); ++d) {
      if (times[d] > 0) count_layer(d, 0, times[d]);
    }
  }

  void count_layer(std::uint32_t d, std::size_t layer, std::int64_t layers) {
    for (std::size_t t = 0; t < named_[d].size(); ++t) {
      counts_[d][t][rules_.format_of(named_[d][t], layer)] += layers;
    }
  }

  const Stack& stack_;
  const Rules& rules_;
  std::vector<std::vector<NamedTensor>> named_;  // of each distinct layer
  std::vector<std::vector<std::map<FormatIndex, std::int64_t>>> counts_;
};

template <class Key>
std::vector<NamedWeightBytes> summed_by(const StoredWeights& weights, Key key) {
  std::vector<NamedWeightBytes> out;
  for (const StoredTensor& tensor : weights.tensors) {
    const std::string_view name = key(tensor);
    auto at = std::ranges::find(out, name, &NamedWeightBytes::name);
    if (at == out.end()) at = out.insert(out.end(), {std::string(name), {}});
    const WeightBytes bytes = bytes_of(weights, tensor);
    at->bytes.data += bytes.data;
    at->bytes.scales += bytes.scales;
    at->bytes.active += bytes.active;
    at->bytes.elements += bytes.elements;
  }
  return out;
}

}  // namespace

Result<ModulePattern> ModulePattern::parse(std::string_view text) {
  ModulePattern out;
  out.text_ = std::string(text);
  constexpr std::string_view regex = "re:";
  if (!text.starts_with(regex)) return out;
  Result<Regex> parsed = Regex::parse(text.substr(regex.size()));
  if (!parsed) return parsed.problems();
  out.regex_ = *std::move(parsed);
  return out;
}

bool ModulePattern::matches(std::string_view module) const {
  if (regex_) return regex_->matches_start_of(module);
  if (has_wildcard(text_)) return glob_matches_module(text_, module);
  return !text_.empty() && stands_in(text_, module);
}

FormatIndex WeightFormats::add(const Format& format) {
  const auto index = std::ranges::find(formats, format) - formats.begin();
  if (static_cast<std::size_t>(index) == formats.size()) formats.push_back(format);
  return static_cast<FormatIndex>(index);
}

std::string WeightFormats::name() const {
  std::set<std::string_view> used;
  if (linear != 0) used.insert(formats[linear].name);
  for (const WeightRule& rule : rules) {
    if (rule.format != 0) used.insert(formats[rule.format].name);
  }
  if (used.empty()) return formats.front().name;
  return used.size() == 1 ? std::string(*used.begin()) : "mixed";
}

WeightFormats checkpoint_formats(const Model& model) {
  if (model.weight_formats) return *model.weight_formats;
  WeightFormats out;
  const Result<Format> plain = find_format(model.dtypes.activations);
  if (plain) out.formats.front() = *plain;
  return out;
}

StoredWeights stored_weights(const Model& model, const WeightFormats& formats) {
  std::vector<std::string_view> patterns;
  for (const WeightRule& rule : formats.rules) patterns.push_back(rule.modules.text());
  const ModuleSpelling spelling = spelling_of(patterns);
  const Rules rules(formats, spelling);

  StoredWeights out{.formats = formats.formats, .tensors = {}};
  const auto add_outside = [&](const WeightLine& line) {
    const NamedTensor named = named_outside(line.tensor);
    out.tensors.push_back({.tensor = line.tensor,
                           .format = rules.format_outside(named),
                           .where = line.where,
                           .distinct = std::nullopt});
  };
  for (const WeightLine& line : outside_lines(model)) add_outside(line);
  for (const Stack& stack : model.beside) {
    if (stack.name != "encoder") continue;
    StackLines(stack, model.hidden, spelling, rules).add_to(out.tensors, false);
  }
  StackLines(model.decoder, model.hidden, spelling, rules).add_to(out.tensors, true);
  return out;
}

WeightBytes bytes_of_copy(const StoredWeights& weights, const StoredTensor& stored) {
  const Format& f = weights.format_of(stored);
  const Count rows = stored.tensor.rows.value;
  const Count cols = stored.tensor.cols.value;
  WeightBytes out;
  out.elements = Elements(rows * cols);
  out.data = Bytes(matrix_data_bytes(f, rows, cols));
  Count scales = matrix_scale_bytes(f, rows, cols);
  if (stored.shares_module) scales = scales - Count(f.tensor_bytes) - cols * Count(f.column_bytes);
  out.scales = Bytes(scales);
  out.active = out.total();
  return out;
}

WeightBytes bytes_of(const StoredWeights& weights, const StoredTensor& stored) {
  WeightBytes out = bytes_of_copy(weights, stored);
  const Count layers = stored.layers;
  const Count copies = layers * Count(stored.tensor.copies);
  out.elements = out.elements * copies;
  out.active = out.active * (layers * Count(stored.tensor.active));
  out.data = out.data * copies;
  out.scales = out.scales * copies;
  return out;
}

WeightBytes weight_bytes(const StoredWeights& weights) {
  WeightBytes sum;
  for (const StoredTensor& tensor : weights.tensors) {
    const WeightBytes bytes = bytes_of(weights, tensor);
    sum.data += bytes.data;
    sum.scales += bytes.scales;
    sum.active += bytes.active;
    sum.elements += bytes.elements;
  }
  return sum;
}

std::vector<NamedWeightBytes> weight_bytes_by_format(const StoredWeights& weights) {
  return summed_by(weights, [&](const StoredTensor& tensor) {
    return std::string_view(weights.format_of(tensor).name);
  });
}

std::vector<NamedWeightBytes> weight_bytes_by_role(const StoredWeights& weights) {
  return summed_by(weights, [](const StoredTensor& tensor) { return tensor.tensor.role; });
}

}  // namespace attncalc
