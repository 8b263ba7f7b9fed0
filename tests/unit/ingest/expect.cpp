// SPDX-License-Identifier: Apache-2.0
//
// Every catalog entry is held to what it says must come out: published figures, and figures derived
// by hand, which stand in models/ with their sources.
#include "ingest/expect.hpp"

#include <algorithm>
#include <array>

#include "ingest/catalog.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

Result<Expect> expect_of(std::string figures) {
  const Result<Document> document = parse_yaml("m.yaml", "expect: {" + std::move(figures) + "}");
  REQUIRE(document);
  return read_expect(*document);
}

}  // namespace

TEST_CASE("a published figure is exact, or holds within its last digit") {
  const Published exact{.value = 70'553'706'496, .step = 1};
  CHECK(exact.holds_for(70'553'706'496));
  CHECK_FALSE(exact.holds_for(70'553'706'497));
  const Result<Expect> rounded = expect_of("active_parameters: 2.4B");
  REQUIRE(rounded);
  CHECK(rounded->active_parameters->holds_for(2.49e9));  // literal: cut
  CHECK(rounded->active_parameters->holds_for(2.36e9));  // literal: rounded
  CHECK_FALSE(rounded->active_parameters->holds_for(2.5e9));
  CHECK(rounded->active_parameters->text() == "about 2.40 billion");
  CHECK_FALSE(rounded->parameters);
}

TEST_CASE("an expectation that is no figure is a mistake of the file") {
  const Result<Expect> wrong = expect_of("parameters: many, kv_bytes_per_token: 1.5");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.problems().size() == 2);
  CHECK(render(wrong.problems().front()).starts_with("m.yaml:1:"));
}

TEST_CASE("every catalog entry gives what it says must come out") {
  for (const std::string_view name : catalog_names()) {
    INFO(name);
    const Result<CheckedModel> checked = check_model(*find_in_catalog(name));
    INFO((checked ? std::string() : render(checked.problems())));
    CHECK(checked);
    if (!checked) continue;
    for (const Checked& figure : checked->figures) {
      INFO(figure.figure << ": stated " << figure.expected.text() << ", computed "
                         << static_cast<std::int64_t>(figure.computed));
      CHECK(figure.holds);
    }
  }
}

TEST_CASE("every catalog entry says where its facts are from and what must come out") {
  for (const std::string_view name : catalog_names()) {
    INFO(name);
    const Document entry = find_in_catalog(name)->document;
    CHECK(entry.root.find("source") != nullptr);
    const Result<Expect> expect = read_expect(entry);
    REQUIRE(expect);
    CHECK((expect->parameters || expect->kv_bytes_per_token));
    CHECK((!expect->parameters || !expect->parameters_source.empty()));
    CHECK((!expect->kv_bytes_per_token || !expect->kv_source.empty()));
  }
}

}  // namespace attncalc
