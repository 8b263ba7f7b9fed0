// SPDX-License-Identifier: Apache-2.0
//
// Holding a model to what its file says must come out (`expect:`): published figures and figures
// derived by hand, each with its source. Every catalog entry is held to its own in a test, and
// `attncalc models check` does the same for anybody's file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/load.hpp"
#include "ingest/weight_check.hpp"
#include "model/kv.hpp"

namespace attncalc {

// A figure as somebody published it: exact, or cut or rounded to its last digit ("2.4B").
struct Published {
  std::int64_t value = 0;
  std::int64_t step = 1;  // what one in the last digit stands for

  bool holds_for(double computed) const;
  std::string text() const;  // "70,553,706,496", "about 37.00 billion"
};

// What an entry says; absent figures are absent.
struct Expect {
  std::optional<Published> parameters;
  std::optional<Published> active_parameters;
  std::optional<Published> kv_bytes_per_token;  // in bf16, before any window binds
  std::optional<Published> fixed_bytes_per_sequence;
  std::string parameters_source, kv_source;
};
Result<Expect> read_expect(const Document& entry);

// A model with the figures that lists and expectations speak of: the cache in bf16, whatever the
// checkpoint is stored in, and before any window binds.
struct ModelSummary {
  Model model;
  Parameters parameters;
  double kv_bytes_per_token = 0;
  Bytes fixed_per_sequence;
  std::vector<NamedWeightBytes> stored;  // the weights by their formats, as the checkpoint says
};
Result<ModelSummary> summarise(Model model);

// One figure that a file says must come out, and what did.
struct Checked {
  std::string figure;  // "parameters"
  Published expected;
  double computed = 0;
  bool holds = false;
  std::string source;
};

struct CheckedModel {
  std::string file;
  ModelSummary summary;
  std::vector<Checked> figures;
  std::optional<WeightCheck> weights;  // where there are headers of weights

  bool holds() const;
};

// Errors: a file that cannot be read, or says what must come out in no figures.
Result<CheckedModel> check_model(const FoundModel& found);

}  // namespace attncalc
