// SPDX-License-Identifier: Apache-2.0
//
// What the JSON and the YAML reader share: the events of a parser become the tree, and the rules
// that hold in both syntaxes (no key twice, depth, text that is text) are decided here, once.
// Private to base/: everybody else reads documents through document.hpp.
#pragma once

#include <string>
#include <vector>

#include "base/document.hpp"

namespace attncalc {

struct Place {
  int line = 0;
  int column = 0;  // in characters
};

// Walks through a text and knows the line and column it is at. Going forward costs what it passes;
// going back is allowed within the line and begins it anew.
class PlaceFinder {
 public:
  explicit PlaceFinder(std::string_view text) : text_(text) {}
  Place at(std::size_t offset);

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t line_start_ = 0;
  Place place_{1, 1};
};

class TreeBuilder {
 public:
  TreeBuilder(std::string file, std::string text);

  // Bytes that are no text, or nothing but white space: false, and nothing need be parsed.
  bool accept_source(std::size_t largest);
  const std::string& text() const { return document_.text; }

  // The events. A key comes before its value; open() refuses what is nested too deeply.
  void key(std::string name, Place at);
  void scalar(NodeKind kind, std::string text, Place at);
  bool open(NodeKind kind, Place at);
  void close();

  // What is being read: the open list or map; null before and after the root value.
  const Node* container() const { return open_.empty() ? nullptr : open_.back().node; }
  bool awaits_key() const;

  void problem(Place at, std::string message, std::string hint = {});
  Result<Document> finish();

 private:
  // `key_places` goes with the children of a map: a second use of a key is shown at the key.
  struct Open {
    Node* node;
    std::vector<Place> key_places;
    std::string pending_key;
    bool has_pending_key = false;
  };

  Node& add(NodeKind kind, Place at);
  void refuse_byte(std::size_t offset);
  void refuse_duplicates(const Open& map);

  Document document_;
  std::vector<Open> open_;
  Problems problems_;
};

}  // namespace attncalc
