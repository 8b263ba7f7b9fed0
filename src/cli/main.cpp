// SPDX-License-Identifier: Apache-2.0
//
// The program around run(): descriptors and signals. What goes to stdout is collected and written
// at the end, at once; a reader that closed the pipe had enough, which is no error.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run.hpp"
#include "cli/write.hpp"

namespace {

constexpr int could_not_write = 3;
constexpr int interrupted = 130;

bool wants_colour() {
  const char* no = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool refused = (no && *no) || (term && std::string_view(term) == "dumb");
  return !refused && isatty(STDOUT_FILENO) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, [](int) { _exit(interrupted); });
  const std::vector<std::string_view> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  std::ostringstream out;
  std::ostringstream err;
  const int code = attncalc::run(args, out, err, {.wants_colour = wants_colour()});
  attncalc::write_all(STDERR_FILENO, err.str());
  const int error = attncalc::write_all(STDOUT_FILENO, out.str());
  if (error == 0 || error == EPIPE) return code;
  attncalc::write_all(STDERR_FILENO,
                      std::string("error: cannot write to stdout: ") + std::strerror(error) + "\n");
  return could_not_write;
}
