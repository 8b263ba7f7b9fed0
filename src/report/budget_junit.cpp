// SPDX-License-Identifier: Apache-2.0
//
// `attncalc check` as JUnit XML, which CI systems show as tests: a scenario is a class, a budget a
// test case; one that does not hold is a failure, one without a figure an error. tinyxml2 escapes;
// what XML 1.0 cannot hold at all (control characters) becomes '?'. docs/schema/junit.xsd is what
// it keeps to.
#include <tinyxml2.h>

#include <algorithm>

#include "base/utf8.hpp"
#include "report/budget_report.hpp"

namespace attncalc {
namespace {

// Line by line, so that line ends stay.
std::string for_xml(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += printable(text.substr(0, end));
    if (end == text.size()) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

// <what message="…" type="…">text</what>
void write_trouble(tinyxml2::XMLPrinter& xml, const char* what, const char* type,
                   const std::string& message, const std::string& text) {
  xml.OpenElement(what);
  xml.PushAttribute("message", for_xml(message).c_str());
  xml.PushAttribute("type", type);
  xml.PushText(for_xml(text).c_str());
  xml.CloseElement();
}

void open_case(tinyxml2::XMLPrinter& xml, const std::string& scenario, const std::string& name) {
  xml.OpenElement("testcase");
  xml.PushAttribute("classname", for_xml(scenario).c_str());
  xml.PushAttribute("name", for_xml(name).c_str());
}

void write_check(tinyxml2::XMLPrinter& xml, const BudgetAnswer& answer,
                 const CheckedBudget& check) {
  const bool followed = check.bound == LimitSide::none;
  open_case(xml, check.scenario,
            followed ? check.metric : check.metric + " " + std::string(side_name(check.bound)));
  xml.PushAttribute("file", for_xml(answer.file).c_str());
  xml.PushAttribute("line", check.line);
  std::string text = sentence(check);
  if (!check.value) {
    write_trouble(xml, "error", "scenario", text, text);
  } else if (!check.ok) {
    for (const Remedy& r : check.remedies) text += "\nholds with " + sentence(r, check);
    write_trouble(xml, "failure", "budget", sentence(check), text);
  }
  xml.CloseElement();
}

void write_change(tinyxml2::XMLPrinter& xml, const Change& change) {
  open_case(xml, change.scenario, change.metric + " since the baseline");
  if (!change.ok) {
    write_trouble(xml, "failure", "growth", sentence(change), sentence(change));
  }
  xml.CloseElement();
}

}  // namespace

std::string budget_junit(const BudgetAnswer& answer) {
  const std::vector<Change> none;
  const std::vector<Change>& changes = answer.comparison ? answer.comparison->changes : none;
  const auto errors =
      std::ranges::count_if(answer.checks, [](const CheckedBudget& check) { return !check.value; });
  const auto failed = std::ranges::count(answer.checks, false, &CheckedBudget::ok) - errors +
                      std::ranges::count(changes, false, &Change::ok);
  tinyxml2::XMLPrinter xml;
  xml.PushHeader(false, true);
  const auto open_suite = [&](const char* element, const std::string& name) {
    xml.OpenElement(element);
    xml.PushAttribute("name", for_xml(name).c_str());
    xml.PushAttribute("tests", static_cast<std::int64_t>(answer.checks.size() + changes.size()));
    xml.PushAttribute("failures", static_cast<std::int64_t>(failed));
    xml.PushAttribute("errors", static_cast<std::int64_t>(errors));
  };
  open_suite("testsuites", "attncalc check");
  open_suite("testsuite", answer.file);
  for (const CheckedBudget& check : answer.checks) write_check(xml, answer, check);
  for (const Change& change : changes) write_change(xml, change);
  xml.CloseElement();
  xml.CloseElement();
  return xml.CStr();
}

}  // namespace attncalc
