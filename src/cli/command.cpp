// SPDX-License-Identifier: Apache-2.0
//
// CLI11 finds out which text belongs to which flag. What it would say about a mistake is replaced
// by errors in our own form, with the nearest name.
#include "cli/command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/nearest.hpp"

namespace attncalc {
namespace {

// --- parsing -------------------------------------------------------------------------------------

std::string cli11_name(const Flag& flag) {
  return flag.letter.empty() ? std::string(flag.name)
                             : fmt::format("{},{}", flag.letter, flag.name);
}

CLI::Option* add(CLI::App& app, const Flag& flag) {
  const std::string name = cli11_name(flag);
  if (auto* const* target = std::get_if<bool*>(&flag.into)) {
    return app.add_flag(name, **target)->disable_flag_override();
  }
  if (auto* const* target = std::get_if<std::vector<std::string>*>(&flag.into)) {
    return app.add_option(name, **target)->allow_extra_args(false);
  }
  auto* target = std::get<std::optional<std::string>*>(flag.into);
  const auto keep = [target](const std::string& text) { *target = text; };
  return app.add_option_function<std::string>(name, keep)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

std::vector<std::string_view> flag_names(const Command& command) {
  std::vector<std::string_view> names;
  for (const FlagGroup& group : command.groups) {
    for (const Flag& flag : group.flags) names.push_back(flag.name);
  }
  names.push_back("--help");
  return names;
}

const Flag* find_flag(const Command& command, std::string_view name) {
  for (const FlagGroup& group : command.groups) {
    for (const Flag& flag : group.flags) {
      if (flag.name == name || flag.letter == name) return &flag;
    }
  }
  return nullptr;
}

Problem unknown_flag(const Command& command, std::string_view typed) {
  const std::string_view name = typed.substr(0, typed.find('='));
  const std::vector<std::string_view> names = flag_names(command);
  const std::string near = did_you_mean(name, names);
  return usage_problem(fmt::format("{} has no flag {}", command.name, name),
                       near.empty() ? fmt::format("`{} --help` lists them", command.name) : near);
}

// CLI11 begins its message with the flag: a value is missing, or a switch was given one.
Problem mismatch(const Command& command, const std::string& said) {
  std::string name = said.substr(0, said.find_first_of(": "));
  if (!name.starts_with('-')) name.insert(0, "--");
  const Flag* flag = find_flag(command, name);
  if (!flag) return usage_problem(said);
  if (flag->value.empty()) return usage_problem(fmt::format("{} takes no value", name));
  return usage_problem(fmt::format("{} needs a value: {} {}", name, name, flag->value));
}

void check_extras(const Command& command, const std::vector<std::string>& extras,
                  Problems& problems) {
  for (const std::string& extra : extras) {
    if (extra.starts_with('-') && extra != "-") {
      problems.push_back(unknown_flag(command, extra));
      return;  // what follows may be its value
    }
  }
  if (!extras.empty()) {
    problems.push_back(
        usage_problem(fmt::format("{} takes no argument '{}'", command.name, extras.front()),
                      fmt::format("`{} --help` says what it takes", command.name)));
  }
}

void check_positionals(const Command& command, Problems& problems) {
  if (!command.positional) return;
  const Positional& p = *command.positional;
  if (p.into->size() < p.least) {
    problems.push_back(usage_problem(fmt::format("{} needs a {}", command.name, p.name)));
  } else if (p.into->size() > p.most) {
    problems.push_back(
        usage_problem(fmt::format("{} takes no argument '{}'", command.name, (*p.into)[p.most])));
  }
}

// A flag that may stand alone gets the value that this means.
std::vector<std::string> with_bare_values(const Command& command,
                                          std::span<const std::string_view> args) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < args.size(); ++i) {
    out.emplace_back(args[i]);
    const Flag* flag = find_flag(command, args[i]);
    const bool alone = i + 1 == args.size() || args[i + 1].starts_with('-');
    if (flag && !flag->bare.empty() && alone) out.emplace_back(flag->bare);
  }
  return out;
}

struct Registered {
  const Flag* flag;
  CLI::Option* option;
};

void check_repeats(const std::vector<Registered>& all, Problems& problems) {
  for (const Registered& r : all) {
    const bool may_repeat = std::holds_alternative<std::vector<std::string>*>(r.flag->into);
    if (!may_repeat && r.option->count() > 1) {
      problems.push_back(
          usage_problem(fmt::format("{} is given {} times", r.flag->name, r.option->count())));
    }
  }
}

// --- help ----------------------------------------------------------------------------------------

std::string left_side(const Flag& flag) {
  std::string text = flag.letter.empty() ? "" : fmt::format("{}, ", flag.letter);
  text += flag.name;
  if (!flag.value.empty()) text += fmt::format(" {}", flag.value);
  return text;
}

void write_flag(std::string& out, const Flag& flag, std::size_t width) {
  std::string left = left_side(flag);
  std::string_view help = flag.help;
  while (!help.empty()) {
    const std::string_view line = help.substr(0, help.find('\n'));
    help.remove_prefix(std::min(help.size(), line.size() + 1));
    out += fmt::format("  {:<{}}  {}\n", left, width, line);
    left.clear();
  }
}

std::size_t widest(const Command& command) {
  std::size_t width = 0;
  for (const FlagGroup& group : command.groups) {
    for (const Flag& flag : group.flags) width = std::max(width, left_side(flag).size());
  }
  return width;
}

std::string usage_line(const Command& command) {
  std::string line = fmt::format("usage: {}", command.name);
  if (command.positional) {
    const Positional& p = *command.positional;
    const std::string more = p.most > 1 ? "…" : "";
    line += p.least > 0 ? fmt::format(" {}{}", p.name, more) : fmt::format(" [{}{}]", p.name, more);
  }
  return line + (command.groups.empty() ? "\n" : " [flags]\n");
}

}  // namespace

bool asks_for_help(std::span<const std::string_view> args) {
  return std::ranges::any_of(args, [](std::string_view a) { return a == "--help" || a == "-h"; });
}

std::optional<Problems> parse(const Command& command, std::span<const std::string_view> args) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<Registered> registered;
  for (const FlagGroup& group : command.groups) {
    for (const Flag& flag : group.flags) registered.push_back({&flag, add(app, flag)});
  }
  if (command.positional) {
    app.add_option(std::string(command.positional->name), *command.positional->into);
  }
  Problems problems;
  try {
    std::vector<std::string> words = with_bare_values(command, args);
    std::ranges::reverse(words);
    app.parse(words);
    check_extras(command, app.remaining(), problems);
    check_positionals(command, problems);
    check_repeats(registered, problems);
  } catch (const CLI::ArgumentMismatch& error) {
    problems.push_back(mismatch(command, error.what()));
  } catch (const CLI::ParseError& error) {
    problems.push_back(usage_problem(error.what()));
  }
  if (problems.empty()) return std::nullopt;
  return problems;
}

std::string help_text(const Command& command) {
  std::string out = fmt::format("{}\n\n{}", command.summary, usage_line(command));
  if (!command.about.empty()) out += fmt::format("\n{}\n", command.about);
  if (!command.examples.empty()) out += "\nexamples:\n";
  for (const Example& e : command.examples) out += fmt::format("  # {}\n  {}\n", e.what, e.command);
  const std::size_t width = widest(command);
  for (const FlagGroup& group : command.groups) {
    out += fmt::format("\n{}:\n", group.title);
    for (const Flag& flag : group.flags) write_flag(out, flag, width);
  }
  return out;
}

}  // namespace attncalc
