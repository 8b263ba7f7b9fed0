// SPDX-License-Identifier: Apache-2.0
//
// Linear attention without decay: softmax's kernel is replaced by a product of feature maps, so the
// sums over all past tokens are kept instead of the tokens. Every head keeps one matrix (features ×
// value_dim) and the sum of its keys' features, which normalises the output.
//
//   state = heads × features × value_dim                                    docs/model.md, "Linear"
//   normaliser = heads × features
//
// The maps differ only in how many features they make, so they are one kind:
//   elementwise    Linear Transformer (Katharopoulos et al. 2020, arXiv:2006.16236): elu(x) + 1, as
//                  many features as the key has elements
//   performer      FAVOR+ (Choromanski et al. 2021, arXiv:2009.14794): m positive random features
//   rfa            random feature attention (Peng et al. 2021, arXiv:2103.02143): a sine and a
//   cosine
//                  of each of D random projections, and optionally a gate
// Random projections are drawn once and not learnt: they are no parameters.
#pragma once

#include "attention/kind.hpp"

namespace attncalc {

enum class FeatureMap : std::uint8_t { elementwise, performer, rfa };
constexpr std::array<std::string_view, 3> words(FeatureMap) {
  return {"elementwise", "performer", "rfa"};
}

struct Linear {
  static constexpr std::string_view keyword = "linear";

  Dim heads = 0;
  Dim key_dim = 0;    // 0: hidden / heads
  Dim value_dim = 0;  // 0: key_dim
  FeatureMap feature_map = FeatureMap::elementwise;
  Dim projections = 0;  // of performer and rfa: m and D; 0: key_dim
  bool normaliser = true;
  bool gate = false;  // a forget gate of one number a head, with a bias (RFA-Gate)
  bool qkv_bias = false;
  bool o_bias = false;
  bool norm = false;  // of the output, over each head's width, in place of or beside the normaliser
  std::optional<Format> state_format = {};  // from the config; fp32 if it does not say

  std::string label() const;
  void cache_tensors(std::vector<CacheTensor>& out) const;
  void weight_tensors(Dim hidden, std::vector<WeightTensor>& out) const;
  template <class N>
  void ops(OpRows<N>& out) const;  // the operators without weights (attention/op_rows.hpp)
  void complete(Dim hidden);
  std::vector<std::string> faults() const;
  bool operator==(const Linear&) const = default;

  Dim features() const;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("heads", self.heads);
    visit("key_dim", self.key_dim);
    visit("value_dim", self.value_dim);
    visit("feature_map", self.feature_map);
    visit("projections", self.projections);
    visit("normaliser", self.normaliser);
    visit("gate", self.gate);
    visit("qkv_bias", self.qkv_bias);
    visit("o_bias", self.o_bias);
    visit("norm", self.norm);
    visit("state_format", self.state_format);
  }
};

}  // namespace attncalc
