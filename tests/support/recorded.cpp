// SPDX-License-Identifier: Apache-2.0
//
// Runs the commands that expressions name, each once, and takes values out of their JSON.
#include "support/recorded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "cli/run.hpp"

namespace attncalc::recorded {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

nlohmann::json run_once(const std::string& command) {
  std::vector<std::string> words;
  for (const std::string& word : split(command, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  words.emplace_back("--json");
  const std::vector<std::string_view> args(words.begin(), words.end());
  std::ostringstream out, err;
  if (run(args, out, err) != 0) throw std::runtime_error(command + ": " + err.str());
  return nlohmann::json::parse(out.str());
}

const nlohmann::json& answer(const std::string& command) {
  static std::map<std::string, nlohmann::json> known;
  const auto found = known.find(command);
  return found != known.end() ? found->second : known[command] = run_once(command);
}

bool is_position(const std::string& key) {
  return !key.empty() && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
}

const nlohmann::json* step(const nlohmann::json& at, const std::string& key) {
  if (at.is_object()) return at.contains(key) ? &at.at(key) : nullptr;
  if (!at.is_array()) return nullptr;
  if (is_position(key)) {
    const std::size_t index = std::stoul(key);
    return index < at.size() ? &at.at(index) : nullptr;
  }
  for (const nlohmann::json& element : at) {
    for (const char* name : {"name", "kind", "order", "weight"}) {
      if (element.contains(name) && element.at(name) == key) return &element;
    }
  }
  return nullptr;
}

std::string as_text(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  if (value.is_number()) return fmt::format("{:.17g}", value.get<double>());
  throw std::runtime_error("neither a number nor text: " + value.dump());
}

}  // namespace

std::string value_of(const std::string& command, const std::string& path) {
  const nlohmann::json* at = &answer(trimmed(command));
  for (const std::string& key : split(trimmed(path), '.')) {
    at = step(*at, key);
    if (!at) throw std::runtime_error("no " + key + " in the answer, for " + path);
  }
  return as_text(*at);
}

std::string filled_in(std::string expression) {
  for (std::size_t open; (open = expression.find('[')) != std::string::npos;) {
    const std::size_t bar = expression.find('|', open);
    const std::size_t close = expression.find(']', bar == std::string::npos ? open : bar);
    if (bar == std::string::npos || close == std::string::npos)
      throw std::runtime_error("wrong brackets: " + expression);
    const std::string value = value_of(expression.substr(open + 1, bar - open - 1),
                                       expression.substr(bar + 1, close - bar - 1));
    expression.replace(open, close - open + 1, value);
  }
  return expression;
}

}  // namespace attncalc::recorded
