// SPDX-License-Identifier: Apache-2.0
//
// Walking down a JSON value one step at a time; where a step leads nowhere, the names that are
// there are what can be suggested.
#include "report/metric.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/nearest.hpp"

namespace attncalc {
namespace {

using Value = nlohmann::ordered_json;

bool is_index(std::string_view step) {
  return !step.empty() && step.find_first_not_of("0123456789") == step.npos;
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// --- elements of a list --------------------------------------------------------------------------

bool has_text(const Value& element, std::string_view text) {
  if (element.is_string()) return element.get_ref<const std::string&>() == text;
  return element.is_object() && std::ranges::any_of(element, [&](const Value& member) {
           return member.is_string() && member.get_ref<const std::string&>() == text;
         });
}

std::vector<const Value*> elements_with(const Value& list, std::string_view step) {
  const std::vector<std::string> texts = split(step, ',');
  std::vector<const Value*> found;
  for (const Value& element : list) {
    const bool all = std::ranges::all_of(
        texts, [&](const std::string& text) { return has_text(element, text); });
    if (all) found.push_back(&element);
  }
  return found;
}

const Value* element_at(const Value& list, std::string_view step) {
  std::size_t at = 0;
  std::from_chars(step.data(), step.data() + step.size(), at);
  return at < list.size() ? &list[at] : nullptr;
}

// What an element is called: the first text that it has.
std::string name_of(const Value& element) {
  if (element.is_string()) return element.get<std::string>();
  if (!element.is_object()) return {};
  const auto named = std::ranges::find_if(element, [](const Value& v) { return v.is_string(); });
  return named == element.end() ? std::string() : named->get<std::string>();
}

// --- what could have been meant ------------------------------------------------------------------

// The steps that can be taken from here, as they are written.
std::vector<std::string> next_steps(const Value& here) {
  std::vector<std::string> names;
  if (here.is_object()) {
    for (const auto& [key, value] : here.items()) names.push_back(key);
  } else if (here.is_array()) {
    for (const Value& element : here) names.push_back(name_of(element));
  }
  return names;
}

void add_paths(const Value& here, const std::string& path, std::vector<std::string>& paths) {
  if (here.is_object()) {
    for (const auto& [key, value] : here.items()) {
      add_paths(value, path.empty() ? key : path + "." + key, paths);
    }
  } else if (here.is_array()) {
    for (const Value& element : here) {
      add_paths(element, fmt::format("{}[{}]", path, name_of(element)), paths);
    }
  } else if (std::ranges::find(paths, path) == paths.end()) {
    paths.push_back(path);
  }
}

std::string nearest_paths(const Value& answer, std::string_view typed) {
  std::vector<std::string> paths;
  add_paths(answer, {}, paths);
  const std::vector<std::string_view> names(paths.begin(), paths.end());
  return did_you_mean(typed, names);
}

MetricLookup missing(const Value& answer, const Value& here, const MetricPath& path,
                     const std::string& step) {
  MetricLookup out{.value = {},
                   .why = fmt::format("is not there: no '{}'", step),
                   .hint = nearest_paths(answer, path.text)};
  out.belongs_here = here.is_array() || !out.hint.empty();
  const std::vector<std::string> names = next_steps(here);
  if (out.hint.empty() && !names.empty()) {
    out.hint = fmt::format("here there are {}", fmt::join(names, ", "));
  }
  return out;
}

MetricLookup value_of(const Value& leaf) {
  if (leaf.is_number()) return {.value = leaf.get<double>(), .why = {}, .hint = {}};
  if (leaf.is_string()) return {.value = leaf.get<std::string>(), .why = {}, .hint = {}};
  if (leaf.is_boolean()) {
    return {.value = leaf.get<bool>() ? "true" : "false", .why = {}, .hint = {}};
  }
  MetricLookup out{.value = {}, .why = "has no value here", .hint = {}, .belongs_here = true};
  if (leaf.is_null()) return out;
  out.why = "is no figure";
  out.hint = fmt::format("it has {}", fmt::join(next_steps(leaf), ", "));
  return out;
}

}  // namespace

std::string_view MetricPath::key() const {
  const auto named = std::ranges::find_if(steps.rbegin(), steps.rend(),
                                          [](const std::string& s) { return !is_index(s); });
  return named == steps.rend() ? std::string_view() : std::string_view(*named);
}

Result<MetricPath> parse_metric(std::string_view text) {
  MetricPath path{.text = std::string(text), .steps = {}};
  const auto wrong = [&] {
    return usage_problem(fmt::format("'{}' is no path into a command's JSON", path.text),
                         "write kv.per_device_bytes or ops[qk_scores].flops");
  };
  while (!text.empty()) {
    const bool bracket = text.front() == '[' && !path.steps.empty();
    const std::size_t end = bracket ? text.find(']') : text.find_first_of(".[");
    if (bracket && end == text.npos) return wrong();
    path.steps.emplace_back(text.substr(bracket ? 1 : 0, bracket ? end - 1 : end));
    if (path.steps.back().empty()) return wrong();
    text.remove_prefix(std::min(text.size(), bracket ? end + 1 : end));
    if (text.starts_with('.') && text.size() > 1) {
      text.remove_prefix(1);
    } else if (!text.empty() && text.front() != '[') {
      return wrong();
    }
  }
  if (path.steps.empty()) return wrong();
  return path;
}

MetricLookup find_metric(const Json& answer, const MetricPath& path) {
  const Value* here = &answer.value();
  for (const std::string& step : path.steps) {
    const Value* next = nullptr;
    if (here->is_object()) {
      const auto found = here->find(step);
      next = found == here->end() ? nullptr : &*found;
    } else if (here->is_array() && is_index(step)) {
      next = element_at(*here, step);
    } else if (here->is_array()) {
      const std::vector<const Value*> found = elements_with(*here, step);
      if (found.size() > 1) {
        return {.value = {},
                .why = fmt::format("is not one figure: {} elements have '{}'", found.size(), step),
                .hint = "say more, separated by commas: ops[norm,mlp.dense].flops",
                .belongs_here = true};
      }
      next = found.empty() ? nullptr : found.front();
    }
    if (!next) return missing(answer.value(), *here, path, step);
    here = next;
  }
  return value_of(*here);
}

}  // namespace attncalc
