// SPDX-License-Identifier: Apache-2.0
//
// Mamba-2 layers of real models. Each published total that confirms a layer's weights is that of
// the model's safetensors on the Hub, with which the sum over all layers agrees to the unit.
#include "attention/state_space2.hpp"

#include "one_layer.hpp"

namespace attncalc {
namespace {

// nvidia/NVIDIA-Nemotron-Nano-9B-v2: mamba_num_heads 128, mamba_head_dim 80, n_groups 8,
// ssm_state_size 128, conv_kernel 4.
const StateSpace2 nemotron_nano_9b{.heads = 128, .head_dim = 80, .groups = 8, .state_dim = 128};

// state-spaces and transformers' Mamba2 agree on the rest; Falcon-H1 has no norm.
const StateSpace2 falcon_h1_05b{.heads = 24, .head_dim = 64, .state_dim = 128, .norm = false};

TEST_CASE("a Mamba-2 state is heads x head_dim x state_dim in fp32, whatever the context") {
  const std::int64_t state = 128 * 80 * 128 * 4;
  CHECK(cache_bytes(nemotron_nano_9b, bf16_at(1), Component::ssm_state) == state);
  CHECK(cache_bytes(nemotron_nano_9b, bf16_at(1'000'000), Component::ssm_state) == state);
}

TEST_CASE("a Mamba-2 convolution keeps three columns of values, B and C in the activation dtype") {
  CHECK(cache_bytes(nemotron_nano_9b, bf16_at(1), Component::conv_state) ==
        3 * (128 * 80 + 2 * 8 * 128) * 2);
  StateSpace2 without = nemotron_nano_9b;
  without.conv_kernel = 0;
  CHECK(cache_bytes(without, bf16_at(1), Component::conv_state) == 0);
}

TEST_CASE("a config can say that the Mamba-2 state is not fp32") {
  StateSpace2 halved = nemotron_nano_9b;
  halved.state_format = *find_format("bf16");
  CHECK(cache_bytes(halved, bf16_at(1), Component::ssm_state) == 128 * 80 * 128 * 2);
}

TEST_CASE("Mamba-2 weights equal those of the checkpoints") {
  // Nemotron-Nano-9B-v2, hidden 4480: in_proj 22,656 × 4,480 (2 × 10,240 + 2 × 8 × 128 + 128 rows),
  // conv 12,288 × 4 and its bias, dt_bias, A_log, D, norm 10,240, out_proj. Total 8,888,227,328.
  CHECK(weights(nemotron_nano_9b, 4480) ==
        22656 * 4480 + 12288 * 4 + 12288 + 3 * 128 + 10240 + 10240 * 4480);

  // Falcon-H1-0.5B, hidden 1024, one group, no norm. Total 521,411,104.
  CHECK(weights(falcon_h1_05b, 1024) == 3352 * 1024 + 1792 * 4 + 1792 + 3 * 24 + 1536 * 1024);

  // Bamba-9B-v1, hidden 4096, one group. Total 9,780,235,392.
  const StateSpace2 bamba{.heads = 128, .head_dim = 64, .state_dim = 128};
  CHECK(weights(bamba, 4096) == 16768 * 4096 + 8448 * 4 + 8448 + 3 * 128 + 8192 + 8192 * 4096);

  // Granite-4.0-H-Micro, hidden 2048: 64 heads × 64, one group. Total 3,191,396,096.
  const StateSpace2 granite{.heads = 64, .head_dim = 64, .state_dim = 128};
  CHECK(weights(granite, 2048) == 8512 * 2048 + 4352 * 4 + 4352 + 3 * 64 + 4096 + 4096 * 2048);

  // Mamba-Codestral-7B-v0.1, hidden 4096, eight groups: 64 layers, total 7,285,403,648.
  const StateSpace2 codestral{.heads = 128, .head_dim = 64, .groups = 8, .state_dim = 128};
  CHECK(64 * (weights(codestral, 4096) + 4096) + 2 * 32768 * 4096 + 4096 == 7'285'403'648);
}

TEST_CASE("biases of a Mamba-2 projection cover every row") {
  StateSpace2 biased = nemotron_nano_9b;
  biased.in_bias = biased.out_bias = true;
  biased.conv_bias = false;
  CHECK(weights(biased, 4480) == weights(nemotron_nano_9b, 4480) + 22656 + 4480 - 12288);
}

TEST_CASE("Mamba-2 groups must divide the heads") {
  StateSpace2 wrong = nemotron_nano_9b;
  wrong.groups = 3;
  CHECK(wrong.faults() == std::vector<std::string>{"groups is 3; it must divide heads, 128"});
}

}  // namespace
}  // namespace attncalc
