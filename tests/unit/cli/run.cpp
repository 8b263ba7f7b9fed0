// SPDX-License-Identifier: Apache-2.0
//
// The program as a function: exit codes, and which stream carries what. What exactly is printed is
// for golden transcripts.
#include "cli/run.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace attncalc {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int code = 0;
  std::string out, err;
};

Outcome run_with(const std::vector<std::string_view>& args, const Terminal& terminal = {}) {
  std::ostringstream out, err;
  const int code = run(args, out, err, terminal);
  return {code, out.str(), err.str()};
}

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "attncalc-cli-XXXXXX").string();  // mkdtemp's
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(path_), fs::directory_iterator());
  }

 private:
  fs::path path_;
};

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::vector<std::string_view> main_job = {"kv", "--model", "llama3-70b", "--ctx", "32k"};

Outcome main_job_with(std::initializer_list<std::string_view> more, const Terminal& terminal = {}) {
  std::vector<std::string_view> args = main_job;
  args.insert(args.end(), more);
  return run_with(args, terminal);
}

}  // namespace

TEST_CASE("the main job: 10,737,418,240 bytes, 327,680 a token") {
  const Outcome done = run_with(main_job);
  CHECK(done.code == 0);
  CHECK(done.err.empty());
  CHECK(done.out.find("10,737,418,240 bytes") != std::string::npos);
  CHECK(done.out.find("327,680 bytes") != std::string::npos);
}

TEST_CASE("bad usage is exit code 2 with a reason and nothing on stdout") {
  const std::vector<std::vector<std::string_view>> wrong = {
      {},
      {"nonsense"},
      {"roofline", "--model", "llama3-70b"},
      {"kv"},
      {"kv", "--model"},
      {"kv", "--modle", "llama3-70b"},
      {"kv", "llama3-70b"},
      {"kv", "--model", ""},
      {"kv", "--model", "lama3-70b", "--ctx", "4096"},
      {"kv", "--model", "llama3-70b", "--ctx", "-1"},
      {"kv", "--model", "llama3-70b", "--ctx", ""},
      {"kv", "--model", "llama3-70b", "--ctx", "9223372036854775808"},
      {"kv", "--model", "llama3-70b", "--ctx", "1", "--ctx", "2"},
      {"kv", "--model", "llama3-70b", "--ctx", "1T", "--batch", "1_000_000_000_000"},
      {"kv", "--model", "llama3-70b", "--tp", "0"},
      {"kv", "--model", "llama3-70b", "--tp", "3"},
      {"kv", "--model", "llama3-70b", "--kv-dtype", "fp9"},
      {"kv", "--model", "llama3-70b", "--weights-dtype", "fp9"},
      {"kv", "--model", "llama3-70b", "--engine", "vllm"},
      {"kv", "--model", "llama3-70b", "--as", "gqa:7"},
      {"kv", "--model", "llama3-70b", "--format", "html"},
      {"kv", "--model", "llama3-70b", "--json", "--format", "csv"},
      {"kv", "--model", "llama3-70b", "--json=yes"},
      {"kv", "--model", "llama3-70b", "--set", "no_value"},
      {"kv", "--model", "llama3-70b", "-o", "/no/such/folder/x"},
      {"models", "lst"},
      {"models", "show"},
      {"models", "show", "llama3-8b", "llama3-70b"},
      {"models", "check", "/no/such/file.yaml"}};
  for (const auto& args : wrong) {
    std::string typed;
    for (const std::string_view arg : args) typed += std::string(arg) + " ";
    INFO(typed);
    const Outcome done = run_with(args);
    CHECK(done.code == 2);
    CHECK(done.out.empty());
    CHECK(!done.err.empty());
  }
}

TEST_CASE("every mistake of one command line is told at once") {
  const Outcome done = run_with({"kv", "--model", "llama3-70b", "--ctx", "x", "--tp", "0",
                                 "--kv-dtype", "fp9", "--units", "miles"});
  CHECK(done.code == 2);
  for (const char* part : {"--ctx 'x'", "--tp '0'", "'fp9'", "--units is 'miles'"}) {
    CHECK(done.err.find(part) != std::string::npos);
  }
}

TEST_CASE("help and version are answers") {
  for (const std::vector<std::string_view>& args : {std::vector<std::string_view>{"--help"},
                                                    {"-h"},
                                                    {"help"},
                                                    {"kv", "--help"},
                                                    {"kv", "--modle", "--help"},
                                                    {"models", "--help"},
                                                    {"models", "check", "-h"},
                                                    {"--version"}}) {
    const Outcome done = run_with(args);
    CHECK(done.code == 0);
    CHECK(done.err.empty());
    CHECK(!done.out.empty());
  }
}

TEST_CASE("colour is for terminals, unless it is asked for") {
  const auto coloured = [](const Outcome& done) {
    return done.out.find('\x1b') != std::string::npos;
  };
  CHECK_FALSE(coloured(main_job_with({})));
  CHECK(coloured(main_job_with({}, {.wants_colour = true})));
  CHECK_FALSE(coloured(main_job_with({"--color", "never"}, {.wants_colour = true})));
  CHECK(coloured(main_job_with({"--color", "always"})));
  CHECK_FALSE(coloured(main_job_with({"--json"}, {.wants_colour = true})));
}

TEST_CASE("without --ctx the positions of the config are taken, and said so") {
  const Outcome done = run_with({"kv", "--model", "llama3-70b"});
  CHECK(done.code == 0);
  CHECK(done.out.find("1 sequence of 8,192 tokens") != std::string::npos);
  CHECK(done.out.find("context_tokens = 8192  (--ctx is not given: models/llama-3-70b.yaml:") !=
        std::string::npos);
}

TEST_CASE("flag -o writes what stdout would have had, and nothing else") {
  const Folder folder;
  const std::string path = folder / "answer.json";
  const Outcome done = main_job_with({"--json", "-o", path});
  CHECK(done.code == 0);
  CHECK(done.out.empty());
  CHECK(text_of(path) == main_job_with({"--json"}).out);
  CHECK(folder.files() == 1);
}

TEST_CASE("flag -o leaves the old file as it was when the run fails") {
  const Folder folder;
  const std::string path = folder / "answer.txt";
  std::ofstream(path) << "old";
  CHECK(main_job_with({"--tp", "0", "-o", path}).code == 2);
  CHECK(text_of(path) == "old");
  CHECK(main_job_with({"-o", path}).code == 0);
  CHECK(text_of(path) == run_with(main_job).out);
  CHECK(folder.files() == 1);
}

TEST_CASE("flag -o keeps the mode of a file and follows a link to it") {
  const Folder folder;
  const std::string path = folder / "answer.txt";
  const std::string link = folder / "link.txt";
  std::ofstream(path) << "old";
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  fs::create_symlink(path, link);
  CHECK(main_job_with({"-o", link}).code == 0);
  CHECK(fs::is_symlink(link));
  CHECK(text_of(path) == run_with(main_job).out);
  CHECK(fs::status(path).permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read));
}

TEST_CASE("flag -o to something that is no file: a folder is refused, a device is written to") {
  const Folder folder;
  const Outcome refused = main_job_with({"-o", folder / "."});
  CHECK(refused.code == 2);
  CHECK(refused.err.find("cannot write: Is a directory") != std::string::npos);
  CHECK(main_job_with({"-o", "/dev/null"}).code == 0);
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(main_job_with({"-o", "/dev/full"}).code == 3);
}

TEST_CASE("models check: 1 where a figure is not as stated, 0 where all are") {
  const Folder folder;
  const std::string path = folder / "mine.yaml";
  const std::string config =
      "config:\n  model_type: llama\n  hidden_size: 64\n  num_hidden_layers: 2\n"
      "  num_attention_heads: 4\n  num_key_value_heads: 2\n  intermediate_size: 128\n  vocab_size: "
      "100\n"
      "  tie_word_embeddings: true\nexpect:\n  kv_bytes_per_token: ";
  std::ofstream(path) << config << 2 * 2 * 2 * 16 * 2 << "\n";
  CHECK(run_with({"models", "check", path}).code == 0);
  std::ofstream(path) << config << "256000\n";
  const Outcome wrong = run_with({"models", "check", path});
  CHECK(wrong.code == 1);
  CHECK(wrong.out.find("DOES NOT HOLD") != std::string::npos);
}

}  // namespace attncalc
