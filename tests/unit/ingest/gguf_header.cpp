// SPDX-License-Identifier: Apache-2.0
//
// GGUF headers: what a right one says, and that no wrong one does more than be refused.
#include <cstdio>
#include <fstream>
#include <random>

#include "ingest/gguf/header.hpp"
#include "support/catch.hpp"
#include "support/gguf_writer.hpp"

namespace attncalc::gguf {
namespace {

using test::GgufWriter;
using test::raw;
using test::raw_text;

Result<Header> read(const std::string& bytes) {
  ByteReader in("m.gguf", bytes);
  return read_header(in);
}

std::string error(const std::string& bytes) {
  const Result<Header> header = read(bytes);
  return header ? "no error" : render(header.problems());
}

GgufWriter small() {
  GgufWriter writer;
  writer.key("general.architecture", "llama").key("llama.block_count", 2).key("a.flag", true);
  writer.key("a.real", 0.5).key("a.list", std::vector<std::int64_t>{3, -1});
  writer.texts("tokenizer.ggml.tokens", {"a", "bc", ""}).flags("a.flags", {true, false});
  writer.tensor("token_embd.weight", {64, 3}, 8, 204).tensor("output_norm.weight", {64}, 0, 256);
  return writer;
}

}  // namespace

TEST_CASE("a GGUF header says its keys and tensors") {
  const Result<Header> header = read(small().file());
  REQUIRE(header);
  CHECK(header->version == 3);
  CHECK(header->has_data);
  REQUIRE(header->keys.size() == 7);
  CHECK(header->find("general.architecture")->value.text == "llama");
  CHECK(header->find("llama.block_count")->value.integers == std::vector<std::int64_t>{2});
  CHECK(header->find("a.flag")->value.integers == std::vector<std::int64_t>{1});
  CHECK(header->find("a.real")->value.reals == std::vector<double>{0.5});
  CHECK(header->find("a.list")->value.integers == std::vector<std::int64_t>{3, -1});
  CHECK(header->find("a.flags")->value.integers == std::vector<std::int64_t>{1, 0});
  CHECK(header->find("tokenizer.ggml.tokens")->value.count == 3);
  CHECK(header->find("absent") == nullptr);
  REQUIRE(header->tensors.size() == 2);
  CHECK(header->tensor("token_embd.weight")->elements == Elements(Count(192)));
  CHECK(header->tensor("token_embd.weight")->bytes == bytes(192 / 32 * 34));
  CHECK(header->tensor("output_norm.weight")->bytes == bytes(256));
  CHECK(header->tensor("output_norm.weight")->offset == 224);  // 204, aligned
}

TEST_CASE("version 2 is laid out like version 3") {
  GgufWriter writer = small();
  writer.version = 2;
  CHECK(read(writer.file()));
}

TEST_CASE("a file that was cut off after its header is a header") {
  const std::string header = small().header();
  const Result<Header> read_back = read(header);
  REQUIRE(read_back);
  CHECK_FALSE(read_back->has_data);
  CHECK(read_back->end == header.size());
}

TEST_CASE("a long array is checked and not kept") {
  const std::vector<std::int64_t> scores(100'000, 1);
  const Result<Header> header = read(GgufWriter().key("scores", scores).key("after", 7).file());
  REQUIRE(header);
  CHECK(header->find("scores")->value.count == 100'000);
  CHECK(header->find("scores")->value.integers.empty());
  CHECK(header->find("after")->value.integers == std::vector<std::int64_t>{7});
}

TEST_CASE("every ggml type has the size of its block in ggml") {
  // sizeof(block_*) as asserted in ggml-common.h.
  const auto bytes_of = [](std::string_view name) { return ggml_type(name)->block_bytes; };
  CHECK(bytes_of("q4_0") == 18);
  CHECK(bytes_of("q8_0") == 34);
  CHECK(bytes_of("q8_1") == 36);
  CHECK(bytes_of("q2_K") == 84);
  CHECK(bytes_of("q3_K") == 110);
  CHECK(bytes_of("q4_K") == 144);
  CHECK(bytes_of("q5_K") == 176);
  CHECK(bytes_of("q6_K") == 210);
  CHECK(bytes_of("q8_K") == 292);
  CHECK(bytes_of("iq2_xxs") == 66);
  CHECK(bytes_of("iq2_xs") == 74);
  CHECK(bytes_of("iq2_s") == 82);
  CHECK(bytes_of("iq3_xxs") == 98);
  CHECK(bytes_of("iq3_s") == 110);
  CHECK(bytes_of("iq1_s") == 50);
  CHECK(bytes_of("iq1_m") == 56);
  CHECK(bytes_of("iq4_nl") == 18);
  CHECK(bytes_of("iq4_xs") == 136);
  CHECK(bytes_of("tq1_0") == 54);
  CHECK(bytes_of("tq2_0") == 66);
  CHECK(bytes_of("mxfp4") == 17);
  CHECK(bytes_of("nvfp4") == 36);
  CHECK(ggml_type(4) == nullptr);
  CHECK(ggml_type(31) == nullptr);
  CHECK(ggml_type(43) == nullptr);
}

TEST_CASE("what is no GGUF file, or not ours to read, is refused") {
  CHECK(error("") == "m.gguf:byte 0: error: this is no GGUF file: it does not begin with 'GGUF'\n");
  CHECK(error("GGML....") ==
        "m.gguf:byte 0: error: this is no GGUF file: it does not begin with 'GGUF'\n");
  CHECK(error("GGUF") == "m.gguf:byte 4: error: the file ends here, in the middle of its header\n");
  CHECK(error("GGUF" + raw<std::uint32_t>(1)) ==
        "m.gguf:byte 4: error: GGUF version 1 is not read; 2 and 3 are\n");
  CHECK(error("GGUF" + raw<std::uint32_t>(0x03000000)) ==
        "m.gguf:byte 4: error: the file is big-endian; only little-endian files are read\n"
        "hint: gguf_convert_endian.py of llama.cpp converts it\n");
}

TEST_CASE("hostile counts and lengths are refused before anything is allocated for them") {
  const auto counts = [](std::uint64_t tensors, std::uint64_t keys) {
    return error("GGUF" + raw<std::uint32_t>(3) + raw(tensors) + raw(keys));
  };
  CHECK(counts(0, ~0ULL) ==
        "m.gguf:byte 24: error: the file says that it has 18446744073709551615 keys; the most is "
        "65536\n");
  CHECK(counts(~0ULL, 0) ==
        "m.gguf:byte 24: error: the file says that it has 18446744073709551615 tensors; the most "
        "is 262144\n");
  CHECK(counts(0, 5) == "m.gguf:byte 24: error: 5 keys cannot follow: the file has 0 more bytes\n");
  CHECK(counts(5, 0) ==
        "m.gguf:byte 24: error: 5 tensors cannot follow: the file has 0 more bytes\n");

  const auto value = [](std::uint32_t type, const std::string& body) {
    return error(GgufWriter().add("k", type, body).header() + std::string(8, '\0'));
  };
  CHECK(value(8, raw(~0ULL)) ==
        "m.gguf:byte 45: error: 18446744073709551615 bytes cannot follow: the file has 8 more "
        "bytes\n");
  CHECK(value(9, raw<std::uint32_t>(4) + raw(~0ULL)) ==
        "m.gguf:byte 49: error: an array of 18446744073709551615 values cannot follow: the file "
        "has 8 more bytes\n");
  CHECK(value(9, raw<std::uint32_t>(8) + raw<std::uint64_t>(1 << 24)) ==
        "m.gguf:byte 49: error: an array of 16777216 texts cannot follow: the file has 8 more "
        "bytes\n");
  CHECK(value(9, raw<std::uint32_t>(8) + raw(~0ULL)) ==
        "m.gguf:byte 49: error: k has 18446744073709551615 texts; the most is 16777216\n");
  CHECK(value(9, raw<std::uint32_t>(9) + raw(1ULL)) ==
        "m.gguf:byte 49: error: k is an array of arrays, which no reader of GGUF accepts\n");
  CHECK(value(13, "") ==
        "m.gguf:byte 33: error: k has a value of type 13, which GGUF does not have\n");
  CHECK(value(9, raw<std::uint32_t>(99) + raw(1ULL)) ==
        "m.gguf:byte 37: error: k has a value of type 99, which GGUF does not have\n");
}

TEST_CASE("names are neither empty, nor endless, nor there twice") {
  CHECK(error(GgufWriter().key("", 1).key("a", 1).file()) ==
        "m.gguf:byte 24: error: the name of a key is 0 bytes long; it may have 1 to 65535\n");
  CHECK(error("GGUF" + raw<std::uint32_t>(3) + raw(0ULL) + raw(1ULL) + raw(~0ULL) +
              std::string(99, 'x')) ==
        "m.gguf:byte 24: error: the name of a key is 18446744073709551615 bytes long; it may have "
        "1 to 65535\n");
  CHECK(error(GgufWriter().key("a", 1).key("a", 2).file()) ==
        "m.gguf:byte 41: error: key a stands here for the second time\n");
  CHECK(error(GgufWriter().tensor("t", {1}, 0, 4).tensor("t", {1}, 0, 4).file()) ==
        "m.gguf:byte 57: error: tensor t stands here for the second time\n");
}

TEST_CASE("a tensor that cannot be is refused at its line of the header") {
  const auto of = [](const std::vector<std::int64_t>& shape, std::uint32_t type) {
    return error(GgufWriter().tensor("t", shape, type, 0).file());
  };
  CHECK(of({1, 1, 1, 1, 1}, 0) ==
        "m.gguf:byte 33: error: tensor t has 5 dimensions; the most is 4\n");
  CHECK(of({0}, 0) ==
        "m.gguf:byte 33: error: dimension 0 of tensor t is 0; it must be at least 1\n");
  CHECK(of({1, -1}, 0) ==
        "m.gguf:byte 33: error: dimension 1 of tensor t is -1; it must be at least 1\n");
  CHECK(of({1}, 31) == "m.gguf:byte 45: error: tensor t is of ggml type 31, which is not known\n");
  CHECK(of({33, 2}, 8) ==
        "m.gguf:byte 24: error: a row of tensor t has 33 values, no whole number of q8_0 blocks of "
        "32\n");
  CHECK(of({1LL << 62, 4}, 0) ==
        "m.gguf:byte 24: error: tensor t would have more than 2^63 bytes\n");
  CHECK(of({1LL << 61, 1}, 0) ==
        "m.gguf:byte 24: error: tensor t would have more than 2^63 bytes\n");
}

TEST_CASE("tensors lie in the file, aligned and apart from each other") {
  const std::string line =
      raw_text("t") + raw<std::uint32_t>(1) + raw(8ULL) + raw<std::uint32_t>(0);
  const std::string two = "GGUF" + raw<std::uint32_t>(3) + raw(2ULL) + raw(0ULL);
  const std::string other =
      raw_text("u") + raw<std::uint32_t>(1) + raw(8ULL) + raw<std::uint32_t>(0);
  const std::string room(512, '\0');
  CHECK(error(two + line + raw(0ULL) + other + raw(4ULL) + room) ==
        "m.gguf:byte 57: error: tensor u begins at offset 4, no multiple of 32\n");
  CHECK(error(two + line + raw(0ULL) + other + raw(0ULL) + room) ==
        "m.gguf:byte 57: error: tensor u overlaps another one\n");
  CHECK(error(two + line + raw(0ULL) + other + raw(1ULL << 62) + room) ==
        "m.gguf:byte 57: error: tensor u does not fit into the file\n"
        "hint: the download may have been cut short; the header alone is the first 90 bytes\n");
  CHECK(error(two + line + raw(0ULL) + other + raw(~0ULL - 31)) ==
        "m.gguf:byte 57: error: tensor u lies beyond 2^64 bytes\n");
  CHECK(error(GgufWriter().add("general.alignment", 4, raw<std::uint32_t>(0)).file()) ==
        "m.gguf:byte 53: error: general.alignment must be a power of two, as u32\n");
  CHECK(error(GgufWriter().add("general.alignment", 8, raw_text("32")).file()) ==
        "m.gguf:byte 53: error: general.alignment must be a power of two, as u32\n");
}

TEST_CASE("a file cut short at any byte is refused, unless it is cut where its header ends") {
  const std::string whole = small().file();
  const std::size_t end = small().header().size();
  const std::size_t data = (end + 31) / 32 * 32;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    const bool header_only = size >= end && size <= data;
    // The last tensor is 256 bytes: nothing stands in the padding behind it.
    CHECK(static_cast<bool>(read(whole.substr(0, size))) == header_only);
  }
}

TEST_CASE("bytes that were changed at random never do more than be refused") {
  const std::string whole = small().file();
  std::mt19937 random(1);  // NOLINT: the same file each time is the point
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = whole;
    const int flips = 1 + static_cast<int>(random() % 4);
    for (int f = 0; f < flips; ++f) bytes[random() % bytes.size()] = static_cast<char>(random());
    const Result<Header> header = read(bytes);
    if (!header) REQUIRE(header.problems().size() == 1);
  }
}

TEST_CASE("a file is read as its bytes are") {
  const std::string path = "gguf_header_test.gguf";
  {
    std::ofstream out(path, std::ios::binary);
    out << GgufWriter()
               .texts("tokens", std::vector<std::string>(30'000, "token"))
               .key("after", 7)
               .file();
  }
  const Result<Header> header = read_header(path);
  REQUIRE(header);
  CHECK(header->find("after")->value.integers == std::vector<std::int64_t>{7});
  std::remove(path.c_str());
  CHECK(render(read_header("no/such.gguf").problems()) ==
        "no/such.gguf: error: there is no such file\n");
}

}  // namespace attncalc::gguf
