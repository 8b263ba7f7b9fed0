// SPDX-License-Identifier: Apache-2.0
//
// The audit of the five documents that the project began with: every claim, our figure, the command
// that gives it, and the verdict.
//
//   audit FOLDER PAGE [CHECKS.json]
//
// FOLDER holds claims_0.yaml … claims_4.yaml. Fails where PAGE (docs/seeds.md) is not what comes
// out; with ATTNCALC_BLESS in the environment it is made so. CHECKS is somebody else's audit of the
// same claims: its checks must come out, and every verdict that is not ours must have a reason
// here. Where the file does not exist, nothing is compared with it.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "seeds/claims.hpp"
#include "seeds/experiments.hpp"

namespace attncalc::seeds {
namespace {

constexpr std::array<std::string_view, 5> documents = {
    "Head design (MQA, GQA, windows, SSM)", "From MHA to MQA and GQA (chapter 23)",
    "Attention variants (slides: MQA, GQA, MLA)", "Multi-head attention",
    "Optimising attention (chapter 13, with exercises)"};
constexpr std::array<Verdict, 5> verdicts = {Verdict::exact, Verdict::unit_sloppy,
                                             Verdict::imprecise, Verdict::wrong,
                                             Verdict::out_of_scope};

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// A bar would end the cell of a table, also inside of `code`.
std::string cell(const std::string& text) { return replaced(text, "|", "\\|"); }

// --- the page ------------------------------------------------------------------------------------

std::string_view settled_by(const Claim& c) {
  if (!c.out_of_scope.empty()) return "";
  const std::string all = c.ours + c.only_if;
  if (all.find('{') != std::string::npos) return "experiment: ";
  return all.find('[') != std::string::npos ? "" : "derivation: ";
}

std::string how(const Claim& c) {
  if (!c.out_of_scope.empty()) return cell(c.out_of_scope);
  std::string text = fmt::format("{}`{}`", settled_by(c), cell(c.ours));
  if (!c.when.empty()) text += fmt::format("; right only {}: `{}`", c.when, cell(c.only_if));
  if (!c.why.empty()) text += ". " + cell(c.why);
  return text;
}

std::string stated_cell(const Claim& c) {
  if (!c.stated.empty()) return cell(c.stated);
  return c.theirs.empty() ? "" : fmt::format("`{}`", cell(c.theirs));
}

std::string row(const Finding& f) {
  const Claim& c = f.claim;
  return fmt::format("| {} | {}, {} | {} | {} | {} | {} | {} |\n", c.id, c.line, c.section,
                     cell(c.text), stated_cell(c), f.figure, verdict_name(f.verdict), how(c));
}

std::size_t count(const std::vector<Finding>& findings, int document, Verdict verdict) {
  std::size_t n = 0;
  for (const Finding& f : findings)
    n += f.verdict == verdict && (document < 0 || f.claim.document == document) ? 1 : 0;
  return n;
}

std::string count_row(const std::vector<Finding>& findings, std::string_view name, int document) {
  std::string text = fmt::format("| {} |", name);
  std::size_t all = 0;
  for (const Verdict v : verdicts) {
    text += fmt::format(" {} |", count(findings, document, v));
    all += count(findings, document, v);
  }
  return text + fmt::format(" {} |\n", all);
}

constexpr std::string_view opening = R"(# The seeds, audited

Five Chinese documents about attention were the reason for this project. Here is every number, formula
and exercise of them, with our figure and the command that gives it. The page is generated
(`tests/seeds/`): a test runs all commands again and compares, and no verdict is typed.

| verdict | rule |
| --- | --- |
| exact | our figure, in the unit that is stated, prints as stated |
| unit-sloppy | it does so only if MB means MiB (K, M, G likewise), or by cutting digits off |
| imprecise | it does so only under a condition that the text does not state |
| wrong | it does not |
| out of scope | there is no figure: a matter of training, of taste, or not published |

A power of two that is hit exactly beats one of ten that is hit after rounding. `~` makes zeros at the
end no digits. In the last column `[command | path]` is the value of `attncalc command --json` at that
path, `{name}` is an experiment's figure (below), the rest is arithmetic. Where the stated column shows
arithmetic, it is the document's formula at a sample.

)";

std::string experiments_text() {
  std::string text =
      "\n## Experiments\n\nSmall and deterministic, in double precision "
      "(`tests/seeds/experiments.cpp`).\n";
  for (const Experiment& e : experiments()) {
    text += fmt::format("\n### {}\n\n{}\n\n| figure | value |\n| --- | ---: |\n", e.title, e.about);
    for (const Figure& f : e.figures) text += fmt::format("| `{}` | {:.4g} |\n", f.name, f.value);
  }
  return text;
}

// Exercise 6 asks for three lengths and leaves open what "window and linear" is.
struct Design {
  std::string_view model, reading;
  bool linear;
};
constexpr std::array<Design, 3> designs = {{
    {"seed-hybrid-window", "windows alone", false},
    {"seed-hybrid-heads", "half of the heads windowed, half linear", true},
    {"seed-hybrid-layers", "windowed and linear layers in turn", true},
}};

std::string work_of(std::string_view model, std::string_view context, bool linear) {
  std::string sum;
  for (const std::string_view op : {"qk_scores", "attn_values", "chunk_scan"}) {
    if (op == "chunk_scan" && !linear) continue;
    sum += fmt::format("{}[cost -m {} --phase prefill -c {} --ops {} | totals.flops]",
                       sum.empty() ? "" : " + ", model, context, op);
  }
  return sum;
}

std::string design_row(const Design& d, std::string_view context) {
  const std::string cache = "[kv -m {} -c {} | kv.payload_bytes]";
  const double work = 1 - value_of(work_of(d.model, context, d.linear)) /
                              value_of(work_of("seed-mha", context, false));
  const double memory = 1 - value_of(fmt::format(fmt::runtime(cache), d.model, context)) /
                                value_of(fmt::format(fmt::runtime(cache), "seed-mha", context));
  return fmt::format("| {} | `{}` | {} | {:.1f} % | {:.1f} % |\n", d.reading, d.model, context,
                     100 * work, 100 * memory);
}

std::string designs_text() {
  std::string text =
      "\n## Exercise 6 of document 4\n\n12 layers of 12 heads of 64: 4 full, 4 with 4 query heads "
      "a "
      "KV head, 4 with a window of 256 and linear attention, against 12 full ones (`seed-mha`). "
      "Compute is that of scores, values and states of a causal prompt (`cost --phase prefill`, "
      "operators qk_scores, attn_values, chunk_scan); memory is `kv`'s payload, states "
      "included.\n\n"
      "| reading | model | tokens | compute saved | memory saved |\n| --- | --- | --- | ---: | "
      "---: |\n";
  for (const Design& d : designs)
    for (const std::string_view context : {"512", "2k", "8k"}) text += design_row(d, context);
  return text;
}

std::string page_of(const std::vector<Finding>& findings) {
  std::string text(opening);
  text += "| document | exact | unit-sloppy | imprecise | wrong | out of scope | all |\n";
  text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (std::size_t d = 0; d < documents.size(); ++d)
    text += count_row(findings, fmt::format("{}: {}", d, documents[d]), static_cast<int>(d));
  text += count_row(findings, "all", -1);
  for (std::size_t d = 0; d < documents.size(); ++d) {
    text += fmt::format("\n## Document {}: {}\n\n", d, documents[d]);
    text += "| id | line, section | claim | stated | ours | verdict | how |\n";
    text += "| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const Finding& f : findings)
      if (f.claim.document == static_cast<int>(d)) text += row(f);
  }
  return text + designs_text() + experiments_text();
}

bool holds_page(const std::string& page, const std::string& path) {
  if (std::getenv("ATTNCALC_BLESS") != nullptr) std::ofstream(path, std::ios::binary) << page;
  if (read_whole(path) == page) return true;
  std::cerr << path << " is not what the commands say now; ATTNCALC_BLESS=1 rewrites it\n";
  return false;
}

// --- somebody else's audit -----------------------------------------------------------------------

// Their word for what has no figure is another.
std::string_view as_theirs(Verdict v) {
  return v == Verdict::out_of_scope ? "unverifiable" : verdict_name(v);
}

// Numbers of a check, in the order of the file; a formula as text gives none.
std::vector<double> numbers(const nlohmann::json& expect) {
  if (expect.is_number()) return {expect.get<double>()};
  std::vector<double> all;
  if (expect.is_structured()) {
    for (const nlohmann::json& each : expect) all.push_back(each.get<double>());
  }
  return all;
}

// A check prints a few digits of what it computed.
bool near(double ours, double expected) {
  return std::abs(ours - expected) <= 1e-3 * std::abs(expected) &&
         (expected != std::floor(expected) || std::abs(expected) < 10 ||
          std::abs(ours - expected) < 1);
}

std::vector<std::string> check_problems(const Claim& c, const nlohmann::json& check) {
  if (check.is_null()) return {};
  std::vector<std::string> expressions = c.checks;
  if (expressions.empty()) expressions = {c.ours};
  std::vector<double> expected = numbers(check.at("expect"));
  // A check that is a formula: ours is its value at the sample of the claim.
  if (expected.empty()) expected = {value_of(c.ours)};
  if (expected.size() != expressions.size())
    return {
        fmt::format("{}: {} expressions for {} checks", c.id, expressions.size(), expected.size())};
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double ours = value_of(expressions[i]);
    if (!near(ours, expected[i]))
      problems.push_back(
          fmt::format("{}: the check expects {}, ours is {}", c.id, expected[i], ours));
  }
  return problems;
}

std::vector<std::string> verdict_problems(const Finding& f, const std::string& theirs) {
  const std::string_view ours = as_theirs(f.verdict);
  const std::string& reason = f.claim.differs;
  if (ours != theirs && reason.empty())
    return {fmt::format("{}: we say {}, they say {}, and no reason is given", f.claim.id, ours,
                        theirs)};
  if (ours == theirs && !reason.empty())
    return {
        fmt::format("{}: both say {}, but a reason for a difference is given", f.claim.id, ours)};
  return {};
}

const Finding* with_id(const std::vector<Finding>& findings, const std::string& id) {
  for (const Finding& f : findings)
    if (f.claim.id == id) return &f;
  return nullptr;
}

bool agrees(const std::vector<Finding>& findings, const std::string& path) {
  if (path.empty() || !std::filesystem::exists(path)) return true;
  std::vector<std::string> problems;
  std::size_t checks = 0;
  const nlohmann::json other = nlohmann::json::parse(read_whole(path));
  for (const nlohmann::json& theirs : other.at("claims")) {
    const Finding* f = with_id(findings, theirs.at("id"));
    if (!f) {
      problems.push_back(theirs.at("id").get<std::string>() + " is missing");
      continue;
    }
    checks += theirs.at("check").is_null() ? 0 : 1;
    for (auto& p : check_problems(f->claim, theirs.at("check"))) problems.push_back(p);
    for (auto& p : verdict_problems(*f, theirs.at("verdict"))) problems.push_back(p);
  }
  for (const std::string& problem : problems) std::cerr << problem << '\n';
  fmt::print("{} claims and {} checks compared, {} problems\n", findings.size(), checks,
             problems.size());
  return problems.empty();
}

int audit(const std::vector<std::string>& args) {
  std::vector<Finding> findings;
  for (int d = 0; d < static_cast<int>(documents.size()); ++d) {
    for (const Claim& claim : read_claims(fmt::format("{}/claims_{}.yaml", args.at(0), d), d))
      findings.push_back(find(claim));
  }
  const bool page = holds_page(page_of(findings), args.at(1));
  const bool agree = agrees(findings, args.size() > 2 ? args[2] : "");
  return page && agree ? 0 : 1;
}

}  // namespace
}  // namespace attncalc::seeds

int main(int argc, char** argv) {
  try {
    return attncalc::seeds::audit({argv + 1, argv + argc});
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return 2;
  }
}
