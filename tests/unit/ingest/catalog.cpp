// SPDX-License-Identifier: Apache-2.0
//
// What must hold for every entry of the catalog, beside what each says of itself.
#include "ingest/catalog.hpp"

#include <algorithm>
#include <string>

#include "ingest/load.hpp"
#include "support/catch.hpp"

using namespace attncalc;

TEST_CASE("every catalog entry is read, by keys that all of its layers understand") {
  for (const std::string_view name : catalog_names()) {
    INFO(name);
    const Result<Model> model = load_model(name);
    CHECK(model);
    if (!model) continue;
    CHECK(std::ranges::none_of(model->warnings,
                               [](const Warning& w) { return w.code == "unknown_class"; }));
  }
}

// Mistral's class default is a window of 4096; the models since v0.2 say null. An entry that left
// the key out would lose most of its cache, and no figure from an empty cache would show it.
TEST_CASE("no catalog entry leaves its window to the class") {
  for (const std::string_view name : catalog_names()) {
    INFO(name);
    const Result<Model> model = load_model(name);
    REQUIRE(model);
    CHECK(std::ranges::none_of(model->assumptions, [](const Assumption& a) {
      return a.name == "sliding_window" || a.name == "attention_chunk_size";
    }));
  }
}
