// SPDX-License-Identifier: Apache-2.0
//
// Finding a model, in this order: what looks like a path and exists; the catalog, so that a name
// means the same on every machine; any other path that exists; the local Hugging Face cache.
#include "ingest/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/nearest.hpp"
#include "ingest/catalog.hpp"
#include "ingest/gguf/read_gguf.hpp"
#include "ingest/header_formats.hpp"
#include "ingest/hub_cache.hpp"
#include "ingest/overrides.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

bool has_model_suffix(std::string_view path) {
  constexpr std::string_view suffixes[] = {".json", ".yaml", ".yml", ".gguf", ".safetensors"};
  return std::ranges::any_of(suffixes, [&](std::string_view s) { return path.ends_with(s); });
}

bool exists(std::string_view path) {
  std::error_code ignored;
  return fs::exists(fs::path(path), ignored);
}

// A spec that can only be a path: if there is nothing, the error is about a file.
bool is_path(std::string_view spec) {
  return has_model_suffix(spec) || spec.starts_with('/') || spec.starts_with("./") ||
         spec.starts_with("../");
}

// --- files ---------------------------------------------------------------------------------------

bool begins_with_gguf_magic(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;  // opening a FIFO would block
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  char magic[4] = {};
  const bool whole = file && std::fread(magic, sizeof magic, 1, file.get()) == 1;
  return whole && std::string_view(magic, sizeof magic) == "GGUF";
}

bool is_yaml(const std::string& path, const std::string& text) {
  if (path.ends_with(".json")) return false;
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return true;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] != '{' && text[first] != '[';
}

// The folder of a config.json names the model, any other file itself.
std::string name_of(const std::string& path) {
  const fs::path file(path);
  const std::string folder = file.parent_path().filename().string();
  const bool generic =
      file.filename() == "config.json" && !folder.empty() && folder != "." && folder != "..";
  return generic ? folder : file.stem().string();
}

// What stands beside a config.json; any other file stands alone.
Result<SideFiles> find_side_files(const std::string& path) {
  SideFiles out;
  if (fs::path(path).filename() != "config.json") return out;
  const fs::path folder = fs::path(path).parent_path();
  if (const fs::path beside = folder / "hf_quant_config.json"; exists(beside.string())) {
    Result<std::string> text = read_file(beside.string());
    if (!text) return text.problems();
    Result<Document> document = parse_json(beside.string(), *std::move(text));
    if (!document) return document.problems();
    out.quantisation = *std::move(document);
  }
  Result<std::optional<safetensors::Weights>> weights = safetensors::read_folder(folder.string());
  if (!weights) return weights.problems();
  out.weights = *std::move(weights);
  return out;
}

// A file that says more about the model of the config.json beside it, given in its place.
bool is_side_file(const std::string& path) {
  return safetensors::is_weights_name(path) ||
         fs::path(path).filename().string().ends_with("hf_quant_config.json");
}

Result<FoundModel> find_file(const std::string& path);

Result<FoundModel> find_by_side_file(const std::string& path) {
  if (const Result<File> file = File::open(path); !file) return file.problems();
  const std::string config = (fs::path(path).parent_path() / "config.json").string();
  if (!exists(config)) {
    Problem problem =
        usage_problem("this file says how weights are stored, and not what the model is",
                      "put the model's config.json beside it, and name that or the folder");
    problem.at.file = path;
    return problem;
  }
  Result<FoundModel> found = find_file(config);
  if (!found || !safetensors::is_weights_name(path)) return found;
  Result<safetensors::Weights> weights = safetensors::read_weights(path);
  if (!weights) return weights.problems();
  found->side.weights = *std::move(weights);
  return found;
}

Result<FoundModel> find_file(const std::string& path) {
  if (is_side_file(path)) return find_by_side_file(path);
  if (path.ends_with(".gguf") || begins_with_gguf_magic(path)) {
    return FoundModel{.document = {}, .name = name_of(path), .source = path, .is_gguf = true};
  }
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  const bool yaml = is_yaml(path, *text);
  Result<Document> document =
      yaml ? parse_yaml(path, *std::move(text)) : parse_json(path, *std::move(text));
  if (!document) return document.problems();
  Result<SideFiles> side = find_side_files(path);
  if (!side) return side.problems();
  return FoundModel{*std::move(document), name_of(path), path, *std::move(side)};
}

// --- everything ----------------------------------------------------------------------------------

Problem unknown_model(std::string_view spec) {
  const std::vector<std::string_view> names = catalog_spellings();
  const std::string near = did_you_mean(spec, names);
  std::string message = fmt::format("no model is named '{}'", spec);
  const bool is_id = spec.find('/') != std::string_view::npos && is_hub_id(spec);
  if (is_id) message += fmt::format(", and {} does not have it", hub_cache_folder());
  return usage_problem(std::move(message),
                       near.empty() ? "`attncalc models` lists the catalog; a config.json or its "
                                      "folder will do, too"
                                    : near);
}

const Node* config_of(const Document& document) {
  const Node* config = document.root.find("config");
  return config && config->kind == NodeKind::map ? config : nullptr;
}

// The part of a document that a reader takes: all of it, or the config inside of a catalog entry.
Document model_part(const Document& document) {
  const Node* config = document.root.find("layers") ? nullptr : config_of(document);
  if (!config) return document;
  Document part{document.file, document.text, *config};
  part.root.key.clear();
  return part;
}

}  // namespace

Result<FoundModel> find_model_file(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return find_file(path);
  const std::string config = (fs::path(path) / "config.json").string();
  if (exists(config)) return find_file(config);
  Problem problem = usage_problem("this folder has no config.json");
  problem.at.file = path;
  return problem;
}

Result<FoundModel> find_model(std::string_view spec) {
  if (spec.empty()) return usage_problem("--model is empty", "`attncalc models` lists the catalog");
  const std::string path(spec);
  const bool has_slash = spec.find('/') != std::string_view::npos;
  if (is_path(spec) || (has_slash && exists(spec))) return find_model_file(path);
  if (std::optional<FoundModel> entry = find_in_catalog(spec)) return *std::move(entry);
  if (exists(spec)) return find_model_file(path);
  if (const std::optional<std::string> config = find_in_hub_cache(spec)) {
    Result<FoundModel> found = find_file(*config);
    if (found) found->name = path;
    return found;
  }
  return unknown_model(spec);
}

Result<Model> read_model(const FoundModel& found, const LoadOptions& options) {
  if (found.is_gguf) {
    Result<Model> model = read_gguf(found.source, options);
    if (model) model->name = found.name;
    return model;
  }
  Document document = model_part(found.document);
  const Result<OverrideNotes> notes = apply_overrides(document, options.set);
  if (!notes) return notes.problems();
  const bool native = document.root.find("layers") != nullptr;
  Result<Model> model =
      native ? read_native(document, options) : read_hf(document, options, found.side);
  if (!model) return model;
  model->name = found.name;
  model->source = found.source;
  model->assumptions.insert(model->assumptions.begin(), notes->assumptions.begin(),
                            notes->assumptions.end());
  try {
    if (found.side.weights) take_weights(*found.side.weights, *model);
  } catch (const Overflow& overflow) {
    Problem problem = usage_problem(overflow.what());
    problem.at.file = found.side.weights->source;
    return problem;
  }
  model->warnings.insert(model->warnings.begin(), notes->warnings.begin(), notes->warnings.end());
  return model;
}

Result<Model> load_model(std::string_view spec, const LoadOptions& options) {
  const Result<FoundModel> found = find_model(spec);
  if (!found) return found.problems();
  return read_model(*found, options);
}

}  // namespace attncalc
