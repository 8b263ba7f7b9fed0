// SPDX-License-Identifier: Apache-2.0
//
// The verbs of the program, one file each. run.cpp has the list; who wants to ask a verb by its
// name finds it there.
#pragma once

#include <span>
#include <string_view>

#include "cli/output.hpp"

namespace attncalc {

using Args = std::span<const std::string_view>;

Question kv_question();
Question cost_question();
Question roofline_question();
Question compare_question();
Question io_question();
int run_bench(Args args, const Streams& streams);
Question mask_question();
int run_models(Args args, const Streams& streams);
int run_check(Args args, const Streams& streams);
int run_hardware(Args args, const Streams& streams);

// A verb is one question, or does its own parsing (it has commands of its own). `sections` are the
// top keys of its JSON that hold figures, for who looks for the verb that has a figure.
struct Verb {
  std::string_view name;
  std::string_view summary;
  Question (*question)() = nullptr;
  int (*run)(Args args, const Streams& streams) = nullptr;
  std::string_view sections = {};
};
std::span<const Verb> all_verbs();

}  // namespace attncalc
