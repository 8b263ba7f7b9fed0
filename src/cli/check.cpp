// SPDX-License-Identifier: Apache-2.0
//
// `attncalc check`: a file of scenarios and budgets against what the other verbs say. Mistakes in
// the file end the run (exit 2) before anything is printed; a scenario that cannot be computed is a
// failed check with its reason (exit 1), beside all others.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "cli/annotations.hpp"
#include "cli/baseline.hpp"
#include "cli/scenario_run.hpp"
#include "cli/verbs.hpp"
#include "cli/write.hpp"

namespace attncalc {
namespace {

struct CheckFlags {
  std::vector<std::string> file;
  TextFlag baseline, growth, junit, summary, annotate;
  bool update = false;
  OutputFlags output;
};

Command check_command(CheckFlags& f) {
  const FlagGroup baseline = {
      "baseline",
      {{"--baseline", "FILE", "an earlier answer (--json) to compare with", &f.baseline},
       {"--growth", "PERCENT", "how much worse a figure may get since then (default: 0%)",
        &f.growth},
       {"--update", "", "write the baseline anew, whole or not at all, if all budgets hold",
        &f.update}}};
  const FlagGroup ci = {
      "for CI",
      {{"--junit", "FILE", "also write JUnit XML", &f.junit},
       {"--summary", "FILE", "also add Markdown to the end of FILE: \"$GITHUB_STEP_SUMMARY\"",
        &f.summary},
       {"--annotate", "WHEN",
        "GitHub annotations on stderr: always, never, or auto, which is\n"
        "where GITHUB_ACTIONS is set (default: auto)",
        &f.annotate}}};
  return {
      .name = "attncalc check",
      .summary = "Whether models stay within the budgets of a file.",
      .about =
          "The file has scenarios, whose keys are the flags of kv, cost and the other commands\n"
          "without dashes, and budgets: a figure of their JSON with a max, min or equals.\n"
          "Exit code 0: all hold; 1: one does not, or cannot be computed; 2: the file is wrong.",
      .positional = Positional{"FILE", &f.file, 1, 1},
      .groups = {baseline, ci, flag_group(f.output, CanExplain::no)},
      .examples = {
          {"does everything fit?", "attncalc check capacity.yaml"},
          {"the same in CI",
           "attncalc check capacity.yaml --junit junit.xml --summary \"$GITHUB_STEP_SUMMARY\""},
          {"has anything grown by more than 2% since the last release?",
           "attncalc check capacity.yaml --baseline capacity.json --growth 2%"},
          {"accept what has changed",
           "attncalc check capacity.yaml --baseline capacity.json --update"}}};
}

// --- every budget of every scenario --------------------------------------------------------------

// Whether a message speaks of a setting: of its flag, or of its value in quotes.
bool speaks_of(const std::string& message, const Setting& setting) {
  if (message.starts_with(setting.key + " is ")) return true;
  if (message.find("--" + setting.key + " ") != std::string::npos) return true;
  return std::ranges::any_of(setting.texts, [&](const std::string& text) {
    return message.find("'" + text + "'") != std::string::npos;
  });
}

std::string reason_of(const Problems& problems) {
  std::vector<std::string> reasons;
  for (const Problem& p : problems) {
    std::string text;
    if (!p.at.file.empty()) text = fmt::format("{}:{}:{}: ", p.at.file, p.at.line, p.at.column);
    text += p.message;
    if (!p.hint.empty()) text += fmt::format(" ({})", p.hint);
    reasons.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(reasons, "; "));
}

class Checker {
 public:
  explicit Checker(const CapacityFile& file, const VerbBook& book) : file_(file), book_(book) {
    out_.file = file.document.file;
    out_.scenarios = file.scenarios.size();
    missed_.resize(file.budgets.size());
    found_.resize(file.budgets.size());
  }

  Result<BudgetAnswer> run() {
    for (const Scenario& scenario : file_.scenarios) check(scenario);
    refuse_paths_that_nobody_has();
    if (problems_.failed()) return problems_.take_problems();
    look_for_remedies();
    return std::move(out_);
  }

 private:
  void check(const Scenario& scenario) {
    ScenarioRun run(book_, shelf_, scenario.settings);
    std::set<const VerbBook::Entry*> asked;
    for (const std::size_t number : scenario.budgets) {
      const Budget& budget = file_.budgets[number];
      ScenarioRun::Figure figure = run.figure(budget);
      asked.insert(figure.verb);
      note_left_out(scenario, budget, *figure.verb);
      out_.checks.push_back(checked(scenario, budget, figure));
      checked_from_.push_back({&scenario, number});
      if (figure.value) found_[number] = true;
      if (!figure.value && figure.problems.empty()) missed_[number] = std::move(figure);
    }
    refuse_unused(scenario, asked);
  }

  CheckedBudget checked(const Scenario& scenario, const Budget& budget,
                        const ScenarioRun::Figure& figure) const {
    CheckedBudget out{.scenario = scenario.name,
                      .metric = budget.metric.text,
                      .verb = std::string(figure.verb->verb->name),
                      .measure = budget.measure,
                      .bound = budget.bound,
                      .limit = budget.limit,
                      .tolerance = budget.tolerance,
                      .units = budget.units,
                      .line = budget.line,
                      .column = budget.column,
                      .value = figure.value,
                      .reason = {}};
    if (figure.value) {
      out.ok = holds(budget, *figure.value);
    } else if (figure.problems.empty()) {
      out.reason = fmt::format("it {}", figure.why);
    } else {
      out.reason = reason_of(figure.problems);
      place_reason(scenario, out);
    }
    return out;
  }

  // The place of the setting that is to blame, else of the scenario.
  static void place_reason(const Scenario& scenario, CheckedBudget& out) {
    const auto blamed = std::ranges::find_if(
        scenario.settings, [&](const Setting& s) { return speaks_of(out.reason, s); });
    const bool known = blamed != scenario.settings.end();
    out.line = known ? blamed->line : scenario.line;
    out.column = known ? blamed->column : scenario.column;
  }

  // --- keys that change nothing ------------------------------------------------------------------

  void refuse_unused(const Scenario& scenario, const std::set<const VerbBook::Entry*>& asked) {
    for (const Setting& setting : scenario.settings) {
      const bool used = std::ranges::any_of(
          asked, [&](const VerbBook::Entry* verb) { return verb->takes(setting); });
      if (used || !setting.own || !refused_.insert({setting.line, setting.column}).second) continue;
      std::vector<std::string_view> names;
      for (const VerbBook::Entry* verb : asked) names.push_back(verb->verb->name);
      problems_.add(
          file_.problem(setting.line, setting.column,
                        fmt::format("{} changes nothing in '{}'", setting.key, scenario.name),
                        fmt::format("there is no --{} in {}, which its budgets ask", setting.key,
                                    fmt::join(names, " or "))));
    }
  }

  // Machine and phase belong to a step; what a cache or a model is does not depend on them.
  static bool is_of_a_step(const Setting& setting) {
    constexpr std::string_view keys[] = {"hw", "memory", "price", "launch", "phase"};
    return std::ranges::find(keys, setting.key) != std::end(keys);
  }

  void note_left_out(const Scenario& scenario, const Budget& budget, const VerbBook::Entry& verb) {
    for (const Setting& setting : scenario.settings) {
      if (verb.takes(setting) || is_of_a_step(setting)) continue;
      if (!left_out_.insert({verb.verb->name, setting.key}).second) continue;
      out_.warnings.push_back(
          {"key_left_out",
           fmt::format("{} of '{}' is without {}: attncalc {} has no such flag", budget.metric.text,
                       scenario.name, setting.key, verb.verb->name)});
    }
  }

  // --- paths -------------------------------------------------------------------------------------

  // A figure that some models have and others lack fails where it lacks; one that none has is a
  // slip of the pen.
  void refuse_paths_that_nobody_has() {
    for (std::size_t i = 0; i < file_.budgets.size(); ++i) {
      if (found_[i] || !missed_[i]) continue;
      const Budget& budget = file_.budgets[i];
      problems_.add(file_.problem(budget.line, budget.column,
                                  fmt::format("{} {} (attncalc {})", budget.metric.text,
                                              missed_[i]->why, missed_[i]->verb->verb->name),
                                  missed_[i]->hint));
    }
  }

  // --- what would mend it ------------------------------------------------------------------------

  void look_for_remedies() {
    constexpr int most_searched = 8;  // each asks a verb some fifty times
    int searched = 0;
    for (std::size_t i = 0; i < out_.checks.size() && searched < most_searched; ++i) {
      CheckedBudget& check = out_.checks[i];
      if (check.ok || !check.value) continue;
      ++searched;
      const From& from = checked_from_[i];
      check.remedies = find_remedies(book_, shelf_, *from.scenario, file_.budgets[from.budget]);
    }
  }

  struct From {
    const Scenario* scenario;
    std::size_t budget;
  };

  const CapacityFile& file_;
  const VerbBook& book_;
  ModelShelf shelf_;
  BudgetAnswer out_;
  Gather problems_;
  std::vector<From> checked_from_;
  std::vector<std::optional<ScenarioRun::Figure>> missed_;  // by budget
  std::vector<bool> found_;
  std::set<std::pair<int, int>> refused_;  // places
  std::set<std::pair<std::string_view, std::string>> left_out_;
};

// --- the baseline --------------------------------------------------------------------------------

bool exists(const std::string& path) { return static_cast<bool>(read_file(path)); }

std::optional<Problems> compare_with_baseline(const CheckFlags& f, double growth,
                                              BudgetAnswer& answer) {
  std::vector<Baselined> before;
  if (!f.update || exists(*f.baseline)) {
    Result<std::vector<Baselined>> read = read_baseline(*f.baseline);
    if (!read) return read.problems();
    before = *std::move(read);
  }
  Comparison comparison = compare(answer.checks, before, growth);
  comparison.file = *f.baseline;
  if (f.update) {
    for (Change& change : comparison.changes) change.ok = true;
  }
  answer.comparison = std::move(comparison);
  return std::nullopt;
}

// What is written is an answer without a comparison, so that it depends on nothing older.
std::optional<Problem> update_baseline(BudgetAnswer& answer) {
  if (!answer.ok()) {
    answer.warnings.push_back(
        {"baseline_kept", fmt::format("{} stays as it is: a baseline is made where all checks hold",
                                      answer.comparison->file)});
    return std::nullopt;
  }
  answer.comparison->updated = true;
  BudgetAnswer alone = answer;
  alone.comparison.reset();
  return write_file(answer.comparison->file, budget_json(alone).text());
}

// --- what is written beside the answer -----------------------------------------------------------

bool wants_annotations(const TextFlag& flag, Gather& problems) {
  enum class When : std::uint8_t { automatic, always, never };
  constexpr auto words = std::to_array<Word<When>>(
      {{"auto", When::automatic}, {"always", When::always}, {"never", When::never}});
  const When when = read_word(flag, "--annotate", words, problems);
  const char* github = std::getenv("GITHUB_ACTIONS");
  if (when == When::automatic) return github && *github;
  return when == When::always;
}

std::optional<Problem> add_to_file(const std::string& path, const std::string& text) {
  const Result<std::string> before = read_file(path);
  return write_file(path, before ? *before + text : text);
}

std::optional<Problems> write_beside(const CheckFlags& f, const BudgetAnswer& answer) {
  Problems problems;
  const auto keep = [&](const std::optional<Problem>& problem) {
    if (problem) problems.push_back(*problem);
  };
  if (f.junit) keep(write_file(*f.junit, budget_junit(answer)));
  if (f.summary) {
    keep(add_to_file(*f.summary, render_markdown(budget_report(answer), UnitStyle::iec)));
  }
  if (problems.empty()) return std::nullopt;
  return problems;
}

struct Extras {
  double growth = 0;
  bool annotate = false;
};

Extras read_extras(const CheckFlags& f, Gather& problems) {
  Extras out;
  if (f.growth) out.growth = problems.take(parse_percent(*f.growth, "--growth"), 0.0);
  if (!f.baseline && (f.update || f.growth)) {
    problems.add(
        usage_problem(fmt::format("{} needs a baseline", f.update ? "--update" : "--growth"),
                      "write --baseline capacity.json"));
  }
  out.annotate = wants_annotations(f.annotate, problems);
  return out;
}

Result<BudgetAnswer> answer(const CheckFlags& f, const Extras& extras) {
  const VerbBook book;
  const Result<CapacityFile> file = read_capacity(f.file.front(), book);
  if (!file) return file.problems();
  Result<BudgetAnswer> out = Checker(*file, book).run();
  if (!out || !f.baseline) return out;
  if (auto failed = compare_with_baseline(f, extras.growth, *out)) return *failed;
  if (!f.update) return out;
  if (auto failed = update_baseline(*out)) return *failed;
  return out;
}

void annotate(std::ostream& err, const std::string& lines) {
  if (lines.empty()) return;
  err << "annotations for GitHub (--annotate never leaves them out):\n" << lines;
}

}  // namespace

int run_check(Args args, const Streams& streams) {
  CheckFlags flags;
  return run_command(check_command(flags), flags.output, args, streams, [&]() -> Result<Answer> {
    Gather problems;
    const Extras extras = read_extras(flags, problems);
    if (problems.failed()) return problems.take_problems();
    Result<BudgetAnswer> a = answer(flags, extras);
    if (!a) {
      if (extras.annotate) annotate(streams.err, annotations(a.problems()));
      return a.problems();
    }
    if (auto failed = write_beside(flags, *a)) return *failed;
    if (extras.annotate) annotate(streams.err, annotations(*a));
    const int code = a->ok() ? 0 : 1;
    return answer_of(*std::move(a), budget_report, budget_json, code);
  });
}

}  // namespace attncalc
