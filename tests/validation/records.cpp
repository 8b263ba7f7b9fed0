// SPDX-License-Identifier: Apache-2.0
//
// Reading of tables of text, character by character: published files quote commas, ends of lines
// and quotes.
#include "validation/records.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace attncalc::validation {
namespace {

std::string whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

// One row from `at` on, which moves behind it. A quoted cell may hold commas and ends of lines; two
// quotes in it are one.
std::vector<std::string> next_csv_row(const std::string& text, std::size_t& at) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      const bool twice = quoted && at + 1 < text.size() && text[at + 1] == '"';
      if (twice) cells.back() += text[++at];
      if (!twice) quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c == '\n' && !quoted) {
      ++at;
      break;
    } else if (c != '\r' || quoted) {
      cells.back() += c;
    }
  }
  return cells;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> cells;
  std::size_t from = 0;
  while (true) {
    const std::size_t to = line.find(separator, from);
    cells.push_back(line.substr(from, to - from));
    if (to == std::string::npos) return cells;
    from = to + 1;
  }
}

void set_heading(Records& out, const std::vector<std::string>& names) {
  out.columns.clear();
  for (std::size_t i = 0; i < names.size(); ++i) out.columns[names[i]] = i;
}

void add_row(const std::string& path, Records& out, std::vector<std::string> cells) {
  if (cells.size() > out.columns.size()) {
    throw std::runtime_error(path + ": a row has more cells than the heading: " + cells.front());
  }
  out.rows.emplace_back(&out.columns, std::move(cells));
}

}  // namespace

const std::string& Record::at(const std::string& column) const {
  static const std::string empty;
  const auto found = columns_->find(column);
  const bool here = found != columns_->end() && found->second < cells_.size();
  return here ? cells_[found->second] : empty;
}

std::optional<double> Record::number(const std::string& column) const {
  const std::string& text = at(column);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void read_csv(const std::string& path, Records& out) {
  const std::string text = whole_file(path);
  std::size_t at = 0;
  set_heading(out, next_csv_row(text, at));
  while (at < text.size()) add_row(path, out, next_csv_row(text, at));
}

void read_tsv(const std::string& path, Records& out) {
  std::string comment;
  for (const std::string& line : split(whole_file(path), '\n')) {
    if (line.starts_with('#')) {
      comment = line;
      continue;
    }
    if (line.empty()) continue;
    if (out.columns.empty()) set_heading(out, split(comment.substr(2), '\t'));
    add_row(path, out, split(line, '\t'));
  }
}

}  // namespace attncalc::validation
