// SPDX-License-Identifier: Apache-2.0
//
// The table of storage formats. ggml types: block sizes and bytes as in ggml's type traits
// (ggml-common.h, block_q*: a half-precision scale, and a minimum or packed sub-scales where the
// type has them, count as the scale). nvfp4: 16 elements share one fp8 scale (NVIDIA, "Introducing
// NVFP4"). mxfp4: 32 elements share one 8-bit exponent (OCP MX v1.0). *_per_token_head: vLLM's
// per-token-per-head KV formats, one fp32 scale a head.
#include "attention/format.hpp"

#include <charconv>

#include "base/nearest.hpp"

namespace attncalc {
namespace {

constexpr std::array<std::string_view, component_count> component_names = {
    "key",         "value",       "latent",         "rope_key",
    "index_key",   "index_value", "compressed_key", "compressor_state",
    "conv_state",  "ssm_state",   "linear_state",   "normaliser_state",
    "shift_state", "wkv_state",   "cross_key",      "cross_value",
    "scale"};

struct FormatRow {
  std::string_view name;
  int block_elements, block_bytes;
  ScalePer scale_per;
  int scale_elements, scale_bytes;
};

constexpr ScalePer none = ScalePer::none;
constexpr ScalePer group = ScalePer::group;
constexpr ScalePer head = ScalePer::head;

constexpr FormatRow table[] = {
    {"fp32", 1, 4, none, 0, 0},
    {"fp16", 1, 2, none, 0, 0},
    {"bf16", 1, 2, none, 0, 0},
    {"fp8", 1, 1, none, 0, 0},   // one scale a tensor: no bytes a token
    {"int8", 1, 1, none, 0, 0},  // likewise
    {"int4", 2, 1, none, 0, 0},  // likewise
    {"fp8_per_token_head", 1, 1, head, 0, 4},
    {"int8_per_token_head", 1, 1, head, 0, 4},
    {"int4_per_token_head", 2, 1, head, 0, 4},
    {"fp8_group128", 1, 1, group, 128, 4},
    {"nvfp4", 2, 1, group, 16, 1},
    {"mxfp4", 2, 1, group, 32, 1},
    {"mxfp8", 1, 1, group, 32, 1},
    {"q8_0", 1, 1, group, 32, 2},
    {"q8_1", 1, 1, group, 32, 4},
    {"q5_0", 8, 5, group, 32, 2},
    {"q5_1", 8, 5, group, 32, 4},
    {"q4_0", 2, 1, group, 32, 2},
    {"q4_1", 2, 1, group, 32, 4},
    {"iq4_nl", 2, 1, group, 32, 2},
    {"q2_k", 4, 1, group, 256, 20},
    {"q3_k", 8, 3, group, 256, 14},
    {"q4_k", 2, 1, group, 256, 16},
    {"q5_k", 8, 5, group, 256, 16},
    {"q6_k", 4, 3, group, 256, 18},
    {"q8_k", 1, 1, group, 256, 36},
};

struct Spelling {
  std::string_view typed, means;
};
constexpr Spelling spellings[] = {
    {"f32", "fp32"},     {"float32", "fp32"},     {"f16", "fp16"},   {"float16", "fp16"},
    {"half", "fp16"},    {"bfloat16", "bf16"},    {"float", "fp32"}, {"fp8_e4m3", "fp8"},
    {"fp8_e5m2", "fp8"}, {"float8_e4m3fn", "fp8"}};

Format from_row(const FormatRow& row) {
  return {.name = std::string(row.name),
          .block_elements = row.block_elements,
          .block_bytes = row.block_bytes,
          .scale_per = row.scale_per,
          .scale_elements = row.scale_elements,
          .scale_bytes = row.scale_bytes};
}

std::string_view canonical(std::string_view name) {
  for (const Spelling& s : spellings) {
    if (s.typed == name) return s.means;
  }
  return name;
}

// bits:N packs eight elements into N bytes.
Result<Format> bits_format(std::string_view name) {
  constexpr std::string_view prefix = "bits:";
  const std::string_view digits = name.substr(prefix.size());
  int bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits < 1 || bits > 64) {
    return usage_problem("'" + std::string(name) + "' is not a format: bits:N takes 1 to 64");
  }
  Format format;
  format.name = std::string(name);
  format.block_elements = 8;
  format.block_bytes = bits;
  return format;
}

}  // namespace

std::string_view component_name(Component component) {
  return component_names[static_cast<std::size_t>(component)];
}

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names;
  for (const FormatRow& row : table) names.push_back(row.name);
  return names;
}

Result<Format> find_format(std::string_view name) {
  if (name.starts_with("bits:")) return bits_format(name);
  for (const FormatRow& row : table) {
    if (row.name == canonical(name)) return from_row(row);
  }
  const std::vector<std::string_view> names = format_names();
  return usage_problem("no number format is named '" + std::string(name) + "'",
                       did_you_mean(name, names));
}

const Format& KvFormats::of(Component component) const {
  switch (component) {
    case Component::rope_key:
      return rope_key;
    case Component::index_key:
    case Component::index_value:
      return index_key;
    case Component::conv_state:
    case Component::shift_state:
      return conv;
    case Component::compressor_state:
    case Component::ssm_state:
    case Component::linear_state:
    case Component::normaliser_state:
    case Component::wkv_state:
      return state;
    default:
      return cache;
  }
}

Result<KvFormats> kv_formats(std::string_view kv_dtype, std::string_view act_dtype) {
  const bool ds_mla = kv_dtype == "fp8_ds_mla";
  Result<Format> cache = find_format(ds_mla ? "fp8_group128" : kv_dtype);
  if (!cache) return cache.problems();
  Result<Format> act = find_format(act_dtype);
  if (!act) return act.problems();
  KvFormats formats;
  formats.cache = *cache;
  formats.rope_key = ds_mla ? *find_format("bf16") : *cache;
  formats.index_key = *find_format("fp8_group128");
  formats.conv = *act;
  formats.state = *find_format("fp32");
  return formats;
}

}  // namespace attncalc
