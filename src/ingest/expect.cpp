// SPDX-License-Identifier: Apache-2.0
//
// Reading `expect:` and comparing. Counts and bytes must be equal; a published round figure holds
// within its last digit, for some cut it ("3.3B" of 3.353) and some round.
#include "ingest/expect.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/unit_text.hpp"
#include "ingest/gguf/split.hpp"

namespace attncalc {
namespace {

// --- reading -------------------------------------------------------------------------------------

struct Scale {
  char letter;
  std::int64_t factor;
};
constexpr Scale scales[] = {
    {'K', units::kilo}, {'M', units::mega}, {'B', units::giga}, {'T', units::tera}};

std::optional<std::int64_t> factor_of(std::string_view suffix) {
  if (suffix.empty()) return 1;
  for (const Scale& scale : scales) {
    if (suffix.size() == 1 && suffix.front() == scale.letter) return scale.factor;
  }
  return std::nullopt;
}

// "671026419200", "37B", "2.4B".
std::optional<Published> parse_published(std::string_view text) {
  std::string digits;
  std::int64_t after_point = 1;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); ++at) {
    if (text[at] == '.') {
      if (point) return std::nullopt;
      point = true;
      continue;
    }
    digits += text[at];
    if (point) after_point *= 10;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::optional<std::int64_t> factor = factor_of(text.substr(at));
  if (error != std::errc() || !factor || *factor % after_point != 0) return std::nullopt;
  const std::int64_t step = *factor / after_point;
  return Published{(Count(value) * Count(step)).value, step};
}

class ExpectReader {
 public:
  explicit ExpectReader(const Document& document) : document_(document) {}

  std::optional<Published> figure(const Node& expect, std::string_view key) {
    const Node* node = expect.find(key);
    if (!node) return std::nullopt;
    std::optional<Published> read = parse_published(node->text);
    if (!read) {
      problems_.push_back(document_.problem(*node, fmt::format("{} is no figure", key),
                                            "write all digits, or rounded with its unit: 37B"));
    }
    return read;
  }

  Problems take_problems() { return std::move(problems_); }

 private:
  const Document& document_;
  Problems problems_;
};

std::string text_of(const Node& map, std::string_view key) {
  const Node* node = map.find(key);
  return node ? node->text : std::string();
}

// --- comparing -----------------------------------------------------------------------------------

double as_double(Elements elements) { return static_cast<double>(elements.value.value); }

Elements elements_of(const Model& model, std::string_view role) {
  Elements sum;
  for (const WeightLine& line : weight_lines(model)) {
    if (line.tensor.role == role) sum += line.tensor.elements();
  }
  return sum;
}

// Publishers agree on experts and on nothing else: an "active" count is with embedding and head
// (Qwen3: 3.3B), without the embedding, of which a token reads one row (DeepSeek-V3: 37B), or
// without both (MiniMax-M1: 45.9B). The reading that is nearest counts.
double published_active(const ModelSummary& m, const Published& published) {
  const double all = as_double(m.parameters.active);
  const double layers_and_head = all - as_double(elements_of(m.model, "embed"));
  const double layers = layers_and_head - as_double(elements_of(m.model, "lm_head"));
  const std::array<double, 3> readings = {all, layers_and_head, layers};
  return *std::ranges::min_element(readings, {}, [&](double reading) {
    return std::abs(reading - static_cast<double>(published.value));
  });
}

class Checker {
 public:
  void check(const std::optional<Published>& expected, std::string figure, double computed,
             const std::string& source) {
    if (!expected) return;
    const bool holds = expected->holds_for(computed);
    checked_.push_back({std::move(figure), *expected, computed, holds, source});
  }
  std::vector<Checked> take() { return std::move(checked_); }

 private:
  std::vector<Checked> checked_;
};

std::vector<Checked> compare(const ModelSummary& m, const Expect& expect) {
  Checker checker;
  checker.check(expect.parameters, "parameters", as_double(m.parameters.total),
                expect.parameters_source);
  if (expect.active_parameters) {
    checker.check(expect.active_parameters, "active parameters",
                  published_active(m, *expect.active_parameters), "published");
  }
  checker.check(expect.kv_bytes_per_token, "cache bytes per token", m.kv_bytes_per_token,
                expect.kv_source);
  checker.check(expect.fixed_bytes_per_sequence, "state bytes per sequence",
                static_cast<double>(m.fixed_per_sequence.value.value), expect.kv_source);
  return checker.take();
}

}  // namespace

bool Published::holds_for(double computed) const {
  const double apart = std::abs(computed - static_cast<double>(value));
  return step == 1 ? apart == 0 : apart < static_cast<double>(step);
}

std::string Published::text() const {
  return step == 1 ? format_count(value) : fmt::format("about {}", format_spoken(value));
}

Result<Expect> read_expect(const Document& entry) {
  Expect out;
  const Node* expect = entry.root.find("expect");
  if (!expect) return out;
  ExpectReader reader(entry);
  out.parameters = reader.figure(*expect, "parameters");
  out.active_parameters = reader.figure(*expect, "active_parameters");
  out.kv_bytes_per_token = reader.figure(*expect, "kv_bytes_per_token");
  out.fixed_bytes_per_sequence = reader.figure(*expect, "fixed_bytes_per_sequence");
  out.parameters_source = text_of(*expect, "parameters_source");
  out.kv_source = text_of(*expect, "kv_source");
  if (Problems problems = reader.take_problems(); !problems.empty()) return problems;
  return out;
}

Result<ModelSummary> summarise(Model model) {
  const Result<KvFormats> bf16 = kv_formats("bf16", "bf16");
  if (!bf16) return bf16.problems();
  const Result<KvFigures> figures =
      kv_figures(model, {.encoder_tokens = model.encoder_tokens, .formats = *bf16});
  if (!figures) return figures.problems();
  ModelSummary out;
  try {
    out.parameters = parameters(model);
    out.stored = weight_bytes_by_format(stored_weights(model, checkpoint_formats(model)));
  } catch (const Overflow& overflow) {
    return usage_problem(overflow.what());
  }
  out.kv_bytes_per_token = figures->bytes_per_token_from_empty;
  out.fixed_per_sequence = figures->fixed_per_sequence;
  out.model = std::move(model);
  return out;
}

bool CheckedModel::holds() const {
  return (!weights || weights->holds()) &&
         std::ranges::all_of(figures, [](const Checked& c) { return c.holds; });
}

namespace {

// Against the headers beside a config, or the tensors of a GGUF file. Nothing where there are none.
Result<std::optional<WeightCheck>> weights_of(const FoundModel& found, const Model& model) {
  if (found.side.weights) return std::optional(check_weights(model, *found.side.weights));
  if (!found.is_gguf) return std::optional<WeightCheck>();
  std::vector<Warning> told_by_the_model;
  const Result<gguf::Header> header = gguf::read_parts(found.source, told_by_the_model);
  if (!header) return header.problems();
  if (header->tensors.empty()) return std::optional<WeightCheck>();
  return std::optional(check_weights(model, found.source, file_tensors(*header, model)));
}

}  // namespace

Result<CheckedModel> check_model(const FoundModel& found) {
  const Result<Expect> expect = read_expect(found.document);
  Result<Model> model = read_model(found);
  if (!model) return model.problems();
  if (!expect) return expect.problems();
  Result<ModelSummary> summary = summarise(*std::move(model));
  if (!summary) return summary.problems();
  CheckedModel out;
  out.file = found.source;
  out.summary = *std::move(summary);
  out.figures = compare(out.summary, *expect);
  Result<std::optional<WeightCheck>> weights = weights_of(found, out.summary.model);
  if (!weights) return weights.problems();
  out.weights = *std::move(weights);
  return out;
}

}  // namespace attncalc
