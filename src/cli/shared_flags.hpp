// SPDX-License-Identifier: Apache-2.0
//
// Flags that several verbs have, in one place: their names, their help, and how their text becomes
// a value. A verb adds the groups that it takes and asks for the values afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/gather.hpp"
#include "cli/run.hpp"
#include "ingest/load.hpp"
#include "model/kv.hpp"
#include "model/placement.hpp"
#include "report/report.hpp"

namespace attncalc {

using TextFlag = std::optional<std::string>;

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
  TextFlag tp, pp, dp, cp, dcp, engine;
};
FlagGroup flag_group(PlacementFlags& flags);

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
