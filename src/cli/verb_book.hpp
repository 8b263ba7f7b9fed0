// SPDX-License-Identifier: Apache-2.0
//
// The verbs as something to look up: which can be asked a question, with which keys, and which one
// a figure is to be asked of. Keys are flags without their dashes: what a file says as `kv-dtype:`
// is `--kv-dtype` on a command line. All of it comes from the verbs' own descriptions, so a new
// verb is here as soon as it is in the list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/verbs.hpp"

namespace attncalc {

// A key with its value as texts: one for a flag with a value, any number for a flag that repeats,
// "true" for a switch. None: not given.
struct Setting {
  std::string key;
  std::vector<std::string> texts;
  int line = 0;
  int column = 0;
  bool own = true;  // false: from the defaults of a file
};

enum class KeyKind : std::uint8_t { absent, one_value, values, on_or_off };

class VerbBook {
 public:
  VerbBook();

  struct Entry {
    const Verb* verb;
    std::vector<std::pair<std::string_view, KeyKind>> keys;

    KeyKind kind_of(std::string_view key) const;
    bool takes(const Setting& setting) const { return kind_of(setting.key) != KeyKind::absent; }
  };

  const Entry* find(std::string_view verb) const;
  KeyKind kind_of(std::string_view key) const;     // in whichever verb takes it
  std::vector<std::string_view> keys() const;      // of all verbs
  std::vector<std::string_view> sections() const;  // first steps of paths
  std::vector<std::string_view> verbs() const;

  // The verbs whose JSON has this section, those first that take most of the settings: of `cost`
  // and `roofline`, which both have totals, a scenario with a machine asks the latter.
  std::vector<const Entry*> that_have(std::string_view section,
                                      const std::vector<Setting>& settings) const;

 private:
  std::vector<Entry> entries_;
};

// Gives the settings to those flags of a question that there are.
void fill(const Question& question, const std::vector<Setting>& settings);

}  // namespace attncalc
