// SPDX-License-Identifier: Apache-2.0
//
// One line a figure, as in hardware/*.yaml; texts are always quoted, so that none reads as
// something else.
#include "hardware/write_device.hpp"

#include <fmt/format.h>

#include <charconv>

namespace attncalc {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string list_in_quotes(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts) out.push_back(in_quotes(text));
  return fmt::format("[{}]", fmt::join(out, ", "));
}

bool reads_as(const std::string& text, double value) {
  double read = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), read);
  return end.ec == std::errc() && read == value;
}

// "989.4e12" where that is exactly the number, else all its digits.
std::string rate_text(double value) {
  struct Prefix {
    std::int64_t factor;
    int exponent;
  };
  constexpr Prefix prefixes[] = {{units::tera, 12}, {units::giga, 9}};
  for (const Prefix& prefix : prefixes) {
    const auto factor = static_cast<double>(prefix.factor);
    const std::string text = fmt::format("{:.10g}e{}", value / factor, prefix.exponent);
    if (value >= factor && reads_as(text, value)) return text;
  }
  return fmt::format("{}", value);
}

template <class E>
std::string_view word(E value) {
  return words(value)[static_cast<std::size_t>(value)];
}

// The entries of a map, written in a line or one below the other.
class Fields {
 public:
  void put(std::string_view key, std::string value) {
    fields_.push_back(fmt::format("{}: {}", key, value));
  }
  void put_text(std::string_view key, std::string_view text) {
    if (!text.empty()) put(key, in_quotes(text));
  }
  void put(std::string_view key, std::optional<Bytes> bytes) {
    if (bytes) put(key, fmt::format("{}", bytes->value.value));
  }
  template <class Tag>
  void put(std::string_view key, const std::optional<Quantity<Tag, double>>& rate) {
    if (rate) put(key, rate_text(rate->value));
  }
  void put_from(const Provenance& from) {
    put_text("basis", from.basis);
    if (!from.sources.empty()) put("source", list_in_quotes(from.sources));
    put("confidence", std::string(word(from.confidence)));
  }

  std::string in_a_line() const { return fmt::format("{{{}}}", fmt::join(fields_, ", ")); }
  std::string below(std::string_view indent) const {
    std::string out;
    for (const std::string& field : fields_) out += fmt::format("{}{}\n", indent, field);
    return out;
  }

 private:
  std::vector<std::string> fields_;
};

std::string identity(const Device& d) {
  Fields out;
  out.put_text("name", d.id);
  if (!d.aliases.empty()) out.put("aliases", list_in_quotes(d.aliases));
  if (!d.ambiguous.empty()) {
    Fields names;
    for (const AmbiguousName& name : d.ambiguous)
      names.put(in_quotes(name.alias), in_quotes(name.others));
    out.put("ambiguous", names.in_a_line());
  }
  out.put_text("title", d.name);
  out.put_text("vendor", d.vendor);
  out.put_text("class", d.device_class);
  if (d.year) out.put("year", fmt::format("{}", *d.year));
  if (d.illustrative) out.put("illustrative", std::string("true"));
  out.put("confidence", std::string(word(d.confidence)));
  return out.below("");
}

std::string memory(const DeviceMemory& memory) {
  Fields out;
  out.put_text("type", memory.type);
  out.put("physical_bytes", memory.physical);
  out.put("visible_bytes", memory.visible);
  out.put("bandwidth_bytes_per_second", memory.bandwidth);
  out.put_from(memory.from);
  return "memory:\n" + out.below("  ");
}

std::string level_line(const MemoryLevel& level) {
  Fields out;
  out.put_text("name", level.name);
  out.put("bytes", std::optional(level.capacity));
  out.put("bandwidth_bytes_per_second", level.bandwidth);
  out.put_from(level.from);
  return out.in_a_line();
}

std::string peak_line(const Peak& peak) {
  Fields out;
  out.put("unit", std::string(word(peak.unit)));
  out.put("in", std::string(word(peak.in)));
  out.put("accumulate", std::string(word(peak.accumulate)));
  out.put("flops_per_second", std::optional(peak.rate));
  out.put_from(peak.from);
  return out.in_a_line();
}

template <class Value, class Line>
std::string list_of(std::string_view key, const std::vector<Value>& values, Line&& line) {
  if (values.empty()) return {};
  std::string out = fmt::format("{}:\n", key);
  for (const Value& value : values) out += fmt::format("  - {}\n", line(value));
  return out;
}

std::string link_line(const Link& link) {
  Fields out;
  out.put_text("name", link.name);
  out.put("bytes_per_second_each_way", std::optional(link.rate));
  out.put("bytes_per_second_to_one_peer", link.rate_to_one_peer);
  out.put("topology", std::string(word(link.topology)));
  if (link.domain) out.put("domain", fmt::format("{}", *link.domain));
  out.put_from(link.from);
  return out.in_a_line();
}

std::string links(const Device& d) {
  Fields out;
  if (d.scale_up) out.put("scale_up", link_line(*d.scale_up));
  if (d.host) out.put("host", link_line(*d.host));
  const std::string lines = out.below("  ");
  return lines.empty() ? lines : "links:\n" + lines;
}

std::string single_figures(const Device& d) {
  Fields out;
  if (d.exp_rate) {
    Fields exp;
    exp.put("per_second", d.exp_rate);
    exp.put_from(d.exp_from);
    out.put("exp", exp.in_a_line());
  }
  if (d.watts) {
    Fields power;
    power.put("watts", fmt::format("{}", *d.watts));
    power.put_from(d.watts_from);
    out.put("power", power.in_a_line());
  }
  if (d.price) {
    Fields price;
    price.put("usd_per_hour", fmt::format("{}", d.price->usd_per_hour));
    price.put_text("as_of", d.price->as_of);
    price.put_from(d.price->from);
    out.put("price", price.in_a_line());
  }
  return out.below("");
}

std::string efficiencies(const Device& d) {
  Fields out;
  for (const Efficiency& e : d.efficiencies) {
    Fields one;
    one.put("fraction", fmt::format("{}", e.fraction));
    one.put("basis", std::string(word(e.basis)));
    one.put_text("what", e.what);
    one.put_text("source", e.source);
    out.put(e.name, one.in_a_line());
  }
  const std::string lines = out.below("  ");
  return lines.empty() ? lines : "efficiency:\n" + lines;
}

std::string sources(const Device& d) {
  Fields out;
  for (const DeviceSource& source : d.sources) out.put(source.name, in_quotes(source.text));
  const std::string lines = out.below("  ");
  return lines.empty() ? lines : "sources:\n" + lines;
}

}  // namespace

std::string device_yaml(const Device& d) {
  return identity(d) + memory(d.memory) + list_of("levels", d.levels, level_line) +
         list_of("peaks", d.peaks, peak_line) + single_figures(d) + links(d) + efficiencies(d) +
         sources(d) + list_of("notes", d.notes, in_quotes);
}

}  // namespace attncalc
