// SPDX-License-Identifier: Apache-2.0
//
// From what is typed after --model to a model: which of several places a name means, which reader
// takes a file, and how --set changes it before it is read.
#include "ingest/load.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "ingest/catalog.hpp"
#include "ingest/hub_cache.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view tiny =
    R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
 "num_key_value_heads": 2, "intermediate_size": 128, "vocab_size": 100, "tie_word_embeddings": true})";

// A folder of its own that is the current one and holds the Hub cache, gone at the end.
class Room {
 public:
  Room() : before_(fs::current_path()) {
    std::string name = (fs::temp_directory_path() / "attncalc-load-XXXXXX").string();  // mkdtemp's
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
    fs::current_path(path_);
    setenv("HF_HUB_CACHE", (path_ / "hub").c_str(), 1);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    unsetenv("HF_HUB_CACHE");
    fs::current_path(before_);
    fs::remove_all(path_);
  }
  void write(const fs::path& name, std::string_view text) const {
    if (name.has_parent_path()) fs::create_directories(name.parent_path());
    std::ofstream(name, std::ios::binary) << text;
  }

 private:
  fs::path before_;
  fs::path path_;
};

std::string error_of(std::string_view spec, const LoadOptions& options = {}) {
  const Result<Model> model = load_model(spec, options);
  return model ? "no error" : render(model.problems());
}

Model loaded(std::string_view spec, const LoadOptions& options = {}) {
  Result<Model> model = load_model(spec, options);
  INFO((model ? std::string() : render(model.problems())));
  REQUIRE(model);
  return *std::move(model);
}

std::int64_t kv_heads_of(const Model& model) {
  return std::get<Softmax>(model.decoder.distinct.at(0).mixers.at(0)).kv_heads;
}

}  // namespace

// --- which place a name means --------------------------------------------------------------------

TEST_CASE("a catalog name or alias, in any case, keeps how it was typed and says what it is") {
  for (const char* spec :
       {"llama-3-70b", "llama3-70b", "LLaMA3_70B", "meta-llama/Meta-Llama-3-70B"}) {
    const Model model = loaded(spec);
    CHECK(model.name == spec);
    CHECK(model.source == "catalog:llama-3-70b");
    CHECK(model.decoder.depth() == 80);
  }
}

TEST_CASE("a folder, its config.json and a file of any name") {
  const Room room;
  room.write("my-model/config.json", tiny);
  room.write("other.json", tiny);
  CHECK(loaded("my-model").name == "my-model");
  CHECK(loaded("./my-model/").source == "./my-model/config.json");
  CHECK(loaded("my-model/config.json").name == "my-model");
  CHECK(loaded("other.json").name == "other");
  fs::create_directories("empty");
  CHECK(error_of("./empty") == "./empty: error: this folder has no config.json\n");
  CHECK(error_of("missing.json").starts_with("missing.json: error: there is no such file\n"));
}

TEST_CASE("a bare name is the catalog's, whatever lies in the current folder; a path is a path") {
  const Room room;
  room.write("gpt2/config.json", tiny);
  CHECK(loaded("gpt2").source == "catalog:gpt2");
  CHECK(loaded("./gpt2").source == "./gpt2/config.json");
  room.write("openai-community/gpt2/config.json", tiny);
  CHECK(loaded("openai-community/gpt2").source == "openai-community/gpt2/config.json");
}

TEST_CASE("a hub id is found in the local cache, at its main revision") {
  const Room room;
  room.write("hub/models--some--model/refs/main", "abc123\n");
  room.write("hub/models--some--model/snapshots/abc123/config.json", tiny);
  const Model model = loaded("some/model");
  CHECK(model.name == "some/model");
  CHECK(model.source == hub_cache_folder() + "/models--some--model/snapshots/abc123/config.json");
  CHECK(error_of("some/other") == "error: no model is named 'some/other', and " +
                                      hub_cache_folder() +
                                      " does not have it\n"
                                      "hint: `attncalc models` lists the catalog; a config.json or "
                                      "its folder will do, too\n");
}

TEST_CASE("nothing but a hub id leads into the cache") {
  const Room room;
  room.write("hub/models--a--b/refs/main", "../../../secret\n");
  room.write("secret/config.json", tiny);
  CHECK_FALSE(find_in_hub_cache("a/b"));
  for (const char* id : {"../a", "a/../b", "a/b/c", "a b", "", "/", "a/", ".a/b"})
    CHECK_FALSE(is_hub_id(id));
}

TEST_CASE("the hub cache is where the environment says") {
  setenv("HOME", "/nobody", 1);
  unsetenv("HF_HUB_CACHE");
  unsetenv("XDG_CACHE_HOME");
  CHECK(hub_cache_folder() == "/nobody/.cache/huggingface/hub");
  setenv("XDG_CACHE_HOME", "/cache", 1);
  CHECK(hub_cache_folder() == "/cache/huggingface/hub");
  setenv("HF_HOME", "/hf", 1);
  CHECK(hub_cache_folder() == "/hf/hub");
  setenv("HF_HUB_CACHE", "/hub", 1);
  CHECK(hub_cache_folder() == "/hub");
  unsetenv("HF_HUB_CACHE");
  unsetenv("HF_HOME");
  unsetenv("XDG_CACHE_HOME");
}

TEST_CASE("an unknown name comes with the nearest") {
  CHECK(error_of("lama3-70b")
            .starts_with("error: no model is named 'lama3-70b'\nhint: did you mean "));
  CHECK(error_of("") == "error: --model is empty\nhint: `attncalc models` lists the catalog\n");
}

// --- which reader takes a file -------------------------------------------------------------------

TEST_CASE("what is in a file decides who reads it, not what it is called") {
  const Room room;
  room.write("config.txt", tiny);
  room.write("native.yaml",
             "hidden_size: 64\nvocab_size: 100\nlayers:\n"
             "  - repeat: 3\n    mixers: [{softmax: {heads: 4, kv_heads: 2}}]\n");
  room.write(
      "entry.yaml",
      "name: entry\nconfig:\n  model_type: llama\n  hidden_size: 64\n  num_hidden_layers: 2\n"
      "  num_attention_heads: 4\n  intermediate_size: 128\n  vocab_size: 100\n"
      "  tie_word_embeddings: true\nexpect:\n  parameters: 1\n");
  room.write("model.json", std::string_view("GGUF\0\0\0\0", 8));
  CHECK(loaded("config.txt").decoder.depth() == 2);
  CHECK(loaded("native.yaml").decoder.depth() == 3);
  CHECK(loaded("entry.yaml").decoder.depth() == 2);
  CHECK(error_of("model.json").starts_with("model.json:byte 4: error: GGUF version 0"));
}

TEST_CASE("what is no file is refused and never opened") {
  const Room room;
  REQUIRE(mkfifo("pipe.json", 0600) == 0);
  CHECK(error_of("pipe.json").starts_with("pipe.json: error: "));
}

// --- overrides -----------------------------------------------------------------------------------

TEST_CASE("flag --set changes a key, names itself as the origin, and is an assumption") {
  const Model model = loaded("llama-3-8b", {.set = {{"num_key_value_heads", "4"}}});
  CHECK(kv_heads_of(model) == 4);
  const auto& softmax = std::get<Softmax>(model.decoder.distinct.at(0).mixers.at(0));
  CHECK(model.origin_text(softmax.kv_heads.origin) == "--set num_key_value_heads");
  CHECK(model.assumptions.front() == Assumption{"num_key_value_heads", "4", "--set"});
  CHECK(model.warnings.empty());
}

TEST_CASE("a bare key is set where it stands: in the nested text config, or around it") {
  const Room room;
  room.write("nested.json",
             R"({"model_type": "mistral3", "tie_word_embeddings": true, "text_config": )" +
                 std::string(tiny) + "}");
  CHECK(kv_heads_of(loaded("nested.json", {.set = {{"num_key_value_heads", "1"}}})) == 1);
  CHECK(kv_heads_of(loaded("nested.json", {.set = {{"text_config.num_key_value_heads", "1"}}})) ==
        1);
  const Model outside =
      loaded("nested.json", {.set = {{"num_key_value_heads", "1"}, {"model_type", "mistral"}}});
  CHECK(outside.model_type == "mistral");
}

TEST_CASE(
    "a key that the config did not have is added with a warning and the nearest that it has") {
  const Model model = loaded(
      "llama-3-8b", {.set = {{"num_key_value_head", "4"}}, .assume = {"num_key_value_head"}});
  REQUIRE(model.warnings.size() == 1);
  CHECK(model.warnings[0].code == "set_adds_key");
  CHECK(model.warnings[0].text ==
        "--set num_key_value_head adds a key that the config does not have; "
        "did you mean num_key_value_heads?");
}

TEST_CASE("a dotted path goes through maps and lists, and nowhere else") {
  const Room room;
  room.write("native.yaml",
             "hidden_size: 64\nvocab_size: 100\nlayers:\n"
             "  - repeat: 3\n    mixers: [{softmax: {heads: 4, kv_heads: 2}}]\n");
  CHECK(loaded("native.yaml", {.set = {{"layers.0.repeat", "5"}}}).decoder.depth() == 5);
  CHECK(error_of("native.yaml", {.set = {{"layers.1.repeat", "5"}}}) ==
        "error: --set layers.1.repeat: '1' is no element of a list of 1, from 0\n");
  CHECK(error_of("native.yaml", {.set = {{"hidden_size.x", "5"}}}) ==
        "error: --set hidden_size.x: 'x' would be in a whole number, not in a map\n");
  CHECK(error_of("native.yaml", {.set = {{"layer.0.repeat", "5"}}}) ==
        "error: --set layer.0.repeat: there is no 'layer'\nhint: did you mean layers?\n");
}

TEST_CASE("a value that does not parse is a mistake of --set") {
  CHECK(error_of("llama-3-8b", {.set = {{"num_key_value_heads", "[1, 2"}}})
            .starts_with("error: --set num_key_value_heads: "));
}

}  // namespace attncalc
