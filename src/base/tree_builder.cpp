// SPDX-License-Identifier: Apache-2.0
//
// Only the last child of a node is ever open, so the pointers to open nodes stay valid: a vector of
// children grows only when its last child is closed.
#include "base/tree_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/units.hpp"
#include "base/utf8.hpp"

namespace attncalc {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::size_t most_problems = 100;  // each quotes a line; hostile input could have millions
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_text_control(char32_t code) { return code == '\t' || code == '\n' || code == '\r'; }

// The first byte that no text file has: a control character or no UTF-8; npos if all is well.
std::size_t first_bad_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto character = first_character(text.substr(at));
    if (!character) return at;
    if (character->code < 0x20 && !is_text_control(character->code)) return at;
    at += character->length;
  }
  return std::string_view::npos;
}

}  // namespace

Place PlaceFinder::at(std::size_t offset) {
  if (offset < offset_) {
    offset_ = line_start_;
    place_.column = 1;
  }
  for (; offset_ < offset && offset_ < text_.size(); ++offset_) {
    if (text_[offset_] == '\n') {
      line_start_ = offset_ + 1;
      ++place_.line;
      place_.column = 1;
    } else if (begins_character(text_[offset_])) {
      ++place_.column;
    }
  }
  return place_;
}

TreeBuilder::TreeBuilder(std::string file, std::string text) {
  document_.file = std::move(file);
  while (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  document_.text = std::move(text);
}

bool TreeBuilder::accept_source(std::size_t largest) {
  if (text().size() > largest) {
    problem({}, fmt::format("the file is larger than {} MiB", largest / units::mebi));
  } else if (const std::size_t bad = first_bad_byte(text()); bad != std::string_view::npos) {
    refuse_byte(bad);
  } else if (text().find_first_not_of(" \t\r\n") == std::string::npos) {
    problem({}, "the file is empty");
  }
  return problems_.empty();
}

void TreeBuilder::refuse_byte(std::size_t offset) {
  const auto byte = static_cast<unsigned char>(text()[offset]);
  const Place at = PlaceFinder(text()).at(offset);
  if (byte < 0x20) {
    problem(at, fmt::format("byte 0x{:02x} is a control character, not text", byte),
            "is this a binary file?");
  } else {
    problem(at, fmt::format("byte 0x{:02x} does not belong to UTF-8 text", byte),
            "save the file as UTF-8");
  }
}

void TreeBuilder::key(std::string name, Place at) {
  Open& map = open_.back();
  map.pending_key = std::move(name);
  map.has_pending_key = true;
  map.key_places.push_back(at);
}

bool TreeBuilder::awaits_key() const {
  return !open_.empty() && open_.back().node->kind == NodeKind::map &&
         !open_.back().has_pending_key;
}

Node& TreeBuilder::add(NodeKind kind, Place at) {
  Node* node = &document_.root;
  if (!open_.empty()) {
    Open& parent = open_.back();
    node = &parent.node->children.emplace_back();
    if (parent.has_pending_key) node->key = std::move(parent.pending_key);
    parent.has_pending_key = false;
  }
  node->kind = kind;
  node->line = at.line;
  node->column = at.column;
  return *node;
}

void TreeBuilder::scalar(NodeKind kind, std::string text, Place at) {
  Node& node = add(kind, at);
  node.text = std::move(text);
  if (kind == NodeKind::real && !node.as_real()) {
    problem(at, fmt::format("{} is out of the range of a 64-bit real number", node.text));
  }
}

bool TreeBuilder::open(NodeKind kind, Place at) {
  if (open_.size() == deepest) {
    problem(at, fmt::format("lists and maps are nested more than {} deep here", deepest));
    return false;
  }
  open_.push_back({.node = &add(kind, at), .key_places = {}, .pending_key = {}});
  return true;
}

void TreeBuilder::close() {
  if (open_.back().node->kind == NodeKind::map) refuse_duplicates(open_.back());
  open_.pop_back();
}

// Sorted, equal keys stand together, in the order of the file: also a vocabulary of a hundred
// thousand keys is checked at once.
void TreeBuilder::refuse_duplicates(const Open& map) {
  const auto& children = map.node->children;
  std::vector<std::size_t> order(children.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {},
                           [&](std::size_t i) -> const std::string& { return children[i].key; });
  std::size_t first = 0;
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (children[order[i]].key != children[order[first]].key) {
      first = i;
      continue;
    }
    problem(map.key_places[order[i]],
            fmt::format("the key {} is given a second time", children[order[i]].key),
            fmt::format("its first value is in line {}", map.key_places[order[first]].line));
  }
}

void TreeBuilder::problem(Place at, std::string message, std::string hint) {
  if (problems_.size() == most_problems) return;
  Node here;
  here.line = at.line;
  here.column = at.column;
  problems_.push_back(document_.problem(here, std::move(message), std::move(hint)));
}

Result<Document> TreeBuilder::finish() {
  if (problems_.empty()) return std::move(document_);
  std::ranges::stable_sort(problems_, {}, [](const Problem& problem) {
    return std::tie(problem.at.line, problem.at.column);
  });
  return std::move(problems_);
}

}  // namespace attncalc
