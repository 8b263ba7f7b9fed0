// SPDX-License-Identifier: Apache-2.0
//
// What is said about a config that is wrong or not understood: the whole text, with its place.
#include <utility>

#include "hf_config.hpp"

namespace attncalc {
namespace {

// A sound config whose fourth line is one more key; the value stands behind it.
std::string with(std::string_view key, std::string_view value) {
  return llama(fmt::format("\"{}\": {}", key, value));
}

// The text of an error about that value.
std::string at_value(std::string_view key, std::string_view value, std::string_view message,
                     std::string_view hint = "") {
  const std::size_t column = key.size() + 5;  // two quotes, colon, blank, and counting from 1
  return fmt::format("config.json:4:{}: error: {}\n  \"{}\": {}\n  {:>{}}\n{}", column, message,
                     key, value, '^', column, hint.empty() ? "" : fmt::format("hint: {}\n", hint));
}

TEST_CASE("a value that cannot be a count is told where it stands") {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"0", "head_dim is 0; it must be at least 1 and at most 2^20"},
      {"-8", "head_dim is -8; it must be at least 1 and at most 2^20"},
      {"2.5", "head_dim is 2.5; it must be a whole number of at most 2^20"},
      {"1e99", "head_dim is 1e99; it must be a whole number of at most 2^20"},
      {"99999999999999", "head_dim is 99999999999999; it must be at least 1 and at most 2^20"},
      {"\"eight\"", "head_dim is text; it must be a whole number"},
      {"[8]", "head_dim is a list; it must be a whole number"},
      {"true", "head_dim is true or false; it must be a whole number"},
      {"{}", "head_dim is a map; it must be a whole number"},
  };
  for (const auto& [value, message] : cases) {
    CHECK(errors(with("head_dim", value)) == at_value("head_dim", value, message));
  }
}

TEST_CASE("tokens go as far as --ctx does, widths do not") {
  CHECK(errors(with("max_position_embeddings", "1099511627776")) == "no error");
  CHECK(errors(with("max_position_embeddings", "1099511627777")) ==
        at_value("max_position_embeddings", "1099511627777",
                 "max_position_embeddings is 1099511627777; it must be at least 0 and at most "
                 "2^40"));
  CHECK(errors(with("head_dim", "1048576")) == "no error");
  CHECK(errors(with("head_dim", "1048577")) ==
        at_value("head_dim", "1048577",
                 "head_dim is 1048577; it must be at least 1 and at most 2^20"));
}

// Every width as large as it may be: four matrices of 2^60 elements in a layer, an MLP of three of
// 2^40, two norms and the final one, embedding and head.
std::string as_large_as_may_be(std::string_view layers) {
  return fmt::format(R"({{"model_type": "llama", "hidden_size": 1048576, "head_dim": 1048576,
"num_attention_heads": 1048576, "num_key_value_heads": 1048576, "intermediate_size": 1048576,
"vocab_size": 1048576, "max_position_embeddings": 1099511627776, "num_hidden_layers": {}}})",
                     layers);
}

TEST_CASE("the largest config that is read is counted to the last parameter, or refused") {
  constexpr std::int64_t width = std::int64_t{1} << 20;
  constexpr std::int64_t square = width * width;
  const Model one = model_of(as_large_as_may_be("1"));
  CHECK(total(one) == 4 * square * width + 3 * square + 3 * width + 2 * square);
  CHECK(payload(one, 1) == 2 * square * 2);
  KvQuery endless{.tokens = std::int64_t{1} << 40};
  endless.formats = *kv_formats("bf16", "bf16");
  CHECK_FALSE(kv_figures(one, endless));
  CHECK_THROWS_AS(parameters(model_of(as_large_as_may_be("2"))), Overflow);
}

TEST_CASE("KV heads must divide heads") {
  for (const std::string_view value : {"3", "0", "16"}) {
    CHECK(errors(with("num_key_value_heads", value)) ==
          at_value("num_key_value_heads", value,
                   fmt::format("num_key_value_heads is {}; it must divide num_attention_heads, 8",
                               value)));
  }
}

TEST_CASE("a list with an entry each layer must have as many") {
  CHECK(errors(with("num_key_value_heads", "[8]")) ==
        at_value("num_key_value_heads", "[8]",
                 "num_key_value_heads has 1 entry; there are more layers than that"));
}

TEST_CASE("heads must divide the hidden width where no head_dim is stated") {
  const auto said = [](std::string_view more) {
    return errors(fmt::format(R"({{"model_type": "llama", "hidden_size": 512,
"num_hidden_layers": 4, "intermediate_size": 1024, "vocab_size": 1000,
"num_attention_heads": 7{}}})",
                              more));
  };
  CHECK(said("") ==
        "config.json:3:24: error: num_attention_heads is 7; it must divide hidden_size, 512\n"
        "  \"num_attention_heads\": 7}\n" +
            fmt::format("  {:>24}\n", '^') + "hint: or state head_dim\n");
  CHECK(said(", \"head_dim\": 64") == "no error");
}

TEST_CASE("an unknown layer type is an error that names the nearest") {
  const std::string_view list =
      R"(["full_atention", "full_attention", "full_attention", "full_attention"])";
  CHECK(errors(with("layer_types", list)) ==
        fmt::format("config.json:4:17: error: layer type 'full_atention' is not understood\n"
                    "  \"layer_types\": {}\n  {:>17}\nhint: did you mean full_attention?\n",
                    list, '^'));
}

TEST_CASE("a list of layer types that is too short says so where it stands") {
  CHECK(errors(with("layer_types", R"(["full_attention"])")) ==
        at_value("layer_types", R"(["full_attention"])",
                 "the list of layer types is too short: 1 of 4 layers"));
}

TEST_CASE("an unknown indexer type is an error") {
  CHECK(errors(llama(R"("kv_lora_rank": 512, "qk_nope_head_dim": 128, "indexer_types": ["half"])",
                     "glm_moe_dsa"))
            .find("indexer type 'half' is not understood: full or shared") != std::string::npos);
}

TEST_CASE("a key that could change the cache and that nobody knows is an error") {
  CHECK(errors(with("attention_vortex_heads", "3")) ==
        at_value("attention_vortex_heads", "3",
                 "attention_vortex_heads is not understood, and it may change the cache",
                 "if it changes nothing, pass --assume attention_vortex_heads"));
}

TEST_CASE("a key named by --assume passes, and is listed") {
  const Result<Model> model =
      read_config(with("attention_vortex_heads", "3"), {.assume = {"attention_vortex_heads"}});
  REQUIRE(model);
  CHECK(assumes(*model, "attention_vortex_heads", "ignored"));
}

TEST_CASE("an unknown key that is switched off, or that speaks of a tower, is no error") {
  for (const std::string_view value : {"null", "false", "0", "[]", "{}", "\"\""}) {
    CHECK(errors(with("attention_vortex", value)) == "no error");
  }
  CHECK(errors(with("audio_chunk_length", "1.0")) == "no error");
  CHECK(errors(with("vision_lora", R"({"r": 256})")) == "no error");
}

TEST_CASE("what is missing is told by its common name, and all at once") {
  const std::string text = errors(R"({"model_type": "llama"})");
  CHECK(text.find("error: hidden_size is missing\n") != std::string::npos);
  CHECK(text.find("error: num_hidden_layers is missing\n") != std::string::npos);
  CHECK(text.find("error: num_attention_heads is missing\n") != std::string::npos);
  CHECK(text.find("hint: other spellings: n_embd, d_model") != std::string::npos);
}

TEST_CASE("a config is a map") {
  CHECK(errors("[]") ==
        "config.json:1:1: error: a model config is a map of keys; this is a list\n  []\n  ^\n");
}

TEST_CASE("100 001 layers are a slip of the keyboard") {
  CHECK(errors(R"({"hidden_size": 8, "num_attention_heads": 1, "intermediate_size": 8,
"vocab_size": 8, "num_hidden_layers": 100001})")
            .find("100001 layers are more than 100000") != std::string::npos);
}

TEST_CASE("a window of 0 is taken as none, and that is an assumption") {
  const Model model = model_of(with("sliding_window", "0"));
  CHECK(layers(model) == "4 mha");
  CHECK(assumes(model, "sliding_window", "none"));
}

}  // namespace
}  // namespace attncalc
