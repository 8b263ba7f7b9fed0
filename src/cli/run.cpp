// SPDX-License-Identifier: Apache-2.0
//
// The list of verbs, and what is said when none of them is asked for.
#include "cli/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "base/nearest.hpp"
#include "base/units.hpp"
#include "base/version.hpp"
#include "cli/verbs.hpp"

namespace attncalc {
namespace {

constexpr int internal_error = 3;

constexpr Verb verbs[] = {
    {"kv", "bytes of KV cache and recurrent state", kv_question, nullptr, "kv model scenario"},
    {"cost", "FLOPs, HBM traffic and arithmetic intensity of every operator", cost_question,
     nullptr, "totals ops model scenario"},
    {"roofline", "time of every operator on a machine, the bound and an estimate",
     roofline_question, nullptr, "totals ops machine model scenario"},
    {"compare", "models and variants side by side, and where they change places", compare_question,
     nullptr, "contenders points switches model scenario"},
    {"io", "memory traffic and SRAM of standard and tiled attention", io_question, nullptr,
     "orders flops largest_square_block scenario"},
    {"mask", "who sees whom: pairs, sparsity, layers to span, bytes of an index", mask_question,
     nullptr, "masks model scenario"},
    {"check", "budgets of a file, for CI", nullptr, run_check},
    {"bench", "this machine's ceilings and attention kernels, measured", nullptr, run_bench},
    {"models", "the catalog: list it, show an entry, check files", nullptr, run_models},
    {"hardware", "the devices: list them, show one with its sources, check files", nullptr,
     run_hardware},
};

std::string overview() {
  std::string out = fmt::format(
      "What the attention of a language model costs, counted from the model's own config.\n\n"
      "usage: {} COMMAND [flags]\n\n",
      tool_name);
  out += "examples:\n";
  out += fmt::format("  # the KV cache of 32,768 tokens\n  {} kv --model llama3-70b --ctx 32k\n",
                     tool_name);
  out += fmt::format("  # which models are built in?\n  {} models\n", tool_name);
  out += "\ncommands:\n";
  for (const Verb& verb : verbs) out += fmt::format("  {:<8}  {}\n", verb.name, verb.summary);
  out += fmt::format("\n`{} COMMAND --help` says more about one; --version prints the release.\n",
                     tool_name);
  return out;
}

Problem unknown_verb(std::string_view typed) {
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs) names.push_back(verb.name);
  const std::string near = did_you_mean(typed, names);
  const std::string all = fmt::format("the commands are {}", fmt::join(names, ", "));
  return usage_problem(fmt::format("{} has no command '{}'", tool_name, typed),
                       near.empty() ? all : near);
}

int dispatch(Args args, const Streams& streams) {
  if (args.empty()) {
    streams.err << overview();
    return usage_problem({}).exit_code;
  }
  const std::string_view first = args.front();
  if (first == "--help" || first == "-h" || first == "help") {
    streams.out << overview();
    return 0;
  }
  if (first == "--version") {
    streams.out << fmt::format("{} {}\n", tool_name, tool_version());
    return 0;
  }
  const auto verb = std::ranges::find(verbs, first, &Verb::name);
  if (verb == std::end(verbs)) return deliver(Problems{unknown_verb(first)}, streams);
  const Args rest = args.subspan(1);
  return verb->question ? ask(verb->question(), rest, streams) : verb->run(rest, streams);
}

}  // namespace

std::span<const Verb> all_verbs() { return verbs; }

int run(std::span<const std::string_view> args, std::ostream& out, std::ostream& err,
        const Terminal& terminal) {
  const Streams streams{out, err, terminal};
  try {
    return dispatch(args, streams);
  } catch (const Overflow& overflow) {
    return deliver(Problems{usage_problem(overflow.what(), "the inputs are too large")}, streams);
  } catch (const std::exception& error) {
    err << fmt::format("error: {} failed: {}\n", tool_name, error.what());
    return internal_error;
  }
}

}  // namespace attncalc
