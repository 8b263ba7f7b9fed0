// SPDX-License-Identifier: Apache-2.0
//
// The quantisation methods: what each stores for a matrix, and which matrices it takes. Layouts are
// those of the writers' own code: DeepSeek's inference/model.py (weight_scale_inv), transformers'
// quantizers, llm-compressor's compressed-tensors, NVIDIA ModelOpt's hf export, AutoAWQ, GPTQModel,
// AutoRound, bitsandbytes, AMD Quark, and gpt-oss's own checkpoint. See docs/model.md, "Weight
// formats", for the table and for what no config says (the dtype of scales).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/nearest.hpp"
#include "base/units.hpp"
#include "ingest/hf/quantisation.hpp"

namespace attncalc::hf {
namespace {

constexpr std::int64_t fp32_bytes = 4;
constexpr std::int64_t fp16_bytes = 2;
constexpr std::int64_t int64_bytes = 8;
constexpr std::int64_t byte_bits = 8;
constexpr std::int64_t usual_group = 128;

// --- formats -------------------------------------------------------------------------------------

Format fp8() {
  Format f = *find_format("fp8");
  f.name = "fp8";
  return f;
}

// One scale a matrix, and where inputs are scaled by a stored figure another.
Format fp8_of_tensor(std::int64_t scale_bytes, bool static_inputs) {
  Format f = fp8();
  f.tensor_bytes = scale_bytes * (static_inputs ? 2 : 1);
  return f;
}

Format fp8_of_rows(std::int64_t scale_bytes) {
  Format f = fp8();
  f.scale_per = ScalePer::row;
  f.scale_bytes = scale_bytes;
  return f;
}

Format fp8_of_tiles(std::int64_t rows, std::int64_t cols, std::int64_t scale_bytes) {
  Format f = fp8();
  f.scale_per = ScalePer::tile;
  f.scale_rows = rows;
  f.scale_elements = cols;
  f.scale_bytes = scale_bytes;
  return f;
}

// Blocks of 16 with fp8 scales, and fp32 scales of the whole matrix: its own, its inputs'.
Format nvfp4(bool scales_inputs) {
  Format f = *find_format("nvfp4");
  f.tensor_bytes = fp32_bytes * (scales_inputs ? 2 : 1);
  return f;
}

// Whole numbers of `bits` in groups along a row (group 0: the whole row).
Format grouped_int(std::int64_t bits, std::int64_t group, std::int64_t scale_bytes) {
  Format f;
  f.name = group > 0 ? fmt::format("int{} g{}", bits, group) : fmt::format("int{}", bits);
  f.block_elements = bits % byte_bits == 0 ? 1 : byte_bits;
  f.block_bytes = bits % byte_bits == 0 ? bits / byte_bits : bits;
  f.scale_per = group > 0 ? ScalePer::group : ScalePer::row;
  f.scale_elements = group;
  f.scale_bytes = scale_bytes;
  return f;
}

std::int64_t plain_bytes(const Quantisation& q) { return q.plain().block_bytes; }

// Widths that words are packed of, and groups that fill whole bytes.
bool is_width(std::int64_t bits) { return bits >= 2 && bits <= byte_bits; }
bool is_group(std::int64_t size) {
  return size >= byte_bits && size <= units::mebi && size % byte_bits == 0;
}

// --- fp8: tiles (DeepSeek) or one scale a matrix
// --------------------------------------------------

// Experts in fp4 inside of an fp8 checkpoint: DeepSeek-V4.
void read_expert_dtype(Quantisation& q) {
  const std::optional<std::string> dtype = q.config().word({"expert_dtype"});
  if (dtype == "fp4") q.add_rule(q.map(), "*.ffn.experts.*", *find_format("mxfp4"));
}

void add_layers_of_map(Quantisation& q);

void read_fp8(Quantisation& q) {
  // What an export in nvfp4 of an fp8 checkpoint spares stays fp8, so its `ignore` is none of ours.
  if (q.find("quantized_layers")) add_layers_of_map(q);
  q.spare({"modules_to_not_convert", "ignored_layers"});
  read_expert_dtype(q);
  const bool static_inputs = q.word("activation_scheme") == "static";
  const Node* tile = q.find("weight_block_size");
  if (!tile) return q.linear(fp8_of_tensor(fp32_bytes, static_inputs));
  const auto side = [&](std::size_t i) -> std::int64_t {
    return i < tile->children.size() ? tile->children[i].as_integer().value_or(0) : 0;
  };
  if (side(0) < 1 || side(1) < 1) {
    return q.problem(*tile, "weight_block_size must be two whole numbers: rows and columns");
  }
  q.linear(fp8_of_tiles(side(0), side(1), fp32_bytes));
}

void read_fbgemm(Quantisation& q) {
  q.spare({"modules_to_not_convert"});
  q.linear(fp8_of_rows(fp32_bytes));
}

// gpt-oss: blocks of 32 with an 8-bit exponent; what is spared is listed.
void read_mxfp4(Quantisation& q) {
  q.spare({"modules_to_not_convert"});
  q.linear(*find_format("mxfp4"));
}

// --- compressed-tensors --------------------------------------------------------------------------

struct Scheme {
  std::int64_t bits = 0;
  std::int64_t group = 0;
  bool is_float = false;
  bool symmetric = true;
  bool scales_inputs = false;  // with a stored figure
  std::string strategy;
  std::int64_t scale_bytes = fp16_bytes;
};

// Scales are stored in the dtype of the model, unless the scheme names another.
std::int64_t scale_bytes_of(const Quantisation& q, const Node& weights) {
  const Node* dtype = Quantisation::find(weights, "scale_dtype");
  if (!dtype) return plain_bytes(q);
  const bool one = dtype->text == "torch.uint8" || dtype->text == "torch.float8_e4m3fn";
  return one ? 1 : dtype->text == "torch.float32" ? fp32_bytes : plain_bytes(q);
}

Scheme read_scheme(Quantisation& q, const Node& group, const Node& weights) {
  Scheme s;
  s.bits = q.whole(weights, "num_bits", 0);
  s.group = q.whole(weights, "group_size", 0);
  const auto text = [&](std::string_view key) {
    const Node* node = Quantisation::find(weights, key);
    return node ? node->text : std::string();
  };
  s.is_float = text("type") == "float";
  s.strategy = text("strategy");
  if (s.strategy.empty()) s.strategy = s.group > 0 ? "group" : "tensor";
  const Node* symmetric = Quantisation::find(weights, "symmetric");
  s.symmetric = !symmetric || symmetric->as_boolean().value_or(true);
  s.scale_bytes = scale_bytes_of(q, weights);
  const Node* inputs = Quantisation::find(group, "input_activations");
  const Node* dynamic = inputs ? Quantisation::find(*inputs, "dynamic") : nullptr;
  s.scales_inputs = inputs && !(dynamic && dynamic->as_boolean() == true);
  return s;
}

std::optional<Format> float_format(const Scheme& s, const Node& weights) {
  if (s.bits == 4 && s.group == 16) return nvfp4(s.scales_inputs);
  if (s.bits == 4 && s.group == 32) return *find_format("mxfp4");
  if (s.bits != 8) return std::nullopt;
  if (s.strategy == "tensor") return fp8_of_tensor(s.scale_bytes, s.scales_inputs);
  if (s.strategy == "channel") return fp8_of_rows(s.scale_bytes);
  if (s.strategy == "group" && s.group == 32) return *find_format("mxfp8");
  const Node* tile = Quantisation::find(weights, "block_structure");
  if (s.strategy != "block" || !tile || tile->children.size() != 2) return std::nullopt;
  const std::int64_t rows = tile->children[0].as_integer().value_or(0);
  const std::int64_t cols = tile->children[1].as_integer().value_or(0);
  if (rows < 1 || cols < 1) return std::nullopt;
  return fp8_of_tiles(rows, cols, s.scale_bytes);
}

// Packed words keep the shape beside them (two 64-bit numbers); whole bytes need none.
std::optional<Format> int_format(const Scheme& s) {
  const bool grouped = s.strategy == "group";
  if (!is_width(s.bits) || (grouped && !is_group(s.group))) return std::nullopt;
  Format f = grouped_int(s.bits, grouped ? s.group : 0, s.scale_bytes);
  if (s.strategy == "tensor") f.scale_per = ScalePer::none;
  f.tensor_bytes =
      (s.bits < byte_bits ? 2 * int64_bytes : 0) + (s.strategy == "tensor" ? s.scale_bytes : 0);
  if (!s.symmetric) f.zero_bits = s.bits;
  return f;
}

void add_target(Quantisation& q, const Node& target, const Format& format) {
  const std::string& name = target.text;
  if (name == "Linear") {
    q.linear(format);
    return q.count_head_in();
  }
  const bool is_class = name.find('.') == name.npos && !name.empty() && name[0] >= 'A' &&
                        name[0] <= 'Z' && !name.starts_with("re:");
  if (is_class) return q.problem(target, fmt::format("target '{}' is not understood", name));
  q.add_rule(target, name, format);
}

void read_group(Quantisation& q, const Node& group) {
  const Node* weights = Quantisation::find(group, "weights");
  const Node* targets = Quantisation::find(group, "targets");
  if (!weights || !targets) return;  // it quantises inputs alone, or nothing
  const Scheme scheme = read_scheme(q, group, *weights);
  const auto format = scheme.is_float ? float_format(scheme, *weights) : int_format(scheme);
  if (!format) {
    return q.problem(
        *weights, fmt::format("weights of {} {} bits with strategy '{}' are not known", scheme.bits,
                              scheme.is_float ? "float" : "int", scheme.strategy));
  }
  for (const Node& target : targets->children) add_target(q, target, *format);
}

void read_compressed_tensors(Quantisation& q) {
  const Node* sparsity = q.find("sparsity_config");
  const Node* sparse = sparsity ? Quantisation::find(*sparsity, "format") : nullptr;
  if (sparse && sparse->text != "dense") {
    q.problem(*sparse, fmt::format("sparse weights ('{}') are not known", sparse->text));
  }
  q.spare({"ignore"});
  const Node* groups = q.find("config_groups");
  if (!groups) return q.problem(q.map(), "config_groups is missing");
  for (const Node& group : groups->children) read_group(q, group);
}

// --- modelopt ------------------------------------------------------------------------------------

// Experts are listed one by one, tens of thousands of them; the names of all count as the first's.
std::string with_first_expert(std::string_view module) {
  constexpr std::string_view word = "experts.";
  std::string out(module);
  const std::size_t at = out.find(word);
  if (at == out.npos) return out;
  const std::size_t from = at + word.size();
  std::size_t end = from;
  while (end < out.size() && out[end] >= '0' && out[end] <= '9') ++end;
  if (end > from) out.replace(from, end - from, "0");
  return out;
}

std::optional<Format> layer_format(Quantisation& q, const Node& entry) {
  const Node* algorithm = Quantisation::find(entry, "quant_algo");
  const std::string name = algorithm ? algorithm->text : std::string();
  const auto format = modelopt_format(name, q.whole(entry, "group_size", 0));
  if (!format) q.problem(entry, fmt::format("quant_algo '{}' is not known", name));
  return format;
}

// quantized_layers: an algorithm for each module.
void add_layers_of_map(Quantisation& q) {
  const Node* layers = q.find("quantized_layers");
  if (!layers) return q.problem(q.map(), "quantized_layers is missing");
  std::map<std::string, Format, std::less<>> seen;
  for (const Node& entry : layers->children) {
    const std::string module = with_first_expert(entry.key);
    const std::optional<Format> format = layer_format(q, entry);
    if (!format) return;
    const auto [at, is_new] = seen.emplace(module, *format);
    if (is_new) {
      q.add_rule(entry, module, *format);
    } else if (!(at->second == *format)) {
      return q.problem(entry, "experts of one layer are stored in different formats");
    }
  }
}

void read_modelopt(Quantisation& q) {
  q.spare({"ignore", "exclude_modules"});
  const std::string algorithm = q.word("quant_algo");
  if (algorithm == "MIXED_PRECISION") return add_layers_of_map(q);
  if (algorithm.empty()) return read_compressed_tensors(q);
  const auto format = modelopt_format(algorithm, q.whole(q.map(), "group_size", 0));
  if (!format) {
    return q.problem(*q.find("quant_algo"), fmt::format("quant_algo '{}' is not known", algorithm));
  }
  q.linear(*format);
  if (q.find("ignore") || q.find("exclude_modules")) return;
  q.config().warn("no_exclusion_list",
                  fmt::format("the list of modules that are not quantised is missing: all matrices "
                              "of the layers are taken as {}",
                              format->name));
}

// --- integer methods -----------------------------------------------------------------------------

struct IntScheme {
  std::int64_t bits = 4;
  std::int64_t group = usual_group;
};

// A group_size of -1 is the whole row. Answers nothing, and says so, where bits or group are none.
std::optional<IntScheme> int_scheme(Quantisation& q, const Node& map, IntScheme usual) {
  const IntScheme s{q.whole(map, "bits", usual.bits), q.whole(map, "group_size", usual.group)};
  if (is_width(s.bits) && (s.group == -1 || is_group(s.group))) return s;
  q.problem(map, fmt::format("bits {} with group_size {} are not known", s.bits, s.group));
  return std::nullopt;
}

std::optional<IntScheme> int_scheme(Quantisation& q) { return int_scheme(q, q.map(), IntScheme{}); }

// Half-precision scales and packed zero points, stored even where all of them are the same.
Format packed_int(IntScheme s) {
  Format f = grouped_int(s.bits, std::max<std::int64_t>(s.group, 0), fp16_bytes);
  f.zero_bits = s.bits;
  return f;
}

void read_awq(Quantisation& q) {
  q.spare({"modules_to_not_convert"});
  if (const auto scheme = int_scheme(q)) q.linear(packed_int(*scheme));
}

Format gptq_format(IntScheme scheme) {
  Format f = packed_int(scheme);
  f.column_bytes = fp32_bytes;  // g_idx: the group of each input, an int32
  return f;
}

// GPTQModel: {"-:pattern": {}} spares, {"+:pattern": {bits: 8}} and {"pattern": …} differ.
void read_dynamic(Quantisation& q, IntScheme usual) {
  const Node* rules = q.find("dynamic");
  if (!rules) return;
  for (const Node& rule : rules->children) {
    const bool spares = rule.key.starts_with("-:");
    const bool marked = spares || rule.key.starts_with("+:");
    const std::string pattern = "re:" + rule.key.substr(marked ? 2 : 0);
    const auto own = spares ? usual : int_scheme(q, rule, usual);
    if (own) q.add_rule(rule, pattern, spares ? q.plain() : gptq_format(*own));
  }
}

void read_gptq(Quantisation& q) {
  q.spare({"modules_to_not_convert"});
  const auto scheme = int_scheme(q);
  if (!scheme) return;
  read_dynamic(q, *scheme);
  q.linear(gptq_format(*scheme));
  if (q.flag("lm_head", false)) q.count_head_in();
}

// AutoRound packs as GPTQ does, without g_idx. extra_config: modules with bits of their own.
void read_auto_round(Quantisation& q) {
  const std::string type = q.word("data_type");
  if (!type.empty() && type != "int") {
    return q.problem(*q.find("data_type"), fmt::format("data_type '{}' is not known", type));
  }
  const auto scheme = int_scheme(q);
  if (!scheme) return;
  if (const Node* extra = q.find("extra_config")) {
    for (const Node& own : extra->children) {
      if (q.whole(own, "bits", scheme->bits) > byte_bits) {  // 16: as it was
        q.add_rule(own, own.key, q.plain());
      } else if (const auto other = int_scheme(q, own, *scheme)) {
        q.add_rule(own, own.key, packed_int(*other));
      }
    }
  }
  q.linear(packed_int(*scheme));
}

// --- bitsandbytes --------------------------------------------------------------------------------

// Blocks of 64 run on through the matrix, with one fp32 maximum each, beside a table of 16 values.
// Double quantisation makes the maxima bytes, in blocks of 256 with an fp32 maximum and a table.
Format bnb_four_bits(const std::string& name, bool twice) {
  constexpr std::int64_t block = 64, outer = 256, table = 16;
  Format f = *find_format("int4");
  f.name = name;
  f.scale_per = ScalePer::flat;
  f.scale_elements = twice ? block * outer : block;
  f.scale_bytes = twice ? outer + fp32_bytes : fp32_bytes;
  f.tensor_bytes = table * fp32_bytes + (twice ? outer * fp32_bytes : 0);
  return f;
}

void read_bitsandbytes(Quantisation& q) {
  q.spare({"llm_int8_skip_modules"});
  if (q.flag("load_in_4bit", false) || q.flag("_load_in_4bit", false)) {
    const std::string type = q.word("bnb_4bit_quant_type");
    return q.linear(
        bnb_four_bits(type.empty() ? "fp4" : type, q.flag("bnb_4bit_use_double_quant", false)));
  }
  if (q.flag("load_in_8bit", false) || q.flag("_load_in_8bit", false)) {
    Format f = grouped_int(8, 0, fp32_bytes);
    f.tensor_bytes = 1;  // weight_format
    return q.linear(f);
  }
  q.problem(q.map(), "neither load_in_4bit nor load_in_8bit is set");
}

// --- bitnet --------------------------------------------------------------------------------------

// BitNet b1.58 packs four of its three-valued weights in a byte, with one bf16 scale a matrix
// (transformers integrations/bitnet.py, BitLinear).
void read_bitnet(Quantisation& q) {
  constexpr std::int64_t values_a_byte = 4, bf16_bytes = 2;
  q.spare({"modules_to_not_convert"});
  Format f;
  f.name = "bitnet";
  f.block_elements = values_a_byte;
  f.block_bytes = 1;
  f.tensor_bytes = bf16_bytes;  // weight_scale
  q.linear(f);
}

// --- quark ---------------------------------------------------------------------------------------

std::optional<Format> quark_format(Quantisation& q, const Node& layer) {
  const Node* weight = Quantisation::find(layer, "weight");
  if (!weight) return q.plain();
  const auto text = [&](std::string_view key) {
    const Node* node = Quantisation::find(*weight, key);
    return node ? node->text : std::string();
  };
  const std::string dtype = text("dtype");
  const std::string per = text("qscheme");
  const std::int64_t group = q.whole(*weight, "group_size", 0);
  if (dtype == "fp4" && per == "per_group" && group == 32) return *find_format("mxfp4");
  if (dtype == "fp8_e4m3" && per == "per_tensor") {
    const Node* inputs = Quantisation::find(layer, "input_tensors");
    const Node* dynamic = inputs ? Quantisation::find(*inputs, "is_dynamic") : nullptr;
    return fp8_of_tensor(fp32_bytes, inputs && !(dynamic && dynamic->as_boolean() == true));
  }
  if (dtype == "fp8_e4m3" && per == "per_channel") return fp8_of_rows(fp32_bytes);
  q.problem(*weight, fmt::format("weights of dtype '{}', {}, are not known", dtype, per));
  return std::nullopt;
}

void read_quark(Quantisation& q) {
  q.spare({"exclude"});
  const Node* usual = q.find("global_quant_config");
  if (!usual) return q.problem(q.map(), "global_quant_config is missing");
  if (const Node* layers = q.find("layer_quant_config")) {
    for (const Node& layer : layers->children) {
      if (const auto format = quark_format(q, layer)) q.add_rule(layer, layer.key, *format);
    }
  }
  if (const auto format = quark_format(q, *usual)) q.linear(*format);
}

// --- all of them ---------------------------------------------------------------------------------

struct Method {
  std::string_view name;
  void (*read)(Quantisation&);
};

constexpr Method methods[] = {
    {"fp8", read_fp8},
    {"fbgemm_fp8", read_fbgemm},
    {"mxfp4", read_mxfp4},
    {"compressed-tensors", read_compressed_tensors},
    {"modelopt", read_modelopt},
    {"modelopt_fp4", read_modelopt},
    {"modelopt_mixed", read_modelopt},
    {"awq", read_awq},
    {"gptq", read_gptq},
    {"auto-round", read_auto_round},
    {"intel/auto-round", read_auto_round},
    {"bitsandbytes", read_bitsandbytes},
    {"quark", read_quark},
    {"bitnet", read_bitnet},
};

}  // namespace

std::optional<Format> modelopt_format(std::string_view algorithm, std::int64_t group_size) {
  if (algorithm == "FP8") return fp8_of_tensor(fp32_bytes, true);
  if (algorithm == "FP8_PER_CHANNEL_PER_TOKEN") return fp8_of_rows(fp32_bytes);
  if (algorithm == "FP8_PB_WO") return fp8_of_tiles(usual_group, usual_group, fp32_bytes);
  if (algorithm == "NVFP4") return nvfp4(true);
  if (algorithm == "W4A16_NVFP4") return nvfp4(false);
  if (algorithm == "MXFP8") return *find_format("mxfp8");
  if (algorithm == "MXFP4" || algorithm == "W4A8_MXFP4_FP8") return *find_format("mxfp4");
  if (algorithm == "W4A16_AWQ" && (group_size == 0 || is_group(group_size))) {
    return grouped_int(4, group_size > 0 ? group_size : usual_group, fp16_bytes);
  }
  return std::nullopt;
}

void read_method(Quantisation& q, std::string_view method) {
  const auto at = std::ranges::find(methods, method, &Method::name);
  if (at != std::end(methods)) return at->read(q);
  std::vector<std::string_view> names;
  for (const Method& known : methods) names.push_back(known.name);
  const Node* stated = q.find("quant_method");
  std::string hint = did_you_mean(method, names);
  if (!hint.empty()) hint += "; ";
  q.problem(stated ? *stated : q.map(), fmt::format("quant_method '{}' is not known", method),
            hint + "parameters and cache can be had with --assume quantization_config");
}

}  // namespace attncalc::hf
