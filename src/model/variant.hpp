// SPDX-License-Identifier: Apache-2.0
//
// `--as`: the same model with another kind of attention, as a Model like any other, so parameters,
// cache and every later figure follow from it. What the change leaves open (how wide are the heads
// of an MLA made from GQA?) is decided by one rule each, docs/model.md, "Variants", and every
// decision is listed among the model's assumptions.
//
// Layers that have no attention (states, convolutions) stay as they are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/model.hpp"

namespace attncalc {

struct Variant {
  enum class Form : std::uint8_t { mha, gqa, mqa, mla, window, full, linear };
  Form form = Form::full;
  std::int64_t kv_heads = 0;      // gqa:N
  std::int64_t kv_lora_rank = 0;  // mla:R+P
  std::int64_t rope_dim = 0;
  std::int64_t window = 0;  // window:W
  std::string typed;        // "mla:512+64"
};

// "mha", "gqa:8", "mqa", "mla:512+64", "window:4096", "window:4k", "full", "linear".
Result<Variant> parse_variant(std::string_view text);

// Errors: gqa:N where N does not divide a layer's heads; mla for a layer that reads another's cache
// and has no key and value projections of its own.
Result<Model> as_variant(const Model& model, const Variant& variant);

}  // namespace attncalc
