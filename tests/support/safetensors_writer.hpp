// SPDX-License-Identifier: Apache-2.0
//
// Writes small safetensors files for tests: a header from "name=TYPE[d0,d1]" and zeros for data.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "ingest/safetensors/header.hpp"
#include "support/gguf_keys.hpp"

namespace attncalc::test {

inline std::string with_length(const std::string& json) {
  return raw<std::uint64_t>(json.size()) + json;
}

// What "*" in a name stands for, and what "@" does.
struct Range {
  int first = 0, end = 1;
};

class SafetensorsFile {
 public:
  // "model.layers.*.q.weight=BF16[64,64]": one tensor for each of `layers` and of `experts`.
  SafetensorsFile& add(const std::string& list, Range layers = {}, Range experts = {}) {
    std::stringstream in(list);
    for (std::string item; in >> item;) {
      const std::size_t equals = item.find('='), open = item.find('[');
      const std::string name = item.substr(0, equals);
      const std::string type = item.substr(equals + 1, open - equals - 1);
      const std::string shape = item.substr(open + 1, item.size() - open - 2);
      for (const std::string& layer : numbered(name, '*', layers)) {
        for (const std::string& own : numbered(layer, '@', experts)) add_one(own, type, shape);
      }
    }
    return *this;
  }

  std::size_t data() const { return data_; }
  std::string header() const { return with_length(json_ + "}"); }
  std::string file() const { return header() + std::string(data_, '\0'); }

 private:
  static std::vector<std::string> numbered(const std::string& name, char mark, Range range) {
    const std::size_t at = name.find(mark);
    if (at == std::string::npos) return {name};
    std::vector<std::string> out;
    for (int i = range.first; i < range.end; ++i) {
      out.push_back(name);
      out.back().replace(at, 1, std::to_string(i));
    }
    return out;
  }

  void add_one(const std::string& name, const std::string& type, const std::string& shape) {
    constexpr std::int64_t bits_a_byte = 8;
    std::int64_t bits = attncalc::safetensors::find_type(type)->bits;
    if (!shape.empty()) {
      for (const std::int64_t size : array(shape)) bits *= size;
    }
    const std::size_t end =
        data_ + static_cast<std::size_t>((bits + bits_a_byte - 1) / bits_a_byte);
    std::stringstream entry;
    entry << R"(,")" << name << R"(":{"dtype":")" << type << R"(","shape":[)" << shape
          << R"(],"data_offsets":[)" << data_ << "," << end << "]}";
    json_ += entry.str();
    data_ = end;
  }

  std::string json_ = R"({"__metadata__":{"format":"pt"})";
  std::size_t data_ = 0;
};

inline SafetensorsFile safetensors(const std::string& list, int layers = 1) {
  SafetensorsFile out;
  out.add(list, {0, layers});
  return out;
}

}  // namespace attncalc::test
