// SPDX-License-Identifier: Apache-2.0
//
// Limits as people type them: each unit of each measure, and what is refused. Factors are those of
// the International System of Units and of IEC 80000-13.
#include "base/figure_text.hpp"

#include <string>
#include <string_view>

#include "support/catch.hpp"

namespace attncalc {
namespace {

double read(std::string_view text, Measure measure) {
  const Result<double> figure = parse_figure(text, measure, "max");
  INFO(text);
  REQUIRE(figure);
  return *figure;
}

std::string refused(std::string_view text, Measure measure) {
  const Result<double> figure = parse_figure(text, measure, "max");
  INFO(text);
  REQUIRE_FALSE(figure);
  return figure.problems().front().message;
}

}  // namespace

TEST_CASE("a key says what it counts") {
  struct Row {
    std::string_view key;
    Measure measure;
  };
  const Row rows[] = {{"per_device_bytes", Measure::bytes},
                      {"bytes_per_token_from_empty", Measure::bytes},
                      {"fixed_bytes_per_sequence", Measure::bytes},
                      {"kv_budget_bytes_per_device", Measure::bytes},
                      {"bytes", Measure::bytes},
                      {"bound_seconds", Measure::seconds},
                      {"vector_flops", Measure::flops},
                      {"peak_flops_per_second", Measure::flops_per_second},
                      {"memory_bytes_per_second", Measure::bytes_per_second},
                      {"output_tokens_per_second", Measure::tokens_per_second},
                      {"output_tokens_per_second_per_device", Measure::tokens_per_second},
                      {"intensity_flops_per_byte", Measure::flops_per_byte},
                      {"usd_per_million_output_tokens", Measure::usd},
                      {"joules_per_token", Measure::joules},
                      {"max_context_tokens", Measure::tokens},
                      {"parameters", Measure::number},
                      {"experts_read", Measure::number},
                      {"attention", Measure::number}};
  for (const Row& row : rows) {
    INFO(row.key);
    CHECK(measure_of(row.key) == row.measure);
  }
}

TEST_CASE("a figure is its number times its unit") {
  CHECK(read("10 GiB", Measure::bytes) == 10737418240.0);
  CHECK(read("10GB", Measure::bytes) == 10000000000.0);
  CHECK(read("50 ms", Measure::seconds) == Approx(0.05));
  CHECK(read("7 us", Measure::seconds) == Approx(7e-6));
  CHECK(read("7 µs", Measure::seconds) == Approx(7e-6));
  CHECK(read("3 ns", Measure::seconds) == Approx(3e-9));
  CHECK(read("1.5 min", Measure::seconds) == 90);
  CHECK(read("2 h", Measure::seconds) == 7200);
  CHECK(read("1.5 TFLOP", Measure::flops) == 1.5e12);
  CHECK(read("989 TFLOP/s", Measure::flops_per_second) == 989e12);
  CHECK(read("3.35 TB/s", Measure::bytes_per_second) == 3.35e12);
  CHECK(read("295 FLOP/B", Measure::flops_per_byte) == 295);
  CHECK(read("1_200 tokens/s", Measure::tokens_per_second) == 1200);
  CHECK(read("$0.40", Measure::usd) == Approx(0.4));
  CHECK(read("0.40 USD", Measure::usd) == Approx(0.4));
  CHECK(read("250 mJ", Measure::joules) == Approx(0.25));
  CHECK(read("32k", Measure::tokens) == 32768);
  CHECK(read("32k tokens", Measure::tokens) == 32768);
  CHECK(read("80", Measure::number) == 80);
  CHECK(read("70.5 billion", Measure::number) == 70.5e9);
}

TEST_CASE("a limit without its unit, or with another's, is refused") {
  CHECK(refused("10", Measure::bytes) == "max '10' has no unit");
  CHECK(refused("0.05", Measure::seconds) == "max '0.05' has no unit");
  CHECK(refused("50 ms", Measure::bytes) == "max '50 ms' is in ms, and this figure counts bytes");
  CHECK(refused("$4", Measure::bytes) == "max '$4' is in USD, and this figure counts bytes");
  CHECK(refused("4 GiB", Measure::number) == "max '4 GiB' is in GiB, and this figure has no unit");
  CHECK(refused("4 GiB", Measure::seconds) == "max '4 GiB' is in GiB, and this figure is a time");
  CHECK(refused("4 TFLOP/s", Measure::flops) ==
        "max '4 TFLOP/s' is in TFLOP/s, and this figure counts FLOP");
  CHECK(refused("4 sec", Measure::seconds) == "max '4 sec' has a unit that is unknown, sec");
  CHECK(refused("much", Measure::bytes) == "max 'much' is no number with a unit");
  CHECK(refused("1.2.3 s", Measure::seconds) == "max '1.2.3 s' is no number with a unit");
  CHECK(refused("", Measure::seconds) == "max '' is no number with a unit");
}

TEST_CASE("a figure is printed in the unit that it reaches") {
  CHECK(format_figure(10737418240.0, Measure::bytes) == "10.00 GiB");
  CHECK(format_figure(10000000000.0, Measure::bytes, style_of("80 GB")) == "10.00 GB");
  CHECK(format_figure(0.0498, Measure::seconds) == "49.8 ms");
  CHECK(format_figure(7.25e-6, Measure::seconds) == "7.25 µs");
  CHECK(format_figure(0, Measure::seconds) == "0 ns");
  CHECK(format_figure(90, Measure::seconds) == "90 s");
  CHECK(format_figure(1.5e12, Measure::flops) == "1.5 TFLOP");
  CHECK(format_figure(0.4, Measure::usd) == "$0.4000");
  CHECK(format_figure(32768, Measure::tokens) == "32,768 tokens");
  CHECK(format_figure(70553706496.0, Measure::number) == "70,553,706,496");
  CHECK(format_figure(2.5, Measure::number) == "2.5");
  CHECK(format_exactly(10737418241.0, Measure::bytes) == "10,737,418,241 bytes");
}

TEST_CASE("what is printed of a figure reads back as nearly the same") {
  const Measure measures[] = {Measure::bytes,
                              Measure::seconds,
                              Measure::flops,
                              Measure::number,
                              Measure::flops_per_second,
                              Measure::bytes_per_second,
                              Measure::usd,
                              Measure::joules};
  for (const Measure measure : measures) {
    for (double figure = 2048; figure < 1e13; figure *= 7) {
      std::string text = format_figure(figure, measure);
      std::erase(text, ',');
      INFO(text);
      CHECK(read(text, measure) == Approx(figure).epsilon(0.005));
    }
  }
}

TEST_CASE("a percentage is a share, and says so") {
  CHECK(*parse_percent("5%", "tolerance") == Approx(0.05));
  CHECK(*parse_percent("12.5 %", "tolerance") == Approx(0.125));
  CHECK_FALSE(parse_percent("5", "tolerance"));
  CHECK_FALSE(parse_percent("%", "tolerance"));
  CHECK_FALSE(parse_percent("much", "tolerance"));
}

}  // namespace attncalc
