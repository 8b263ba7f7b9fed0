// SPDX-License-Identifier: Apache-2.0
//
// Linear attention in fp32, a step and a prompt in chunks, over features that are there already
// (see reference/linear.hpp for the formulas, which tests/kernels/linear_attention.cpp holds these
// to).
//
//   step    one pass over the state: each row is read, added to, used and written back. Bound by
//           memory where the states of all heads and sequences leave the cache.
//   chunk   64 tokens at once, as four small matrix products. Bound by arithmetic.
#pragma once

#include <cstdint>

#include "kernels/workers.hpp"

namespace attncalc {

// `states` states of one layer: heads of a sequence, sequences of a batch.
struct LinearProblem {
  std::int64_t states = 1;
  std::int64_t features = 1, value_dim = 1;
  std::int64_t tokens = 1;  // new ones, of each state
  bool normalise = true;
  float* s = nullptr;        // [state][feature][value]
  float* z = nullptr;        // [state][feature]
  const float* q = nullptr;  // [state][token][feature]
  const float* k = nullptr;  // [state][token][feature]
  const float* v = nullptr;  // [state][token][value]
  float* o = nullptr;        // [state][token][value]
};

// Every state takes its tokens one after another. States are shared out among workers.
void linear_steps(const LinearProblem& problem, const Worker& worker);

// The same in chunks. Scratch: linear_scratch_floats() for each worker.
std::size_t linear_scratch_floats(const LinearProblem& problem);
void linear_chunks(const LinearProblem& problem, const Worker& worker, float* scratch);

}  // namespace attncalc
