// SPDX-License-Identifier: Apache-2.0
//
// Reading a file that a user named: everything that can stand under a name is expected here, and
// none of it may hang the program or fill the memory.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/document.hpp"
#include "base/nearest.hpp"
#include "base/units.hpp"

namespace attncalc {
namespace {

constexpr std::size_t largest_file = 64 * units::mebi;
constexpr int could_not_read = 3;

Problem file_problem(const std::string& path, std::string message, std::string hint = {}) {
  Problem problem{
      .at = {path}, .message = std::move(message), .hint = std::move(hint), .source_line = {}};
  return problem;
}

Problem system_problem(const std::string& path, int error) {
  Problem problem = file_problem(path, fmt::format("cannot read: {}", std::strerror(error)));
  problem.exit_code = could_not_read;
  return problem;
}

// "did you mean config.json?", from the names in the folder that does exist.
std::string nearest_in_folder(const std::filesystem::path& path) {
  constexpr std::size_t most = 10'000;  // a folder of millions is not worth the wait
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator() && names.size() < most;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  const std::vector<std::string_view> views(names.begin(), names.end());
  return did_you_mean(path.filename().string(), views);
}

Problem absent(const std::string& path, int error) {
  if (error != ENOENT && error != ENOTDIR) return system_problem(path, error);
  return file_problem(path, "there is no such file", nearest_in_folder(path));
}

// Anything but a regular file is refused before it is opened: opening a FIFO blocks until somebody
// writes to it, and opening a device can do anything.
std::optional<Problem> refuse_special(const std::string& path, mode_t mode) {
  if (S_ISREG(mode)) return std::nullopt;
  if (S_ISDIR(mode)) return file_problem(path, "this is a folder, not a file");
  return file_problem(path, "this is no regular file", "save what it says to a file first");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Up to one byte more than allowed: a file may be longer than it said (and /proc says 0).
Result<std::string> read_all(const std::string& path, int fd, std::size_t expected) {
  constexpr std::size_t smallest_step = 4 * units::kibi;
  std::string text;
  std::size_t size = 0;
  while (size <= largest_file) {
    if (size == text.size()) text.resize(std::max({expected + 1, 2 * size, smallest_step}));
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_problem(path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > largest_file) return file_problem(path, "the file is larger than 64 MiB");
  text.resize(size);
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return absent(path, errno);
  if (auto special = refuse_special(path, status.st_mode)) return std::move(*special);
  // Between stat and open somebody may have put a FIFO there: do not wait for it.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return system_problem(path, errno);
  if (auto special = refuse_special(path, status.st_mode)) return std::move(*special);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > largest_file) return file_problem(path, "the file is larger than 64 MiB");
  return read_all(path, file.get(), size);
}

}  // namespace attncalc
