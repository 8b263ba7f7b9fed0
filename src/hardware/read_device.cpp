// SPDX-License-Identifier: Apache-2.0
//
// The keys of a device file, one function a section.
#include "hardware/read_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/nearest.hpp"
#include "base/unit_text.hpp"

namespace attncalc {
namespace {

std::string shown(const Node& node) {
  const bool is_scalar = node.kind != NodeKind::list && node.kind != NodeKind::map;
  if (!is_scalar) return std::string(kind_name(node.kind));
  return node.kind == NodeKind::string ? fmt::format("'{}'", node.text) : node.text;
}

// "80GB" where a number of bytes is wanted: what it would be, by either reading of GB.
std::string in_plain_bytes(const Node& node) {
  const Result<Bytes> parsed = parse_bytes(node.text, node.key);
  if (!parsed) return "the unit is in the key's name";
  return fmt::format("{} is {}; the unit is in the key's name", node.text, parsed->value.value);
}

using Keys = std::vector<std::string_view>;
constexpr std::string_view provenance_keys[] = {"source", "confidence", "basis"};

Keys with_provenance(Keys keys) {
  keys.insert(keys.end(), std::begin(provenance_keys), std::end(provenance_keys));
  return keys;
}

class DeviceReader {
 public:
  explicit DeviceReader(const Document& document) : document_(document) {}

  Result<Device> read() {
    const Node& root = document_.root;
    if (!is_map(root, "a device")) return std::move(problems_);
    refuse_unknown(
        root, "a device",
        {"name",   "title",        "aliases",    "ambiguous",  "vendor",  "class", "year",
         "status", "illustrative", "confidence", "memory",     "levels",  "peaks", "exp",
         "links",  "power",        "price",      "efficiency", "sources", "notes"});
    read_identity(root);
    read_sources(root.find("sources"));
    read_memory(root);
    read_levels(root.find("levels"));
    read_peaks(root.find("peaks"));
    read_exp(root.find("exp"));
    read_links(root.find("links"));
    read_power(root.find("power"));
    read_price(root.find("price"));
    read_efficiencies(root.find("efficiency"));
    if (!problems_.empty()) return std::move(problems_);
    return std::move(device_);
  }

 private:
  // --- values ------------------------------------------------------------------------------------

  void wrong(const Node& at, std::string message, std::string hint = {}) {
    problems_.push_back(document_.problem(at, std::move(message), std::move(hint)));
  }

  void must_be(const Node& node, std::string_view wanted, std::string hint = {}) {
    const std::string_view name = node.key.empty() ? "this" : std::string_view(node.key);
    wrong(node, fmt::format("{} is {}; it must be {}", name, shown(node), wanted), std::move(hint));
  }

  bool is_map(const Node& node, std::string_view what) {
    if (node.kind == NodeKind::map) return true;
    wrong(node, fmt::format("{} is {}; it must be a map", what, shown(node)));
    return false;
  }
  bool is_list(const Node& node) {
    if (node.kind == NodeKind::list) return true;
    must_be(node, "a list");
    return false;
  }

  void refuse_unknown(const Node& map, std::string_view what, const Keys& known) {
    for (const Node& child : map.children) {
      if (std::ranges::find(known, child.key) != known.end()) continue;
      const std::string guess = did_you_mean(child.key, known);
      wrong(child, fmt::format("{} has no key '{}'", what, child.key),
            guess.empty() ? fmt::format("it has {}", fmt::join(known, ", ")) : guess);
    }
  }

  std::string text(const Node& node) {
    const bool is_text = node.kind == NodeKind::string || node.kind == NodeKind::integer ||
                         node.kind == NodeKind::real;
    if (!is_text) must_be(node, "text");
    return node.text;
  }
  std::string text_at(const Node& map, std::string_view key) {
    const Node* node = map.find(key);
    return node ? text(*node) : std::string();
  }

  std::vector<std::string> texts_at(const Node& map, std::string_view key) {
    std::vector<std::string> out;
    const Node* node = map.find(key);
    if (node == nullptr) return out;
    if (node->kind != NodeKind::list) return {text(*node)};
    for (const Node& child : node->children) out.push_back(text(child));
    return out;
  }

  // Positive and finite.
  std::optional<double> rate_at(const Node& map, std::string_view key) {
    const Node* node = map.find(key);
    if (node == nullptr) return std::nullopt;
    const std::optional<double> value = node->as_real();
    if (value && std::isfinite(*value) && *value > 0) return value;
    must_be(
        *node, "a number above 0",
        node->kind == NodeKind::string ? "the unit is in the key's name; 3.35e12 is 3.35 T" : "");
    return std::nullopt;
  }
  std::optional<BytesPerSecond> bandwidth_at(const Node& map, std::string_view key) {
    const std::optional<double> value = rate_at(map, key);
    return value ? std::optional(BytesPerSecond(*value)) : std::nullopt;
  }

  std::optional<std::int64_t> whole_at(const Node& map, std::string_view key, std::int64_t most) {
    const Node* node = map.find(key);
    if (node == nullptr) return std::nullopt;
    const std::optional<std::int64_t> value = node->as_integer();
    if (value && *value > 0 && *value <= most) return value;
    must_be(*node, fmt::format("a whole number from 1 to {}", most),
            node->kind == NodeKind::string ? in_plain_bytes(*node) : "");
    return std::nullopt;
  }
  std::optional<Bytes> bytes_at(const Node& map, std::string_view key) {
    const std::optional<std::int64_t> value = whole_at(map, key, units::tebi * units::kibi);
    return value ? std::optional(bytes(*value)) : std::nullopt;
  }

  template <class E>
  std::optional<E> word_at(const Node& map, std::string_view key) {
    const Node* node = map.find(key);
    if (node == nullptr) return std::nullopt;
    constexpr auto all = words(E{});
    const auto found = std::ranges::find(all, std::string_view(node->text));
    if (node->kind == NodeKind::string && found != all.end()) {
      return static_cast<E>(found - all.begin());
    }
    must_be(*node, fmt::format("one of {}", fmt::join(all, ", ")));
    return std::nullopt;
  }

  // The key that a map cannot do without.
  bool has(const Node& map, std::string_view what, std::string_view key) {
    if (map.find(key)) return true;
    wrong(map, fmt::format("{} needs {}", what, key));
    return false;
  }

  // --- sections ----------------------------------------------------------------------------------

  void read_identity(const Node& root) {
    device_.id = text_at(root, "name");
    device_.name = root.find("title") ? text_at(root, "title") : device_.id;
    device_.aliases = texts_at(root, "aliases");
    device_.vendor = text_at(root, "vendor");
    read_class(root.find("class"));
    constexpr std::int64_t last_year = 9999;
    if (const auto year = whole_at(root, "year", last_year)) device_.year = static_cast<int>(*year);
    if (const Node* node = root.find("illustrative")) {
      device_.illustrative = node->as_boolean().value_or(false);
      if (!node->as_boolean()) must_be(*node, "true or false");
    }
    device_.confidence = word_at<Confidence>(root, "confidence").value_or(Confidence::medium);
    device_.notes = texts_at(root, "notes");
    read_ambiguous(root.find("ambiguous"));
  }

  void read_class(const Node* node) {
    if (node == nullptr) return;
    device_.device_class = text(*node);
    if (std::ranges::find(device_classes, device_.device_class) == device_classes.end()) {
      must_be(*node, fmt::format("one of {}", fmt::join(device_classes, ", ")));
    }
  }

  void read_ambiguous(const Node* node) {
    if (node == nullptr || !is_map(*node, "ambiguous")) return;
    for (const Node& child : node->children) {
      const bool known = child.key == device_.id ||
                         std::ranges::find(device_.aliases, child.key) != device_.aliases.end();
      if (!known) wrong(child, fmt::format("{} is not a name of this device", child.key));
      device_.ambiguous.push_back({child.key, text(child)});
    }
  }

  void read_sources(const Node* node) {
    if (node == nullptr || !is_map(*node, "sources")) return;
    for (const Node& child : node->children) device_.sources.push_back({child.key, text(child)});
  }

  void check_source(const Node& at, const std::string& name) {
    if (std::ranges::find(device_.sources, name, &DeviceSource::name) != device_.sources.end()) {
      return;
    }
    Keys known;
    for (const DeviceSource& source : device_.sources) known.push_back(source.name);
    const std::string guess = did_you_mean(name, known);
    wrong(at, fmt::format("sources has no '{}'", name),
          guess.empty() ? fmt::format("it has {}", fmt::join(known, ", ")) : guess);
  }

  std::vector<std::string> sources_at(const Node& map) {
    std::vector<std::string> names = texts_at(map, "source");
    for (const std::string& name : names) check_source(*map.find("source"), name);
    return names;
  }

  Provenance provenance(const Node& map) {
    return {.sources = sources_at(map),
            .confidence = word_at<Confidence>(map, "confidence").value_or(device_.confidence),
            .basis = text_at(map, "basis")};
  }

  void read_memory(const Node& root) {
    if (!has(root, "a device", "memory")) return;
    const Node& memory = *root.find("memory");
    if (!is_map(memory, "memory")) return;
    refuse_unknown(
        memory, "memory",
        with_provenance({"type", "physical_bytes", "visible_bytes", "bandwidth_bytes_per_second"}));
    device_.memory = {.type = text_at(memory, "type"),
                      .physical = bytes_at(memory, "physical_bytes"),
                      .visible = bytes_at(memory, "visible_bytes"),
                      .bandwidth = bandwidth_at(memory, "bandwidth_bytes_per_second"),
                      .from = provenance(memory)};
  }

  void read_levels(const Node* list) {
    if (list == nullptr || !is_list(*list)) return;
    for (const Node& node : list->children) {
      if (is_map(node, "a level")) read_level(node);
    }
  }

  void read_level(const Node& node) {
    refuse_unknown(node, "a level",
                   with_provenance({"name", "bytes", "bandwidth_bytes_per_second"}));
    if (!has(node, "a level", "name") || !has(node, "a level", "bytes")) return;
    MemoryLevel level{.name = text_at(node, "name"),
                      .capacity = bytes_at(node, "bytes").value_or(Bytes(0)),
                      .bandwidth = bandwidth_at(node, "bandwidth_bytes_per_second"),
                      .from = provenance(node)};
    if (std::ranges::find(device_.levels, level.name, &MemoryLevel::name) != device_.levels.end()) {
      wrong(*node.find("name"), fmt::format("there are two levels named {}", level.name));
    }
    device_.levels.push_back(std::move(level));
  }

  void read_peaks(const Node* list) {
    if (list == nullptr || !is_list(*list)) return;
    for (const Node& node : list->children) {
      if (is_map(node, "a peak")) read_peak(node);
    }
  }

  // `in` alone would not do: GeForce cards do fp16 at two rates.
  void read_peak(const Node& node) {
    refuse_unknown(node, "a peak",
                   with_provenance({"unit", "in", "accumulate", "flops_per_second", "why"}));
    for (const std::string_view key : {"unit", "in", "accumulate", "flops_per_second"}) {
      if (!has(node, "a peak", key)) return;
    }
    Peak peak{.unit = word_at<MathUnit>(node, "unit").value_or(MathUnit::tensor),
              .in = word_at<MathType>(node, "in").value_or(MathType::bf16),
              .accumulate = word_at<MathType>(node, "accumulate").value_or(MathType::fp32),
              .rate = FlopsPerSecond(rate_at(node, "flops_per_second").value_or(0)),
              .from = provenance(node)};
    if (node.find("why")) peak.from.basis = text_at(node, "why");
    const bool known = std::ranges::any_of(device_.peaks, [&](const Peak& p) {
      return p.unit == peak.unit && p.in == peak.in && p.accumulate == peak.accumulate;
    });
    if (known) {
      wrong(node, fmt::format("there are two {} peaks of {} added up in {}", text_at(node, "unit"),
                              text_at(node, "in"), text_at(node, "accumulate")));
    }
    device_.peaks.push_back(std::move(peak));
  }

  void read_exp(const Node* node) {
    if (node == nullptr || !is_map(*node, "exp")) return;
    refuse_unknown(*node, "exp", with_provenance({"per_second"}));
    if (!has(*node, "exp", "per_second")) return;
    if (const auto rate = rate_at(*node, "per_second")) device_.exp_rate = FlopsPerSecond(*rate);
    device_.exp_from = provenance(*node);
  }

  void read_links(const Node* node) {
    if (node == nullptr || !is_map(*node, "links")) return;
    refuse_unknown(*node, "links", {"scale_up", "host"});
    if (const Node* link = node->find("scale_up")) device_.scale_up = read_link(*link);
    if (const Node* link = node->find("host")) device_.host = read_link(*link);
  }

  std::optional<Link> read_link(const Node& node) {
    if (!is_map(node, node.key)) return std::nullopt;
    refuse_unknown(node, "a link",
                   with_provenance({"name", "bytes_per_second_each_way",
                                    "bytes_per_second_to_one_peer", "topology", "domain"}));
    if (!has(node, "a link", "bytes_per_second_each_way")) return std::nullopt;
    const auto rate = bandwidth_at(node, "bytes_per_second_each_way");
    return Link{.name = text_at(node, "name"),
                .rate = rate.value_or(BytesPerSecond(0)),
                .rate_to_one_peer = bandwidth_at(node, "bytes_per_second_to_one_peer"),
                .topology = word_at<Topology>(node, "topology").value_or(Topology::none),
                .domain = whole_at(node, "domain", units::mebi),
                .from = provenance(node)};
  }

  void read_power(const Node* node) {
    if (node == nullptr || !is_map(*node, "power")) return;
    refuse_unknown(*node, "power", with_provenance({"watts"}));
    if (!has(*node, "power", "watts")) return;
    device_.watts = rate_at(*node, "watts");
    device_.watts_from = provenance(*node);
  }

  // A price without its date is worth nothing a year later.
  void read_price(const Node* node) {
    if (node == nullptr || !is_map(*node, "price")) return;
    refuse_unknown(*node, "price", with_provenance({"usd_per_hour", "as_of"}));
    if (!has(*node, "price", "usd_per_hour") || !has(*node, "price", "as_of")) return;
    device_.price = Price{.usd_per_hour = rate_at(*node, "usd_per_hour").value_or(0),
                          .as_of = text_at(*node, "as_of"),
                          .from = provenance(*node)};
  }

  void read_efficiencies(const Node* node) {
    if (node == nullptr || !is_map(*node, "efficiency")) return;
    Keys known;
    for (const EfficiencyName& name : efficiency_names()) known.push_back(name.name);
    refuse_unknown(*node, "efficiency", known);
    for (const Node& child : node->children) {
      if (is_map(child, child.key)) read_efficiency(child);
    }
  }

  void read_efficiency(const Node& node) {
    refuse_unknown(node, node.key, {"fraction", "basis", "what", "source"});
    if (!has(node, node.key, "fraction") || !has(node, node.key, "basis")) return;
    const std::optional<double> fraction = rate_at(node, "fraction");
    if (fraction && *fraction > largest_fraction) {
      must_be(*node.find("fraction"), fmt::format("at most {}", largest_fraction),
              "more than that came out of a cache, or of another peak");
    }
    const std::vector<std::string> sources = sources_at(node);
    device_.efficiencies.push_back(
        {.name = node.key,
         .fraction = fraction.value_or(1),
         .basis = word_at<EfficiencyBasis>(node, "basis").value_or(EfficiencyBasis::measured),
         .what = text_at(node, "what"),
         .source = fmt::format("{}", fmt::join(sources, ", "))});
  }

  const Document& document_;
  Device device_;
  Problems problems_;
};

}  // namespace

Result<Device> read_device(const Document& document) { return DeviceReader(document).read(); }

}  // namespace attncalc
