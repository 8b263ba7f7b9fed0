// SPDX-License-Identifier: Apache-2.0
//
// Everything that can stand under a name that a user gives: none of it hangs, each has its message
// and its exit code.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/document.hpp"
#include "support/catch.hpp"

using namespace attncalc;

namespace {

namespace fs = std::filesystem;

// A folder of its own, gone at the end of the test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "attncalc-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }

  std::string operator/(const char* name) const { return (path_ / name).string(); }
  std::string write(const char* name, std::string_view text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return *this / name;
  }

 private:
  fs::path path_;
};

struct Failure {
  std::string text;
  int exit_code;
};

Failure failure(const std::string& path) {
  const auto text = read_file(path);
  REQUIRE_FALSE(text);
  return {render(text.problems()), text.problems()[0].exit_code};
}

}  // namespace

TEST_CASE("a file is read whole, byte for byte") {
  const Folder folder;
  const std::string text("a\r\n\0b", 5);
  CHECK(*read_file(folder.write("x", text)) == text);
  CHECK(read_file(folder.write("empty", ""))->empty());
  const std::string large(3'000'001, 'x');
  CHECK(*read_file(folder.write("large", large)) == large);
}

TEST_CASE("a file that says it has no size, as in /proc, is read whole") {
  if (!fs::exists("/proc/self/cmdline")) return;
  CHECK_FALSE(read_file("/proc/self/cmdline")->empty());
}

TEST_CASE("an absent file is bad usage, and the nearest name beside it is offered") {
  const Folder folder;
  folder.write("config.json", "{}");
  const auto [text, exit_code] = failure(folder / "confg.json");
  CHECK(text == (folder / "confg.json") +
                    ": error: there is no such file\n"
                    "hint: did you mean config.json?\n");
  CHECK(exit_code == 2);
  CHECK(failure(folder / "none/x.json").text ==
        (folder / "none/x.json") + ": error: there is no such file\n");
  CHECK(failure(folder / "config.json/x").text ==
        (folder / "config.json/x") + ": error: there is no such file\n");
  CHECK(failure("").text == "error: there is no such file\n");
}

TEST_CASE("a folder is no file") {
  const Folder folder;
  const auto [text, exit_code] = failure(folder / ".");
  CHECK(text == (folder / ".") + ": error: this is a folder, not a file\n");
  CHECK(exit_code == 2);
}

TEST_CASE("a FIFO without a writer does not hang the program") {
  const Folder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto [text, exit_code] = failure(folder / "pipe");
  CHECK(text == (folder / "pipe") +
                    ": error: this is no regular file\n"
                    "hint: save what it says to a file first\n");
  CHECK(exit_code == 2);
}

TEST_CASE("a device is not read") {
  CHECK(failure("/dev/zero").text ==
        "/dev/zero: error: this is no regular file\n"
        "hint: save what it says to a file first\n");
}

TEST_CASE("a file that may not be read is a failure to read") {
  if (::geteuid() == 0) return;  // root may read everything
  const Folder folder;
  const std::string path = folder.write("secret", "x");
  REQUIRE(::chmod(path.c_str(), 0) == 0);
  const auto [text, exit_code] = failure(path);
  CHECK(text == path + ": error: cannot read: Permission denied\n");
  CHECK(exit_code == 3);
}

TEST_CASE("a name that the system cannot look up is a failure to read") {
  const auto [text, exit_code] = failure(std::string(5000, 'x'));
  CHECK(text.ends_with(": error: cannot read: File name too long\n"));
  CHECK(exit_code == 3);
}

TEST_CASE("a file of 64 MiB is read, and one byte more is refused") {
  const Folder folder;
  const std::string path = folder.write("sparse", "");
  fs::resize_file(path, 64 * 1024 * 1024);
  CHECK(read_file(path)->size() == 64 * 1024 * 1024);
  fs::resize_file(path, 64 * 1024 * 1024 + 1);
  const auto [text, exit_code] = failure(path);
  CHECK(text == path + ": error: the file is larger than 64 MiB\n");
  CHECK(exit_code == 2);
}
