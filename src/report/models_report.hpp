// SPDX-License-Identifier: Apache-2.0
//
// What `attncalc models` says: the catalog as a table, one entry with its sources, and whether
// files give what they say must come out.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/expect.hpp"
#include "report/json_value.hpp"
#include "report/report.hpp"

namespace attncalc {

struct ListedModels {
  std::vector<ModelSummary> models;
  std::vector<std::string> unread;  // names of entries that this release cannot read
};
Report models_report(const ListedModels& listed);
Json models_json(const ListedModels& listed);

Report check_report(const std::vector<CheckedModel>& models);
Json check_json(const std::vector<CheckedModel>& models);

// An entry or file with what it states itself.
struct ShownModel {
  CheckedModel checked;
  std::vector<std::string> aliases;
  std::string source;                                      // where its facts are from
  std::vector<std::pair<std::string, std::string>> facts;  // its own keys
};

Report show_report(const ShownModel& shown);
Json show_json(const ShownModel& shown);

}  // namespace attncalc
