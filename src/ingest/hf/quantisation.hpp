// SPDX-License-Identifier: Apache-2.0
//
// One quantisation config as its reader sees it: the map, the file it stands in (config.json or
// hf_quant_config.json), and the weight formats that it is turned into. Each method is a function
// that fills them (quantisation_methods.cpp); what all of them share, lists of modules, is here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/hf/config.hpp"
#include "model/weight_formats.hpp"

namespace attncalc::hf {

class Quantisation {
 public:
  Quantisation(Config& config, const Document& document, const Node& map)
      : config_(&config), document_(&document), map_(&map) {}

  // --- look-ups in the map; a null is absent -----------------------------------------------------
  const Node* find(std::string_view key) const { return find(*map_, key); }
  static const Node* find(const Node& map, std::string_view key);
  std::int64_t whole(const Node& map, std::string_view key, std::int64_t otherwise);
  bool flag(std::string_view key, bool otherwise) const;
  std::string word(std::string_view key) const;

  // --- what is made of it ------------------------------------------------------------------------
  // The modules of these lists stay as they were. To be called before any other rule is added: the
  // first rule decides.
  void spare(std::initializer_list<std::string_view> lists);
  void add_rule(const Node& at, std::string_view pattern, const Format& format);
  void linear(const Format& format) { formats_.linear = formats_.add(format); }
  void count_head_in() { formats_.linear_has_head = true; }
  const Format& plain() const { return formats_.formats.front(); }

  void problem(const Node& at, std::string message, std::string hint = {});
  void overlook_problems() { overlooks_ = true; }  // the user takes them on
  std::string place(const Node& at, std::string_view key) const;
  Config& config() { return *config_; }
  const Node& map() const { return *map_; }
  WeightFormats& formats() { return formats_; }

 private:
  void spare_all_of(const Node& list);

  Config* config_;
  const Document* document_;
  const Node* map_;
  WeightFormats formats_;
  bool overlooks_ = false;
};

// Fills the formats, by quant_method. Errors: no such method, or a shape of it that is not known.
void read_method(Quantisation& q, std::string_view method);

// modelopt's names: "FP8", "NVFP4", "W4A16_NVFP4", …; nullopt if there is none of that name.
std::optional<Format> modelopt_format(std::string_view algorithm, std::int64_t group_size);

}  // namespace attncalc::hf
