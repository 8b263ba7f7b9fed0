// SPDX-License-Identifier: Apache-2.0
//
// The local cache of the Hugging Face Hub, as huggingface_hub lays it out. Only read, never filled:
// attncalc does not use the net.
//
//   HUB/models--ORG--NAME/refs/main                 a revision
//   HUB/models--ORG--NAME/snapshots/REVISION/config.json
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace attncalc {

// HF_HUB_CACHE, else HF_HOME/hub, else the folder in the user's cache.
std::string hub_cache_folder();

// "ORG/NAME" (or a bare "NAME", as the first models had), in the letters that ids have.
bool is_hub_id(std::string_view spec);

// The config.json of the main revision; nullopt if the cache does not have it.
std::optional<std::string> find_in_hub_cache(std::string_view id);

}  // namespace attncalc
