// SPDX-License-Identifier: Apache-2.0
//
// Plays one file of transcripts (see transcript.hpp) against attncalc::run in this process:
//
//     golden_tests FILE [NAME-OF-THE-TEST]
//
// and prints a unified diff for whatever differs. With ATTNCALC_BLESS=1 in the environment what was
// printed replaces what is written. Nothing of the person's surroundings reaches the commands: the
// environment is empty, the current folder and HOME are a new empty folder, stdin is empty, and no
// terminal is in sight, so a test means the same everywhere.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cli/run.hpp"
#include "golden/transcript.hpp"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace {

namespace fs = std::filesystem;
using attncalc::golden::Command;
using attncalc::golden::Outcome;
using attncalc::golden::Syntax;
using attncalc::golden::Verdict;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

void spill(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

void clear_environment() {
  while (environ != nullptr && *environ != nullptr) {
    const std::string_view entry = *environ;
    unsetenv(std::string(entry.substr(0, entry.find('='))).c_str());
  }
}

// A new empty folder that is the current one and HOME, gone at the end.
class Room {
 public:
  explicit Room(const fs::path& parent) : before_(fs::current_path()) {
    std::string name = (parent / "attncalc-golden-XXXXXX").string();  // mkdtemp's own pattern
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path_ = fs::canonical(name);
    fs::current_path(path_);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    std::error_code ignored;
    fs::current_path(before_, ignored);
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path before_;
  fs::path path_;
};

// For its lifetime, descriptor 0 is empty and 1 goes to a file: `run` is given streams, so whatever
// reaches descriptor 1 has gone past them.
class NoTerminal {
 public:
  NoTerminal() {
    std::cout.flush();
    const int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(empty, STDIN_FILENO);
    close(empty);
    dup2(fileno(stray_), STDOUT_FILENO);
  }
  NoTerminal(const NoTerminal&) = delete;
  NoTerminal& operator=(const NoTerminal&) = delete;
  ~NoTerminal() {
    dup2(stdout_, STDOUT_FILENO);
    close(stdout_);
    std::fclose(stray_);
  }
  bool something_went_past() {
    std::cout.flush();
    std::fflush(stdout);
    return lseek(fileno(stray_), 0, SEEK_END) > 0;
  }

 private:
  int stdout_ = dup(STDOUT_FILENO);
  std::FILE* stray_ = std::tmpfile();
};

Outcome run_attncalc(const Command& command) {
  const std::vector<std::string_view> args(command.words.begin() + 1, command.words.end());
  std::ostringstream out;
  std::ostringstream err;
  Outcome outcome;
  outcome.exit_code = attncalc::run(args, out, err);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

// The name of the room is a new one each time, so it is written as $PWD.
std::string without_room(std::string text, const std::string& room) {
  for (auto at = text.find(room); at != std::string::npos; at = text.find(room, at)) {
    text.replace(at, room.size(), "$PWD");
  }
  return text;
}

Outcome run_command(const Command& command, const fs::path& room) {
  clear_environment();
  setenv("HOME", room.c_str(), 1);
  for (const auto& [name, value] : command.environment) setenv(name.c_str(), value.c_str(), 1);
  if (command.words.front() == "cat" && command.words.size() == 2) {
    return {.out = slurp(command.words[1]), .err = {}, .exit_code = 0};
  }
  if (command.words.front() != "attncalc") {
    throw std::invalid_argument("only attncalc and cat FILE run here");
  }
  Outcome outcome = run_attncalc(command);
  outcome.out = without_room(outcome.out, room.string());
  outcome.err = without_room(outcome.err, room.string());
  return outcome;
}

Verdict play_file(const fs::path& path, const std::string& name) {
  const Room room(fs::temp_directory_path());
  NoTerminal no_terminal;
  const auto syntax = path.extension() == ".md" ? Syntax::markdown : Syntax::transcript;
  Verdict verdict = attncalc::golden::play(
      name, slurp(path), syntax,
      {.run = [&](const Command& command) { return run_command(command, room.path()); },
       .write =
           [](const std::string& file, const std::string& text) {
             const fs::path to(file);
             if (to.has_parent_path()) fs::create_directories(to.parent_path());
             spill(to, text);
           }});
  if (no_terminal.something_went_past()) {
    verdict.errors += "something was printed past the stream that run() was given\n";
  }
  return verdict;
}

int report(const Verdict& verdict, const fs::path& path, const std::string& test, bool bless) {
  std::cout << verdict.diffs << verdict.errors;
  if (bless && verdict.errors.empty() && !verdict.diffs.empty()) {
    spill(path, verdict.blessed);
    std::cout << "blessed " << path.string() << "\n";
    return 0;
  }
  if (!verdict.diffs.empty()) {
    std::cout << "\nIf what is printed is right, accept it and read the diff of the file:\n"
              << "    ATTNCALC_BLESS=1 ctest --preset release -R '^" << test << "$'\n";
  }
  return verdict.diffs.empty() && verdict.errors.empty() ? 0 : 1;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

int play_and_report(const fs::path& path, const std::string& test) {
  const bool bless = is_set("ATTNCALC_BLESS");
  if (bless && is_set("CI")) throw std::runtime_error("a person blesses, CI does not");
  return report(play_file(path, path.filename().string()), path, test, bless);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::cerr << "usage: golden_tests FILE [NAME-OF-THE-TEST]\n";
    return 2;
  }
  try {
    const fs::path path = fs::absolute(argv[1]);
    return play_and_report(path, argc == 3 ? argv[2] : path.stem().string());
  } catch (const std::exception& problem) {
    std::cerr << "golden_tests: " << problem.what() << "\n";
    return 2;
  }
}
