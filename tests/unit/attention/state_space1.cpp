// SPDX-License-Identifier: Apache-2.0
//
// Mamba-1 layers of Jamba and Falcon-Mamba, against the totals of their safetensors on the Hub.
#include "attention/state_space1.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// AI21-Jamba-Mini-1.5: mamba_expand 2 of hidden 4096, mamba_d_state 16, mamba_d_conv 4,
// mamba_dt_rank 256.
const StateSpace1 jamba{.inner = 8192, .state_dim = 16, .dt_rank = 256, .norms = true};

TEST_CASE("a Mamba-1 layer keeps inner x state_dim in fp32 and three columns of its channels") {
  CHECK(cache_bytes(jamba, bf16_at(1), Component::ssm_state) == 8192 * 16 * 4);
  CHECK(cache_bytes(jamba, bf16_at(1), Component::conv_state) == 3 * 8192 * 2);
  CHECK(cache_bytes(jamba, bf16_at(262'144)) == 8192 * 16 * 4 + 3 * 8192 * 2);
}

TEST_CASE("Mamba-1 weights equal those of the checkpoints") {
  // Falcon-Mamba-7B: intermediate_size 8192, state 16, time_step_rank 256; its extra norms have no
  // weights. 64 layers, total 7,272,665,088.
  StateSpace1 falcon = jamba;
  falcon.norms = false;
  const std::int64_t mixer = 4096 * 16384 + 8192 * 4 + 8192 + 8192 * (256 + 2 * 16) + 256 * 8192 +
                             8192 + 8192 * 16 + 8192 + 8192 * 4096;
  CHECK(weights(falcon, 4096) == mixer);
  CHECK(64 * (mixer + 4096) + 2 * 65024 * 4096 + 4096 == 7'272'665'088);

  // Jamba-Mini-1.5 adds norms on the time steps' input, B and C. Total 51,570,323,328: 28 of these,
  // 4 attention layers, 16 dense and 16 MoE layers.
  const std::int64_t attention = 2 * 4096 * 4096 + 2 * 4096 * 8 * 128;
  const std::int64_t dense = 3 * 4096 * 14336;
  CHECK(weights(jamba, 4096) == mixer + 256 + 2 * 16);
  CHECK(28 * weights(jamba, 4096) + 4 * attention + 16 * dense + 16 * (16 * dense + 16 * 4096) +
            32 * 2 * 4096 + 4096 + 2 * 65536 * 4096 ==
        51'570'323'328);
}

TEST_CASE("Mamba-1 has the defaults of its class: twice hidden, and a sixteenth of it rounded up") {
  const StateSpace1 mamba = completed(StateSpace1{.state_dim = 16}, 2570);
  CHECK(mamba.inner == Dim(5140));
  CHECK(mamba.dt_rank == Dim(161));
}

TEST_CASE("Mamba-1 projections may have biases") {
  StateSpace1 biased = jamba;
  biased.bias = true;
  CHECK(weights(biased, 4096) == weights(jamba, 4096) + 2 * 8192 + 4096);
}

}  // namespace
}  // namespace attncalc
