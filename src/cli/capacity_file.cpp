// SPDX-License-Identifier: Apache-2.0
//
// Reading in three steps: what each map says (settings, budgets), then the points of a matrix, then
// the names of what they became. Every mistake is collected; a scenario with one is left out, for
// the file as a whole has failed by then.
#include "cli/capacity_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/nearest.hpp"
#include "cli/gather.hpp"

namespace attncalc {
namespace {

constexpr std::size_t most_scenarios = 100'000;

bool is_scalar(const Node& node) {
  return node.kind != NodeKind::list && node.kind != NodeKind::map && !node.is_null();
}

Node node_at(int line, int column) {
  Node node;
  node.line = line;
  node.column = column;
  return node;
}

// One point of a matrix: a setting of each of its keys.
using Point = std::vector<Setting>;

class CapacityReader {
 public:
  CapacityReader(Document document, const VerbBook& book) : book_(book) {
    file_.document = std::move(document);
  }

  Result<CapacityFile> read() {
    const Node& root = file_.document.root;
    if (root.kind != NodeKind::map) {
      return file_.document.problem(root, "a capacity file is a map",
                                    "with defaults:, budgets: and scenarios:");
    }
    only_keys(root, {"defaults", "budgets", "scenarios"}, "a capacity file");
    if (const Node* defaults = root.find("defaults")) read_defaults(*defaults);
    if (const Node* budgets = root.find("budgets")) shared_ = read_budgets(*budgets);
    read_scenarios(root);
    if (!problems_.failed() && file_.scenarios.empty()) {
      complain(root, "there are no scenarios", "scenarios: is a list of what to check");
    }
    if (problems_.failed()) return problems_.take_problems();
    return std::move(file_);
  }

 private:
  void complain(const Node& at, std::string message, std::string hint = {}) {
    problems_.add(file_.document.problem(at, std::move(message), std::move(hint)));
  }

  // A problem that knows no place gets one.
  void complain(const Node& at, const Problems& problems) {
    for (const Problem& p : problems) complain(at, p.message, p.hint);
  }

  void only_keys(const Node& map, const std::vector<std::string_view>& known,
                 std::string_view what) {
    for (const Node& child : map.children) {
      if (std::ranges::find(known, child.key) != known.end()) continue;
      const std::string near = did_you_mean(child.key, known);
      complain(child, fmt::format("{} has no key {}", what, child.key),
               near.empty() ? fmt::format("it has {}", fmt::join(known, ", ")) : near);
    }
  }

  bool is_list(const Node& node) {
    if (node.kind == NodeKind::list && !node.children.empty()) return true;
    complain(node, fmt::format("{} is {}; it must be a list", node.key,
                               node.kind == NodeKind::list ? "empty" : kind_name(node.kind)));
    return false;
  }

  // --- settings ----------------------------------------------------------------------------------

  std::optional<Setting> read_setting(std::string_view key, const Node& node, bool own) {
    Setting out{std::string(key), {}, node.line, node.column, own};
    const KeyKind kind = book_.kind_of(key);
    if (kind == KeyKind::absent) return unknown_key(key, node);
    if (node.is_null()) return out;  // as if it were not given
    if (kind == KeyKind::on_or_off) return read_switch(node, std::move(out));
    if (kind == KeyKind::values) return read_values(node, std::move(out));
    if (!is_scalar(node)) {
      complain(
          node, fmt::format("{} is {}; it must be one value", key, kind_name(node.kind)),
          node.kind == NodeKind::list ? "several, to be multiplied out, go under matrix:" : "");
      return std::nullopt;
    }
    out.texts.push_back(node.text);
    return out;
  }

  std::optional<Setting> unknown_key(std::string_view key, const Node& node) {
    std::vector<std::string_view> known = book_.keys();
    for (const std::string_view own : {"name", "matrix", "budgets"}) known.push_back(own);
    const std::string near = did_you_mean(key, known);
    complain(node, fmt::format("no command that can be checked has a flag --{}", key),
             near.empty() ? fmt::format("keys are flags without dashes, of {}",
                                        fmt::join(book_.verbs(), ", "))
                          : near);
    return std::nullopt;
  }

  std::optional<Setting> read_switch(const Node& node, Setting out) {
    const std::optional<bool> on = node.as_boolean();
    if (!on) {
      complain(node, fmt::format("{} is '{}'; it must be true or false", out.key, node.text));
      return std::nullopt;
    }
    if (*on) out.texts.emplace_back("true");
    return out;
  }

  // What may be repeated on a command line: one text, a list of them, or a map of KEY: VALUE.
  std::optional<Setting> read_values(const Node& node, Setting out) {
    if (is_scalar(node)) out.texts.push_back(node.text);
    for (const Node& child : node.children) {
      if (!is_scalar(child)) {
        complain(child, fmt::format("a value of {} must be one text or number", out.key));
        return std::nullopt;
      }
      const bool keyed = node.kind == NodeKind::map;
      out.texts.push_back(keyed ? fmt::format("{}={}", child.key, child.text) : child.text);
    }
    return out;
  }

  void read_defaults(const Node& map) {
    if (map.kind != NodeKind::map) {
      complain(map, fmt::format("defaults is {}; it must be a map", kind_name(map.kind)));
      return;
    }
    for (const Node& child : map.children) {
      if (auto setting = read_setting(child.key, child, false)) defaults_.push_back(*setting);
    }
  }

  // --- budgets -----------------------------------------------------------------------------------

  std::vector<std::size_t> read_budgets(const Node& list) {
    std::vector<std::size_t> numbers;
    if (!is_list(list)) return numbers;
    for (const Node& node : list.children) {
      if (node.kind != NodeKind::map) {
        complain(node, "a budget is a map", "- {metric: kv.per_device_bytes, max: 40 GiB}");
        continue;
      }
      only_keys(node, {"metric", "max", "min", "equals", "tolerance", "verb"}, "a budget");
      read_budget(node, numbers);
    }
    return numbers;
  }

  void read_budget(const Node& node, std::vector<std::size_t>& numbers) {
    Budget base{.verb = {}, .metric = {}, .limit = {}, .line = node.line, .column = node.column};
    if (!read_metric(node, base) || !read_verb(node, base)) return;
    const std::size_t before = file_.budgets.size();
    for (const LimitSide bound : {LimitSide::max, LimitSide::min, LimitSide::equals}) {
      const Node* limit = node.find(side_name(bound));
      if (limit) read_limit(node, *limit, bound, base);
    }
    const bool followed = !node.find("max") && !node.find("min") && !node.find("equals");
    if (followed) file_.budgets.push_back(base);
    for (std::size_t i = before; i < file_.budgets.size(); ++i) numbers.push_back(i);
  }

  bool read_metric(const Node& node, Budget& budget) {
    const Node* metric = node.find("metric");
    if (!metric || !is_scalar(*metric)) {
      complain(metric ? *metric : node, "a budget needs a metric",
               "metric: kv.per_device_bytes, a path into the JSON of a command");
      return false;
    }
    budget.line = metric->line;
    budget.column = metric->column;
    Result<MetricPath> path = parse_metric(metric->text);
    if (!path) {
      complain(*metric, path.problems());
      return false;
    }
    const std::vector<std::string_view> sections = book_.sections();
    if (std::ranges::find(sections, path->steps.front()) == sections.end()) {
      const std::string near = did_you_mean(path->steps.front(), sections);
      complain(*metric, fmt::format("no command's JSON has '{}'", path->steps.front()),
               near.empty() ? fmt::format("a path begins with one of {}", fmt::join(sections, ", "))
                            : near);
      return false;
    }
    budget.measure = measure_of(path->key());
    budget.metric = *std::move(path);
    return true;
  }

  bool read_verb(const Node& node, Budget& budget) {
    const Node* verb = node.find("verb");
    if (!verb) return true;
    budget.verb = verb->text;
    if (book_.find(verb->text)) return true;
    complain(*verb, fmt::format("there is no command '{}' to ask", verb->text),
             fmt::format("there are {}", fmt::join(book_.verbs(), ", ")));
    return false;
  }

  void read_limit(const Node& node, const Node& limit, LimitSide bound, Budget budget) {
    budget.bound = bound;
    const std::string what(side_name(bound));
    if (!is_scalar(limit)) {
      complain(limit, fmt::format("{} is {}; it must be one value", what, kind_name(limit.kind)));
      return;
    }
    const bool is_word = limit.kind == NodeKind::string || limit.kind == NodeKind::boolean;
    Result<double> figure = parse_figure(limit.text, budget.measure, what);
    if (figure) {
      budget.limit = *figure;
      budget.units = style_of(limit.text);
    } else if (bound == LimitSide::equals && budget.measure == Measure::number && is_word) {
      budget.limit = limit.text;
    } else {
      complain(limit, figure.problems());
      return;
    }
    if (const Node* tolerance = node.find("tolerance")) read_tolerance(*tolerance, budget);
    file_.budgets.push_back(std::move(budget));
  }

  // A share of the limit, or a figure like it.
  void read_tolerance(const Node& node, Budget& budget) {
    const double* limit = std::get_if<double>(&*budget.limit);
    if (!limit) {
      complain(node, "a text has no tolerance");
      return;
    }
    const bool share = node.text.ends_with('%');
    const Result<double> read = share ? parse_percent(node.text, "tolerance")
                                      : parse_figure(node.text, budget.measure, "tolerance");
    if (!read) {
      complain(node, read.problems());
      return;
    }
    budget.tolerance = share ? *read * *limit : *read;
  }

  // --- scenarios ---------------------------------------------------------------------------------

  void read_scenarios(const Node& root) {
    const Node* list = root.find("scenarios");
    if (!list || !is_list(*list)) return;
    for (const Node& node : list->children) {
      if (node.kind != NodeKind::map) {
        complain(node, "a scenario is a map", "- {name: chat, model: llama3-70b, ctx: 32k}");
        continue;
      }
      read_scenario(node);
    }
  }

  void read_scenario(const Node& node) {
    Point own;
    for (const Node& child : node.children) {
      if (child.key == "name" || child.key == "matrix" || child.key == "budgets") continue;
      if (auto setting = read_setting(child.key, child, true)) own.push_back(*setting);
    }
    const Node* name = node.find("name");
    if (name && !is_scalar(*name)) complain(*name, "a name must be a text");
    std::vector<Point> points = {{}};
    const Node* matrix = node.find("matrix");
    if (matrix) points = read_matrix(*matrix, own);
    const std::vector<std::size_t> budgets = budgets_of(node);
    for (const Point& point : points) add_scenario(node, name, own, point, budgets);
  }

  // A scenario's own budget of a metric stands in place of the shared ones.
  std::vector<std::size_t> budgets_of(const Node& node) {
    std::vector<std::size_t> own;
    if (const Node* list = node.find("budgets")) own = read_budgets(*list);
    std::vector<std::size_t> all;
    for (const std::size_t shared : shared_) {
      const bool replaced = std::ranges::any_of(own, [&](std::size_t i) {
        return file_.budgets[i].metric.text == file_.budgets[shared].metric.text;
      });
      if (!replaced) all.push_back(shared);
    }
    all.insert(all.end(), own.begin(), own.end());
    if (all.empty() && !problems_.failed()) {
      complain(node, "this scenario has no budget",
               "budgets: is a list, here or for all scenarios");
    }
    return all;
  }

  std::vector<Point> read_matrix(const Node& matrix, const Point& own) {
    std::vector<Point> points = {{}};
    if (matrix.kind != NodeKind::map) {
      complain(matrix,
               fmt::format("matrix is {}; it must be a map of lists", kind_name(matrix.kind)));
      return points;
    }
    for (const Node& axis : matrix.children) {
      if (!is_list(axis)) continue;
      if (std::ranges::find(own, axis.key, &Setting::key) != own.end()) {
        complain(axis, fmt::format("{} is in the matrix and beside it", axis.key));
      }
      if (points.size() * axis.children.size() > most_scenarios) {
        complain(axis, fmt::format("more than {} scenarios", format_count(most_scenarios)));
        return points;
      }
      points = times(points, axis);
    }
    return points;
  }

  std::vector<Point> times(const std::vector<Point>& points, const Node& axis) {
    std::vector<Setting> values;
    for (const Node& node : axis.children) {
      if (auto setting = read_setting(axis.key, node, true)) values.push_back(*setting);
    }
    std::vector<Point> out;
    for (const Point& point : points) {
      for (const Setting& value : values) {
        out.push_back(point);
        out.back().push_back(value);
      }
    }
    return out;
  }

  // Later settings stand in place of earlier ones.
  Point merged(const Point& own, const Point& point) const {
    Point all = defaults_;
    for (const Point* more : {&own, &point}) {
      for (const Setting& setting : *more) {
        const auto same = std::ranges::find(all, setting.key, &Setting::key);
        if (same == all.end()) {
          all.push_back(setting);
        } else {
          *same = setting;
        }
      }
    }
    return all;
  }

  void add_scenario(const Node& node, const Node* name, const Point& own, const Point& point,
                    const std::vector<std::size_t>& budgets) {
    const Node& at = name ? *name : node;
    Scenario scenario{.name = {},
                      .settings = merged(own, point),
                      .budgets = budgets,
                      .line = at.line,
                      .column = at.column};
    const std::string pattern = name ? name->text : std::string();
    scenario.name = name_of(pattern, at, scenario.settings, name ? point : own_or(own, point));
    const auto [earlier, is_new] = names_.emplace(scenario.name, at.line);
    if (!is_new) {
      complain(at, fmt::format("a second scenario is named '{}'", scenario.name),
               fmt::format("the first is in line {}", earlier->second));
    }
    file_.scenarios.push_back(std::move(scenario));
  }

  // What names a scenario that has no name: all that it says itself.
  static Point own_or(const Point& own, const Point& point) {
    Point all = own;
    all.insert(all.end(), point.begin(), point.end());
    return all;
  }

  // "{ctx}" stands for a value; what of the point is not named so follows in parentheses.
  std::string name_of(std::string pattern, const Node& at, const Point& settings,
                      const Point& point) {
    std::set<std::string> named;
    std::string out;
    while (!pattern.empty()) {
      const std::size_t open = std::min(pattern.find('{'), pattern.size());
      out += pattern.substr(0, open);
      pattern.erase(0, open);
      const std::size_t close = pattern.find('}');
      if (pattern.empty() || close == std::string::npos) break;
      const std::string key = pattern.substr(1, close - 1);
      pattern.erase(0, close + 1);
      const auto setting = std::ranges::find(settings, key, &Setting::key);
      if (setting == settings.end()) {
        complain(at,
                 fmt::format("the name speaks of {{{}}}, which this scenario does not set", key));
        return out;
      }
      out += fmt::format("{}", fmt::join(setting->texts, " "));
      named.insert(key);
    }
    out += pattern;
    std::vector<std::string> rest;
    for (const Setting& setting : point) {
      if (!named.contains(setting.key)) rest.push_back(value_text(setting));
    }
    if (rest.empty()) return out;
    const std::string joined = fmt::format("{}", fmt::join(rest, ", "));
    return out.empty() ? joined : fmt::format("{} ({})", out, joined);
  }

  static std::string value_text(const Setting& setting) {
    if (setting.texts.empty()) return fmt::format("no {}", setting.key);
    if (setting.texts.front() == "true") return setting.key;
    return fmt::format("{}", fmt::join(setting.texts, " "));
  }

  const VerbBook& book_;
  CapacityFile file_;
  Gather problems_;
  Point defaults_;
  std::vector<std::size_t> shared_;
  std::map<std::string, int> names_;  // with the line of each
};

}  // namespace

Problem CapacityFile::problem(int line, int column, std::string message, std::string hint) const {
  return document.problem(node_at(line, column), std::move(message), std::move(hint));
}

Result<CapacityFile> read_capacity(Document document, const VerbBook& book) {
  return CapacityReader(std::move(document), book).read();
}

Result<CapacityFile> read_capacity(const std::string& path, const VerbBook& book) {
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  Result<Document> document = path.ends_with(".json") ? parse_json(path, *std::move(text))
                                                      : parse_yaml(path, *std::move(text));
  if (!document) return document.problems();
  return read_capacity(*std::move(document), book);
}

}  // namespace attncalc
