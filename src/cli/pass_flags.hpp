// SPDX-License-Identifier: Apache-2.0
//
// What a step computes, as flags: one kind of sequence typed on the command line (--phase, --ctx,
// --new, --batch, …) or a file of several groups (--scenario); and the conventions that change what
// is counted. Every verb that evaluates operators reads them here.
#pragma once

#include "cli/model_inputs.hpp"
#include "model/cost.hpp"

namespace attncalc {

struct PassFlags {
  TextFlag phase, ctx, fresh, batch, isl, osl, prefix, beams, encoder_ctx, scenario;
};
FlagGroup flag_group(PassFlags& flags);

struct ConventionFlags {
  TextFlag mla, experts, attention, gqa;
  bool full_attention = false, all_logits = false, mtp = false;
};
FlagGroup flag_group(ConventionFlags& flags);

Conventions read_conventions(const ConventionFlags& flags, Gather& problems);

struct PassInputs {
  PassRequest request;  // of a scenario file only the conventions and the encoder are in here
  Pass pass;            // empty if there were problems
  std::optional<std::int64_t> prompt_tokens;     // --isl
  std::optional<std::int64_t> generated_tokens;  // --osl
  bool encoder_used = false;
};
PassInputs read_pass(const PassFlags& flags, const Conventions& conventions, Model& model,
                     Gather& problems);

}  // namespace attncalc
