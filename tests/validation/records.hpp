// SPDX-License-Identifier: Apache-2.0
//
// Tables of text: comma-separated with quotes, as measurements are published, and tab-separated
// with comments, as ours are. A row is asked for its cells by the names in the heading.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attncalc::validation {

class Record {
 public:
  Record(const std::map<std::string, std::size_t>* columns, std::vector<std::string> cells)
      : columns_(columns), cells_(std::move(cells)) {}

  // Empty where the table has no such column.
  const std::string& at(const std::string& column) const;
  std::optional<double> number(const std::string& column) const;

 private:
  const std::map<std::string, std::size_t>* columns_;
  std::vector<std::string> cells_;
};

struct Records {
  std::map<std::string, std::size_t> columns;
  std::vector<Record> rows;
};

// The first line is the heading. Throws std::runtime_error where the file cannot be read or a row
// has more cells than the heading.
void read_csv(const std::string& path, Records& out);

// The last comment line before the first row is the heading.
void read_tsv(const std::string& path, Records& out);

}  // namespace attncalc::validation
