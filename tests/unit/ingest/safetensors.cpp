// SPDX-License-Identifier: Apache-2.0
//
// safetensors headers and folders: what right ones say, and that wrong ones are refused at the
// place where they are wrong.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "ingest/safetensors/weights.hpp"
#include "support/catch.hpp"
#include "support/safetensors_writer.hpp"

namespace attncalc::safetensors {
namespace {

namespace fs = std::filesystem;
using test::raw;
using test::with_length;

Result<Header> read(const std::string& bytes) {
  ByteReader in("m.safetensors", bytes);
  return read_header(in);
}

std::string error(const std::string& bytes) {
  const Result<Header> header = read(bytes);
  return header ? "no error" : render(header.problems());
}

// The first line of what is said about a header with one tensor.
std::string of_tensor(const std::string& tensor) {
  const std::string text = error(with_length("{\"t\":" + tensor + "}") + std::string(64, '\0'));
  return text.substr(0, text.find('\n'));
}

// A folder that goes away again.
struct Scratch {
  fs::path path;
  explicit Scratch(const std::string& name) : path(name) { fs::create_directory(path); }
  ~Scratch() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
  }
};

std::string errors_of(const Scratch& folder) {
  const auto read_back = read_folder(folder.path.string());
  return read_back ? "no error" : render(read_back.problems());
}

}  // namespace

TEST_CASE("a safetensors header says its tensors") {
  const test::SafetensorsFile file =
      test::safetensors("a.weight=BF16[4,8] b=F32[3] c=F4[6] d=I64[0,5]");
  const Result<Header> header = read(file.file());
  REQUIRE(header);
  REQUIRE(header->tensors.size() == 4);
  CHECK(header->has_data);
  CHECK(header->tensors[0].name == "a.weight");
  CHECK(header->tensors[0].type->name == "BF16");
  CHECK(header->tensors[0].shape == std::vector<std::int64_t>{4, 8});
  CHECK(header->tensors[0].elements == Elements(Count(32)));
  CHECK(header->tensors[0].bytes == bytes(64));
  CHECK(header->tensors[1].bytes == bytes(12));
  CHECK(header->tensors[2].bytes == bytes(3));  // six values of four bits
  CHECK(header->tensors[3].bytes == bytes(0));
}

TEST_CASE("a safetensors file that was cut off after its header is a header") {
  const Result<Header> header = read(test::safetensors("a=BF16[4,8]").header());
  REQUIRE(header);
  CHECK_FALSE(header->has_data);
}

TEST_CASE("what is no safetensors file is refused before anything is allocated for it") {
  CHECK(error("") ==
        "m.safetensors:byte 0: error: the file ends here, in the middle of its header\n");
  CHECK(error(raw(~0ULL)) ==
        "m.safetensors:byte 0: error: the header would be 18446744073709551615 bytes long; this is "
        "no safetensors file\n");
  CHECK(error(raw<std::uint64_t>(100) + "{}") ==
        "m.safetensors:byte 8: error: a text of 100 bytes cannot follow: the file has 2 more "
        "bytes\n");
  CHECK(error(with_length("[]")) ==
        "m.safetensors:1:1: error: the header of a safetensors file is a map of tensors\n  []\n  "
        "^\n");
}

TEST_CASE("a tensor that cannot be is refused at its place in the header") {
  CHECK(of_tensor("{}") == "m.safetensors:1:6: error: tensor t needs dtype as text");
  CHECK(of_tensor(R"({"dtype":"BF61","shape":[1],"data_offsets":[0,2]})") ==
        "m.safetensors:1:15: error: safetensors has no type 'BF61'");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[-1],"data_offsets":[0,2]})") ==
        "m.safetensors:1:31: error: a dimension of tensor t is no whole number of 0 or more");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[1.5],"data_offsets":[0,2]})") ==
        "m.safetensors:1:31: error: a dimension of tensor t is no whole number of 0 or more");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":8,"data_offsets":[0,2]})") ==
        "m.safetensors:1:30: error: tensor t needs shape as a list");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[1],"data_offsets":[2,0]})") ==
        "m.safetensors:1:49: error: data_offsets of tensor t are not a beginning and an end");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[1],"data_offsets":[0]})") ==
        "m.safetensors:1:49: error: data_offsets of tensor t are not a beginning and an end");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[3],"data_offsets":[0,2]})") ==
        "m.safetensors:1:49: error: tensor t has 6 bytes by its type and shape, and 2 by its "
        "offsets");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[9223372036854775807,2],"data_offsets":[0,2]})") ==
        "m.safetensors:1:6: error: tensor t would have more than 2^63 bits");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[1],"data_offsets":[2,4]})") ==
        "m.safetensors:1:6: error: tensor t begins at 2; the one before ends at 0");
  CHECK(of_tensor(R"({"dtype":"BF16","shape":[1],"data_offsets":[0,2]})") ==
        "m.safetensors:byte 63: error: 2 bytes of tensors should follow; the file has 64");
}

TEST_CASE("tensors neither overlap nor leave holes, and none is there twice") {
  const auto two = [](const std::string& name, const std::string& offsets) {
    const std::string text =
        error(with_length(R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},")" + name +
                          R"(":{"dtype":"U8","shape":[2],"data_offsets":)" + offsets + "}}") +
              std::string(4, '\0'));
    return text.substr(0, text.find('\n'));
  };
  CHECK(two("u", "[1,3]") ==
        "m.safetensors:1:58: error: tensor u begins at 1; the one before ends at 2");
  CHECK(two("u", "[3,5]") ==
        "m.safetensors:1:58: error: tensor u begins at 3; the one before ends at 2");
  CHECK(two("t", "[2,4]").find("error: ") != std::string::npos);
  CHECK(two("u", "[2,4]") == "no error");
}

TEST_CASE(
    "a safetensors file cut short at any byte is refused, unless it is cut where its header ends") {
  const test::SafetensorsFile file = test::safetensors("a.weight=BF16[2,3] b=F32[3]");
  const std::string whole = file.file();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(static_cast<bool>(read(whole.substr(0, size))) == (size == file.header().size()));
  }
}

TEST_CASE("safetensors bytes that were changed at random never do more than be refused") {
  const std::string whole = test::safetensors("a.weight=BF16[2,3] b=F32[3]").file();
  std::mt19937 random(1);  // NOLINT: the same file each time is the point
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = whole;
    for (auto flips = 1 + random() % 3; flips-- > 0;) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const Result<Header> header = read(bytes);
    if (!header) REQUIRE_FALSE(header.problems().empty());
  }
}

TEST_CASE("a folder is its one file, or the shards of its index") {
  const Scratch folder("safetensors_folder_test");
  const auto none = read_folder(folder.path.string());
  REQUIRE(none);
  CHECK_FALSE(none->has_value());

  folder.write("model.safetensors", test::safetensors("a=BF16[4] b=BF16[2]").file());
  const auto one = read_folder(folder.path.string());
  REQUIRE(one);
  CHECK((*one)->tensors.size() == 2);

  folder.write("x-1.safetensors", test::safetensors("a=BF16[4]").file());
  folder.write("x-2.safetensors", test::safetensors("b=BF16[2]").file());
  folder.write(
      "model.safetensors.index.json",
      R"({"metadata":{"total_size":12},"weight_map":{"a":"x-1.safetensors","b":"x-2.safetensors"}})");
  const auto sharded = read_folder(folder.path.string());
  REQUIRE(sharded);
  CHECK((*sharded)->tensors.size() == 2);
  CHECK((*sharded)->total_size == bytes(12));
  CHECK((*sharded)->missing_shards.empty());

  fs::remove(folder.path / "x-2.safetensors");
  const auto partly = read_folder(folder.path.string());
  REQUIRE(partly);
  CHECK((*partly)->tensors.size() == 1);
  CHECK((*partly)->missing_shards == std::vector<std::string>{"x-2.safetensors"});
}

TEST_CASE("shards without an index are told by their names, and files of Git LFS are not there") {
  const Scratch folder("safetensors_shards_test");
  folder.write("model-00001-of-00003.safetensors", test::safetensors("a=BF16[4]").file());
  folder.write("model-00003-of-00003.safetensors", test::safetensors("c=BF16[2]").file());
  folder.write("model-00002-of-00003.safetensors",
               "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 130\n");
  const auto weights = read_folder(folder.path.string());
  REQUIRE(weights);
  CHECK((*weights)->tensors.size() == 2);
  CHECK((*weights)->missing_shards == std::vector<std::string>{"model-00002-of-00003.safetensors"});
  // Any of them stands for all.
  const auto by_one = read_weights((folder.path / "model-00003-of-00003.safetensors").string());
  REQUIRE(by_one);
  CHECK(by_one->tensors.size() == 2);
}

TEST_CASE("an index and its shards must agree") {
  const Scratch folder("safetensors_index_test");
  folder.write("x.safetensors", test::safetensors("a=BF16[4] b=BF16[2]").file());
  const auto with_index = [&](const std::string& json) {
    folder.write("model.safetensors.index.json", json);
    const std::string text = errors_of(folder);
    return text.substr(0, text.find('\n'));
  };
  const std::string place = "safetensors_index_test/model.safetensors.index.json";
  CHECK(
      with_index(R"({"weight_map":{"a":"x.safetensors"}})") ==
      place +
          ":1:20: error: x.safetensors has tensor b, which the index has elsewhere or not at all");
  CHECK(with_index(
            R"({"weight_map":{"a":"x.safetensors","b":"x.safetensors","c":"x.safetensors"}})") ==
        place + ":1:60: error: c is not in x.safetensors");
  CHECK(with_index(R"({"weight_map":{"a":"../x.safetensors"}})") ==
        place + ":1:20: error: a is in no file of this folder");
  CHECK(with_index(R"({"weight_map":[]})") ==
        place + ":1:1: error: an index of safetensors has a map weight_map");
  CHECK(with_index(R"({"metadata":{"total_size":-1},"weight_map":{}})") ==
        place + ":1:27: error: total_size is no whole number of bytes");
}

}  // namespace attncalc::safetensors
