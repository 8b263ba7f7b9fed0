// SPDX-License-Identifier: Apache-2.0
//
// The shared flags of the contract, as far as this release has them.
#include "cli/shared_flags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest.hpp"
#include "model/variant.hpp"

namespace attncalc {
namespace {

Origin add_origin(Model& model, std::string text) {
  if (model.origins.empty()) model.origins.emplace_back("derived");
  model.origins.push_back(std::move(text));
  return static_cast<Origin>(model.origins.size() - 1);
}

}  // namespace

// --- which model ---------------------------------------------------------------------------------

FlagGroup flag_group(ModelFlags& flags) {
  return {
      "model",
      {{"--model", "MODEL",
        "a name of the catalog, a config.json or its folder, a YAML file,\n"
        "or a Hub id that the local Hugging Face cache has",
        &flags.model, "-m"},
       {"--as", "VARIANT",
        "with other attention: mha, gqa:8, mqa, mla:512+64, window:4096, full, linear", &flags.as},
       {"--set", "KEY=VALUE", "override a key of the config; may be repeated", &flags.set},
       {"--assume", "KEY", "go on although this key is not understood; may be repeated",
        &flags.assume}}};
}

LoadOptions read_load_options(const ModelFlags& flags, Gather& problems) {
  LoadOptions options;
  options.assume = flags.assume;
  for (const std::string& text : flags.set) {
    const std::size_t at = text.find('=');
    if (at == std::string::npos || at == 0) {
      problems.add(usage_problem(fmt::format("--set '{}' is no KEY=VALUE", text),
                                 "write --set num_key_value_heads=8"));
      continue;
    }
    options.set.push_back({text.substr(0, at), text.substr(at + 1)});
  }
  return options;
}

Result<Model> load(const ModelFlags& flags) {
  Gather problems;
  const LoadOptions options = read_load_options(flags, problems);
  std::optional<Variant> variant;
  if (flags.as) variant = problems.take(parse_variant(*flags.as), Variant{});
  if (!flags.model) {
    problems.add(usage_problem("--model is missing", "`attncalc models` lists the catalog"));
  }
  if (problems.failed()) return problems.take_problems();
  Result<Model> model = load_model(*flags.model, options);
  if (!model || !variant) return model;
  return as_variant(*model, *variant);
}

// --- what it works on ----------------------------------------------------------------------------

FlagGroup flag_group(WorkloadFlags& flags) {
  return {"workload",
          {{"--ctx", "TOKENS",
            "tokens in the cache of a sequence: 32768, 32_768, 32k, 1M\n"
            "(default: as many as the config says the model has positions)",
            &flags.ctx, "-c"},
           {"--batch", "N", "sequences (default: 1)", &flags.batch, "-b"},
           {"--encoder-ctx", "TOKENS", "tokens of the encoder or image that cross-attention sees",
            &flags.encoder_ctx}}};
}

FlagGroup flag_group(DtypeFlags& flags) {
  return {"number formats (bf16, fp8, q8_0, nvfp4, bits:N, …; default: what the checkpoint says)",
          {{"--kv-dtype", "TYPE", "keys, values, latents", &flags.kv},
           {"--act-dtype", "TYPE", "activations", &flags.act},
           {"--weights-dtype", "TYPE", "weights", &flags.weights},
           {"--index-dtype", "TYPE", "index keys of sparse attention (default: fp8_group128)",
            &flags.index},
           {"--state-dtype", "TYPE", "recurrent states (default: the config's, else fp32)",
            &flags.state},
           {"--conv-dtype", "TYPE", "inputs kept by convolutions (default: as activations)",
            &flags.conv}}};
}

FlagGroup flag_group(PlacementFlags& flags) {
  return {"devices (pp × dp × tp × cp of them)",
          {{"--tp", "N", "tensor parallel: heads are divided, or copied where there are too few",
            &flags.tp},
           {"--pp", "N", "pipeline parallel: layers are divided", &flags.pp},
           {"--dp", "N", "data parallel: sequences are divided", &flags.dp},
           {"--cp", "N", "context parallel: tokens are divided", &flags.cp},
           {"--dcp", "N", "decode context parallel: tokens are divided inside of tp", &flags.dcp},
           {"--ep", "N", "expert parallel: experts stand on N of the dp × tp ranks, and add none",
            &flags.ep},
           {"--engine", "NAME", "whose allocation rules: ideal (arithmetic)", &flags.engine}}};
}

FlagGroup device_group(PlacementFlags& flags) {
  FlagGroup group = flag_group(flags);
  std::erase_if(group.flags, [](const Flag& flag) { return flag.name == "--engine"; });
  return group;
}

Dim read_count(const TextFlag& flag, std::string_view name, Model& model, Gather& problems) {
  if (!flag) return 1;
  return {problems.take(parse_count(*flag, name), std::int64_t{1}),
          add_origin(model, fmt::format("{} {}", name, *flag))};
}

Dim read_tokens(const TextFlag& flag, std::string_view name, Model& model, Gather& problems) {
  if (!flag) return 0;
  return {problems.take(parse_tokens(*flag, name), std::int64_t{1}),
          add_origin(model, fmt::format("{} {}", name, *flag))};
}

Placement read_placement(const PlacementFlags& flags, Model& model, Gather& problems) {
  return {.tp = read_count(flags.tp, "--tp", model, problems),
          .pp = read_count(flags.pp, "--pp", model, problems),
          .dp = read_count(flags.dp, "--dp", model, problems),
          .cp = read_count(flags.cp, "--cp", model, problems),
          .dcp = read_count(flags.dcp, "--dcp", model, problems),
          .ep = read_count(flags.ep, "--ep", model, problems)};
}

std::string read_engine(const PlacementFlags& flags, Gather& problems) {
  constexpr std::string_view ideal = "ideal";
  constexpr std::string_view planned[] = {"vllm", "sglang", "llamacpp", "trtllm"};
  if (!flags.engine || *flags.engine == ideal) return std::string(ideal);
  const bool is_planned = std::ranges::find(planned, *flags.engine) != std::end(planned);
  problems.add(usage_problem(
      is_planned ? fmt::format("this release does not have the rules of {}", *flags.engine)
                 : fmt::format("there is no engine '{}'", *flags.engine),
      "it has: ideal"));
  return std::string(ideal);
}

// --- how the answer comes ------------------------------------------------------------------------

FlagGroup flag_group(OutputFlags& flags, CanExplain can_explain) {
  FlagGroup group{"output",
                  {{"--format", "FORMAT", "text, json, csv or md (default: text)", &flags.format},
                   {"--json", "", "the same as --format json", &flags.json},
                   {"--output", "FILE", "write to a file, whole or not at all", &flags.file, "-o"},
                   {"--units", "UNITS",
                    "iec (GiB), si (GB) or bytes, in text and md (default: iec)", &flags.units},
                   {"--color", "WHEN", "auto, always or never (default: auto)", &flags.colour}}};
  if (can_explain == CanExplain::yes) {
    group.flags.push_back({"--explain", "",
                           "derive each figure: formula, numbers, and where they are from",
                           &flags.explain});
  }
  group.about_output = true;
  return group;
}

namespace {

OutputFormat read_format(const OutputFlags& flags, Gather& problems) {
  constexpr auto formats = std::to_array<Word<OutputFormat>>({{"text", OutputFormat::text},
                                                              {"json", OutputFormat::json},
                                                              {"csv", OutputFormat::csv},
                                                              {"md", OutputFormat::markdown}});
  const OutputFormat format = read_word(flags.format, "--format", formats, problems);
  if (!flags.json) return format;
  if (flags.format && format != OutputFormat::json) {
    problems.add(
        usage_problem(fmt::format("--json and --format {} do not go together", *flags.format)));
  }
  return OutputFormat::json;
}

enum class Colour : std::uint8_t { automatic, always, never };

bool read_colour(const OutputFlags& flags, const Terminal& terminal, Gather& problems) {
  constexpr auto words = std::to_array<Word<Colour>>(
      {{"auto", Colour::automatic}, {"always", Colour::always}, {"never", Colour::never}});
  const Colour colour = read_word(flags.colour, "--color", words, problems);
  if (colour == Colour::automatic) return terminal.wants_colour && !flags.file;
  return colour == Colour::always;
}

}  // namespace

OutputChoice read_output(const OutputFlags& flags, const Terminal& terminal, Gather& problems) {
  constexpr auto units = std::to_array<Word<UnitStyle>>(
      {{"iec", UnitStyle::iec}, {"si", UnitStyle::si}, {"bytes", UnitStyle::bytes}});
  OutputChoice choice;
  choice.format = read_format(flags, problems);
  choice.style.units = read_word(flags.units, "--units", units, problems);
  choice.style.colour = read_colour(flags, terminal, problems);
  if (flags.file) choice.file = *flags.file;
  if (flags.file && flags.file->empty()) problems.add(usage_problem("--output is empty"));
  return choice;
}

}  // namespace attncalc
