// SPDX-License-Identifier: Apache-2.0
//
// One `layers:` list of our own YAML. An entry is a layer, or a nested list, and either may stand
// `repeat` times. A layer is read once however often it stands; only then are the numbers resolved
// that depend on where it stands (`cache_of`).
#include <fmt/format.h>

#include <map>
#include <set>

#include "ingest/native/sheet.hpp"

namespace attncalc::native {
namespace {

// Far above any model, and far below what a few nested repeats could ask for.
constexpr std::size_t most_layers = 10'000;

const std::vector<std::string_view> group_keys = {"repeat", "layers"};
const std::vector<std::string_view> layer_keys = {
    "repeat", "mixers", "mlp", "moe", "norms", "cache_of", "weight_set", "extra_parameters"};

struct Draft {
  Layer layer;
  const Node* node = nullptr;
  const Node* cache_of = nullptr;
  std::int64_t owner = 0;  // as written: from the first layer, or, if negative, from this one
};

// The fields of a kind or channel mixer from a map; false if anything was wrong with it.
template <class T>
bool read_fields(Sheet& sheet, const Node& map, std::string_view what, T& into) {
  const std::size_t before = sheet.problem_count();
  if (!sheet.is(map, NodeKind::map, "a map of its dimensions")) return false;
  FieldReader reader(sheet, map);
  T::fields(into, reader);
  sheet.refuse_unknown(map, what, reader.names());
  return sheet.problem_count() == before;
}

// A layer that reads another's cache has no use for projections that would fill its own.
template <class K>
void without_own_cache(K& kind, const Node& map) {
  if constexpr (requires { kind.projects_kv = false; }) {
    if (map.find("projects_kv") == nullptr) kind.projects_kv = false;
  }
}

// The fields of K that complete() fills from the others. If one of the others is missing, that one
// is what to complain about.
template <class K>
bool is_derived(std::string_view wanted) {
  K probe;
  bool derived = false;
  const auto each_dim = [](auto&& use) {
    return [use](std::string_view name, auto& field) {
      if constexpr (std::is_same_v<std::decay_t<decltype(field)>, Dim>) use(name, field);
    };
  };
  K::fields(probe,
            each_dim([&](std::string_view name, Dim& dim) { dim = name == wanted ? 0 : 1; }));
  probe.complete(1);
  K::fields(probe, each_dim([&](std::string_view name, Dim& dim) {
              derived |= name == wanted && dim > 0;
            }));
  return derived;
}

// The faults without those that only follow from a field that was left out.
template <class K>
std::vector<std::string> root_faults(const K& kind, const Node& map) {
  std::vector<std::string> faults = kind.faults();
  const auto field = [](const std::string& fault) { return fault.substr(0, fault.find(' ')); };
  const auto missing = [&](const std::string& fault) {
    return fault.starts_with(field(fault) + " is 0;") && map.find(field(fault)) == nullptr;
  };
  const auto follows = [&](const std::string& fault) {
    return missing(fault) && is_derived<K>(field(fault));
  };
  const bool has_root = std::any_of(faults.begin(), faults.end(), [&](const std::string& fault) {
    return missing(fault) && !follows(fault);
  });
  if (has_root) std::erase_if(faults, follows);
  return faults;
}

class LayerReader {
 public:
  LayerReader(Sheet& sheet, Dim hidden) : sheet_(sheet), hidden_(hidden) {}

  std::vector<Draft> list(const Node& list) {
    std::vector<Draft> out;
    if (!sheet_.is(list, NodeKind::list, "a list of layers")) return out;
    for (const Node& entry : list.children) append(entry, out);
    return out;
  }

 private:
  void append(const Node& entry, std::vector<Draft>& out) {
    if (entry.kind != NodeKind::map) {
      return sheet_.wrong(entry, "a layer is a map, such as {mixers: [softmax: {heads: 32}]}");
    }
    const Node* nested = entry.find("layers");
    std::vector<Draft> once;
    if (nested != nullptr) {
      sheet_.refuse_unknown(entry, "a list of layers", group_keys);
      once = list(*nested);
    } else {
      once.push_back(layer(entry));
    }
    repeat(entry, once, out);
  }

  void repeat(const Node& entry, const std::vector<Draft>& once, std::vector<Draft>& out) {
    const Node* node = entry.find("repeat");
    const std::int64_t times =
        node == nullptr ? 1 : sheet_.number(*node, 1, largest_width).value_or(1);
    const std::size_t room = most_layers - std::min(most_layers, out.size());
    if (once.size() * static_cast<std::size_t>(times) > room) {
      return sheet_.wrong(node == nullptr ? entry : *node,
                          fmt::format("the model has more than {} layers here", most_layers));
    }
    for (std::int64_t i = 0; i < times; ++i) out.insert(out.end(), once.begin(), once.end());
  }

  Draft layer(const Node& map) {
    Draft draft;
    draft.node = &map;
    sheet_.refuse_unknown(map, "a layer", layer_keys);
    read_cache_of(map, draft);
    if (const Node* mixers = map.find("mixers")) read_mixers(*mixers, draft);
    read_channel(map, draft.layer);
    read_norms(map, draft.layer);
    read_weight_set(map, draft.layer);
    read_extra(map, draft.layer);
    const bool empty = !map.find("mixers") && !map.find("mlp") && !map.find("moe");
    if (empty) {
      sheet_.wrong(map, "a layer needs mixers, mlp or moe",
                   "a layer that does nothing is {mixers: []}");
    }
    return draft;
  }

  void read_cache_of(const Node& map, Draft& draft) {
    const Node* node = map.find("cache_of");
    if (node == nullptr || node->is_null()) return;
    const auto most = static_cast<std::int64_t>(most_layers);
    const auto owner = sheet_.number(*node, -most, most);
    if (!owner) return;
    draft.cache_of = node;
    draft.owner = *owner;
  }

  void read_mixers(const Node& list, Draft& draft) {
    if (!sheet_.is(list, NodeKind::list, "a list of mixers that run side by side")) return;
    for (const Node& entry : list.children) {
      if (entry.kind == NodeKind::map && entry.children.size() == 1) {
        read_mixer(entry.children.front(), draft);
      } else {
        sheet_.wrong(entry,
                     "a mixer is a map with one key, its kind, such as {softmax: {heads: 32}}");
      }
    }
  }

  void read_mixer(const Node& map, Draft& draft) {
    std::optional<Kind> kind = kind_named(map.key);
    if (!kind) {
      const std::vector<std::string_view> known = kind_keywords();
      const std::string guess = did_you_mean(map.key, known);
      return sheet_.wrong(
          map, fmt::format("no kind of attention is named '{}'", map.key),
          guess.empty() ? fmt::format("there are {}", fmt::join(known, ", ")) : guess);
    }
    std::visit([&](auto& k) { finish_mixer(map, draft, k); }, *kind);
    draft.layer.mixers.push_back(*kind);
  }

  template <class K>
  void finish_mixer(const Node& map, const Draft& draft, K& kind) {
    if (!read_fields(sheet_, map, K::keyword, kind)) return;
    if (draft.cache_of != nullptr) without_own_cache(kind, map);
    kind.complete(hidden_);
    place_faults(sheet_, map, K::keyword, root_faults(kind, map));
  }

  void read_channel(const Node& map, Layer& layer) {
    const Node* mlp = map.find("mlp");
    const Node* moe = map.find("moe");
    if (mlp != nullptr && moe != nullptr) {
      return sheet_.wrong(*moe, "a layer has mlp or moe, not both",
                          "a dense MLP beside the experts is moe's dense_beside");
    }
    if (mlp != nullptr) read_channel_of<Dense>(*mlp, "mlp", layer);
    if (moe != nullptr) read_channel_of<Moe>(*moe, "moe", layer);
  }

  template <class C>
  void read_channel_of(const Node& map, std::string_view what, Layer& layer) {
    C channel;
    if (read_fields(sheet_, map, what, channel)) place_faults(sheet_, map, what, faults(channel));
    layer.channel = channel;
  }

  // Not said: one RMS norm before the mixers and one before the MLP, where there are such.
  void read_norms(const Node& map, Layer& layer) {
    const Node* node = map.find("norms");
    if (node == nullptr) {
      const bool mlp = !std::holds_alternative<NoChannelMixer>(layer.channel);
      const int count = (layer.mixers.empty() ? 0 : 1) + (mlp ? 1 : 0);
      for (int i = 0; i < count; ++i) add_norm(layer.extra, "norm", hidden_, NormParameters::scale);
      return;
    }
    if (!sheet_.is(*node, NodeKind::list, "a list such as [rms, rms]")) return;
    for (const Node& entry : node->children) {
      if (const auto parameters = norm(sheet_, entry))
        add_norm(layer.extra, "norm", hidden_, *parameters);
    }
  }

  void read_weight_set(const Node& map, Layer& layer) {
    const Node* node = map.find("weight_set");
    if (node == nullptr || node->is_null()) return;
    if (const auto set = sheet_.number(*node, 0, largest_width)) {
      layer.weight_set = static_cast<std::uint32_t>(*set);
    }
  }

  void read_extra(const Node& map, Layer& layer) {
    const Node* node = map.find("extra_parameters");
    if (node == nullptr) return;
    if (const auto count = sheet_.number(*node, 0, largest_tokens); count && *count > 0) {
      layer.extra.push_back({.role = "extra", .rows = Dim(*count, sheet_.origin(*node))});
    }
  }

  Sheet& sheet_;
  Dim hidden_;
};

// `cache_of` counts from the first layer of the stack, or, if negative, back from this one.
void resolve_cache(Sheet& sheet, std::vector<Draft>& drafts, std::size_t at) {
  Draft& draft = drafts[at];
  const auto here = static_cast<std::int64_t>(at);
  const std::int64_t owner = draft.owner < 0 ? here + draft.owner : draft.owner;
  if (owner < 0 || owner >= here) {
    return sheet.wrong(
        *draft.cache_of,
        fmt::format("layer {} cannot read the cache of layer {}; it must be an earlier one", here,
                    owner));
  }
  const Draft& other = drafts[static_cast<std::size_t>(owner)];
  if (other.layer.cache_of) {
    return sheet.wrong(*draft.cache_of,
                       fmt::format("layer {} has no cache of its own; it reads that of layer {}",
                                   owner, *other.layer.cache_of));
  }
  draft.layer.cache_of = static_cast<std::uint32_t>(owner);
}

void resolve_caches(Sheet& sheet, std::vector<Draft>& drafts) {
  std::set<const Node*> complained;  // a repeated layer is wrong once
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    if (drafts[i].cache_of == nullptr || complained.contains(drafts[i].cache_of)) continue;
    const std::size_t before = sheet.problem_count();
    resolve_cache(sheet, drafts, i);
    if (sheet.problem_count() != before) complained.insert(drafts[i].cache_of);
  }
}

std::vector<WeightTensor> weights_of(const Layer& layer, Dim hidden) {
  std::vector<WeightTensor> out = layer.extra;
  for (const Kind& mixer : layer.mixers) {
    const std::vector<WeightTensor> weights = weight_tensors(mixer, hidden);
    out.insert(out.end(), weights.begin(), weights.end());
  }
  add_weight_tensors(layer.channel, hidden, out);
  return out;
}

// Layers with one set of weights are counted once, so they must have the same weights.
void check_weight_sets(Sheet& sheet, const std::vector<Draft>& drafts, Dim hidden) {
  std::map<std::uint32_t, std::vector<WeightTensor>> first;
  std::set<const Node*> seen;
  for (const Draft& draft : drafts) {
    if (!draft.layer.weight_set || !seen.insert(draft.node).second) continue;
    std::vector<WeightTensor> weights = weights_of(draft.layer, hidden);
    const auto [at, is_new] = first.try_emplace(*draft.layer.weight_set, weights);
    if (!is_new && at->second != weights) {
      sheet.wrong(*draft.node, fmt::format("weight_set {} was used by a layer with other weights",
                                           *draft.layer.weight_set));
    }
  }
}

}  // namespace

void read_layers(Sheet& sheet, const Node& list, Dim hidden, Stack& stack) {
  std::vector<Draft> drafts = LayerReader(sheet, hidden).list(list);
  if (list.kind == NodeKind::list && list.children.empty()) {
    sheet.wrong(list, fmt::format("{} is empty; a model has at least one layer", list.key));
  }
  if (!sheet.sound()) return;
  resolve_caches(sheet, drafts);
  check_weight_sets(sheet, drafts, hidden);
  for (const Draft& draft : drafts) stack.append(draft.layer);
}

}  // namespace attncalc::native
