// SPDX-License-Identifier: Apache-2.0
//
// The names that measured and estimated fractions go by. A name says what was run and which figure
// of the data sheet it is a fraction of; the same fraction of two things is two names.
#include <array>

#include "hardware/read_device.hpp"

namespace attncalc {
namespace {

constexpr EfficiencyName names[] = {
    // Of memory's bandwidth.
    {"memory_stream", "the best of streaming kernels (read, scale, triad)"},
    {"stream_read", "reading an array"},
    {"stream_scale", "reading one array and writing another"},
    {"stream_triad", "reading two arrays and writing a third"},
    {"stream_write", "writing an array"},
    {"memory_kernel", "a real kernel bound by memory (lattice Boltzmann, fp32)"},
    {"memory_from_cpu", "what the CPU of a chip with shared memory gets"},
    {"memory_from_npu", "what the neural engine of a chip with shared memory gets"},
    {"gemm_skinny", "bytes of the weights of a matrix product with few rows (M = 64)"},
    {"decode_attention", "bytes of the KV cache read by a decode kernel, at large batch × length"},
    {"decode_mla", "bytes of the latent cache read by an MLA decode kernel bound by memory"},
    {"decode_model", "bytes of the weights at batch 1, the whole model"},
    {"decode_model_int8", "as decode_model, weights in int8"},
    {"decode_model_int4", "as decode_model, weights in int4"},
    {"decode_llamacpp", "as decode_model, in llama.cpp of May 2024, an 8B model in fp16"},
    {"decode_megakernel", "as decode_model, the whole step in one kernel"},
    // Of the dense peak of the type.
    {"gemm_bf16", "the best shape of a large matrix product, 16-bit"},
    {"gemm_fp8", "the best shape of a large matrix product, fp8"},
    {"gemm_grouped", "the experts' grouped matrix products in prefill"},
    {"attention_prefill", "attention over a long prompt, 16-bit"},
    {"attention_prefill_fp8", "attention over a long prompt, fp8"},
    {"mla_prefill", "MLA over a long prompt"},
    {"decode_mla_compute", "an MLA decode kernel that is bound by its multiply-adds"},
    {"prefill_llamacpp", "prefill of 1k tokens in llama.cpp of May 2024, an 8B model in fp16"},
    // Of a link's rate in one direction.
    {"link_copy", "copying to one peer"},
    {"link_allreduce", "bus bandwidth of an all-reduce over all devices of a node"},
    {"host_copy", "copying from the host"},
};

}  // namespace

std::span<const EfficiencyName> efficiency_names() { return names; }

}  // namespace attncalc
