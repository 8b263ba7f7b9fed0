// SPDX-License-Identifier: Apache-2.0
//
// The environment decides where the cache is, by the rules of huggingface_hub's constants.py.
#include "ingest/hub_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/document.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool is_id_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool is_id_part(std::string_view part) {
  return !part.empty() && !part.starts_with('.') && std::ranges::all_of(part, is_id_letter);
}

std::string folder_name(std::string_view id) {
  std::string name = "models--";
  for (const char c : id) {
    if (c == '/') {
      name += "--";
    } else {
      name += c;
    }
  }
  return name;
}

// The revision that refs/main names; nullopt if it is not there or names no folder.
std::optional<std::string> main_revision(const fs::path& model) {
  const Result<std::string> text = read_file((model / "refs" / "main").string());
  if (!text) return std::nullopt;
  const std::string revision = text->substr(0, text->find_first_of(" \t\r\n"));
  if (!is_id_part(revision)) return std::nullopt;
  return revision;
}

}  // namespace

std::string hub_cache_folder() {
  if (std::string hub = environment("HF_HUB_CACHE"); !hub.empty()) return hub;
  if (const std::string home = environment("HF_HOME"); !home.empty()) return home + "/hub";
  std::string cache = environment("XDG_CACHE_HOME");
  if (cache.empty()) cache = environment("HOME") + "/.cache";
  return cache + "/huggingface/hub";
}

bool is_hub_id(std::string_view spec) {
  const std::size_t slash = spec.find('/');
  if (slash == std::string_view::npos) return is_id_part(spec);
  return is_id_part(spec.substr(0, slash)) && is_id_part(spec.substr(slash + 1));
}

std::optional<std::string> find_in_hub_cache(std::string_view id) {
  if (!is_hub_id(id)) return std::nullopt;
  const fs::path model = fs::path(hub_cache_folder()) / folder_name(id);
  const std::optional<std::string> revision = main_revision(model);
  if (!revision) return std::nullopt;
  const fs::path config = model / "snapshots" / *revision / "config.json";
  std::error_code ignored;
  if (!fs::exists(config, ignored)) return std::nullopt;
  return config.string();
}

}  // namespace attncalc
