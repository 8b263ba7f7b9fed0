// SPDX-License-Identifier: Apache-2.0
//
// Our own YAML: what it means, and the whole text of what is said about a file that is wrong.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/document.hpp"
#include "ingest/load.hpp"
#include "ingest/overrides.hpp"
#include "model/kv.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

Result<Model> read(std::string text, const LoadOptions& options = {}) {
  Result<Document> document = parse_yaml("m.yaml", std::move(text));
  if (!document) return document.problems();
  const Result<OverrideNotes> notes = apply_overrides(*document, options.set);
  if (!notes) return notes.problems();
  return read_native(*document, options);
}

std::string errors(std::string text, const LoadOptions& options = {}) {
  const Result<Model> model = read(std::move(text), options);
  return model ? "no error" : render(model.problems());
}

// A model of width 64 around the given layers.
std::string around(std::string_view layers) {
  return fmt::format("hidden_size: 64\nvocab_size: 100\nlayers:\n{}", layers);
}

std::string documentation() {
  std::ifstream in(std::string(ATTNCALC_SOURCE_DIR) + "/docs/native_yaml.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string example_in_documentation() {
  const std::string text = documentation();
  const std::string opening = "```yaml file=my-model.yaml\n";
  const std::size_t begin = text.find(opening) + opening.size();
  return text.substr(begin, text.find("```", begin) - begin);
}

}  // namespace

TEST_CASE("the documented example is the model that the documentation says") {
  const Result<Model> model = read(example_in_documentation());
  REQUIRE(model);
  CHECK(model->name == "my-model");
  CHECK(model->decoder.depth() == 25);
  CHECK(model->decoder.distinct.size() == 3);
  CHECK(model->dtypes.weights == "bf16");
  CHECK(layer_labels(*model) == std::vector<LabelCount>{{"gqa:1024", 20}, {"gqa", 5}});
}

TEST_CASE("the documented example keeps what its 24 own caches keep") {
  const Result<Model> model = read(example_in_documentation());
  REQUIRE(model);
  const KvQuery query{
      .tokens = 32768, .batch = 1, .encoder_tokens = 0, .formats = *kv_formats("bf16", "bf16")};
  // One row is 8 heads of 128, key and value, in two bytes: 4096 B. Twenty windows, four full.
  CHECK(kv_payload(cache_plan(*model), query) == bytes(4096LL * (20 * 1024 + 4 * 32768)));
}

TEST_CASE("the parameters of the documented example, by hand") {
  const Result<Model> model = read(example_in_documentation());
  REQUIRE(model);
  const std::int64_t h = 4096;
  const std::int64_t attention = h * (32 * 128 + 2 * 8 * 128) + 32 * 128 * h + 2 * h;
  const std::int64_t mlp = 3 * h * 11008;
  const std::int64_t router = 64 * h, expert = 3 * h * 1408, shared = 3 * h * 2816;
  const std::int64_t reader = h * 32 * 128 + 32 * 128 * h + 2 * h + mlp;  // no k_proj, no v_proj
  const std::int64_t outside = 2 * 32000 * h + h;
  CHECK(parameters(*model).total.value ==
        Count(20 * (attention + mlp) + 4 * (attention + router + 64 * expert + shared) + reader +
              outside));
  CHECK(parameters(*model).active.value ==
        Count(20 * (attention + mlp) + 4 * (attention + router + 8 * expert + shared) + reader +
              outside));
}

TEST_CASE("the documentation names every field of every kind and channel mixer") {
  const std::string text = documentation();
  const auto named = [&](std::string_view field) {
    return text.find(fmt::format("`{}`", field)) != std::string::npos;
  };
  for (const std::string_view keyword : kind_keywords()) {
    CAPTURE(keyword);
    CHECK(text.find(fmt::format("### {}\n", keyword)) != std::string::npos);
    Kind kind = *kind_named(keyword);
    std::visit(
        [&](auto& k) { k.fields(k, [&](std::string_view name, auto&&) { CHECK(named(name)); }); },
        kind);
  }
  Dense dense;
  Dense::fields(dense, [&](std::string_view name, auto&&) { CHECK(named(name)); });
  Moe moe;
  Moe::fields(moe, [&](std::string_view name, auto&&) { CHECK(named(name)); });
}

TEST_CASE("a dimension knows the line it was read from") {
  const Result<Model> model = read(around("  - mixers:\n      - softmax: {heads: 4}\n"));
  REQUIRE(model);
  const auto& softmax = std::get<Softmax>(model->decoder.distinct.front().mixers.front());
  CHECK(model->origin_text(softmax.heads.origin) == "m.yaml:5:26 heads");
  CHECK(model->origin_text(Origin::none).empty());
}

TEST_CASE("what a layer leaves out follows from the rest") {
  const Result<Model> model =
      read(around("  - mixers: [{softmax: {heads: 4}}]\n    mlp: {intermediate: 8}\n"));
  REQUIRE(model);
  const auto& softmax = std::get<Softmax>(model->decoder.distinct.front().mixers.front());
  CHECK(softmax.kv_heads == Dim(4));
  CHECK(softmax.head_dim == Dim(16));
  CHECK(model->decoder.distinct.front().extra.size() == 2);  // two norms
  CHECK(model->name == "m");
}

TEST_CASE("mixers of one layer run side by side") {
  const Result<Model> model =
      read(around("  - mixers: [{softmax: {heads: 4}}, {gated_delta: {key_heads: 2, key_dim: 8, "
                  "state_format: bf16}}]\n"));
  REQUIRE(model);
  CHECK(attention_label(*model) == "mha+gated_delta");
  CHECK(std::get<GatedDelta>(model->decoder.distinct[0].mixers[1]).state_format->name == "bf16");
}

TEST_CASE("a repeated layer that reads the one before it reads a different one each time") {
  const Result<Model> model =
      read(around("  - repeat: 3\n    layers:\n"
                  "      - mixers: [{softmax: {heads: 4}}]\n"
                  "      - {mixers: [{softmax: {heads: 4}}], cache_of: -1}\n"));
  REQUIRE(model);
  const Stack& stack = model->decoder;
  CHECK_FALSE(stack.distinct[stack.order[4]].cache_of);
  CHECK(stack.distinct[stack.order[1]].cache_of == 0U);
  CHECK(stack.distinct[stack.order[3]].cache_of == 2U);
  CHECK(stack.distinct[stack.order[5]].cache_of == 4U);
}

TEST_CASE("an encoder counts with the model, draft layers apart; neither caches") {
  const std::string layer = "[{mixers: [{softmax: {heads: 4}}], norms: []}]\n";
  const std::string text = "hidden_size: 64\nvocab_size: 100\nlayers: " + layer;
  const Result<Model> alone = read(text);
  const Result<Model> all = read(text + "mtp_layers: " + layer + "encoder_layers: " + layer);
  REQUIRE(alone);
  REQUIRE(all);
  CHECK(parameters(*all).total.value == parameters(*alone).total.value + Count(4 * 64 * 64));
  CHECK(cache_plan(*all).lines.size() == cache_plan(*alone).lines.size());
  CHECK(all->beside.size() == 2);
  CHECK(all->mtp_parameters == 4 * 64 * 64);
  CHECK_FALSE(alone->mtp_parameters);
}

TEST_CASE("layers of one weight set are counted once") {
  const std::string layer = "  - {mixers: [{softmax: {heads: 4}}], norms: [], weight_set: 1}\n";
  const Result<Model> model = read(around(layer + layer));
  REQUIRE(model);
  CHECK(parameters(*model).total.value == Count(4 * 64 * 64 + 2 * 100 * 64 + 64));
}

TEST_CASE("flag --set reaches a top-level key, a key inside a list, and a new key") {
  const std::string text = around("  - {repeat: 2, mixers: [{softmax: {heads: 4}}]}\n");
  const LoadOptions options{.set = {{"hidden_size", "128"},
                                    {"layers.0.mixers.0.softmax.window", "16"},
                                    {"layers.0.repeat", "3"}},
                            .assume = {}};
  const Result<Model> model = read(text, options);
  REQUIRE(model);
  CHECK(model->hidden == Dim(128));
  CHECK(layer_labels(*model) == std::vector<LabelCount>{{"mha:16", 3}});
  CHECK(model->origin_text(model->hidden.origin) == "--set hidden_size");
}

TEST_CASE("what --set puts in is checked like what the file says") {
  const std::string text = around("  - mixers: [{softmax: {heads: 4}}]\n");
  const auto set = [&](std::string key, std::string value) {
    return errors(text, {.set = {{std::move(key), std::move(value)}}, .assume = {}});
  };
  CHECK(set("hidden_size", "-2") ==
        "--set: error: hidden_size is -2; it must be from 1 to 1048576\n");
  CHECK(set("hiden_size", "2") ==
        "--set: error: a model has no key 'hiden_size'\nhint: did you mean hidden_size?\n");
  CHECK(set("layers.0.mixers.0.softmax.windw", "2") ==
        "--set: error: softmax has no key 'windw'\nhint: did you mean window?\n");
}

TEST_CASE("everything that is wrong with a file is said at its place, in one go") {
  CHECK(errors("hidden_size: many\n"
               "tie_word_embedings: true\n"
               "dtype: bf61\n"
               "layers:\n"
               "  - mixers: [{sofmax: {heads: 4}}]\n"
               "    mlp: {intermediate: 1.5}\n"
               "  - mixers: [{softmax: {kv_heads: 3, window: 0}}]\n"
               "    norms: [rms, batch]\n") ==
        "m.yaml:2:21: error: a model has no key 'tie_word_embedings'\n"
        "  tie_word_embedings: true\n"
        "                      ^\n"
        "hint: did you mean tie_word_embeddings?\n"
        "m.yaml:3:8: error: no number format is named 'bf61'\n"
        "  dtype: bf61\n"
        "         ^\n"
        "hint: did you mean bf16?\n"
        "m.yaml:1:14: error: hidden_size is 'many'; it must be a whole number\n"
        "  hidden_size: many\n"
        "               ^\n"
        "m.yaml:1:1: error: a model needs vocab_size\n"
        "  hidden_size: many\n"
        "  ^\n"
        "m.yaml:5:23: error: no kind of attention is named 'sofmax'\n"
        "    - mixers: [{sofmax: {heads: 4}}]\n"
        "                        ^\n"
        "hint: did you mean softmax?\n"
        "m.yaml:6:25: error: intermediate is 1.5; it must be a whole number\n"
        "      mlp: {intermediate: 1.5}\n"
        "                          ^\n"
        "m.yaml:7:24: error: softmax needs heads\n"
        "    - mixers: [{softmax: {kv_heads: 3, window: 0}}]\n"
        "                         ^\n"
        "m.yaml:7:46: error: window must be at least 1 token; leave it out for full attention\n"
        "    - mixers: [{softmax: {kv_heads: 3, window: 0}}]\n"
        "                                               ^\n"
        "m.yaml:8:18: error: this is 'batch'; it must be one of rms, layer, none\n"
        "      norms: [rms, batch]\n"
        "                   ^\n");
}

TEST_CASE("dimensions that cannot be are refused at their key") {
  const auto of = [](std::string_view fields) {
    const std::string text =
        errors(around(fmt::format("  - mixers: [{{softmax: {{{}}}}}]\n", fields)));
    return text.substr(0, text.find('\n'));
  };
  CHECK(of("heads: 4, kv_heads: 3") ==
        "m.yaml:4:45: error: kv_heads is 3; it must divide heads, 4");
  CHECK(of("heads: -4") == "m.yaml:4:32: error: heads is -4; it must be from 0 to 1048576");
  CHECK(of("heads: 9223372036854775807") ==
        "m.yaml:4:32: error: heads is 9223372036854775807; it must be from 0 to 1048576");
  CHECK(of("heads: 99999999999999999999") ==
        "m.yaml:4:32: error: heads is 99999999999999999999; it must be from 0 to 1048576");
  CHECK(of("heads: 4, window: 1099511627777") ==
        "m.yaml:4:43: error: window is 1099511627777; it must be from 0 to 1099511627776");
  CHECK(of("heads: null") == "m.yaml:4:32: error: heads is null; it must be a whole number");
  CHECK(of("heads: [4]") == "m.yaml:4:32: error: heads is a list; it must be a whole number");
  CHECK(of("heads: 4, q_bias: 1") == "m.yaml:4:43: error: q_bias is 1; it must be true or false");
  CHECK(of("heads: 4, qk_norm: rms") ==
        "m.yaml:4:44: error: qk_norm is 'rms'; it must be one of none, per_head, all_heads");
  CHECK(of("heads: 4, windw: 8") == "m.yaml:4:42: error: softmax has no key 'windw'");
  CHECK(of("heads: 4, window: 8, chunk: 8") ==
        "m.yaml:4:24: error: softmax: a layer has a window or a chunk, not both");
}

TEST_CASE("a layer list that cannot be is refused at its place") {
  const auto first = [](std::string_view layers) {
    const std::string text = errors(around(layers));
    return text.substr(0, text.find('\n'));
  };
  const std::string softmax = "mixers: [{softmax: {heads: 4}}]";
  CHECK(first("  - 4\n") ==
        "m.yaml:4:5: error: a layer is a map, such as {mixers: [softmax: {heads: 32}]}");
  CHECK(first("  - {}\n") == "m.yaml:4:5: error: a layer needs mixers, mlp or moe");
  CHECK(first("  []\n") == "m.yaml:4:3: error: layers is empty; a model has at least one layer");
  CHECK(first("  {}\n") == "m.yaml:4:3: error: layers is a map; it must be a list of layers");
  CHECK(first("  - {" + softmax + ", cache_of: 0}\n") ==
        "m.yaml:4:49: error: layer 0 cannot read the cache of layer 0; it must be an earlier one");
  CHECK(first("  - {" + softmax + ", cache_of: -1}\n") ==
        "m.yaml:4:49: error: layer 0 cannot read the cache of layer -1; it must be an earlier one");
  CHECK(first("  - {" + softmax + "}\n  - {repeat: 2, " + softmax + ", cache_of: -1}\n") ==
        "m.yaml:5:60: error: layer 1 has no cache of its own; it reads that of layer 0");
  CHECK(first("  - {mixers: [softmax]}\n") ==
        "m.yaml:4:15: error: a mixer is a map with one key, its kind, such as {softmax: {heads: "
        "32}}");
  CHECK(first("  - {mlp: {intermediate: 4}, moe: {experts: 2}}\n") ==
        "m.yaml:4:35: error: a layer has mlp or moe, not both");
  CHECK(first("  - {moe: {experts: 2, experts_per_token: 3, intermediate: 4}}\n") ==
        "m.yaml:4:43: error: experts_per_token is 3; there are 2 experts");
  CHECK(first("  - {repeat: 0, " + softmax + "}\n") ==
        "m.yaml:4:14: error: repeat is 0; it must be from 1 to 1048576");
  CHECK(first("  - {mixers: [{softmax: {heads: 4}}], weight_set: 1}\n"
              "  - {mixers: [{softmax: {heads: 8, kv_heads: 1}}], weight_set: 1}\n") ==
        "m.yaml:5:5: error: weight_set 1 was used by a layer with other weights");
}

TEST_CASE("a repeat bomb is refused before it goes off") {
  std::string layers = "  - repeat: 1000000\n    layers:\n";
  std::string indent = "      ";
  for (int i = 0; i < 20; ++i) {
    layers += indent + "- repeat: 1000000\n" + indent + "  layers:\n";
    indent += "    ";
  }
  layers += indent + "- {mixers: []}\n";
  const std::string text = errors(around(layers));
  CHECK(text.find("error: the model has more than 10000 layers here") != std::string::npos);
  CHECK(read(around("  - {repeat: 10000, mixers: []}\n")));
  CHECK_FALSE(read(around("  - {repeat: 10001, mixers: []}\n")));
}

TEST_CASE("a model with more than 2^63 parameters is refused, not wrapped") {
  const std::string text = errors(
      "hidden_size: 1048576\nvocab_size: 1099511627776\nlayers:\n"
      "  - {repeat: 10000, moe: {experts: 1048576, experts_per_token: 1, intermediate: "
      "1048576}}\n");
  CHECK(text ==
        "m.yaml:1:1: error: the model has more than 2^63 parameters\n"
        "  hidden_size: 1048576\n"
        "  ^\n");
}

TEST_CASE("a document that is no map is no model") {
  CHECK(errors("[1, 2]\n") ==
        "m.yaml:1:1: error: a model is a map with hidden_size, vocab_size and layers\n  [1, 2]\n  "
        "^\n");
}

}  // namespace attncalc
