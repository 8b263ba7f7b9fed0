// SPDX-License-Identifier: Apache-2.0
//
// `attncalc models`: list the catalog, show one entry with its sources, check files against what
// they say must come out.
#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.hpp"
#include "cli/sub_commands.hpp"
#include "ingest/catalog.hpp"
#include "report/models_report.hpp"

namespace attncalc {
namespace {

// --- list ----------------------------------------------------------------------------------------

bool has_all_words(std::string_view name, const std::vector<std::string>& words) {
  return std::ranges::all_of(words,
                             [&](const std::string& w) { return name.find(w) != name.npos; });
}

// An entry that this release cannot read is named and does not hide the others.
Result<ListedModels> list_models(const std::vector<std::string>& words) {
  ListedModels out;
  for (const std::string_view name : catalog_names()) {
    if (!has_all_words(name, words)) continue;
    Result<Model> model = load_model(name);
    Result<ModelSummary> summary = model ? summarise(*std::move(model)) : model.problems();
    if (summary) {
      out.models.push_back(*std::move(summary));
    } else {
      out.unread.emplace_back(name);
    }
  }
  if (!out.models.empty() || !out.unread.empty()) return out;
  return usage_problem(
      fmt::format("no name in the catalog has '{}' in it", fmt::join(words, "' and '")),
      did_you_mean(words.front(), catalog_spellings()));
}

int run_list(Args args, const Streams& streams) {
  OutputFlags output;
  std::vector<std::string> words;
  const Command command{.name = "attncalc models list",
                        .summary = "The models that are built in.",
                        .about = "With words: those that have all of them in their name.",
                        .positional = Positional{"WORD", &words, 0, any_number},
                        .groups = {flag_group(output, CanExplain::no)},
                        .examples = {{"every model", "attncalc models"},
                                     {"all Qwen3 models", "attncalc models list qwen3"}}};
  return run_command(command, output, args, streams, [&]() -> Result<Answer> {
    Result<ListedModels> models = list_models(words);
    if (!models) return models.problems();
    return answer_of(*std::move(models), models_report, models_json);
  });
}

// --- show ----------------------------------------------------------------------------------------

std::string text_of(const Node& node) {
  if (node.kind != NodeKind::list && node.kind != NodeKind::map) return node.text;
  std::vector<std::string> parts;
  for (const Node& child : node.children) {
    parts.push_back(child.key.empty() ? text_of(child) : child.key + ": " + text_of(child));
  }
  const bool list = node.kind == NodeKind::list;
  return fmt::format("{}{}{}", list ? '[' : '{', fmt::join(parts, ", "), list ? ']' : '}');
}

// The keys that describe the model: those of an entry's config, or of a whole config.json.
std::vector<std::pair<std::string, std::string>> facts_of(const Node& root) {
  const Node* config = root.find("config");
  std::vector<std::pair<std::string, std::string>> facts;
  for (const Node& node : (config ? *config : root).children) {
    const bool is_about_entry = !config && (node.key == "expect" || node.key == "aliases" ||
                                            node.key == "source" || node.key == "name");
    if (!is_about_entry) facts.emplace_back(node.key, text_of(node));
  }
  return facts;
}

Result<ShownModel> show_model(const std::string& name) {
  const Result<FoundModel> found = find_model(name);
  if (!found) return found.problems();
  Result<CheckedModel> checked = check_model(*found);
  if (!checked) return checked.problems();
  ShownModel out;
  out.checked = *std::move(checked);
  const Node& root = found->document.root;
  if (const Node* aliases = root.find("aliases")) {
    for (const Node& alias : aliases->children) out.aliases.push_back(alias.text);
  }
  if (const Node* source = root.find("source")) out.source = source->text;
  out.facts = facts_of(root);
  return out;
}

int run_show(Args args, const Streams& streams) {
  OutputFlags output;
  std::vector<std::string> names;
  const Command command{
      .name = "attncalc models show",
      .summary = "One model: its facts with their source, and every weight.",
      .about = {},
      .positional = Positional{"MODEL", &names, 1, 1},
      .groups = {flag_group(output, CanExplain::no)},
      .examples = {{"an entry of the catalog", "attncalc models show deepseek-v3"},
                   {"a config of your own", "attncalc models show ./config.json"}}};
  return run_command(command, output, args, streams, [&]() -> Result<Answer> {
    Result<ShownModel> shown = show_model(names.front());
    if (!shown) return shown.problems();
    return answer_of(*std::move(shown), show_report, show_json);
  });
}

// --- check ---------------------------------------------------------------------------------------

// Every file, or the whole catalog where none is named.
Result<std::vector<CheckedModel>> check_models(const std::vector<std::string>& files) {
  std::vector<CheckedModel> out;
  Gather problems;
  const auto check_found = [&](const Result<FoundModel>& found) {
    Result<CheckedModel> checked = found ? check_model(*found) : found.problems();
    if (checked) {
      out.push_back(*std::move(checked));
    } else {
      problems.add(checked.problems());
    }
  };
  for (const std::string& file : files) check_found(find_model_file(file));
  if (files.empty()) {
    for (const std::string_view name : catalog_names()) check_found(*find_in_catalog(name));
  }
  if (problems.failed()) return problems.take_problems();
  return out;
}

int run_models_check(Args args, const Streams& streams) {
  OutputFlags output;
  std::vector<std::string> files;
  const Command command{
      .name = "attncalc models check",
      .summary = "Whether files are read, and give what their `expect` says.",
      .about =
          "Takes configs, YAML files, folders and GGUF files; without any, checks the built-in "
          "catalog.\n"
          "Where a model's weights are there (safetensors beside its config, the tensors of a "
          "GGUF\n"
          "file), their headers are held against the weights that the config asks for.\n"
          "Exit code 1: a figure is not as stated, or weights are not those of the config; 2: a "
          "file\n"
          "cannot be read.",
      .positional = Positional{"FILE|FOLDER", &files, 0, any_number},
      .groups = {flag_group(output, CanExplain::no)},
      .examples = {
          {"a model file before it is sent in", "attncalc models check models/mine.yaml"},
          {"a download, before a week is spent on it", "attncalc models check ./Qwen3-8B"}}};
  return run_command(command, output, args, streams, [&]() -> Result<Answer> {
    Result<std::vector<CheckedModel>> models = check_models(files);
    if (!models) return models.problems();
    const bool all_hold = std::ranges::all_of(*models, &CheckedModel::holds);
    return answer_of(*std::move(models), check_report, check_json, all_hold ? 0 : 1);
  });
}

// --- the verb ------------------------------------------------------------------------------------

constexpr SubCommand forms[] = {
    {"list", "the built-in models (the default)", run_list},
    {"show", "one model with its sources and weights", run_show},
    {"check", "whether files give what they say must come out", run_models_check}};

}  // namespace

int run_models(Args args, const Streams& streams) {
  return run_sub_command({.verb = "attncalc models",
                          .about = "The models that are built in, and files of your own.",
                          .forms = forms},
                         args, streams);
}

}  // namespace attncalc
