// SPDX-License-Identifier: Apache-2.0
//
// One small report in each form: whole outputs, as a person sees them.
#include "report/report.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

constexpr std::int64_t kibi = units::kibi;
constexpr std::int64_t gibi = units::gibi;

Report sample() {
  Report report;
  report.title = "a model";
  report.blocks.push_back(Paragraph{{"two layers"}});
  report.blocks.push_back(
      Facts{{{"total", 3 * gibi / 2}, {"per token", 300}, {"on average", 4.5}}});
  Table table;
  table.title = "parts";
  table.columns = {{"name", "part", Unit::text},
                   {"bytes", "", Unit::bytes},
                   {"share", "share", Unit::share},
                   {"layers", "layers", Unit::count}};
  table.rows = {{std::string("key × value"), gibi, 2.0 / 3, 1200},
                {std::string("a, \"b\""), kibi, 0.5, Cell()}};
  report.blocks.push_back(table);
  report.blocks.push_back(Notes{"assumed", {"x = 1"}});
  report.record = table;
  return report;
}

}  // namespace

TEST_CASE(
    "text: columns are aligned by characters, one unit a column, and the exact count beside it") {
  CHECK(render_text(sample(), {}) ==
        "a model\n"
        "two layers\n"
        "\n"
        "  total       1.50 GiB  1,610,612,736 bytes\n"
        "  per token                       300 bytes\n"
        "  on average                    4.500 bytes\n"
        "\n"
        "parts\n"
        "  part           GiB          bytes  share  layers\n"
        "  key × value   1.00  1,073,741,824  66.7%   1,200\n"
        "  a, \"b\"       <0.01          1,024  50.0%\n"
        "\n"
        "assumed\n"
        "  x = 1\n");
}

TEST_CASE("text: other units on demand, and bytes alone where they are wanted") {
  const std::string si = render_text(sample(), {.units = UnitStyle::si});
  CHECK(si.find("  total       1.61 GB  1,610,612,736 bytes\n") != si.npos);
  CHECK(si.find("  key × value   1.07  1,073,741,824  66.7%   1,200\n") != si.npos);
  const std::string plain = render_text(sample(), {.units = UnitStyle::bytes});
  CHECK(plain.find("  total       1,610,612,736 bytes\n") != plain.npos);
  CHECK(plain.find("  part                 bytes  share  layers\n") != plain.npos);
}

TEST_CASE("text: colour marks titles only, and leaves no trace without it") {
  const std::string coloured = render_text(sample(), {.colour = true});
  CHECK(coloured.starts_with("\x1b[1ma model\x1b[0m\ntwo layers\n"));
  CHECK(coloured.find("\x1b[1mparts\x1b[0m\n") != coloured.npos);
  CHECK(render_text(sample(), {}).find('\x1b') == std::string::npos);
}

TEST_CASE("csv: RFC 4180, numbers ungrouped, absent is empty") {
  CHECK(render_csv(sample()) ==
        "name,bytes,share,layers\r\n"
        "key × value,1073741824,0.6666666666666666,1200\r\n"
        "\"a, \"\"b\"\"\",1024,0.5,\r\n");
}

TEST_CASE("markdown: tables with numbers to the right, and nothing that would be markup") {
  Report report = sample();
  std::get<Table>(report.blocks[2]).rows[1][0] = std::string("a|b_c");
  CHECK(render_markdown(report, UnitStyle::iec) ==
        "# a model\n"
        "\n"
        "two layers  \n"
        "\n"
        "|  |  |  |\n"
        "| --- | ---: | ---: |\n"
        "| total | 1.50 GiB | 1,610,612,736 bytes |\n"
        "| per token |  | 300 bytes |\n"
        "| on average |  | 4.500 bytes |\n"
        "\n"
        "## parts\n"
        "\n"
        "| part | GiB | bytes | share | layers |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| key × value | 1.00 | 1,073,741,824 | 66.7% | 1,200 |\n"
        "| a\\|b\\_c | \\<0.01 | 1,024 | 50.0% |  |\n"
        "\n"
        "## assumed\n"
        "\n"
        "- x = 1\n");
}

}  // namespace attncalc
