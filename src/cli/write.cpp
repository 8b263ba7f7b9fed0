// SPDX-License-Identifier: Apache-2.0
//
// A reader of the file sees the old text or the new one, never a half: the text goes to a file of
// its own in the same folder, which is then renamed. A folder that is not there, or cannot be
// written to, is a mistake in what was typed (exit 2); a disk that is full is not (exit 3).
#include "cli/write.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace attncalc {
namespace {

namespace fs = std::filesystem;

constexpr int could_not_write = 3;
constexpr mode_t everybody_may = 0666;  // less what the umask takes away

bool is_mistake_of_path(int error) {
  return error == ENOENT || error == ENOTDIR || error == EACCES || error == EPERM ||
         error == EISDIR || error == EROFS || error == ENAMETOOLONG || error == ELOOP;
}

Problem cannot_write(const std::string& path, int error) {
  Problem problem = usage_problem(fmt::format("cannot write: {}", std::strerror(error)));
  problem.at.file = path;
  if (!is_mistake_of_path(error)) problem.exit_code = could_not_write;
  return problem;
}

int write_and_close(int descriptor, std::string_view text) {
  const int error = write_all(descriptor, text);
  const bool closed = close(descriptor) == 0;
  return error != 0 || closed ? error : errno;
}

std::optional<Problem> write_to_what_is_there(const std::string& path, const std::string& text) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return cannot_write(path, errno);
  const int error = write_and_close(descriptor, text);
  if (error != 0) return cannot_write(path, error);
  return std::nullopt;
}

// A link stays a link: what it leads to is replaced.
fs::path target_of(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  return error ? fs::path(path) : target;
}

fs::path name_beside(const fs::path& target) {
  return target.parent_path() /
         fmt::format(".{}.{}.part", target.filename().string(), static_cast<long>(getpid()));
}

std::optional<Problem> replace(const std::string& path, const std::string& text) {
  const fs::path target = target_of(path);
  const fs::path part = name_beside(target);
  const int descriptor = open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, everybody_may);
  if (descriptor < 0) return cannot_write(path, errno);
  struct stat old {};
  if (stat(target.c_str(), &old) == 0) fchmod(descriptor, old.st_mode);
  int error = write_and_close(descriptor, text);
  if (error == 0 && rename(part.c_str(), target.c_str()) != 0) error = errno;
  if (error == 0) return std::nullopt;
  unlink(part.c_str());
  return cannot_write(path, error);
}

}  // namespace

int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::optional<Problem> write_file(const std::string& path, const std::string& text) {
  struct stat there {};
  const bool exists = stat(path.c_str(), &there) == 0;
  if (exists && S_ISDIR(there.st_mode)) return cannot_write(path, EISDIR);
  if (exists && !S_ISREG(there.st_mode)) return write_to_what_is_there(path, text);
  return replace(path, text);
}

}  // namespace attncalc
