// SPDX-License-Identifier: Apache-2.0
//
// Flags that several verbs have, in one place: their names, their help, and how their text becomes
// a value. A verb adds the groups that it takes and asks for the values afterwards.
#pragma once

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/nearest.hpp"
#include "cli/command.hpp"
#include "cli/gather.hpp"
#include "cli/run.hpp"
#include "ingest/load.hpp"
#include "model/kv.hpp"
#include "model/placement.hpp"
#include "report/report.hpp"

namespace attncalc {

using TextFlag = std::optional<std::string>;

// The value of one of a few words. `words` and `values` go together.
template <class T>
struct Word {
  std::string_view word;
  T value;
};

template <class T, std::size_t n>
T read_word(const TextFlag& flag, std::string_view name, const std::array<Word<T>, n>& words,
            Gather& problems) {
  if (!flag) return words.front().value;
  std::vector<std::string_view> names;
  for (const Word<T>& w : words) {
    if (w.word == *flag) return w.value;
    names.push_back(w.word);
  }
  problems.add(
      usage_problem(fmt::format("{} is '{}'; it can be {}", name, *flag, fmt::join(names, ", ")),
                    did_you_mean(*flag, names)));
  return words.front().value;
}

// --- which model ---------------------------------------------------------------------------------

struct ModelFlags {
  TextFlag model, as;
  std::vector<std::string> set, assume;
};
FlagGroup flag_group(ModelFlags& flags);

LoadOptions read_load_options(const ModelFlags& flags, Gather& problems);
// The model that the flags ask for, with --set and --as done.
Result<Model> load(const ModelFlags& flags);

// --- what it works on ----------------------------------------------------------------------------

struct WorkloadFlags {
  TextFlag ctx, batch, encoder_ctx;
};
FlagGroup flag_group(WorkloadFlags& flags);

struct DtypeFlags {
  TextFlag kv, act, weights, index, state, conv;
};
FlagGroup flag_group(DtypeFlags& flags);

struct PlacementFlags {
  TextFlag tp, pp, dp, cp, dcp, ep, engine;
};
FlagGroup flag_group(PlacementFlags& flags);
// Without --engine: for what is arithmetic whatever an engine allocates.
FlagGroup device_group(PlacementFlags& flags);

// A count as a dimension that knows its flag: "--tp 8".
Dim read_count(const TextFlag& flag, std::string_view name, Model& model, Gather& problems);
Dim read_tokens(const TextFlag& flag, std::string_view name, Model& model, Gather& problems);
Placement read_placement(const PlacementFlags& flags, Model& model, Gather& problems);
std::string read_engine(const PlacementFlags& flags, Gather& problems);

// --- how the answer comes ------------------------------------------------------------------------

struct OutputFlags {
  TextFlag format, file, units, colour;
  bool json = false;
  bool explain = false;
};
enum class CanExplain : bool { no, yes };
FlagGroup flag_group(OutputFlags& flags, CanExplain can_explain);

enum class OutputFormat : std::uint8_t { text, json, csv, markdown };
struct OutputChoice {
  OutputFormat format = OutputFormat::text;
  TextStyle style;
  std::string file;  // empty: stdout
};
OutputChoice read_output(const OutputFlags& flags, const Terminal& terminal, Gather& problems);

}  // namespace attncalc
