// SPDX-License-Identifier: Apache-2.0
//
// Errors are values. A `Problem` says where (file, line, column), what is wrong, and what would be
// right; a `Result<T>` holds either a T or every problem that was found on the way to it. Readers
// collect all problems before they stop, so that one run shows a user everything there is to mend.
//
// Bad input never throws across a function boundary and never asserts; a broken invariant of our
// own does assert. (std::expected is C++23 and absent from the compilers we support.)
#pragma once

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace attncalc {

// A place in a file that the user can open. Line and column count from 1; line 0 means "the file as
// a whole" (it could not be opened) or, for a value from the command line, no file at all.
struct Span {
  std::string file;
  int line = 0;
  int column = 0;
};

struct Problem {
  Span at;
  std::string message;      // lower case, one line, no blame: "num_key_value_heads is 0; …"
  std::string hint;         // what to do, or the nearest name; may be empty
  std::string source_line;  // what of the line is shown; may be empty; see quote_line()
  int caret = 0;            // under which of its characters the caret stands, from 1; 0: none
  // What a script tells apart: 2 bad usage or input, 3 could not read or write.
  int exit_code = 2;
};

using Problems = std::vector<Problem>;

inline Problem usage_problem(std::string message, std::string hint = {}) {
  return {.at = {}, .message = std::move(message), .hint = std::move(hint), .source_line = {}};
}

// Shows `line`, the whole line that `problem.at` is in, below the message. A line longer than 120
// characters is cut to what surrounds the caret (a config may be one line of megabytes).
void quote_line(Problem& problem, std::string_view line);

inline Problems usage_problems(const std::vector<std::string>& messages) {
  Problems problems;
  for (const std::string& message : messages) problems.push_back(usage_problem(message));
  return problems;
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}                      // NOLINT: a value is a result
  Result(Problem problem) : state_(Problems{std::move(problem)}) {}  // NOLINT: so is a problem
  Result(Problems problems) : state_(std::move(problems)) { assert(!this->problems().empty()); }

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Problems& problems() const { return std::get<1>(state_); }

 private:
  std::variant<T, Problems> state_;
};

// As a user reads it: `file:line:column: error: message`, the line, a caret, `hint: …`; each ends
// with a newline. What the input could smuggle to a terminal (control characters) comes out as '?'.
// Of very many problems the first fifty are shown and the rest counted.
std::string render(const Problem& problem);
std::string render(const Problems& problems);

}  // namespace attncalc
