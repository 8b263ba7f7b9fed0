// SPDX-License-Identifier: Apache-2.0
//
// Rows to cases, by the tables.
#include "validation/mapping.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <regex>

#include "hardware/catalog.hpp"
#include "ingest/catalog.hpp"

namespace attncalc::validation {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// A pattern of a table: a part of the cell, or a dash for anything.
bool has(const std::string& cell, const std::string& pattern) {
  return pattern.empty() || pattern == "-" || cell.find(pattern) != std::string::npos;
}

const Record* row_named(const Records& table, const std::string& column, const std::string& name) {
  const std::string wanted = lower(name);
  const auto at = std::ranges::find_if(
      table.rows, [&](const Record& r) { return lower(r.at(column)) == wanted; });
  return at == table.rows.end() ? nullptr : &*at;
}

// --- names that no table has ---------------------------------------------------------------------

// What publishers put around a model's name, and spaces.
std::string bare_model(std::string name) {
  name = lower(name);
  if (const auto slash = name.rfind('/'); slash != std::string::npos) name = name.substr(slash + 1);
  static const std::regex around("(-hf|-chat|-instruct|-it|-gguf|-v0\\.1|meta-)");
  name = std::regex_replace(name, around, "");
  std::ranges::replace(name, ' ', '-');
  std::ranges::replace(name, ':', '-');
  return name;
}

// A maker, a size of memory, "GPU".
std::string bare_device(std::string name) {
  name = lower(name);
  static const std::regex around(
      "(nvidia|geforce|apple|amd|intel|instinct|radeon|tesla|habana|google|aws|generation|\\(|\\)|,"
      "|"
      "[0-9]+p\\+[0-9]+e\\+[0-9]+gpu|gpu|[0-9]+ ?gb( hbm[0-9]e?)?)");
  name = std::regex_replace(name, around, " ");
  static const std::regex spaces("[ -]+");
  name = std::regex_replace(name, spaces, "-");
  while (name.ends_with('-')) name.pop_back();
  while (name.starts_with('-')) name.erase(0, 1);
  return name;
}

std::optional<std::string> catalog_model(const std::string& name) {
  for (const std::string& spelling : {name, bare_model(name)}) {
    if (const auto found = find_in_catalog(spelling)) return found->name;
  }
  return std::nullopt;
}

std::optional<std::string> catalog_device(const std::string& name) {
  const std::string bare = bare_device(name);
  if (bare.empty() || !find_device_in_catalog(bare)) return std::nullopt;
  return bare;
}

// "LocalScore · Tesla T4 · Q4_K - Medium [community]": its collector guesses at hardware by the
// first letters, so the names in the note are right.
struct Said {
  std::string hardware, precision;
};
Said said_in(const Record& row) {
  constexpr std::string_view start = "LocalScore · ", between = " · ", end = " [";
  const std::string& note = row.at("note");
  Said said{row.at("hardware"), row.at("precision")};
  const std::size_t middle = note.find(between, start.size());
  const std::size_t stop = note.find(end, start.size());
  if (!note.starts_with(start) || middle == std::string::npos || stop < middle) return said;
  said.hardware = note.substr(start.size(), middle - start.size());
  said.precision = note.substr(middle + between.size(), stop - middle - between.size());
  return said;
}

// --- values --------------------------------------------------------------------------------------

Figure figure_of(const std::string& word) {
  if (word == "prefill") return Figure::prefill;
  if (word == "decode") return Figure::decode;
  return word == "generation" ? Figure::generation : Figure::serving;
}

// Tokens that a rate counts while the figure's time goes by.
double tokens_counted(const std::string& quantity, const Scenario& s, Figure figure) {
  const double sequences = figure == Figure::serving ? 1 : s.batch;
  if (quantity == "prompt") return sequences * s.prompt;
  if (quantity == "steps") return sequences;
  if (quantity.starts_with("output")) return sequences * s.generated;
  return quantity == "both" ? sequences * (s.prompt + s.generated) : 1;
}

double seconds_of(const std::string& quantity, double value, const Scenario& s, const Case& c) {
  constexpr double per_milli = 1e-3;
  if (quantity == "s") return value;
  if (quantity == "ms") return value * per_milli;
  if (quantity == "ms-step") return value * per_milli * s.generated;
  const double shares = quantity == "output-device" ? c.devices : 1;
  return tokens_counted(quantity, s, c.figure) / (value * shares);
}

// "1024:0"
void assume_lengths(const std::string& lengths, Scenario& s) {
  const auto colon = lengths.find(':');
  if (colon == std::string::npos || s.prompt > 0 || s.generated > 0) return;
  s.prompt = std::stod(lengths.substr(0, colon));
  s.generated = std::stod(lengths.substr(colon + 1));
}

Scenario scenario_of(const Record& row, const Record& convention, Figure figure) {
  const std::string& batch_rule = convention.at("batch");
  const double given = row.number("batch").value_or(figure == Figure::serving ? 0 : 1);
  Scenario s{.batch = given,
             .prompt = row.number("prompt_len").value_or(0),
             .cached = row.number("prefix_len").value_or(0),
             .generated = row.number("gen_len").value_or(0)};
  assume_lengths(convention.at("lengths"), s);
  if (batch_rule == "one") s.batch = 1;
  if (batch_rule == "chunk") {
    s.chunk = given;
    s.batch = 1;
  }
  if (figure == Figure::generation) s.generated = std::max(s.generated, 1.0);
  const double middle = s.prompt + s.generated / 2;
  s.context = row.number("avg_context").value_or(middle);
  return s;
}

FormatNames formats_of(const Record& row, const Record& precision, const std::string& from_name) {
  FormatNames out{.weights = precision.at("weights"),
                  .kv = precision.at("kv"),
                  .activations = precision.at("activations")};
  if (from_name != "-" && !from_name.empty()) out.weights = from_name;
  const std::string kv = row.at("kv_precision");
  if (kv.starts_with("FP8")) out.kv = "fp8";
  if (kv.starts_with("BF16")) out.kv = "bf16";
  return out;
}

std::string reason_not_scored(const Record& row, const Record& convention, const Case& c) {
  if (!row.at("suspect").empty()) return "marked suspect by who collected it";
  if (convention.at("scored") != "yes") return convention.at("scored");
  if (c.formats.weights == "least") return "formats are not said";
  const bool lengths = c.figure != Figure::prefill || c.scenario.prompt > 0;
  return lengths ? "" : "lengths are not said";
}

}  // namespace

Mapping::Mapping(const std::string& folder) {
  read_tsv(folder + "/models.tsv", models_);
  read_tsv(folder + "/devices.tsv", devices_);
  read_tsv(folder + "/precisions.tsv", precisions_);
  read_tsv(folder + "/conventions.tsv", conventions_);
  read_tsv(folder + "/exceptions.tsv", exceptions_);
}

const Record* Mapping::known_row(const Record& row) const {
  const auto same = [&](const Record& known, const char* column) {
    return known.at(column) == "-" || known.at(column) == row.at(column);
  };
  const auto fits = [&](const Record& known) {
    return has(row.at("source"), known.at("source")) && same(known, "engine") &&
           same(known, "model") && has(row.at("hardware"), known.at("hardware")) &&
           same(known, "prompt_len") && same(known, "gen_len") && same(known, "batch") &&
           same(known, "value");
  };
  const auto at = std::ranges::find_if(exceptions_.rows, fits);
  return at == exceptions_.rows.end() ? nullptr : &*at;
}

const Record* Mapping::convention_of(const Record& row) const {
  const auto fits = [&](const Record& c) {
    return c.at("metric") == row.at("metric") && has(row.at("source"), c.at("source")) &&
           has(row.at("engine"), c.at("engine")) && has(row.at("note"), c.at("note"));
  };
  const auto at = std::ranges::find_if(conventions_.rows, fits);
  return at == conventions_.rows.end() ? nullptr : &*at;
}

const Record* Mapping::precision_of(const Record& row, const std::string& name) const {
  const auto fits = [&](const Record& p) {
    return p.at("precision") == name && has(row.at("source"), p.at("source")) &&
           has(row.at("engine"), p.at("engine"));
  };
  const auto at = std::ranges::find_if(precisions_.rows, fits);
  return at == precisions_.rows.end() ? nullptr : &*at;
}

std::variant<Case, Unmapped> Mapping::map(const Record& row) const {
  const Record* known = known_row(row);
  if (known && known->at("kind") == "unmapped")
    return Unmapped{known->at("cause"), row.at("model")};
  const Record* convention = convention_of(row);
  if (!convention) return Unmapped{"a metric that no convention covers", row.at("metric")};
  if (convention->at("figure") == "-") {
    const std::string& why = convention->at("why");
    return Unmapped{why, row.at("metric"), why != "no time"};
  }
  const Record* model = row_named(models_, "measured", row.at("model"));
  const auto model_name =
      model ? std::optional(model->at("model")) : catalog_model(row.at("model"));
  if (!model_name || !find_in_catalog(*model_name)) {
    return Unmapped{"a model that the catalog does not have", row.at("model")};
  }
  const Said said = said_in(row);
  const Record* device = row_named(devices_, "hardware", said.hardware);
  const auto device_name =
      device ? std::optional(device->at("device")) : catalog_device(said.hardware);
  if (!device_name || !find_device_in_catalog(*device_name)) {
    return Unmapped{"a device that the catalog does not have", said.hardware};
  }
  const Record* precision = precision_of(row, said.precision);
  if (!precision) return Unmapped{"a precision that no table has", said.precision};
  const auto value = row.number("value");
  if (!value || *value <= 0) return Unmapped{"a value that is no number", row.at("value")};

  Case c;
  c.row = &row;
  c.model = *model_name;
  c.device = *device_name;
  const double units = std::max(1.0, row.number("n_gpu").value_or(1));
  c.devices = units * (device ? device->number("devices").value_or(1) : 1);
  c.formats = formats_of(row, *precision, model ? model->at("weights") : "-");
  c.figure = figure_of(convention->at("figure"));
  c.scenario = scenario_of(row, *convention, c.figure);
  c.seconds = seconds_of(convention->at("quantity"), *value, c.scenario, c);
  c.not_scored = reason_not_scored(row, *convention, c);
  if (c.seconds <= 0) return Unmapped{"lengths that the rate needs are not said", row.at("metric")};
  return c;
}

}  // namespace attncalc::validation
