// SPDX-License-Identifier: Apache-2.0
//
// Flags to a pass. What is not given is taken from the model, and said so.
#include "cli/pass_flags.hpp"

#include <fmt/format.h>

#include "ingest/scenario.hpp"

namespace attncalc {

FlagGroup flag_group(PassFlags& f) {
  return {"workload",
          {{"--phase", "PHASE", "prefill or decode (default: decode)", &f.phase},
           {"--ctx", "TOKENS",
            "tokens in the cache of a sequence after the step: 32768, 32k, 1M\n"
            "(default: as many as the config says the model has positions)",
            &f.ctx, "-c"},
           {"--new", "TOKENS",
            "of these, computed by this step: a chunk of a prompt, drafts to verify\n"
            "(default: all in prefill, 1 in decode)",
            &f.fresh},
           {"--batch", "N", "sequences, or inf: weights cost nothing (default: 1)", &f.batch, "-b"},
           {"--isl", "TOKENS", "length of the prompt, with --osl", &f.isl},
           {"--osl", "TOKENS", "tokens generated: decode is the mean over all of them", &f.osl},
           {"--shared-prefix", "TOKENS", "cached tokens that all sequences share, read once",
            &f.prefix},
           {"--beams", "N", "beams a sequence; they share the prompt", &f.beams},
           {"--encoder-ctx", "TOKENS", "tokens of the encoder or image that cross-attention sees",
            &f.encoder_ctx},
           {"--scenario", "FILE",
            "a step of several groups of sequences, in YAML: groups of count, new,\n"
            "cached, shared_prefix, family and phase",
            &f.scenario}}};
}

FlagGroup flag_group(ConventionFlags& f) {
  return {"conventions",
          {{"--mla", "FORM", "auto (fewer FLOPs), absorbed or expanded", &f.mla},
           {"--experts", "WHICH", "expected, min or all: experts read by the batch", &f.experts},
           {"--attention", "HOW", "tiled, or standard: scores pass through memory", &f.attention},
           {"--gqa", "HOW", "broadcast, or materialised: a copy of keys and values a head", &f.gqa},
           {"--full-attention", "", "count the square of a causal prompt", &f.full_attention},
           {"--all-logits", "", "run the head on every token of a prompt", &f.all_logits},
           {"--mtp", "", "with the draft layers", &f.mtp}}};
}

Conventions read_conventions(const ConventionFlags& f, Gather& problems) {
  constexpr auto mla = std::to_array<Word<MlaForm>>({{"auto", MlaForm::cheapest},
                                                     {"absorbed", MlaForm::absorbed},
                                                     {"expanded", MlaForm::expanded}});
  constexpr auto experts = std::to_array<Word<ExpertsRead>>({{"expected", ExpertsRead::expected},
                                                             {"min", ExpertsRead::least},
                                                             {"all", ExpertsRead::all}});
  constexpr auto attention = std::to_array<Word<AttentionTraffic>>(
      {{"tiled", AttentionTraffic::tiled}, {"standard", AttentionTraffic::standard}});
  constexpr auto gqa = std::to_array<Word<GqaTraffic>>(
      {{"broadcast", GqaTraffic::broadcast}, {"materialised", GqaTraffic::materialised}});
  return {.full_attention = f.full_attention,
          .all_logits = f.all_logits,
          .mtp = f.mtp,
          .mla = read_word(f.mla, "--mla", mla, problems),
          .experts = read_word(f.experts, "--experts", experts, problems),
          .attention = read_word(f.attention, "--attention", attention, problems),
          .gqa = read_word(f.gqa, "--gqa", gqa, problems)};
}

namespace {

// --isl and --osl are both given or neither; then they say what the context is.
void read_lengths(const PassFlags& f, PassInputs& in, Model& model, Gather& problems) {
  if (!f.isl && !f.osl) return;
  if (!f.isl || !f.osl) {
    problems.add(usage_problem("--isl and --osl go together: a prompt and what follows it"));
    return;
  }
  if (f.ctx || f.fresh) {
    problems.add(usage_problem("--isl and --osl say what --ctx and --new would say"));
  }
  in.prompt_tokens = read_tokens(f.isl, "--isl", model, problems).value;
  in.generated_tokens = read_tokens(f.osl, "--osl", model, problems).value;
}

Dim read_pass_context(const PassFlags& f, const PassInputs& in, Model& model, Gather& problems) {
  if (!in.prompt_tokens) return read_context(f.ctx, model, problems);
  const bool is_prompt = in.request.phase == Phase::prefill;
  return *in.prompt_tokens + (is_prompt ? 0 : *in.generated_tokens);
}

void read_encoder(const PassFlags& f, PassInputs& in, Model& model, Gather& problems) {
  const EncoderTokens encoder = read_encoder_tokens(f.encoder_ctx, model, problems);
  in.encoder_used = encoder.used;
  in.request.encoder_tokens = encoder.tokens;
}

void read_uniform(const PassFlags& f, PassInputs& in, Model& model, Gather& problems) {
  constexpr auto phases =
      std::to_array<Word<Phase>>({{"decode", Phase::decode}, {"prefill", Phase::prefill}});
  PassRequest& r = in.request;
  r.phase = read_word(f.phase, "--phase", phases, problems);
  read_lengths(f, in, model, problems);
  r.context = read_pass_context(f, in, model, problems);
  if (f.fresh) r.new_tokens = read_tokens(f.fresh, "--new", model, problems);
  if (f.batch == "inf") {
    r.conventions.endless_batch = true;
  } else {
    r.batch = read_count(f.batch, "--batch", model, problems);
  }
  r.beams = read_count(f.beams, "--beams", model, problems);
  if (f.prefix) r.shared_prefix = read_tokens(f.prefix, "--shared-prefix", model, problems);
  // Beams branch behind the prompt.
  if (r.beams > 1 && !f.prefix && in.prompt_tokens && r.phase == Phase::decode) {
    r.shared_prefix = *in.prompt_tokens;
  }
  read_encoder(f, in, model, problems);
}

void refuse_beside_scenario(const PassFlags& f, Gather& problems) {
  struct Given {
    std::string_view name;
    const TextFlag& flag;
  };
  const Given others[] = {{"--phase", f.phase},          {"--ctx", f.ctx},    {"--new", f.fresh},
                          {"--batch", f.batch},          {"--isl", f.isl},    {"--osl", f.osl},
                          {"--shared-prefix", f.prefix}, {"--beams", f.beams}};
  for (const Given& other : others) {
    if (!other.flag) continue;
    problems.add(usage_problem(
        fmt::format("{} and --scenario do not go together: the file says it", other.name)));
  }
}

}  // namespace

PassInputs read_pass(const PassFlags& f, const Conventions& conventions, Model& model,
                     Gather& problems) {
  PassInputs in;
  in.request.conventions = conventions;
  if (!f.scenario) {
    read_uniform(f, in, model, problems);
    if (!problems.failed()) in.pass = problems.take(make_pass(in.request), Pass{});
    return in;
  }
  refuse_beside_scenario(f, problems);
  read_encoder(f, in, model, problems);
  in.pass.groups = problems.take(read_scenario_file(*f.scenario, model), {});
  in.pass.encoder_tokens = in.request.encoder_tokens;
  in.pass.conventions = conventions;
  return in;
}

}  // namespace attncalc
