// SPDX-License-Identifier: Apache-2.0
//
// Runs the commands that a table of published figures names and compares, rounding to the digits
// that were printed (README.md beside this file).
#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "expect/expression.hpp"
#include "support/recorded.hpp"

namespace attncalc::published {
namespace {

struct Row {
  std::string source, what, printed, unit, expression, right;
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

std::vector<Row> read_rows(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<Row> rows;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> f = split(line, '\t');
    f.resize(6);
    rows.push_back({f[0], f[1], f[2], f[3], f[4], f[5]});
  }
  return rows;
}

// Half of the last printed digit: 0.005 for 8.72, 5e5 for 1.01e8.
double half_digit(const std::string& printed) {
  const std::size_t e = printed.find('e'), dot = printed.find('.');
  const int exponent = e == std::string::npos ? 0 : std::stoi(printed.substr(e + 1));
  const std::size_t end = std::min(e, printed.size());
  const int decimals = dot == std::string::npos ? 0 : static_cast<int>(end - dot - 1);
  return std::pow(10.0, exponent - decimals) / 2;
}

bool prints_as(double value, const std::string& printed) {
  constexpr double slack = 1 + 1e-9;  // of the division; the digits decide
  return std::abs(value - std::stod(printed)) <= half_digit(printed) * slack;
}

bool holds(const Row& row) {
  const double value = expect::as_double(expect::evaluate(recorded::filled_in(row.expression)));
  const bool as_printed = prints_as(value, row.printed);
  const bool fine = row.right.empty() ? as_printed : !as_printed && prints_as(value, row.right);
  fmt::print("{} {}: {}: {} {}, ours {:.6g}{}\n", fine ? "ok  " : "FAIL", row.source, row.what,
             row.printed, row.unit, value,
             row.right.empty() ? "" : ", a misprint for " + row.right);
  return fine;
}

}  // namespace
}  // namespace attncalc::published

int main(int argc, char** argv) {
  int failed = 0;
  try {
    for (int i = 1; i < argc; ++i) {
      for (const auto& row : attncalc::published::read_rows(argv[i]))
        failed += !attncalc::published::holds(row);
    }
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 2;
  }
  return failed == 0 && argc > 1 ? 0 : 1;
}
