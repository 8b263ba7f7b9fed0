// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean": near names are offered, nearest first, and far ones are not.
#include "base/nearest.hpp"

#include <array>

#include "support/catch.hpp"

using namespace attncalc;

namespace {
using Names = std::vector<std::string_view>;
constexpr std::array<std::string_view, 6> models = {"llama-2-70b", "llama-3-70b", "llama-3-8b",
                                                    "gemma-3-27b", "deepseek-v3", "gpt-oss-120b"};
}  // namespace

TEST_CASE("the nearest names come first, ties in the order given") {
  CHECK(nearest("lama-3-70b", models) == Names{"llama-3-70b", "llama-2-70b"});
  CHECK(nearest("llama-4-70b", models, 2) == Names{"llama-2-70b", "llama-3-70b"});
}

TEST_CASE("case and separators do not count") {
  CHECK(nearest("DeepSeek_V3", models) == Names{"deepseek-v3"});
  CHECK(nearest("gpt oss.120B", models) == Names{"gpt-oss-120b"});
}

TEST_CASE("two letters exchanged are one slip") {
  const std::array<std::string_view, 2> keys = {"head", "haed_"};
  CHECK(nearest("haed", keys) == Names{"haed_", "head"});
  const std::array<std::string_view, 1> dtype = {"fp8"};
  CHECK(nearest("f8p", dtype) == Names{"fp8"});
}

TEST_CASE("what is further than a third of the longer name is not offered") {
  CHECK(nearest("mistral", models).empty());
  CHECK(nearest("", models).empty());
  const std::array<std::string_view, 1> six = {"abcdef"};
  CHECK(nearest("abcdxx", six) == Names{"abcdef"});
  CHECK(nearest("abcxxx", six).empty());
}

TEST_CASE("the question names the nearest, or is empty") {
  CHECK(did_you_mean("llama-4-70b", models) ==
        "did you mean llama-2-70b, llama-3-70b, llama-3-8b?");
  CHECK(did_you_mean("mistral", models) == "");
}

TEST_CASE("a megabyte of typing is answered at once") {
  CHECK(nearest(std::string(1 << 20, 'x'), models).empty());
}
