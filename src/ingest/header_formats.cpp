// SPDX-License-Identifier: Apache-2.0
//
// From the types of safetensors to the formats of modules. A config that says how it is quantised
// is believed: it knows of packed words and groups, which headers do not state. For all others the
// headers decide, as config.json may lack the dtype or name the one that the model was trained in.
#include "ingest/header_formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace attncalc {
namespace {

struct FormatOfType {
  std::string_view type, format;
};
constexpr FormatOfType plain_types[] = {
    {"BF16", "bf16"}, {"F16", "fp16"}, {"F32", "fp32"}, {"F8_E4M3", "fp8"}, {"F8_E5M2", "fp8"}};

std::string_view format_name_of(std::string_view type) {
  const auto at = std::ranges::find(plain_types, type, &FormatOfType::type);
  return at == std::end(plain_types) ? std::string_view() : at->format;
}

using ByName = std::map<std::string_view, const safetensors::Tensor*>;

// An 8-bit matrix with its scales, whose shape says what each belongs to: [] or [1] the matrix,
// [rows, 1] a row, [m, n] tiles.
Format with_scales(Format format, const FileTensor& matrix, const ByName& all) {
  const auto scales_of = [&]() -> const safetensors::Tensor* {
    for (const std::string_view ending : {"_scale_inv", "_scale"}) {
      if (const auto at = all.find(fmt::format("{}{}", matrix.name, ending)); at != all.end())
        return at->second;
    }
    return nullptr;
  };
  const safetensors::Tensor* scales = scales_of();
  if (scales == nullptr || matrix.shape.size() != 2) return format;
  const Count each = ceil_div(scales->bytes.value, std::max(scales->elements.value, Count(1)));
  const std::int64_t rows = matrix.shape[0], cols = matrix.shape[1];
  if (scales->elements <= Elements(1)) {
    format.tensor_bytes = each.value;
  } else if (scales->elements == Elements(Count(rows))) {
    format.scale_per = ScalePer::row;
    format.scale_bytes = each.value;
  } else if (scales->shape.size() == 2 && scales->shape[0] > 0 && scales->shape[1] > 0) {
    // Tiles are square wherever they are used; the last of a column may be cut.
    const std::int64_t tile = ceil_div(Count(cols), Count(scales->shape[1])).value;
    format.scale_per = ScalePer::tile;
    format.scale_rows = ceil_div(Count(rows), Count(scales->shape[0])).value;
    format.scale_elements = tile;
    format.scale_bytes = each.value;
  }
  return format;
}

// "model.layers.3.mlp.gate" → the number's place, or nothing.
struct Numbered {
  std::string before, after;
  std::size_t layer = 0;
};
std::optional<Numbered> numbered(const std::string& module) {
  const std::optional<std::size_t> layer = layer_number(module);
  if (!layer) return std::nullopt;
  const std::string number = fmt::format(".{}.", *layer);
  const std::size_t at = module.find(number);
  if (at == std::string::npos) return std::nullopt;
  return Numbered{module.substr(0, at + 1), module.substr(at + number.size()), *layer};
}

class FormatReader {
 public:
  FormatReader(const std::vector<FileTensor>& tensors, const ByName& all)
      : tensors_(tensors), all_(all) {}

  // Nothing where no tensor of the language model has a type that we have a format for.
  std::optional<WeightFormats> read() {
    const std::string_view main = most_bytes();
    if (main.empty()) return std::nullopt;
    formats_.formats = {*find_format(main)};
    for (const FileTensor& tensor : tensors_) {
      if (is_matrix(tensor)) sort_in(tensor);
    }
    for (const auto& [part, layers] : by_part_) add_rules(part, layers);
    return std::move(formats_);
  }

 private:
  static bool is_matrix(const FileTensor& tensor) {
    return tensor.use == TensorUse::parameter && tensor.shape.size() >= 2 &&
           tensor.elements == tensor.parameters && tensor.name.ends_with(".weight") &&
           !format_name_of(tensor.format).empty();
  }

  // The plain format of most parameters. 8 bits are a quantised format and a rule.
  std::string_view most_bytes() const {
    std::map<std::string_view, Bytes> sums;
    for (const FileTensor& tensor : tensors_) {
      const std::string_view format = format_name_of(tensor.format);
      if (tensor.use != TensorUse::parameter || format.empty() || format == "fp8") continue;
      sums[format] += tensor.bytes;
    }
    if (sums.empty()) return {};
    return std::ranges::max_element(sums, {}, [](const auto& sum) { return sum.second; })->first;
  }

  void sort_in(const FileTensor& tensor) {
    const std::string module = tensor.name.substr(0, tensor.name.rfind('.'));
    const Format format = with_scales(*find_format(format_name_of(tensor.format)), tensor, all_);
    const FormatIndex index = formats_.add(format);
    const std::optional<Numbered> place = numbered(module);
    if (place) {
      by_part_[{place->before, place->after}][place->layer] = index;
    } else if (index != 0) {
      rule(module, index);
    }
  }

  // One rule where all layers agree, one a layer where they do not, none where it is the main one.
  void add_rules(const std::pair<std::string, std::string>& part,
                 const std::map<std::size_t, FormatIndex>& layers) {
    const FormatIndex first = layers.begin()->second;
    const bool alike =
        std::ranges::all_of(layers, [&](const auto& entry) { return entry.second == first; });
    if (alike && first == 0) return;
    if (alike) return rule(part.second, first);
    for (const auto& [layer, format] : layers)
      rule(fmt::format("{}{}.{}", part.first, layer, part.second), format);
  }

  void rule(const std::string& module, FormatIndex format) {
    Result<ModulePattern> pattern = ModulePattern::parse(module);
    if (pattern) formats_.rules.push_back({*std::move(pattern), format});
  }

  const std::vector<FileTensor>& tensors_;
  const ByName& all_;
  WeightFormats formats_;
  // What stands before and behind the number → layer → format.
  std::map<std::pair<std::string, std::string>, std::map<std::size_t, FormatIndex>> by_part_;
};

void take_formats(const std::vector<FileTensor>& tensors, const safetensors::Weights& weights,
                  Model& model) {
  if (model.weight_formats) return;
  ByName all;
  for (const safetensors::Tensor& tensor : weights.tensors) all.emplace(tensor.name, &tensor);
  std::optional<WeightFormats> formats = FormatReader(tensors, all).read();
  if (!formats) return;
  model.weight_formats = std::move(formats);
  model.dtypes.weights = model.weight_formats->name();
  model.dtypes.weights_source = weights.source;
}

void warn_of_differences(const WeightCheck& check, Model& model) {
  if (!check.is_complete()) {
    model.warnings.push_back(
        {"weights_incomplete",
         fmt::format("{} of the files that {} names are not there, {} among them",
                     check.missing_shards.size(), check.file.source,
                     check.missing_shards.front())});
    return;
  }
  if (check.agrees()) return;
  model.warnings.push_back(
      {"weights_differ",
       fmt::format("the weights hold {} parameters of the language model, and the config asks for "
                   "{}; `attncalc models check` says where",
                   check.parameters_in_file.value.value, check.parameters_of_model.value.value)});
}

}  // namespace

void take_weights(const safetensors::Weights& weights, Model& model) {
  if (weights.tensors.empty()) return;  // an index alone
  const std::vector<FileTensor> tensors = file_tensors(weights, model);
  if (weights.missing_shards.empty()) take_formats(tensors, weights, model);
  const WeightCheck check = check_weights(model, weights);
  model.stored = check.file;
  const auto vision = std::ranges::find(check.uses, TensorUse::vision, &UseTotal::use);
  if (vision != check.uses.end() && !model.vision_parameters)
    model.vision_parameters = vision->parameters.value.value;
  warn_of_differences(check, model);
}

}  // namespace attncalc
