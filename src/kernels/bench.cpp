// SPDX-License-Identifier: Apache-2.0
//
// The suite of shapes, what they work on, and the turns of kernel and ceiling.
#include "kernels/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "attention/op_rows.hpp"
#include "base/pattern.hpp"
#include "kernels/buffer.hpp"
#include "kernels/linear_attention.hpp"
#include "kernels/measure/loops.hpp"
#include "kernels/reference/linear.hpp"
#include "kernels/reference/softmax.hpp"

namespace attncalc {
namespace {

// Fractions of ceilings that a kernel's parts reach, set by hand from runs of the quick suite on
// one machine (docs/kernels.md, says which and what is wrong with that).
struct Fitted {
  double memory = 0.65;  // of the read ceiling
  double state = 0.90;   // of the copy ceiling, where a state is read and written
  double direct_products = 1.0;
  double blocked_products = 0.85;
  double weights = 0.5;    // of the exp ceiling
  double converted = 1.5;  // q8_0 numbers to fp32, as if they were exponentials
};

// --- what a case is ------------------------------------------------------------------------------

AttentionShape shape_of(const BenchCase& c) {
  AttentionShape s{.storage = c.storage};
  if (const auto* softmax = std::get_if<Softmax>(&c.kind)) {
    s.heads = softmax->heads;
    s.kv_heads = softmax->kv_heads;
    s.key_dim = softmax->head_dim;
    s.value_dim = softmax->value_dim;
    s.mask = softmax->mask();
  } else {
    const Latent& latent = std::get<Latent>(c.kind);
    s.heads = latent.heads;
    s.kv_heads = 1;
    s.key_dim = latent.kv_lora_rank + latent.rope_dim;
    s.value_dim = latent.kv_lora_rank;
    s.mask = latent.mask();
  }
  s.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(s.key_dim)));
  return s;
}

bool is_linear(const BenchCase& c) { return std::holds_alternative<Linear>(c.kind); }
bool is_latent(const BenchCase& c) { return std::holds_alternative<Latent>(c.kind); }

Softmax softmax(std::int64_t heads, std::int64_t kv_heads, std::int64_t width) {
  Softmax s;
  s.heads = heads;
  s.kv_heads = kv_heads;
  s.head_dim = s.value_dim = width;
  return s;
}

// --- data ----------------------------------------------------------------------------------------

// Numbers of about unit variance, cheap to make: a linear congruential generator's upper bits.
class Numbers {
 public:
  explicit Numbers(std::uint32_t seed) : state_(seed) {}
  float next() {
    state_ = state_ * 1664525U + 1013904223U;  // Numerical Recipes, §7.1
    constexpr float half_range = 8388608.0F, deviation = 1.7F;
    return (static_cast<float>(state_ >> 8) / half_range - 1) * deviation;
  }

 private:
  std::uint32_t state_;
};

// Seeds differ, or queries would be keys and attend to themselves alone.
void fill(Storage storage, Buffer& buffer, std::uint32_t seed) {
  Numbers numbers(seed);
  if (storage == Storage::fp32) {
    for (float& x : buffer.values<float>()) x = numbers.next();
  } else if (storage == Storage::bf16) {
    for (std::uint16_t& x : buffer.values<std::uint16_t>()) x = bf16_bits(numbers.next());
  } else {
    constexpr std::size_t block = 34;  // an fp16 scale of 2^-6, then 32 int8
    const std::uint16_t scale = 0x2400;
    for (std::size_t at = 0; at + block <= buffer.bytes(); at += block) {
      std::memcpy(buffer.data() + at, &scale, sizeof scale);
      for (std::size_t i = sizeof scale; i < block; ++i) {
        buffer.data()[at + i] = static_cast<std::byte>(static_cast<int>(numbers.next() * 64));
      }
    }
  }
}

// A cache with its pages in an order of their own, queries and room for answers.
struct Data {
  AttentionShape shape;
  Buffer keys, values, queries, answers;
  std::vector<std::vector<const std::byte*>> tables;
  std::vector<AttentionSequence> sequences;
};

KvRows rows_in(const BenchCase& c, std::int64_t heads, std::size_t row, Buffer& buffer,
               std::int64_t sequence, std::vector<const std::byte*>& table) {
  const std::int64_t page = c.page > 0 ? c.page : c.tokens;
  const std::int64_t pages = (c.tokens + page - 1) / page;
  const std::size_t page_bytes = row * static_cast<std::size_t>(page * heads);
  constexpr std::int64_t stride = 7919;  // a prime: neighbours of a sequence are not neighbours
  for (std::int64_t p = 0; p < pages; ++p) {
    const std::int64_t place = sequence * pages + p * stride % pages;
    table.push_back(buffer.data() + static_cast<std::size_t>(place) * page_bytes);
  }
  return {.pages = table.data(),
          .page_tokens = page,
          .head_stride = row * static_cast<std::size_t>(page),
          .token_stride = row};
}

std::unique_ptr<Data> make_data(const BenchCase& c) {
  auto d = std::make_unique<Data>();
  d->shape = shape_of(c);
  const AttentionShape& s = d->shape;
  const std::size_t key = stored_bytes(s.storage, static_cast<std::size_t>(s.key_dim));
  const std::size_t value = stored_bytes(s.storage, static_cast<std::size_t>(s.value_dim));
  const std::int64_t page = c.page > 0 ? c.page : c.tokens;
  const auto rows =
      static_cast<std::size_t>((c.tokens + page - 1) / page * page * s.kv_heads * c.sequences);
  const auto queries = static_cast<std::size_t>(s.heads * c.new_tokens);
  const std::size_t q = queries * stored_bytes(s.io(), static_cast<std::size_t>(s.key_dim));
  const std::size_t o = queries * stored_bytes(s.io(), static_cast<std::size_t>(s.value_dim));
  d->keys = Buffer(key * rows);
  fill(s.storage, d->keys, 1);
  if (!is_latent(c)) {
    d->values = Buffer(value * rows);
    fill(s.storage, d->values, 2);
  }
  d->queries = Buffer(q * static_cast<std::size_t>(c.sequences));
  fill(s.io(), d->queries, 3);
  d->answers = Buffer(o * static_cast<std::size_t>(c.sequences));
  d->tables.resize(2 * static_cast<std::size_t>(c.sequences));
  for (std::int64_t i = 0; i < c.sequences; ++i) {
    const auto at = static_cast<std::size_t>(i);
    AttentionSequence one{.q = d->queries.data() + at * q,
                          .o = d->answers.data() + at * o,
                          .k = rows_in(c, s.kv_heads, key, d->keys, i, d->tables[2 * at]),
                          .v = {},
                          .tokens = c.tokens,
                          .new_tokens = c.new_tokens};
    one.v =
        is_latent(c) ? one.k : rows_in(c, s.kv_heads, value, d->values, i, d->tables[2 * at + 1]);
    d->sequences.push_back(one);
  }
  return d;
}

// --- errors --------------------------------------------------------------------------------------

double stored_value(Storage storage, const std::byte* row, std::int64_t i) {
  if (storage == Storage::fp32) return reinterpret_cast<const float*>(row)[i];
  if (storage == Storage::bf16) return bf16_value(reinterpret_cast<const std::uint16_t*>(row)[i]);
  constexpr std::int64_t block = 32, block_bytes = 34, scale_bytes = 2;
  constexpr double scale = 1.0 / 64;  // what fill() writes
  const auto value =
      static_cast<std::int8_t>(row[i / block * block_bytes + scale_bytes + i % block]);
  return scale * value;
}

reference::Matrix first_head(const KvRows& rows, Storage storage, std::int64_t tokens,
                             std::int64_t width) {
  reference::Matrix m(static_cast<std::size_t>(tokens), static_cast<std::size_t>(width));
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::byte* row = rows.row(0, t);
    for (std::int64_t i = 0; i < width; ++i) {
      m(static_cast<std::size_t>(t), static_cast<std::size_t>(i)) = stored_value(storage, row, i);
    }
  }
  return m;
}

// The first head's first, middle and last query of the first sequence.
double sampled_error(const Data& d) {
  const AttentionShape& s = d.shape;
  const AttentionSequence& one = d.sequences.front();
  const reference::Matrix k = first_head(one.k, s.storage, one.tokens, s.key_dim);
  const reference::Matrix v = first_head(one.v, s.storage, one.tokens, s.value_dim);
  double worst = 0;
  for (const std::int64_t row : {std::int64_t{0}, one.new_tokens / 2, one.new_tokens - 1}) {
    reference::Matrix q(1, static_cast<std::size_t>(s.key_dim));
    const std::size_t q_row = stored_bytes(s.io(), static_cast<std::size_t>(s.key_dim));
    const std::size_t o_row = stored_bytes(s.io(), static_cast<std::size_t>(s.value_dim));
    for (std::int64_t i = 0; i < s.key_dim; ++i) {
      q(0, static_cast<std::size_t>(i)) =
          stored_value(s.io(), one.q + static_cast<std::size_t>(row) * q_row, i);
    }
    const auto position = static_cast<std::size_t>(one.tokens - one.new_tokens + row);
    const reference::Matrix o = reference::attention(q, k, v, reference::sees(s.mask),
                                                     {.scale = s.scale, .cached = position});
    double off = 0, whole = 0;
    for (std::int64_t i = 0; i < s.value_dim; ++i) {
      const double want = o(0, static_cast<std::size_t>(i));
      const double got = stored_value(s.io(), one.o + static_cast<std::size_t>(row) * o_row, i);
      off += (got - want) * (got - want);
      whole += want * want;
    }
    worst = std::max(worst, std::sqrt(off / whole));
  }
  return worst;
}

// --- what runs -----------------------------------------------------------------------------------

// A kernel with its data: a job, and the error of what it last answered.
struct Running {
  std::string kernel;
  Job job;
  std::function<double()> error;
};

Running softmax_attention(const BenchCase& c, int workers) {
  const std::shared_ptr<Data> data = make_data(c);
  const auto attention = std::make_shared<Attention>(data->shape, data->sequences, workers);
  return {.kernel = std::string(attention->kernel()),
          .job = [attention](const Worker& w) { attention->run(w); },
          .error = [data, attention] { return sampled_error(*data); }};
}

struct LinearData {
  Buffer s, z, q, k, v, o, scratch;
  LinearProblem problem;
};

// The first state's tokens from an empty state, by the reference.
double linear_error(LinearData& d, const Worker& one) {
  LinearProblem p = d.problem;
  p.states = 1;
  const auto f = static_cast<std::size_t>(p.features), w = static_cast<std::size_t>(p.value_dim);
  std::fill_n(p.s, f * w, 0.0F);
  std::fill_n(p.z, f, 0.0F);
  if (p.tokens > 1) {
    linear_chunks(p, one, d.scratch.as<float>());
  } else {
    linear_steps(p, one);
  }
  const auto rows = [&](const float* from, std::size_t cols) {
    reference::Matrix m(static_cast<std::size_t>(p.tokens), cols);
    std::copy_n(from, m.values().size(), m.values().begin());
    return m;
  };
  reference::LinearState state(f, w);
  const reference::Matrix want =
      reference::linear_recurrent(rows(p.q, f), rows(p.k, f), rows(p.v, w), state);
  double off = 0, whole = 0;
  for (std::size_t i = 0; i < want.values().size(); ++i) {
    off += std::pow(p.o[i] - want.values()[i], 2);
    whole += std::pow(want.values()[i], 2);
  }
  return std::sqrt(off / whole);
}

Running linear_attention(const BenchCase& c, int workers) {
  const Linear& kind = std::get<Linear>(c.kind);
  const auto d = std::make_shared<LinearData>();
  LinearProblem& p = d->problem;
  p.states = c.sequences * kind.heads;
  p.features = kind.features();
  p.value_dim = kind.value_dim;
  p.tokens = c.new_tokens;
  p.normalise = kind.normaliser;
  const auto room = [&](Buffer& buffer, std::int64_t numbers, std::uint32_t seed) {
    buffer = Buffer(static_cast<std::size_t>(numbers) * sizeof(float));
    fill(Storage::fp32, buffer, seed);
    return buffer.as<float>();
  };
  p.s = room(d->s, p.states * p.features * p.value_dim, 1);
  p.z = room(d->z, p.states * p.features, 2);
  p.q = room(d->q, p.states * p.tokens * p.features, 3);
  p.k = room(d->k, p.states * p.tokens * p.features, 4);
  p.v = room(d->v, p.states * p.tokens * p.value_dim, 5);
  p.o = room(d->o, p.states * p.tokens * p.value_dim, 6);
  // Features are positive; so are then the normalisers that answers are divided by.
  for (Buffer* buffer : {&d->q, &d->k, &d->z}) {
    for (float& x : buffer->values<float>()) x = std::abs(x);
  }
  const std::size_t floats = linear_scratch_floats(p);
  d->scratch = Buffer(floats * static_cast<std::size_t>(workers) * sizeof(float));
  const bool chunks = c.phase == Phase::prefill;
  return {.kernel = loop_target(),
          .job =
              [d, chunks, floats](const Worker& w) {
                float* mine = d->scratch.as<float>() + static_cast<std::size_t>(w.index) * floats;
                if (chunks) return linear_chunks(d->problem, w, mine);
                linear_steps(d->problem, w);
              },
          .error = [d] { return linear_error(*d, {}); }};
}

// --- measuring -----------------------------------------------------------------------------------

const Ceiling* find_ceiling(const std::vector<Ceiling>& all, CeilingName name, int threads,
                            std::string_view level = "") {
  const auto it = std::ranges::find_if(all, [&](const Ceiling& c) {
    return c.name == name && c.workers == threads && c.level == level;
  });
  return it == all.end() ? nullptr : &*it;
}

// The highest ceiling of products with operands as wide as these, or narrower.
const Ceiling* products_ceiling(const std::vector<Ceiling>& all, Storage storage, int threads) {
  const Ceiling* best = find_ceiling(all, CeilingName::fma_fp32, threads);
  if (storage == Storage::fp32) return best;
  for (const CeilingName name : {CeilingName::bf16_dot, CeilingName::amx_bf16}) {
    const Ceiling* c = find_ceiling(all, name, threads);
    if (c != nullptr && c->rate > best->rate) best = c;
  }
  return best;
}

constexpr double q8_bytes_a_number = 34.0 / 32;

double estimate(const KernelFigure& f, const std::vector<Ceiling>& ceilings) {
  const Fitted fitted;
  const bool linear = is_linear(f.c);
  const bool blocked = f.c.phase == Phase::prefill || is_latent(f.c);
  const Ceiling* memory =
      find_ceiling(ceilings, linear ? CeilingName::copy : CeilingName::read, f.threads, "DRAM");
  const Ceiling* products = products_ceiling(ceilings, f.c.storage, f.threads);
  const Ceiling* exps = find_ceiling(ceilings, CeilingName::exp, f.threads);
  const double reached = blocked ? fitted.blocked_products : fitted.direct_products;
  const double converted = f.c.storage == Storage::q8_0 ? f.work.bytes / q8_bytes_a_number : 0;
  return f.work.bytes / ((linear ? fitted.state : fitted.memory) * memory->rate) +
         converted / (fitted.converted * exps->rate) + f.work.flops / (reached * products->rate) +
         f.work.scores / (fitted.weights * exps->rate);
}

// The ceiling that decides, and the time that the work takes at it. A step of linear attention
// writes what it reads: its bytes are held against copying.
struct Roof {
  const Ceiling* ceiling;
  double work, seconds;
  std::string name;
};
Roof roof_of(const BenchCase& c, const BenchWork& work, const std::vector<Ceiling>& ceilings,
             int threads) {
  const bool writes = is_linear(c);
  const Ceiling& memory =
      *find_ceiling(ceilings, writes ? CeilingName::copy : CeilingName::read, threads, "DRAM");
  const Ceiling& products = *products_ceiling(ceilings, c.storage, threads);
  const double by_bytes = work.bytes / memory.rate, by_flops = work.flops / products.rate;
  if (by_bytes > by_flops)
    return {&memory, work.bytes, by_bytes, writes ? "copy DRAM" : "read DRAM"};
  return {&products, work.flops, by_flops,
          std::string(words(products.name)[static_cast<int>(products.name)])};
}

KernelFigure measure_kernel(Workers& workers, const BenchCase& c,
                            const std::vector<Ceiling>& ceilings, const RaceOptions& options) {
  const Running running =
      is_linear(c) ? linear_attention(c, workers.count()) : softmax_attention(c, workers.count());
  KernelFigure f{.c = c, .kernel = running.kernel, .threads = workers.count(), .work = work_of(c)};
  const Roof decides = roof_of(c, f.work, ceilings, f.threads);
  const Ceiling& roof = *decides.ceiling;
  f.bound = decides.name;
  f.bound_seconds = decides.seconds;
  const std::vector<Contestant> both = {roof.contestant, {running.job, decides.work}};
  const Race times = race(workers, both, options);
  const Measured m = measured(times[1]);
  const Ratio ratio = rate_ratio(times, both, 1, 0);
  f.seconds = m.seconds;
  f.spread = m.spread;
  f.kept = ratio.kept;
  f.discarded = ratio.discarded;
  // Too few turns with a still ceiling: the medians of both, and `kept` says what that is worth.
  const double medians = both[1].work / m.seconds / (both[0].work / measured(times[0]).seconds);
  f.fraction_of_bound = ratio.kept >= 3 ? ratio.value : medians;
  f.fraction_spread = ratio.spread;
  // The ceilings may have moved since they were measured; the estimate is of these turns.
  const double now = measured(times[0]).seconds * roof.rate / both[0].work;
  f.estimate_seconds = estimate(f, ceilings) * now;
  f.max_error = running.error();
  return f;
}

BenchSummary summarise(const std::vector<KernelFigure>& kernels) {
  BenchSummary s;
  double sum = 0;
  for (const KernelFigure& f : kernels) {
    const double ratio = f.measured_over_estimate();
    sum += std::log(ratio);
    if (std::abs(std::log(ratio)) > std::abs(std::log(s.worst))) s.worst = ratio;
    s.bound_violations += f.violates_bound();
    s.untrusted += !f.trusted();
  }
  if (!kernels.empty()) {
    s.geomean_measured_over_estimate = std::exp(sum / static_cast<double>(kernels.size()));
  }
  return s;
}

bool is_needed(const CeilingPlan& plan, bool full) {
  return full || is_roof(plan) || plan.name == CeilingName::exp ||
         (plan.name == CeilingName::read && !plan.level.empty());
}

std::string ceiling_title(const CeilingPlan& plan) {
  return fmt::format("{}{}{}", words(plan.name)[static_cast<int>(plan.name)],
                     plan.level.empty() ? "" : " ", plan.level);
}

std::vector<int> thread_counts(const BenchOptions& options, const Cpu& cpu) {
  if (!options.threads.empty()) return options.threads;
  const int all = static_cast<int>(cpu.cores.size());
  if (all == 1) return {1};
  return {1, all};
}

}  // namespace

double KernelFigure::noise() const { return std::max(0.05, fraction_spread); }

std::string BenchCase::shape() const {
  if (const auto* linear = std::get_if<Linear>(&kind)) {
    return fmt::format("{} heads of {} × {}, {} × {} new tokens", linear->heads.value,
                       linear->features().value, linear->value_dim.value, sequences, new_tokens);
  }
  const AttentionShape s = shape_of(*this);
  const std::string widths = s.key_dim == s.value_dim
                                 ? fmt::format("{}", s.key_dim)
                                 : fmt::format("{}/{}", s.key_dim, s.value_dim);
  std::string out = fmt::format("{}/{} heads of {}, {} × {} tokens", s.heads, s.kv_heads, widths,
                                sequences, tokens);
  if (new_tokens > 1) out += fmt::format(", {} new", new_tokens);
  return out;
}

std::string BenchCase::name() const {
  return fmt::format("{} {} {}", words(phase)[static_cast<int>(phase)], dtype(), variant);
}

BenchWork work_of(const BenchCase& c) {
  const bool q8 = c.storage == Storage::q8_0;
  const std::string act = q8 ? "fp32" : c.dtype();
  CostFormats formats;
  formats.activation = *find_format(act);
  formats.kv = *kv_formats(c.dtype(), act);
  Pass pass;
  pass.groups = {{.count = c.sequences,
                  .new_tokens = c.new_tokens,
                  .cached = c.tokens - c.new_tokens,
                  .phase = c.phase}};
  pass.conventions.mla = MlaForm::absorbed;
  OpRows<double> rows;
  rows.start(pass, formats, 1);
  LayerFacts facts;
  facts.own_weights = &formats.activation;  // MLA's up-projections, which are not measured
  rows.enter(0, 1, facts);
  std::visit([&](const auto& kind) { kind.ops(rows); }, c.kind);
  BenchWork work;
  for (const auto& entry : rows.entries()) {
    const bool of_state = entry.name == OpName::state_update || entry.name == OpName::state_read ||
                          entry.name == OpName::chunk_scan;
    const bool of_attention = entry.name == OpName::qk_scores || entry.name == OpName::softmax ||
                              entry.name == OpName::attn_values;
    if (!of_attention && !of_state) continue;
    work.flops += entry.row.flops;
    work.bytes += entry.row.kv_read + entry.row.kv_write + entry.row.activations;
    if (of_attention) work.scores += entry.row.vector_flops / vector_work::softmax;
  }
  return work;
}

std::vector<BenchCase> bench_suite(bool full) {
  std::vector<BenchCase> out;
  const std::int64_t long_context = full ? 128 * units::kibi : 32 * units::kibi;
  const auto decode = [&](std::string variant, Storage storage, std::int64_t group,
                          std::int64_t sequences, std::int64_t tokens, std::int64_t page) {
    out.push_back({.variant = std::move(variant),
                   .phase = Phase::decode,
                   .storage = storage,
                   .kind = softmax(8 * group, 8, 128),
                   .sequences = sequences,
                   .tokens = tokens,
                   .page = page});
  };
  for (const std::int64_t group : {1, 4, 8}) {
    const std::string name = group == 1 ? "mha" : fmt::format("gqa {}", group);
    decode(name, Storage::bf16, group, 1, long_context, 0);
  }
  for (const std::int64_t page : {64, 16}) {
    decode(fmt::format("gqa 8, pages of {}", page), Storage::bf16, 8, 4, long_context / 4, page);
  }
  decode("mha", Storage::fp32, 1, 1, long_context / 2, 0);
  decode("gqa 4", Storage::fp32, 4, 1, long_context / 2, 0);
  decode("mha", Storage::q8_0, 1, 1, long_context, 0);

  Latent latent;
  latent.heads = 128;
  latent.kv_lora_rank = 512;
  latent.rope_dim = 64;
  latent.nope_dim = latent.value_dim = 128;
  out.push_back({.variant = "mla absorbed",
                 .phase = Phase::decode,
                 .storage = Storage::bf16,
                 .kind = latent,
                 .tokens = full ? 32 * units::kibi : 8 * units::kibi});

  const std::int64_t prompt = full ? 8 * units::kibi : 4 * units::kibi;
  for (const Storage storage : {Storage::bf16, Storage::fp32}) {
    out.push_back({.variant = "mha causal",
                   .phase = Phase::prefill,
                   .storage = storage,
                   .kind = softmax(2, 2, 128),
                   .tokens = prompt,
                   .new_tokens = prompt});
  }
  Linear linear;
  linear.heads = 32;
  linear.key_dim = linear.value_dim = 128;
  out.push_back({.variant = "linear step",
                 .phase = Phase::decode,
                 .storage = Storage::fp32,
                 .kind = linear,
                 .sequences = full ? 128 : 64,  // 64 KB a state: beyond the caches together
                 .tokens = units::kibi});
  out.push_back({.variant = "linear chunks",
                 .phase = Phase::prefill,
                 .storage = Storage::fp32,
                 .kind = linear,
                 .tokens = units::kibi,
                 .new_tokens = units::kibi});
  if (!full) return out;
  Softmax windowed = softmax(8, 2, 128);
  windowed.window = units::kibi;
  out.push_back({.variant = "gqa 4, window 1024",
                 .phase = Phase::prefill,
                 .storage = Storage::bf16,
                 .kind = windowed,
                 .tokens = prompt,
                 .new_tokens = prompt});
  return out;
}

std::vector<BenchCase> layer_suite(const Kind& kind, bool full) {
  const bool known = std::holds_alternative<Softmax>(kind) || std::holds_alternative<Latent>(kind);
  if (!known) return {};
  std::vector<BenchCase> out;
  const std::int64_t context = full ? 128 * units::kibi : 32 * units::kibi;
  for (const Storage storage : {Storage::bf16, Storage::fp32}) {
    out.push_back({.variant = label(kind),
                   .phase = Phase::decode,
                   .storage = storage,
                   .kind = kind,
                   .tokens = context});
    if (std::holds_alternative<Latent>(kind)) continue;  // a prompt expands: other kernels' work
    const std::int64_t prompt = full ? 4 * units::kibi : units::kibi;
    out.push_back({.variant = label(kind),
                   .phase = Phase::prefill,
                   .storage = storage,
                   .kind = kind,
                   .tokens = prompt,
                   .new_tokens = prompt});
  }
  return out;
}

BenchAnswer measure_suite(const BenchOptions& options) {
  BenchAnswer a;
  a.cpu = this_cpu();
  a.features = cpu_features();
  a.simd_target = loop_target();
  a.full = options.full;
  const double seconds = options.seconds.value_or(options.full ? 3.0 : 0.25);
  const RaceOptions times = {.seconds = seconds, .most_turns = options.full ? 400 : 100};
  std::vector<BenchCase> cases = options.cases.empty() ? bench_suite(a.full) : options.cases;
  std::erase_if(cases, [&](const BenchCase& c) { return !glob_matches(options.only, c.name()); });
  const std::vector<int> threads = thread_counts(options, a.cpu);
  double steps = 0, done = 0;
  const auto step = [&](const std::string& what) {
    if (options.progress) options.progress(what, done / steps);
    done += 1;
  };
  constexpr double steps_beside_kernels = 16;
  steps = static_cast<double>(threads.size()) *
          (static_cast<double>(cases.size()) + steps_beside_kernels);
  for (const int count : threads) {
    Workers workers({a.cpu.cores.begin(), a.cpu.cores.begin() + count});
    for (const CeilingPlan& plan : ceiling_plans(a.cpu, a.features, count)) {
      if (!is_needed(plan, a.full)) continue;
      step(fmt::format("{} on {}", ceiling_title(plan), count));
      a.ceilings.push_back(measure_ceiling(workers, plan, times));
    }
    for (const BenchCase& c : cases) {
      step(fmt::format("{} on {}", c.name(), count));
      a.kernels.push_back(measure_kernel(workers, c, a.ceilings, times));
    }
  }
  const Ceiling* products = find_ceiling(a.ceilings, CeilingName::amx_bf16, 1);
  const Ceiling* loads = find_ceiling(a.ceilings, CeilingName::amx_bf16_loads, 1);
  if (products != nullptr && loads != nullptr) a.tiles = TileState{loads->rate / products->rate};
  a.summary = summarise(a.kernels);
  return a;
}

}  // namespace attncalc
