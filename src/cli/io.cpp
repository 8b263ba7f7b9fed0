// SPDX-License-Identifier: Apache-2.0
//
// `attncalc io`: what attention moves between memory and SRAM, by the way it is run.
#include <fmt/format.h>

#include "attention/format.hpp"
#include "base/nearest.hpp"
#include "cli/verbs.hpp"
#include "report/io_report.hpp"

namespace attncalc {
namespace {

struct IoFlags {
  TextFlag ctx, head_dim, heads, batch, dtype, tile_dtype, block_rows, block_cols, order, sram,
      align;
  bool causal = false, no_output_tile = false, statistics = false, simulate = false;
  OutputFlags output;
};

Command io_command(IoFlags& f) {
  const FlagGroup shape = {
      "shape",
      {{"--ctx", "TOKENS", "queries and keys, 2k = 2048", &f.ctx, "-c"},
       {"--head-dim", "N", "width of a head (default 128)", &f.head_dim},
       {"--heads", "N", "heads (default 1)", &f.heads},
       {"--batch", "N", "sequences (default 1)", &f.batch, "-b"},
       {"--dtype", "NAME", "of Q, K, V and O in memory (default fp16)", &f.dtype},
       {"--causal", "", "skip tiles above the diagonal", &f.causal}}};
  const FlagGroup tiles = {
      "tiles",
      {{"--order", "NAME", "standard, flash1, flash2 or all (default all)", &f.order},
       {"--block-rows", "N", "B_r, queries of a tile (default 64, or the best for --sram)",
        &f.block_rows},
       {"--block-cols", "N", "B_c, keys of a tile (default as --block-rows)", &f.block_cols},
       {"--sram", "SIZE", "choose the block that moves least in so much, 48KiB", &f.sram},
       {"--align", "N", "blocks are multiples of it (default 16)", &f.align},
       {"--tile-dtype", "NAME", "of the score and output tiles (default as --dtype)",
        &f.tile_dtype},
       {"--no-output-tile", "", "O's tile is not kept in SRAM", &f.no_output_tile},
       {"--statistics", "", "flash2 writes a statistic a row, for a backward pass", &f.statistics},
       {"--simulate", "", "run the loops through a cache of --sram bytes", &f.simulate}}};
  return {
      .name = "attncalc io",
      .summary = "Exact memory traffic and SRAM need of standard and tiled attention.",
      .about =
          "Counts one forward pass: standard attention writes the square of scores and reads it\n"
          "back; FlashAttention 1 walks blocks of keys outside, FlashAttention 2 blocks of "
          "queries.",
      .groups = {shape, tiles, flag_group(f.output, CanExplain::yes)},
      .examples = {
          {"2048 tokens in blocks of 64", "attncalc io --ctx 2k --head-dim 64 --block-rows 64"},
          {"which block for 48 KiB?", "attncalc io --ctx 8k --head-dim 64 --sram 48KiB --causal"}}};
}

std::int64_t count_or(const TextFlag& flag, std::string_view name, std::int64_t otherwise,
                      Gather& problems) {
  return flag ? problems.take(parse_count(*flag, name), otherwise) : otherwise;
}

// Tiles are made of whole elements: a format with blocks or scales has no place in one.
std::int64_t element_bytes(std::string_view dtype, Gather& problems) {
  const Format format = problems.take(find_format(dtype), Format{});
  if (format.block_elements == 1 && format.scale_per == ScalePer::none) return format.block_bytes;
  problems.add(usage_problem(fmt::format("'{}' has no whole bytes an element", dtype),
                             "fp32, fp16, bf16, fp8 and int8 have"));
  return 2;
}

std::vector<LoopOrder> read_orders(const TextFlag& flag, Gather& problems) {
  const std::vector<LoopOrder> all = {LoopOrder::standard, LoopOrder::flash1, LoopOrder::flash2};
  if (!flag || *flag == "all") return all;
  std::vector<std::string_view> names = {"all"};
  for (const LoopOrder order : all) {
    if (loop_order_name(order) == *flag) return {order};
    names.push_back(loop_order_name(order));
  }
  problems.add(usage_problem(
      fmt::format("--order is '{}'; it must be standard, flash1, flash2 or all", *flag),
      did_you_mean(*flag, names)));
  return all;
}

IoScenario read_scenario(const IoFlags& f, Gather& problems) {
  IoScenario s;
  if (!f.ctx) problems.add(usage_problem("--ctx is missing", "write --ctx 2k"));
  s.shape.tokens = f.ctx ? problems.take(parse_tokens(*f.ctx, "--ctx"), std::int64_t{1}) : 1;
  s.shape.head_dim = count_or(f.head_dim, "--head-dim", 128, problems);
  s.heads = count_or(f.heads, "--heads", 1, problems);
  s.batch = count_or(f.batch, "--batch", 1, problems);
  s.dtype = f.dtype.value_or("fp16");
  s.tile_dtype = f.tile_dtype.value_or(s.dtype);
  s.shape.element_bytes = element_bytes(s.dtype, problems);
  s.shape.tile_bytes = element_bytes(s.tile_dtype, problems);
  s.shape.block_rows = count_or(f.block_rows, "--block-rows", 64, problems);
  s.shape.block_cols = count_or(f.block_cols, "--block-cols", s.shape.block_rows, problems);
  s.align = count_or(f.align, "--align", 16, problems);
  if (f.sram) s.sram = problems.take(parse_bytes(*f.sram, "--sram"), Bytes(1));
  s.block_given = f.block_rows || f.block_cols;
  s.shape.causal = f.causal;
  s.shape.output_tile = !f.no_output_tile;
  s.shape.writes_statistics = f.statistics;
  if (f.simulate && !f.sram)
    problems.add(usage_problem("--simulate needs the size of the cache", "write --sram 48KiB"));
  return s;
}

// Loops over blocks are counted one by one; a simulation walks every line of every tile.
constexpr std::int64_t most_blocks = 1 << 24;
constexpr std::int64_t most_tries = 1 << 28;
constexpr std::int64_t most_simulated_tokens = 1 << 14;

void check_size(const IoScenario& s, bool simulate, Gather& problems) {
  const std::int64_t smallest = std::min<std::int64_t>(s.shape.block_rows, s.shape.block_cols);
  if (s.shape.tokens / smallest > most_blocks)
    problems.add(usage_problem("so many blocks cannot be counted one by one",
                               "larger blocks or fewer tokens"));
  const Bytes row = Bytes(Count(s.shape.head_dim) * Count(s.shape.element_bytes));
  if (s.sram && !s.block_given) {
    const std::int64_t rows =
        std::min<std::int64_t>(s.shape.tokens, s.sram->value.value / row.value.value);
    const std::int64_t tried = (rows / s.align + 1) * (s.shape.tokens / s.align + 1);
    if (tried > most_tries)
      problems.add(usage_problem("the best block of so many cannot be searched for",
                                 "a larger --align, or say --block-rows"));
  }
  if (simulate && s.shape.tokens > most_simulated_tokens)
    problems.add(
        usage_problem(fmt::format("--simulate runs up to {} tokens", most_simulated_tokens)));
}

std::optional<Problem> choose_block(const IoScenario& s, LoopOrder order, TileShape& shape) {
  if (!s.sram || s.block_given) return std::nullopt;
  const std::optional<BlockChoice> best = best_block(shape, order, *s.sram, s.align);
  if (!best) {
    return usage_problem(
        fmt::format("no block of {} fits into {} bytes", s.align, s.sram->value.value),
        "a smaller --align, or more --sram");
  }
  shape.block_rows = best->rows;
  shape.block_cols = best->cols;
  return std::nullopt;
}

Result<IoRow> row_of(const IoScenario& s, LoopOrder order, bool simulate) {
  TileShape shape = s.shape;
  IoRow row{.order = order};
  if (order != LoopOrder::standard) {
    if (auto problem = choose_block(s, order, shape)) return *problem;
    row.block_rows = shape.block_rows;
    row.block_cols = shape.block_cols;
    row.need = tile_need(shape);
  }
  row.traffic = tile_traffic(order, shape);
  row.shape = shape;
  if (simulate) row.simulated = simulate_tiles(order, shape, *s.sram);
  return row;
}

double flops_of(const IoScenario& s) {
  const auto n = static_cast<double>(s.shape.tokens.value);
  const double pairs = s.shape.causal ? n * (n + 1) / 2 : n * n;
  const auto width = static_cast<double>(s.shape.head_dim.value);
  return (multiply_adds(pairs * width) + multiply_adds(pairs * width)).value *
         static_cast<double>(s.copies().value);
}

Result<IoAnswer> answer(const IoFlags& f) {
  Gather problems;
  IoAnswer a{.scenario = read_scenario(f, problems)};
  const std::vector<LoopOrder> orders = read_orders(f.order, problems);
  check_size(a.scenario, f.simulate, problems);
  if (problems.failed()) return problems.take_problems();
  a.flops = flops_of(a.scenario);
  a.explain = f.output.explain;
  for (const LoopOrder order : orders) {
    Result<IoRow> row = row_of(a.scenario, order, f.simulate);
    if (!row) return row.problems();
    a.rows.push_back(*std::move(row));
  }
  if (a.scenario.sram)
    a.square_block = largest_square_block(a.scenario.shape, LoopOrder::flash2, *a.scenario.sram,
                                          a.scenario.align);
  return a;
}

}  // namespace

Question io_question() {
  const auto flags = std::make_shared<IoFlags>();
  return {.command = io_command(*flags),
          .output = {flags, &flags->output},
          .answer = [flags](ModelShelf&) -> Result<Answer> {
            Result<IoAnswer> a = answer(*flags);
            if (!a) return a.problems();
            return answer_of(*std::move(a), io_report, io_json);
          }};
}

}  // namespace attncalc
