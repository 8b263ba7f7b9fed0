// SPDX-License-Identifier: Apache-2.0
//
// The contract that every attention kind meets, and nothing more. A kind is a plain value: its
// dimensions are public fields. A fact that varies (a window) is a field; a fact that changes *what
// is cached* is another kind. See docs/adding_a_kind.md.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attention/dim.hpp"
#include "attention/masks.hpp"
#include "attention/tensors.hpp"

namespace attncalc {

template <class N>
class OpRows;  // attention/op_rows.hpp

// A kind lists its fields once, for reading YAML, printing and comparing:
//   template <class Self, class Visitor> static void fields(Self& self, Visitor&& visit)
// which calls visit(name, field) for each Dim, std::optional<Dim>, bool, std::string,
// std::optional<Format> or enum field. Fields that YAML may omit start out with their default
// value; a Dim that starts at 0 is required unless complete() fills it. An enum has a function
// words(E) beside it that returns an array with the word for each of its values, in their order.
struct AnyVisitor {
  template <class T>
  void operator()(std::string_view, T&&) {}
};

template <class K>
concept AttentionKind = std::equality_comparable<K> && std::default_initializable<K> &&
    requires(const K& kind, K& mutable_kind, std::vector<CacheTensor>& cache,
             std::vector<WeightTensor>& weights, OpRows<double>& rows) {
  // The word for it in YAML and in the closed list.
  { K::keyword } -> std::convertible_to<std::string_view>;
  // What tables and JSON call this layer: "gqa", "mha:4096", "mla", "gated_delta".
  { kind.label() } -> std::same_as<std::string>;
  // Appends what one sequence keeps in one layer.
  {kind.cache_tensors(cache)};
  // Appends what the layer is made of, for a residual stream of `hidden` elements.
  {kind.weight_tensors(Dim(1), weights)};
  // Puts the operators that do not follow from the weights: scores, states, cache writes. A
  // template on the number type, see attention/op_rows.hpp.
  {kind.ops(rows)};
  // Fills fields that derive from others when they were not given (kv_heads from heads).
  {mutable_kind.complete(Dim(1))};
  // Everything that is wrong with the dimensions, in words; empty if nothing is.
  { kind.faults() } -> std::same_as<std::vector<std::string>>;
  K::fields(mutable_kind, AnyVisitor{});
};

// How many parameters a norm over `width` elements has: none, a scale, or a scale and a bias.
enum class NormParameters : std::uint8_t { none, scale, scale_and_bias };
constexpr std::array<std::string_view, 3> words(NormParameters) {
  return {"none", "scale", "scale_and_bias"};
}

// Appends a norm over `width` elements.
void add_norm(std::vector<WeightTensor>& out, std::string_view role, Dim width,
              NormParameters parameters);

// A causal convolution over `heads` × `width` channels. Between tokens it must remember its last
// `kernel` − 1 inputs, and this is what counts (docs/model.md, "Convolution state"); transformers
// and causal-conv1d keep `kernel` columns, the newest of which is only passed on. A kernel of 0 is
// no convolution.
void add_conv_state(std::vector<CacheTensor>& out, Dim heads, Dim width, Dim kernel, Split split);
void add_conv_weights(std::vector<WeightTensor>& out, Dim channels, Dim kernel, bool bias,
                      Split split);

// "must be at least 1" faults for the named dimensions.
struct NamedDim {
  std::string_view name;
  Dim dim;
};
std::vector<std::string> faults_below_one(std::initializer_list<NamedDim> dims);

// "kv_heads 3 does not divide heads 32"; empty if it does.
std::optional<std::string> fault_unless_divides(NamedDim divisor, NamedDim whole);

}  // namespace attncalc
