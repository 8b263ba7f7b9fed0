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

// What one scale belongs to. Caches: a group of a row's elements, or a head. Matrices also: a row
// (an output channel), a tile of rows × columns, or a group that runs on from one row into the
// next.
enum class ScalePer : std::uint8_t { none, group, head, row, tile, flat };

// Zero points are packed into 32-bit words (AWQ, GPTQ).
inline constexpr std::int64_t zero_word_bytes = 4;
inline constexpr std::int64_t zero_word_bits = 8 * zero_word_bytes;

struct Format {
  std::string name = "bf16";
  // Elements come in blocks: `block_elements` of them take `block_bytes`, scales not counted.
  std::int64_t block_elements = 1;
  std::int64_t block_bytes = 2;
  ScalePer scale_per = ScalePer::none;
  std::int64_t scale_elements = 0;  // group size; the columns of a tile
  std::int64_t scale_bytes = 0;     // of one scale (with its offset, where a format has one)
  // Only matrices have these (docs/model.md, "Weight formats").
  std::int64_t scale_rows = 1;  // the rows of a tile
  std::int64_t zero_bits = 0;   // of a zero point beside each scale, packed in words along the rows
  std::int64_t column_bytes = 0;  // of a number for every column: GPTQ's order of groups
  std::int64_t tensor_bytes = 0;  // once a matrix: a scale over the scales, the scale of its inputs

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
    return elements * plain<N>(f.block_bytes);
  }
  const std::int64_t pad = f.scale_per == ScalePer::group ? f.scale_elements : f.block_elements;
  return ceil_div(elements, plain<N>(pad)) * plain<N>(pad / f.block_elements * f.block_bytes);
}

template <class N>
N scale_bytes(const Format& f, const N& heads, const N& width) {
  switch (f.scale_per) {
    case ScalePer::none:
      return plain<N>(0);
    case ScalePer::head:
      return heads * plain<N>(f.scale_bytes);
    case ScalePer::row:
      return plain<N>(f.scale_bytes);
    case ScalePer::group:
    case ScalePer::tile:
    case ScalePer::flat:
      return ceil_div(heads * width, plain<N>(f.scale_elements)) * plain<N>(f.scale_bytes);
  }
  return plain<N>(0);
}

// The bytes of a matrix of `rows` × `cols` as a checkpoint stores it: the elements, and apart from
// them everything that scales them. See docs/model.md, "Weight formats".
template <class N>
N matrix_data_bytes(const Format& f, const N& rows, const N& cols) {
  if (f.scale_per == ScalePer::flat) return data_bytes(f, rows, cols);
  return rows * data_bytes(f, plain<N>(1), cols);
}

// How many scales stand along a row.
template <class N>
N groups_of_row(const Format& f, const N& cols) {
  return f.scale_elements > 0 ? ceil_div(cols, plain<N>(f.scale_elements)) : plain<N>(1);
}

template <class N>
N matrix_scales(const Format& f, const N& rows, const N& cols) {
  switch (f.scale_per) {
    case ScalePer::none:
      return plain<N>(0);
    case ScalePer::head:
    case ScalePer::row:
      return rows;
    case ScalePer::group:
      return rows * groups_of_row(f, cols);
    case ScalePer::tile:
      return ceil_div(rows, plain<N>(f.scale_rows)) * groups_of_row(f, cols);
    case ScalePer::flat:
      return ceil_div(rows * cols, plain<N>(f.scale_elements));
  }
  return plain<N>(0);
}

template <class N>
N matrix_scale_bytes(const Format& f, const N& rows, const N& cols) {
  N sum = matrix_scales(f, rows, cols) * plain<N>(f.scale_bytes);
  if (f.zero_bits > 0) {
    const N words = ceil_div(rows * plain<N>(f.zero_bits), plain<N>(zero_word_bits));
    sum = sum + groups_of_row(f, cols) * words * plain<N>(zero_word_bytes);
  }
  if (f.column_bytes > 0) sum = sum + cols * plain<N>(f.column_bytes);
  if (f.tensor_bytes > 0) sum = sum + plain<N>(f.tensor_bytes);
  return sum;
}

}  // namespace attncalc
