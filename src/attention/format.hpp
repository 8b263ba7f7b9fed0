// SPDX-License-Identifier: Apache-2.0
//
// How numbers are stored: so many bytes for so many elements, and perhaps a scale for every group
// of elements or for every head of a row. Kept as whole numbers, so that 4.5 bits an element stays
// exact. See docs/model.md, "Formats"; the sources stand beside the table in format.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/number.hpp"
#include "base/result.hpp"

namespace attncalc {

// What a cache tensor holds; names are the contract's component names.
enum class Component : std::uint8_t {
  key,
  value,
  latent,
  rope_key,
  index_key,
  index_value,
  compressed_key,
  compressor_state,
  conv_state,
  ssm_state,
  linear_state,
  normaliser_state,
  shift_state,
  wkv_state,
  cross_key,
  cross_value,
  scale,
};
inline constexpr std::size_t component_count = 17;
std::string_view component_name(Component component);

enum class ScalePer : std::uint8_t { none, group, head };

struct Format {
  std::string name = "bf16";
  // Elements come in blocks: `block_elements` of them take `block_bytes`, scales not counted.
  std::int64_t block_elements = 1;
  std::int64_t block_bytes = 2;
  ScalePer scale_per = ScalePer::none;
  std::int64_t scale_elements = 0;  // group size, for ScalePer::group
  std::int64_t scale_bytes = 0;     // of one scale (with its offset, where a format has one)

  bool operator==(const Format&) const = default;
};

// A format by name: fp32 fp16 bf16 fp8 int8 int4 nvfp4 mxfp4 q8_0 …, `X_per_token_head`, `bits:N`.
// Errors: unknown name (nearest given), bits outside 1…64.
Result<Format> find_format(std::string_view name);
std::vector<std::string_view> format_names();

// The formats of one cache. A tensor that brings its own (an fp32 state) keeps it unless the user
// asked otherwise.
struct KvFormats {
  Format cache;               // keys, values, latents
  Format rope_key;            // differs from `cache` in fp8_ds_mla
  Format index_key;           // keys of a sparse indexer: fp8 with one fp32 scale per 128
  Format conv;                // convolution inputs: the activation dtype
  Format state;               // recurrent states: fp32
  bool state_forced = false;  // --state-dtype: overrides what the config says

  const Format& of(Component component) const;
};

// The formats that `--kv-dtype NAME` stands for. `fp8_ds_mla` keeps the rotary part in bf16.
// Source: docs/model.md, "KV formats".
Result<KvFormats> kv_formats(std::string_view kv_dtype, std::string_view act_dtype);

// The bytes of one row of `heads` × `width` elements: the elements, and apart from them the scales.
// A row that does not fill its last block or group is padded up to it.
template <class N>
N data_bytes(const Format& f, const N& heads, const N& width) {
  const N elements = heads * width;
  if (f.block_elements == 1 && f.scale_per != ScalePer::group) {
    return elements * N(Count(f.block_bytes));
  }
  const std::int64_t pad = f.scale_per == ScalePer::group ? f.scale_elements : f.block_elements;
  return ceil_div(elements, N(Count(pad))) * N(Count(pad / f.block_elements * f.block_bytes));
}

template <class N>
N scale_bytes(const Format& f, const N& heads, const N& width) {
  switch (f.scale_per) {
    case ScalePer::none:
      return N(Count(0));
    case ScalePer::head:
      return heads * N(Count(f.scale_bytes));
    case ScalePer::group:
      return ceil_div(heads * width, N(Count(f.scale_elements))) * N(Count(f.scale_bytes));
  }
  return N(Count(0));
}

}  // namespace attncalc
