// SPDX-License-Identifier: Apache-2.0
//
// What laws over the whole catalog share: every model, formats in which all is two bytes, and
// passes as tests ask for them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ingest/catalog.hpp"
#include "ingest/load.hpp"
#include "model/cost.hpp"
#include "support/catch.hpp"

namespace attncalc {

inline const std::vector<Model>& every_model() {
  static const std::vector<Model> models = [] {
    std::vector<Model> out;
    for (const std::string_view name : catalog_names()) {
      Result<Model> model = load_model(name);
      INFO(name);
      REQUIRE(model);
      out.push_back(*std::move(model));
    }
    return out;
  }();
  return models;
}

struct TestFormats {
  std::string weights;
  CostFormats formats;
};
inline TestFormats formats_named(std::string_view weights, std::string_view kv,
                                 std::string_view activation = "bf16") {
  return {std::string(weights), {*find_format(activation), *kv_formats(kv, activation)}};
}
inline TestFormats in_bf16() { return formats_named("bf16", "bf16"); }

inline CostPlan plan_of(const Model& model, const TestFormats& formats = in_bf16()) {
  return cost_plan(model, *named_formats(formats.weights, model));
}

inline Pass pass_of(const PassRequest& request) { return *make_pass(request); }

// Encoder-decoder models need a length of their encoder.
inline PassRequest request_for(const Model& model, PassRequest request) {
  constexpr std::int64_t some_tokens = 300;
  request.encoder_tokens = model.encoder_tokens > 0 ? model.encoder_tokens : Dim(some_tokens);
  return request;
}

inline CostFigures cost_of(const Model& model, const PassRequest& request,
                           const TestFormats& formats) {
  const CostPlan plan = plan_of(model, formats);
  Result<CostFigures> figures =
      cost_figures(plan, pass_of(request_for(model, request)), formats.formats);
  REQUIRE(figures);
  return *std::move(figures);
}

inline const Op* find_op(const CostFigures& figures, std::uint8_t group, OpName name) {
  for (const Op& op : figures.ops) {
    if (op.group == group && op.name == name) return &op;
  }
  return nullptr;
}

// Sum over the rows of one name, whatever their group.
inline double flops_named(const CostFigures& figures, OpName name) {
  double sum = 0;
  for (const Op& op : figures.ops) sum += op.name == name ? op.flops.value : 0;
  return sum;
}

inline bool close(double a, double b) {
  constexpr double rounding = 1e-12;
  return a == b || std::abs(a - b) <= rounding * std::max(std::abs(a), std::abs(b));
}

}  // namespace attncalc
