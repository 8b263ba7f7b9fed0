// SPDX-License-Identifier: Apache-2.0
//
// What would make a budget hold, found by asking the same verb again with one setting changed.
// Context and batch are searched for the value nearest to the present one: figures grow or fall
// steadily with them, so the border between what holds and what does not is halved in. Formats and
// devices are tried, the smallest change first.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/unit_text.hpp"
#include "cli/scenario_run.hpp"

namespace attncalc {
namespace {

constexpr std::int64_t most_context = std::int64_t{1} << 24;
constexpr std::int64_t most_batch = std::int64_t{1} << 16;
constexpr std::int64_t most_devices = 64;

class Search {
 public:
  Search(const VerbBook& book, ModelShelf& shelf, const Scenario& scenario, const Budget& budget,
         const VerbBook::Entry& verb)
      : book_(book), shelf_(shelf), scenario_(scenario), budget_(budget), verb_(verb) {}

  std::vector<Remedy> run() {
    // The prompt and what is generated say what the context is.
    if (!is_set("isl")) try_count("ctx", "scenario.context_tokens", most_context);
    try_count("batch", "scenario.batch", most_batch);
    try_words("kv-dtype", "scenario.kv_dtype", {"fp8", "nvfp4"});
    try_words("weights-dtype", "scenario.weights_dtype", {"fp8", "nvfp4"});
    try_devices();
    return std::move(found_);
  }

 private:
  bool takes(std::string_view key) const { return verb_.kind_of(key) != KeyKind::absent; }

  bool is_set(std::string_view key) const { return !text_of(key).empty(); }

  std::string text_of(std::string_view key) const {
    const auto setting = std::ranges::find(scenario_.settings, key, &Setting::key);
    const bool there = setting != scenario_.settings.end() && !setting->texts.empty();
    return there ? setting->texts.front() : std::string();
  }

  // The figure with one setting changed; none if it cannot be computed.
  std::optional<MetricValue> figure_with(std::string_view key, const std::string& text) {
    std::vector<Setting> settings = scenario_.settings;
    std::erase_if(settings, [&](const Setting& s) { return s.key == key; });
    settings.push_back({std::string(key), {text}});
    Budget budget = budget_;
    budget.verb = verb_.verb->name;
    return ScenarioRun(book_, shelf_, settings).figure(budget).value;
  }

  bool holds_with(std::string_view key, std::int64_t value) {
    const std::optional<MetricValue> figure = figure_with(key, std::to_string(value));
    return figure && holds(budget_, *figure);
  }

  // What an input is now, as the verb's own answer has it.
  std::optional<MetricValue> present(std::string_view path) {
    const Result<Json>& answer = run_as_it_is().ask(verb_);
    if (!answer) return std::nullopt;
    return find_metric(*answer, *parse_metric(path)).value;
  }

  ScenarioRun& run_as_it_is() {
    if (!now_) now_.emplace(book_, shelf_, scenario_.settings);
    return *now_;
  }

  // --- counts ------------------------------------------------------------------------------------

  void try_count(std::string_view key, std::string_view path, std::int64_t most) {
    const std::optional<MetricValue> is = takes(key) ? present(path) : std::nullopt;
    const double* count = is ? std::get_if<double>(&*is) : nullptr;
    if (!count) return;
    const auto now = static_cast<std::int64_t>(*count);
    if (now > 1 && holds_with(key, 1)) {
      add_count(key, now, border(key, 1, now));
      return;
    }
    std::int64_t failing = now;
    for (std::int64_t tried = now * 2; tried <= most; tried *= 2) {
      if (holds_with(key, tried)) {
        add_count(key, now, border(key, tried, failing));
        return;
      }
      failing = tried;
    }
  }

  // The last value that holds on the way from one that does to one that does not.
  std::int64_t border(std::string_view key, std::int64_t good, std::int64_t bad) {
    while (std::abs(good - bad) > 1) {
      const std::int64_t middle = (good + bad) / 2;
      (holds_with(key, middle) ? good : bad) = middle;
    }
    return good;
  }

  void add_count(std::string_view key, std::int64_t now, std::int64_t then) {
    add(key, format_count(now), format_count(then), std::to_string(then));
  }

  // --- words -------------------------------------------------------------------------------------

  void try_words(std::string_view key, std::string_view path,
                 const std::vector<std::string>& words) {
    const std::optional<MetricValue> is = takes(key) ? present(path) : std::nullopt;
    const std::string* now = is ? std::get_if<std::string>(&*is) : nullptr;
    if (!now) return;
    for (const std::string& word : words) {
      if (word != *now && try_word(key, *now, word)) return;
    }
  }

  void try_devices() {
    if (!takes("tp")) return;
    const std::string typed = text_of("tp");
    const Result<std::int64_t> now = parse_count(typed.empty() ? "1" : typed, "tp");
    if (!now) return;
    for (std::int64_t tp = *now * 2; tp <= most_devices; tp *= 2) {
      if (try_word("tp", std::to_string(*now), std::to_string(tp))) return;
    }
  }

  bool try_word(std::string_view key, const std::string& now, const std::string& word) {
    const std::optional<MetricValue> figure = figure_with(key, word);
    if (!figure || !holds(budget_, *figure)) return false;
    add(key, now, word, word);
    return true;
  }

  void add(std::string_view key, std::string from, std::string to, const std::string& text) {
    const std::optional<MetricValue> figure = figure_with(key, text);
    if (figure) found_.push_back({std::string(key), std::move(from), std::move(to), *figure});
  }

  const VerbBook& book_;
  ModelShelf& shelf_;
  const Scenario& scenario_;
  const Budget& budget_;
  const VerbBook::Entry& verb_;
  std::optional<ScenarioRun> now_;
  std::vector<Remedy> found_;
};

}  // namespace

std::vector<Remedy> find_remedies(const VerbBook& book, ModelShelf& shelf, const Scenario& scenario,
                                  const Budget& budget) {
  ScenarioRun run(book, shelf, scenario.settings);
  const ScenarioRun::Figure now = run.figure(budget);
  const bool is_range = budget.bound == LimitSide::max || budget.bound == LimitSide::min;
  if (!is_range || !now.value) return {};
  return Search(book, shelf, scenario, budget, *now.verb).run();
}

}  // namespace attncalc
