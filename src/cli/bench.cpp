// SPDX-License-Identifier: Apache-2.0
//
// `attncalc bench`: this machine's ceilings, and kernels that must come near them. What is measured
// and how is in kernels/; here are the flags, the progress, the profile and the floors.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <ostream>

#include "base/document.hpp"
#include "base/pattern.hpp"
#include "cli/verbs.hpp"
#include "cli/write.hpp"
#include "report/bench_report.hpp"

namespace attncalc {
namespace {

struct BenchFlags {
  ModelFlags model;
  TextFlag only, seconds, threads, save_hw, floors;
  bool full = false;
  OutputFlags output;
};

Command bench_command(BenchFlags& f) {
  const FlagGroup what = {
      "what to measure",
      {{"--full", "", "longer contexts, more turns: minutes, not seconds", &f.full},
       {"--only", "GLOB", "kernels whose name matches, 'decode bf16*'", &f.only},
       {"--threads", "N", "so many cores (default: one, then all)", &f.threads},
       {"--seconds", "N", "for each measurement (default 0.25; 3 with --full)", &f.seconds}}};
  const FlagGroup results = {
      "what for",
      {{"--save-hw", "NAME", "write NAME.yaml, a profile that --hw takes", &f.save_hw},
       {"--assert", "FILE", "exit 1 where a kernel misses a fraction in FILE,\nor beats its bound",
        &f.floors}}};
  return {
      .name = "attncalc bench",
      .summary = "This machine's ceilings, measured, and attention kernels beside their bound.",
      .about =
          "Each kernel takes turns with the ceiling that bounds it, in slices of milliseconds.\n"
          "Its work is what `attncalc cost` counts for the same layer and step. A turn during\n"
          "which a core was taken away, or the ceiling moved, does not count.",
      .groups = {what, flag_group(f.model), results, flag_group(f.output, CanExplain::no)},
      .examples = {{"in half a minute", "attncalc bench"},
                   {"one layer of a model", "attncalc bench --model llama3-8b"},
                   {"a profile of this machine", "attncalc bench --save-hw mine"}}};
}

// The first layer with attention that there are kernels for.
std::vector<BenchCase> cases_of(const Model& model, bool full, Gather& problems) {
  for (const std::uint32_t i : model.decoder.order) {
    for (const Kind& kind : model.decoder.distinct[i].mixers) {
      std::vector<BenchCase> cases = layer_suite(kind, full);
      if (!cases.empty()) return cases;
    }
  }
  problems.add(
      usage_problem(fmt::format("no layer of {} has softmax or latent attention", model.name),
                    "`attncalc bench` without --model measures what there is"));
  return {};
}

std::optional<double> read_seconds(const TextFlag& flag, Gather& problems) {
  if (!flag) return std::nullopt;
  const Result<Node> value = parse_value(*flag);
  const std::optional<double> seconds = value ? value->as_real() : std::nullopt;
  if (seconds && *seconds > 0 && *seconds <= 60) return seconds;
  problems.add(usage_problem(
      fmt::format("--seconds is '{}'; it must be a number above 0, up to 60", *flag)));
  return std::nullopt;
}

std::vector<int> read_threads(const TextFlag& flag, Gather& problems) {
  if (!flag) return {};
  const std::int64_t threads = problems.take(parse_count(*flag, "--threads"), std::int64_t{1});
  const auto cores = static_cast<std::int64_t>(this_cpu().cores.size());
  if (threads > cores) {
    problems.add(usage_problem(fmt::format("--threads is {}; this process may use {} core{}",
                                           threads, cores, cores > 1 ? "s" : "")));
    return {};
  }
  return {static_cast<int>(threads)};
}

// --- floors --------------------------------------------------------------------------------------

struct Floor {
  std::string kernel;
  double fraction = 0;
};

// A map from a kernel's name, as the table prints it, to the fraction of its bound.
Result<std::vector<Floor>> read_floors(const std::string& path) {
  Result<std::string> text = read_file(path);
  if (!text) return text.problems();
  const Result<Document> document = parse_yaml(path, *std::move(text));
  if (!document) return document.problems();
  const Node& root = document->root;
  if (root.kind != NodeKind::map) {
    return document->problem(root, "floors are a map from a kernel to a fraction of its bound",
                             "decode bf16 mha: 0.5");
  }
  Problems problems;
  std::vector<Floor> floors;
  for (const Node& node : root.children) {
    const std::optional<double> fraction = node.as_real();
    if (fraction && *fraction > 0 && *fraction <= 1) {
      floors.push_back({node.key, *fraction});
    } else {
      problems.push_back(
          document->problem(node, fmt::format("{} must be a fraction above 0, up to 1", node.key)));
    }
  }
  if (!problems.empty()) return problems;
  return floors;
}

// What does not hold. A floor that no kernel has is a mistake in the file; a kernel that could not
// be measured undisturbed says nothing either way.
std::vector<std::string> broken(const BenchAnswer& a, const std::vector<Floor>& floors) {
  std::vector<std::string> out;
  for (const KernelFigure& f : a.kernels) {
    if (f.violates_bound()) {
      out.push_back(fmt::format("{} on {} runs at {:.3f} of its bound", f.c.name(), f.threads,
                                f.fraction_of_bound));
    }
    for (const Floor& floor : floors) {
      if (floor.kernel != f.c.name() || !f.trusted() || f.fraction_of_bound >= floor.fraction)
        continue;
      out.push_back(fmt::format("{} on {} reaches {:.3f} of its bound; the floor is {:.3f}",
                                f.c.name(), f.threads, f.fraction_of_bound, floor.fraction));
    }
  }
  return out;
}

void check_names(const std::vector<Floor>& floors, const BenchOptions& options, Gather& problems) {
  const std::vector<BenchCase> cases =
      options.cases.empty() ? bench_suite(options.full) : options.cases;
  std::vector<std::string> names;
  for (const BenchCase& c : cases) names.push_back(c.name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  for (const Floor& floor : floors) {
    if (std::ranges::find(names, floor.kernel) != names.end()) continue;
    problems.add(usage_problem(
        fmt::format("--assert has a floor for '{}', which is no kernel here", floor.kernel),
        did_you_mean(floor.kernel, views)));
  }
}

// --- running -------------------------------------------------------------------------------------

struct Asked {
  BenchOptions options;
  std::vector<Floor> floors;
};

Asked read_flags(const BenchFlags& f, ModelShelf& shelf, Gather& problems) {
  Asked asked;
  asked.options.full = f.full;
  asked.options.only = f.only.value_or("*");
  asked.options.seconds = read_seconds(f.seconds, problems);
  asked.options.threads = read_threads(f.threads, problems);
  if (f.model.model) {
    const Result<Model> model = shelf.load(f.model);
    if (model) {
      asked.options.cases = cases_of(*model, f.full, problems);
    } else {
      problems.add(model.problems());
    }
  }
  if (f.floors) {
    asked.floors = problems.take(read_floors(*f.floors), {});
    check_names(asked.floors, asked.options, problems);
  }
  return asked;
}

// How far it is, on one line that is wiped in the end; only where somebody watches.
void show_progress(BenchOptions& options, std::ostream& err) {
  if (isatty(STDERR_FILENO) == 0) return;
  options.progress = [&err](std::string_view what, double done) {
    err << fmt::format("\r\033[K{:3.0f}%  {}", 100 * done, what) << std::flush;
  };
}

Result<Answer> answer(const BenchFlags& f, ModelShelf& shelf, std::ostream& err) {
  Gather problems;
  Asked asked = read_flags(f, shelf, problems);
  if (problems.failed()) return problems.take_problems();
  show_progress(asked.options, err);
  BenchAnswer a = measure_suite(asked.options);
  if (asked.options.progress) err << "\r\033[K";
  if (a.kernels.empty() && f.only) {
    return usage_problem(fmt::format("no kernel's name matches --only '{}'", *f.only),
                         "`attncalc bench` lists them");
  }
  if (f.save_hw) {
    const std::string path = *f.save_hw + ".yaml";
    if (auto problem = write_file(path, bench_profile(a, *f.save_hw))) return *problem;
  }
  if (f.floors) a.broken = broken(a, asked.floors);
  const int exit_code = a.broken.empty() ? 0 : 1;
  return answer_of(std::move(a), bench_report, bench_json, exit_code);
}

}  // namespace

int run_bench(Args args, const Streams& streams) {
  BenchFlags flags;
  ModelShelf shelf;
  return run_command(bench_command(flags), flags.output, args, streams,
                     [&] { return answer(flags, shelf, streams.err); });
}

}  // namespace attncalc
