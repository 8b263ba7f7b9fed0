// SPDX-License-Identifier: Apache-2.0
//
// GGUF metadata as a test writes it: "block_count=32 attention.head_count_kv=0*3,8 a.flag=true". An
// array has a comma in it, and n*k stands for k elements; the architecture goes before each name.
#pragma once

#include <charconv>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/gguf_writer.hpp"

namespace attncalc::test {

inline std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

inline std::vector<std::int64_t> array(const std::string& text) {
  std::vector<std::int64_t> out;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const std::size_t times = part.find('*');
    const std::int64_t count =
        times == std::string::npos ? 1 : number(std::string_view(part).substr(times + 1));
    out.insert(out.end(), static_cast<std::size_t>(count), number(part));
  }
  return out;
}

inline GgufWriter gguf_with(const char* arch, const std::string& keys) {
  GgufWriter writer;
  writer.key("general.architecture", arch);
  std::stringstream in(keys);
  for (std::string item; in >> item;) {
    const std::size_t equals = item.find('=');
    const std::string name = std::string(arch) + "." + item.substr(0, equals);
    const std::string value = item.substr(equals + 1);
    if (value.find(',') != std::string::npos) {
      writer.key(name, array(value));
    } else {
      writer.key(name, number(value));
    }
  }
  return writer;
}

}  // namespace attncalc::test
