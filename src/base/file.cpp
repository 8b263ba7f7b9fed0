// SPDX-License-Identifier: Apache-2.0
//
// Opening a file that a user named: everything that can stand under a name is expected here, and
// none of it may hang the program.
#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/nearest.hpp"

namespace attncalc {
namespace {

constexpr int could_not_read = 3;

Problem file_problem(const std::string& path, std::string message, std::string hint = {}) {
  return {.at = {path}, .message = std::move(message), .hint = std::move(hint), .source_line = {}};
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

}  // namespace

Result<File> File::open(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return absent(path, errno);
  if (auto special = refuse_special(path, status.st_mode)) return std::move(*special);
  // Between stat and open somebody may have put a FIFO there: do not wait for it.
  File file(path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), 0);
  if (file.fd_ < 0 || ::fstat(file.fd_, &status) != 0) return system_problem(path, errno);
  if (auto special = refuse_special(path, status.st_mode)) return std::move(*special);
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  return file;
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

File& File::operator=(File&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::size_t> File::read(std::uint64_t offset, std::span<char> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        ::pread(fd_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_problem(path_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace attncalc
