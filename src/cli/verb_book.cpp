// SPDX-License-Identifier: Apache-2.0
//
// Everything is read once from the questions that the verbs make.
#include "cli/verb_book.hpp"

#include <algorithm>

namespace attncalc {
namespace {

constexpr std::string_view dashes = "--";

KeyKind kind_of_target(const FlagTarget& target) {
  if (std::holds_alternative<bool*>(target)) return KeyKind::on_or_off;
  if (std::holds_alternative<std::vector<std::string>*>(target)) return KeyKind::values;
  return KeyKind::one_value;
}

VerbBook::Entry entry_of(const Verb& verb) {
  VerbBook::Entry entry{.verb = &verb, .keys = {}};
  for (const FlagGroup& group : verb.question().command.groups) {
    if (group.about_output) continue;
    for (const Flag& flag : group.flags) {
      entry.keys.emplace_back(flag.name.substr(dashes.size()), kind_of_target(flag.into));
    }
  }
  return entry;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return words;
}

void add_new(std::vector<std::string_view>& all, std::string_view one) {
  if (std::ranges::find(all, one) == all.end()) all.push_back(one);
}

void give(const FlagTarget& target, const std::vector<std::string>& texts) {
  if (auto* const* on = std::get_if<bool*>(&target)) {
    **on = !texts.empty();
  } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&target)) {
    **list = texts;
  } else if (!texts.empty()) {
    *std::get<std::optional<std::string>*>(target) = texts.front();
  }
}

}  // namespace

VerbBook::VerbBook() {
  for (const Verb& verb : all_verbs()) {
    if (verb.question && !verb.sections.empty()) entries_.push_back(entry_of(verb));
  }
}

KeyKind VerbBook::Entry::kind_of(std::string_view key) const {
  for (const auto& [known, kind] : keys) {
    if (known == key) return kind;
  }
  return KeyKind::absent;
}

const VerbBook::Entry* VerbBook::find(std::string_view verb) const {
  for (const Entry& entry : entries_) {
    if (entry.verb->name == verb) return &entry;
  }
  return nullptr;
}

KeyKind VerbBook::kind_of(std::string_view key) const {
  for (const Entry& entry : entries_) {
    const KeyKind kind = entry.kind_of(key);
    if (kind != KeyKind::absent) return kind;
  }
  return KeyKind::absent;
}

std::vector<std::string_view> VerbBook::keys() const {
  std::vector<std::string_view> all;
  for (const Entry& entry : entries_) {
    for (const auto& [key, kind] : entry.keys) add_new(all, key);
  }
  return all;
}

std::vector<std::string_view> VerbBook::sections() const {
  std::vector<std::string_view> all;
  for (const Entry& entry : entries_) {
    for (const std::string_view word : words_of(entry.verb->sections)) add_new(all, word);
  }
  return all;
}

std::vector<std::string_view> VerbBook::verbs() const {
  std::vector<std::string_view> all;
  for (const Entry& entry : entries_) all.push_back(entry.verb->name);
  return all;
}

std::vector<const VerbBook::Entry*> VerbBook::that_have(
    std::string_view section, const std::vector<Setting>& settings) const {
  std::vector<const Entry*> found;
  for (const Entry& entry : entries_) {
    const std::vector<std::string_view> words = words_of(entry.verb->sections);
    if (std::ranges::find(words, section) != words.end()) found.push_back(&entry);
  }
  std::ranges::stable_sort(found, std::ranges::greater(), [&](const Entry* entry) {
    return std::ranges::count_if(settings, [&](const Setting& s) { return entry->takes(s); });
  });
  return found;
}

void fill(const Question& question, const std::vector<Setting>& settings) {
  for (const FlagGroup& group : question.command.groups) {
    if (group.about_output) continue;
    for (const Flag& flag : group.flags) {
      const std::string_view key = flag.name.substr(dashes.size());
      const auto setting = std::ranges::find(settings, key, &Setting::key);
      if (setting != settings.end()) give(flag.into, setting->texts);
    }
  }
}

}  // namespace attncalc
