// SPDX-License-Identifier: Apache-2.0
//
// Published measurements against our bounds and estimates.
//
//   validate FOLDER ROWS.csv PAGE HEADING
//
// FOLDER holds the tables that say what names and columns mean. Fails where a row of ROWS.csv is
// faster than its bound and exceptions.tsv does not say why, and where the section HEADING of PAGE
// (docs/validation.md) is not what comes out; with ATTNCALC_BLESS in the environment it is made so.
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

#include "validation/section.hpp"

namespace attncalc::validation {
namespace {

std::string whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

// From the heading to the next of its rank, or to the end.
struct Place {
  std::size_t from = 0, to = 0;
};
Place find_section(const std::string& page, const std::string& heading) {
  const std::string start = "\n## " + heading + "\n";
  const std::size_t at = page.find(start);
  if (at == std::string::npos) throw std::runtime_error("no section '" + heading + "'");
  const std::size_t from = at + start.size();
  const std::size_t to = page.find("\n## ", from - 1);
  return {from, to == std::string::npos ? page.size() : to};
}

bool page_is_right(const std::string& path, const std::string& heading, const std::string& text) {
  std::string page = whole_file(path);
  const Place place = find_section(page, heading);
  if (page.substr(place.from, place.to - place.from) == text) return true;
  if (!std::getenv("ATTNCALC_BLESS")) {
    std::cerr << path << ": section '" << heading << "' is not what the rows give\n";
    return false;
  }
  page.replace(place.from, place.to - place.from, text);
  std::ofstream(path, std::ios::binary) << page;
  return true;
}

bool all_known(const Score& score) {
  bool known = true;
  for (const Violation& v : score.violations) {
    if (v.known) continue;
    known = false;
    std::cerr << fmt::format(
        "row {} is {:.3f} times faster than its bound, and no line of "
        "exceptions.tsv says why: {} on {} {}, {}\n",
        v.row->at("id"), v.times_faster, v.measured.model, v.measured.devices, v.measured.device,
        v.row->at("metric"));
  }
  return known;
}

int run(const std::vector<std::string>& args) {
  const Mapping mapping(args[0]);
  Records rows;
  read_csv(args[1], rows);
  const Score result = score(rows, mapping);
  std::cout << fmt::format("{} of {} rows mapped, {} faster than their bounds\n", result.mapped,
                           result.counted, result.violations.size());
  const bool known = all_known(result);
  return page_is_right(args[2], args[3], section_of(result)) && known ? 0 : 1;
}

}  // namespace
}  // namespace attncalc::validation

int main(int argc, char** argv) {
  constexpr int arguments = 5;
  if (argc != arguments) {
    std::cerr << "usage: validate FOLDER ROWS.csv PAGE HEADING\n";
    return 2;
  }
  try {
    return attncalc::validation::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
