// SPDX-License-Identifier: Apache-2.0
//
// Steps and chunks of linear attention against the reference's recurrence: widths that fill vectors
// and that do not, states that have a past, and lengths around a chunk.
#include "kernels/linear_attention.hpp"

#include "kernels/random.hpp"
#include "kernels/reference/features.hpp"
#include "kernels/reference/linear.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

using reference::Matrix;

constexpr double fp32_bound = 1e-5;

struct States {
  std::vector<float> s, z, q, k, v, o;
  LinearProblem problem;
  std::vector<Matrix> expected;
};

void append(std::vector<float>& to, const Matrix& m) {
  for (const double value : m.values()) to.push_back(static_cast<float>(value));
}

// Positive features, as elu + 1 makes them, so that normalisers are far from zero.
States make(std::int64_t states, std::size_t features, std::size_t width, std::size_t tokens,
            bool normalise) {
  States d;
  test::Random random(features + 100 * width + tokens);
  for (std::int64_t i = 0; i < states; ++i) {
    const Matrix q = reference::features(random.matrix(tokens, features), reference::elu_plus_one);
    const Matrix k = reference::features(random.matrix(tokens, features), reference::elu_plus_one);
    const Matrix v = random.matrix(tokens, width);
    reference::LinearState state(features, width);
    state.s = random.matrix(features, width);
    state.z = random.vector(features, 1, 2);
    append(d.s, state.s);
    for (const double z : state.z) d.z.push_back(static_cast<float>(z));
    append(d.q, q);
    append(d.k, k);
    append(d.v, v);
    d.expected.push_back(
        reference::linear_recurrent(q, k, v, state, {.decay = 1, .normalise = normalise}));
    d.expected.push_back(state.s);
  }
  d.o.assign(d.v.size(), -1);
  d.problem = {.states = states,
               .features = static_cast<std::int64_t>(features),
               .value_dim = static_cast<std::int64_t>(width),
               .tokens = static_cast<std::int64_t>(tokens),
               .normalise = normalise,
               .s = d.s.data(),
               .z = d.z.data(),
               .q = d.q.data(),
               .k = d.k.data(),
               .v = d.v.data(),
               .o = d.o.data()};
  return d;
}

double worst_error(const States& d) {
  double worst = 0;
  std::size_t o = 0, s = 0;
  for (std::size_t i = 0; i < d.expected.size(); ++i) {
    const bool is_state = i % 2 == 1;
    std::size_t& at = is_state ? s : o;
    const std::vector<float>& from = is_state ? d.s : d.o;
    std::vector<double> got;
    for (std::size_t n = 0; n < d.expected[i].values().size(); ++n) got.push_back(from[at++]);
    const double error = test::relative_error(got, d.expected[i].values());
    worst = error <= worst ? worst : error;  // NaN becomes the worst
  }
  return worst;
}

}  // namespace

TEST_CASE("steps and chunks of linear attention are the recurrence") {
  for (const bool normalise : {true, false}) {
    for (const std::size_t width : {1, 5, 32, 64, 80, 128, 130}) {
      for (const std::size_t features : {1, 7, 64, 128, 160}) {
        for (const std::size_t tokens : {1, 3, 63, 64, 65, 150}) {
          States steps = make(3, features, width, tokens, normalise);
          for (int i = 0; i < 2; ++i) linear_steps(steps.problem, {.index = i, .count = 2});
          States chunks = make(3, features, width, tokens, normalise);
          std::vector<float> scratch(linear_scratch_floats(chunks.problem));
          for (int i = 0; i < 2; ++i) {
            linear_chunks(chunks.problem, {.index = i, .count = 2}, scratch.data());
          }
          INFO(features << " features, width " << width << ", " << tokens << " tokens");
          CHECK(worst_error(steps) < fp32_bound);
          CHECK(worst_error(chunks) < fp32_bound);
        }
      }
    }
  }
}

}  // namespace attncalc
