// SPDX-License-Identifier: Apache-2.0
//
// The table of coefficients, and rows at the fractions that it says.
#include "roofline/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/collectives.hpp"

namespace attncalc {
namespace {

constexpr Seconds microseconds(double n) { return Seconds(n / static_cast<double>(units::mega)); }

// Fractions of streams and of large products: RRZE's gpu-benches (stream kernels), FluidX3D's
// benchmark list, MAMF runs of stas00/ml-engineering, FlashAttention-3 (H100: 0.75 of the peak),
// InferSim's kernel tables for H800 and H20, llama.cpp's published tables. `stream` is lower than a
// copy kernel's fraction: thin products read weights at 0.6 to 0.9 of bandwidth (gpt-fast on A100,
// DeepGEMM on H800). Kernel times: aiconfigurator's 3 µs a kernel where launches are not captured
// in a graph. Where a family has no measurement the figure is its neighbour's and the interval
// wider.
constexpr auto families = std::to_array<EstimateCoefficients>({
    {.family = "ampere",
     .basis = "A100: RRZE stream kernels, MAMF, gpt-fast",
     .stream = 0.82,
     .cache_read = 0.75,
     .activations = 0.5,
     .gemm_32 = 0.8,
     .gemm_16 = 0.80,
     .gemm_8 = 0.70,
     .gemm_4 = 0.6,
     .attention = 0.60,
     .vector = 0.5,
     .packed = 0.82,
     .unpack = 5,
     .link = 0.78,
     .fill = microseconds(4),
     .kernel = microseconds(1.5),
     .step = microseconds(300),
     .hop = microseconds(1),
     .low = 0.75,
     .high = 1.4},
    {.family = "hopper",
     .basis = "H100, H200, H800: RRZE, MAMF, FlashAttention-3, InferSim, megakernel reports",
     .stream = 0.80,
     .cache_read = 0.80,
     .activations = 0.5,
     .gemm_32 = 0.8,
     .gemm_16 = 0.75,
     .gemm_8 = 0.68,
     .gemm_4 = 0.5,
     .attention = 0.65,
     .vector = 0.5,
     .packed = 0.82,
     .unpack = 5,
     .link = 0.80,
     .fill = microseconds(4),
     .kernel = microseconds(1.5),
     .step = microseconds(300),
     .hop = microseconds(1),
     .low = 0.75,
     .high = 1.5},
    {.family = "blackwell",
     .basis = "B200, B300: OpenCL reads, MAMF; decode is estimated",
     .stream = 0.75,
     .cache_read = 0.70,
     .activations = 0.5,
     .gemm_32 = 0.7,
     .gemm_16 = 0.70,
     .gemm_8 = 0.65,
     .gemm_4 = 0.55,
     .attention = 0.55,
     .vector = 0.5,
     .unpack = 5,
     .link = 0.80,
     .fill = microseconds(4),
     .kernel = microseconds(1.5),
     .step = microseconds(300),
     .hop = microseconds(1),
     .low = 0.7,
     .high = 1.7},
    {.family = "nvidia_older",
     .basis = "V100, T4: RRZE stream kernels; products are estimated",
     .stream = 0.75,
     .cache_read = 0.6,
     .activations = 0.6,
     .gemm_32 = 0.8,
     .gemm_16 = 0.65,
     .gemm_8 = 0.5,
     .gemm_4 = 0.4,
     .attention = 0.35,
     .vector = 0.5,
     .unpack = 15,
     .link = 0.7,
     .fill = microseconds(4),
     .kernel = microseconds(3),
     .step = microseconds(500),
     .hop = microseconds(2),
     .low = 0.65,
     .high = 1.8},
    {.family = "geforce",
     .basis = "GeForce cards of Turing to Blackwell: llama.cpp tables, FluidX3D",
     .stream = 0.85,
     .cache_read = 0.75,
     .activations = 0.5,
     .gemm_32 = 0.8,
     .gemm_16 = 0.75,
     .gemm_8 = 0.6,
     .gemm_4 = 0.5,
     .attention = 0.55,
     .vector = 0.5,
     .unpack = 15,
     .link = 0.7,
     .fill = microseconds(4),
     .kernel = microseconds(2),
     .step = microseconds(300),
     .hop = microseconds(4),
     .low = 0.75,
     .high = 1.5},
    {.family = "rtx_pro",
     .basis = "A40, A6000, L40S, Ada workstation cards: llama.cpp and TensorRT-LLM tables, RRZE",
     .stream = 0.85,
     .cache_read = 0.75,
     .activations = 0.5,
     .gemm_32 = 0.8,
     .gemm_16 = 0.75,
     .gemm_8 = 0.6,
     .gemm_4 = 0.5,
     .attention = 0.55,
     .vector = 0.5,
     .packed = 0.82,
     .unpack = 15,
     .link = 0.7,
     .fill = microseconds(4),
     .kernel = microseconds(2),
     .step = microseconds(300),
     .hop = microseconds(4),
     .low = 0.75,
     .high = 1.5},
    {.family = "nvidia_soc",
     .basis = "GB10, Jetson: llama.cpp tables; the fractions are those of Ada cards",
     .stream = 0.85,
     .cache_read = 0.75,
     .activations = 0.5,
     .gemm_32 = 0.8,
     .gemm_16 = 0.75,
     .gemm_8 = 0.6,
     .gemm_4 = 0.5,
     .attention = 0.55,
     .vector = 0.5,
     .unpack = 15,
     .link = 0.7,
     .fill = microseconds(4),
     .kernel = microseconds(2),
     .step = microseconds(300),
     .hop = microseconds(10),
     .low = 0.75,
     .high = 1.5},
    {.family = "rdna",
     .basis = "RDNA 2 and 3, Strix Halo: llama.cpp tables",
     .stream = 0.65,
     .cache_read = 0.50,
     .activations = 0.6,
     .gemm_32 = 0.5,
     .gemm_16 = 0.50,
     .gemm_8 = 0.45,
     .gemm_4 = 0.4,
     .attention = 0.35,
     .vector = 0.4,
     .unpack = 15,
     .link = 0.6,
     .fill = microseconds(4),
     .kernel = microseconds(5),
     .step = microseconds(500),
     .hop = microseconds(10),
     .low = 0.5,
     .high = 2.5},
    {.family = "intel_gpu",
     .basis = "Max 1550, Arc: estimated; engines on them reach far less",
     .stream = 0.65,
     .cache_read = 0.50,
     .activations = 0.6,
     .gemm_32 = 0.5,
     .gemm_16 = 0.50,
     .gemm_8 = 0.45,
     .gemm_4 = 0.4,
     .attention = 0.35,
     .vector = 0.4,
     .unpack = 15,
     .link = 0.6,
     .fill = microseconds(4),
     .kernel = microseconds(5),
     .step = microseconds(500),
     .hop = microseconds(10),
     .low = 0.5,
     .high = 2.5},
    {.family = "cdna",
     .basis = "MI200, MI300, MI350: RRZE, MAMF; decode is estimated",
     .stream = 0.65,
     .cache_read = 0.55,
     .activations = 0.6,
     .gemm_32 = 0.6,
     .gemm_16 = 0.55,
     .gemm_8 = 0.5,
     .gemm_4 = 0.4,
     .attention = 0.40,
     .vector = 0.4,
     .unpack = 15,
     .link = 0.70,
     .fill = microseconds(4),
     .kernel = microseconds(3),
     .step = microseconds(500),
     .hop = microseconds(1.5),
     .low = 0.65,
     .high = 1.8},
    {.family = "apple",
     .basis = "M1 to M4: llama.cpp tables, FluidX3D",
     .stream = 0.80,
     .cache_read = 0.2,
     .activations = 0.6,
     .gemm_32 = 0.7,
     .gemm_16 = 0.70,
     .gemm_8 = 0.6,
     .gemm_4 = 0.5,
     .attention = 0.50,
     .vector = 0.5,
     .unpack = 30,
     .link = 0.7,
     .fill = microseconds(40),
     .kernel = microseconds(3),
     .step = microseconds(500),
     .hop = microseconds(20),
     .low = 0.75,
     .high = 1.5},
    {.family = "tpu",
     .basis = "estimated: no measurement by operator is known to us",
     .stream = 0.80,
     .cache_read = 0.60,
     .activations = 0.4,
     .gemm_32 = 0.7,
     .gemm_16 = 0.70,
     .gemm_8 = 0.65,
     .gemm_4 = 0.5,
     .attention = 0.50,
     .vector = 0.4,
     .unpack = 15,
     .link = 0.8,
     .fill = microseconds(4),
     .kernel = microseconds(1),
     .step = microseconds(500),
     .hop = microseconds(1),
     .low = 0.6,
     .high = 2},
    {.family = "cpu",
     .basis = "server CPUs: stream kernels; the rest is estimated",
     .stream = 0.65,
     .cache_read = 0.50,
     .activations = 0.3,
     .gemm_32 = 0.5,
     .gemm_16 = 0.45,
     .gemm_8 = 0.4,
     .gemm_4 = 0.3,
     .attention = 0.30,
     .vector = 0.4,
     .unpack = 15,
     .link = 0.6,
     .fill = microseconds(4),
     .kernel = microseconds(4),
     .step = microseconds(300),
     .hop = microseconds(20),
     .low = 0.55,
     .high = 2.2},
    {.family = "other",
     .basis = "estimated: nothing like this device is measured",
     .stream = 0.65,
     .cache_read = 0.50,
     .activations = 0.6,
     .gemm_32 = 0.5,
     .gemm_16 = 0.50,
     .gemm_8 = 0.45,
     .gemm_4 = 0.4,
     .attention = 0.35,
     .vector = 0.4,
     .unpack = 15,
     .link = 0.6,
     .fill = microseconds(4),
     .kernel = microseconds(5),
     .step = microseconds(500),
     .hop = microseconds(5),
     .low = 0.5,
     .high = 2.5},
});

std::string_view nvidia_family(const Device& d) {
  constexpr int ampere = 2020, hopper = 2022, blackwell = 2024;
  if (d.device_class == "consumer_gpu") return "geforce";
  if (d.device_class == "workstation_gpu") return "rtx_pro";
  const int year = d.year.value_or(0);
  const bool big_memory = d.memory.type.starts_with("HBM");
  if (!big_memory) return year >= ampere ? "rtx_pro" : "nvidia_older";
  if (year >= blackwell &&
      !std::ranges::none_of(d.peaks, [](const Peak& p) { return p.in == MathType::fp4; }))
    return "blackwell";
  if (year >= hopper) return "hopper";
  return year >= ampere ? "ampere" : "nvidia_older";
}

std::string_view family_of(const Device& d) {
  if (d.illustrative) return "other";
  if (d.vendor == "NVIDIA") {
    const bool is_gpu = d.device_class.ends_with("_gpu");
    return is_gpu ? nvidia_family(d) : "nvidia_soc";
  }
  if (d.vendor == "AMD" && d.device_class == "datacenter_gpu") return "cdna";
  if (d.vendor == "AMD" && d.device_class != "cpu") return "rdna";
  if (d.vendor == "Apple") return "apple";
  if (d.device_class == "tpu") return "tpu";
  if (d.device_class == "cpu") return "cpu";
  if (d.vendor == "Intel" && d.device_class.ends_with("_gpu")) return "intel_gpu";
  return "other";
}

// Fitted to published single-device rows by the tool in tests/validation, over all devices of the
// families named; docs/validation.md says how well that carries over to a device left out.
struct EngineAdjustment {
  std::string_view engine;
  std::array<std::string_view, 3> families;
  Adjustment by;
};
constexpr std::array<std::string_view, 3> nvidia_hbm = {"ampere", "hopper", "blackwell"};
constexpr auto engines = std::to_array<EngineAdjustment>({
    {"trtllm", nvidia_hbm, {1.0, 1.55, 1.55}},
    {"vllm", nvidia_hbm, {1.0, 2.6, 3.3}},
    {"sglang", nvidia_hbm, {2.0, 1.0, 2.4}},  // H20 alone
    {"llamacpp", nvidia_hbm, {1.5, 2.8, 1.7}},
    {"trtllm", {"rtx_pro"}, {0.9, 1.1, 4.2}},  // L40S alone
    {"llamacpp", {"rtx_pro"}, {1.0, 2.2, 1.0}},
    {"llamacpp", {"geforce"}, {1.0, 1.0, 1.05}},
    {"llamacpp", {"nvidia_soc"}, {1.1, 2.0, 1.0}},
    {"llamacpp", {"apple"}, {1.0, 1.1, 0.9}},
    {"llamacpp", {"rdna"}, {0.85, 6.0, 0.95}},
    {"llamacpp", {"cdna"}, {4.6, 1.0, 0.7}},
    {"vllm", {"cdna"}, {1.6, 4.6, 1.0}},
});

struct Named {
  std::string_view name;
  double EstimateCoefficients::*fraction;
};
// What a profile's own measurements stand for; an attention kernel at its best is not a prompt's
// mean, and a copy not a thin product, so those keep the family's.
constexpr auto measured_as = std::to_array<Named>({{"gemm_bf16", &EstimateCoefficients::gemm_16},
                                                   {"gemm_fp8", &EstimateCoefficients::gemm_8},
                                                   {"gemm_int8", &EstimateCoefficients::gemm_8},
                                                   {"gemm_fp4", &EstimateCoefficients::gemm_4}});

EstimateCoefficients family_coefficients(const Device& device) {
  const std::string_view family = family_of(device);
  EstimateCoefficients out = *std::ranges::find(families, family, &EstimateCoefficients::family);
  for (const Efficiency& e : device.efficiencies) {
    const auto at = std::ranges::find(measured_as, e.name, &Named::name);
    if (at != measured_as.end() && e.basis == EfficiencyBasis::measured) {
      out.*(at->fraction) = std::min(e.fraction, 1.0);
    }
  }
  return out;
}

bool is_attention(OpName name) {
  return name == OpName::qk_scores || name == OpName::attn_values || name == OpName::attention ||
         name == OpName::cross_qk_scores || name == OpName::cross_attn_values;
}

double gemm_fraction(const Peak* peak, const EstimateCoefficients& c) {
  constexpr int wide = 32, half = 16, byte = 8;
  const int bits = peak ? math_bits(peak->in) : half;
  if (bits >= wide) return c.gemm_32;
  if (bits >= half) return c.gemm_16;
  return bits >= byte ? c.gemm_8 : c.gemm_4;
}

// Elements a byte of the row's weights, where they are taken apart before they are multiplied.
double packed_elements(const Op& op, const Ceilings& ceilings) {
  constexpr int byte = 8;
  const Peak* peak = ceilings.of(op);
  const bool as_they_are = peak && math_bits(peak->in) < byte;
  const bool has_weights = op.weights.value > 0 && op.weight_format < ceilings.packed.size();
  return has_weights && !as_they_are ? ceilings.packed[op.weight_format] : 0;
}

Seconds compute_part(const Op& op, const RowTime& row, const Ceilings& ceilings, Phase phase,
                     const EstimateCoefficients& c) {
  if (row.compute.value == 0) return {};
  const bool prompt_scores = is_attention(op.name) && phase == Phase::prefill;
  const double packed = packed_elements(op, ceilings) > 0 ? c.packed : 1;
  const double reached = prompt_scores ? c.attention : packed * gemm_fraction(ceilings.of(op), c);
  const bool one_row = op.gemm && op.gemm->m <= 1;
  const Seconds filling(one_row ? 0 : c.fill.value * static_cast<double>(op.layers));
  return Seconds((row.compute + filling).value / reached);
}

Seconds memory_part(const Op& op, const Ceilings& ceilings, const EstimateCoefficients& c) {
  if (!ceilings.memory) return {};
  const auto at = [&](Bytes bytes, double fraction) {
    return (bytes / *ceilings.memory).value / fraction;
  };
  return Seconds(at(op.weights, c.stream) + at(op.kv_read + op.kv_write, c.cache_read) +
                 at(op.activations, c.stream) * c.activations);
}

// Weights below a byte are taken apart on the vector lanes before a matrix unit sees them.
Seconds unpack_part(const Op& op, const Ceilings& ceilings, const EstimateCoefficients& c) {
  if (!ceilings.vector) return {};
  const double elements =
      static_cast<double>(op.weights.value.value) * packed_elements(op, ceilings);
  return Flops(elements * c.unpack) / *ceilings.vector;
}

}  // namespace

EstimateCoefficients adjusted(const EstimateCoefficients& coefficients, const Adjustment& by) {
  EstimateCoefficients out = coefficients;
  for (double EstimateCoefficients::*traffic :
       {&EstimateCoefficients::stream, &EstimateCoefficients::cache_read}) {
    out.*traffic /= by.memory;
  }
  for (double EstimateCoefficients::*product :
       {&EstimateCoefficients::gemm_32, &EstimateCoefficients::gemm_16,
        &EstimateCoefficients::gemm_8, &EstimateCoefficients::gemm_4,
        &EstimateCoefficients::attention}) {
    out.*product /= by.compute;
  }
  out.kernel = out.kernel * by.gaps;
  out.step = out.step * by.gaps;
  return out;
}

EstimateCoefficients coefficients_of(const Device& device, std::string_view engine) {
  const EstimateCoefficients plain = family_coefficients(device);
  const auto fits = [&](const EngineAdjustment& e) {
    return e.engine == engine && std::ranges::find(e.families, plain.family) != e.families.end();
  };
  const auto at = std::ranges::find_if(engines, fits);
  return at == engines.end() ? plain : adjusted(plain, at->by);
}

Seconds estimated_row(const Op& op, const RowTime& row, const Ceilings& ceilings, Phase phase,
                      const EstimateCoefficients& c) {
  const Seconds vector(row.vector.value / c.vector);
  const Seconds link(row.link.value / c.link);
  const Seconds longest =
      std::max({compute_part(op, row, ceilings, phase, c), vector, unpack_part(op, ceilings, c),
                memory_part(op, ceilings, c), link, row.overhead});
  const auto steps = static_cast<double>(collective_steps(op.name, ceilings.placement));
  return longest + Seconds((c.kernel.value + steps * c.hop.value) * static_cast<double>(op.layers));
}

Estimate estimate_of(std::span<const Op> ops, const RooflineTimes& times, const Ceilings& ceilings,
                     Phase phase, const EstimateCoefficients& c) {
  Seconds sum = c.step;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    sum += estimated_row(ops[i], times.rows[i], ceilings, phase, c);
  }
  return {.seconds = sum,
          .low = Seconds(sum.value * c.low),
          .high = Seconds(sum.value * c.high),
          .basis = fmt::format("{}: {}", c.family, c.basis)};
}

}  // namespace attncalc
