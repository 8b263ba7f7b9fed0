// SPDX-License-Identifier: Apache-2.0
//
// Reading claims and judging them. A claim is one of: a printed figure (`stated`), a formula at a
// sample (`theirs`, arithmetic), a word (`theirs`, against a word of ours), or out of scope.
#include "seeds/claims.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "base/document.hpp"
#include "base/unit_text.hpp"
#include "base/units.hpp"
#include "seeds/arithmetic.hpp"
#include "seeds/experiments.hpp"
#include "support/recorded.hpp"

namespace attncalc::seeds {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(render(result.problems()));
  return *std::move(result);
}

std::string* text_field(Claim& c, std::string_view key) {
  if (key == "id") return &c.id;
  if (key == "at") return &c.section;
  if (key == "claim") return &c.text;
  if (key == "stated") return &c.stated;
  if (key == "theirs") return &c.theirs;
  if (key == "ours") return &c.ours;
  if (key == "when") return &c.when;
  if (key == "only_if") return &c.only_if;
  if (key == "why") return &c.why;
  if (key == "out_of_scope") return &c.out_of_scope;
  if (key == "differs") return &c.differs;
  return nullptr;
}

std::vector<std::string> texts(const Node& node) {
  if (node.kind != NodeKind::list) return {node.text};
  std::vector<std::string> all;
  for (const Node& child : node.children) all.push_back(child.text);
  return all;
}

void set_field(Claim& c, const Node& field, const Document& document) {
  if (field.key == "line" && field.as_integer()) {
    c.line = *field.as_integer();
  } else if (field.key == "check") {
    c.checks = texts(field);
  } else if (std::string* text = text_field(c, field.key)) {
    *text = field.text;
  } else if (field.key != "like") {
    throw std::runtime_error(render(document.problem(field, "no such field: " + field.key)));
  }
}

// `like: ID` takes over what another claim of the document says; a document repeats itself.
Claim start_of(const Node& entry, const std::vector<Claim>& before, const Document& document) {
  const Node* like = entry.find("like");
  if (!like) return {};
  for (const Claim& claim : before)
    if (claim.id == like->text) return claim;
  throw std::runtime_error(render(document.problem(*like, "no claim before is " + like->text)));
}

bool is_complete(const Claim& c) {
  if (c.id.empty() || c.line == 0 || c.section.empty() || c.text.empty()) return false;
  if (!c.out_of_scope.empty()) return c.ours.empty() && c.only_if.empty();
  return !c.ours.empty() && c.stated.empty() != c.theirs.empty() &&
         c.when.empty() == c.only_if.empty();
}

std::string with_experiments(std::string expression) {
  for (std::size_t open; (open = expression.find('{')) != std::string::npos;) {
    const std::size_t close = expression.find('}', open);
    if (close == std::string::npos) throw std::runtime_error("wrong braces: " + expression);
    const double value = experiment_figure(expression.substr(open + 1, close - open - 1));
    expression.replace(open, close - open + 1, fmt::format("({:.17g})", value));
  }
  return expression;
}

// "'latent'" is a word, as is the one that a command answers with.
bool is_word(const std::string& theirs) { return theirs.starts_with('\''); }
std::string word_of(const std::string& expression) {
  const std::string filled = recorded::filled_in(expression);
  return is_word(filled) ? filled.substr(1, filled.size() - 2) : filled;
}

Match match_under(const Claim& c, const std::string& ours) {
  if (!c.stated.empty()) return match(c.stated, value_of(ours));
  const bool equal = is_word(c.theirs) ? word_of(c.theirs) == word_of(ours)
                                       : same(value_of(c.theirs), value_of(ours));
  return equal ? Match::as_stated : Match::none;
}

bool speaks_of_bytes(const std::string& stated) {
  return stated.ends_with("B") && !stated.ends_with("/B");
}

std::string figure_text(const Claim& c) {
  if (is_word(c.theirs)) return word_of(c.ours);
  const double value = value_of(c.ours);
  if (speaks_of_bytes(c.stated) && value == std::floor(value)) {
    const Bytes bytes{static_cast<std::int64_t>(value)};
    return fmt::format("{} = {}", format_bytes(bytes, UnitStyle::si),
                       format_bytes(bytes, UnitStyle::iec));
  }
  if (c.stated.ends_with("%")) return fmt::format("{:.4g} %", 100 * value);
  if (value == std::floor(value) && std::abs(value) < std::ldexp(1.0, 53))
    return format_count(static_cast<std::int64_t>(value));
  return fmt::format("{:.5g}", value);
}

}  // namespace

double value_of(const std::string& expression) {
  return evaluate(with_experiments(recorded::filled_in(expression)));
}

std::vector<Claim> read_claims(const std::string& path, int number) {
  const Document document = must(parse_yaml(path, must(read_file(path))));
  std::vector<Claim> claims;
  for (const Node& entry : document.root.children) {
    Claim claim = start_of(entry, claims, document);
    claim.document = number;
    for (const Node& field : entry.children) set_field(claim, field, document);
    if (!is_complete(claim))
      throw std::runtime_error(render(document.problem(
          entry, claim.id + " needs id, line, at, claim, and either stated or theirs with ours "
                            "(when and only_if together), or out_of_scope")));
    claims.push_back(std::move(claim));
  }
  return claims;
}

Finding find(const Claim& c) {
  Finding finding{.claim = c, .figure = {}};
  if (!c.out_of_scope.empty()) return finding;
  try {
    const Match plain = match_under(c, c.ours);
    finding.figure = figure_text(c);
    std::optional<Match> conditional;
    if (!c.only_if.empty()) conditional = match_under(c, c.only_if);
    finding.verdict = judge(plain, conditional);
  } catch (const std::exception& problem) {
    throw std::runtime_error(c.id + ": " + problem.what());
  }
  return finding;
}

}  // namespace attncalc::seeds
