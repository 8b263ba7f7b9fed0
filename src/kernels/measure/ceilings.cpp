// SPDX-License-Identifier: Apache-2.0
//
// The variants of every ceiling. A slice takes about a millisecond: long beside the start of
// threads, short beside the moods of a machine.
#include "kernels/measure/ceilings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "kernels/buffer.hpp"
#include "kernels/measure/loops.hpp"

namespace attncalc {
namespace {

constexpr double slice_seconds = 1e-3;

// --- bytes ---------------------------------------------------------------------------------------

// Where a level's data lives: each worker has its own piece of a buffer, and a slice goes through
// `slice` bytes of it, the next ones each time, so that data beyond a cache stay beyond it.
struct Field {
  Buffer buffer;
  std::size_t piece = 0;  // bytes of one worker
  std::size_t slice = 0;
  std::vector<std::size_t> at;  // where each worker is

  std::size_t next(int worker) {
    std::size_t& place = at[static_cast<std::size_t>(worker) * padding];
    const std::size_t here = place;
    place = place + 2 * slice <= piece ? place + slice : 0;
    return static_cast<std::size_t>(worker) * piece + here;
  }
  static constexpr std::size_t padding = 16;  // workers' places in different lines
};

std::shared_ptr<Field> make_field(std::size_t piece, std::size_t slice, int workers,
                                  Buffer::Pages pages = Buffer::Pages::large) {
  auto field = std::make_shared<Field>();
  field->piece = piece;
  field->slice = slice;
  field->at.resize(static_cast<std::size_t>(workers) * Field::padding);
  field->buffer = Buffer(piece * static_cast<std::size_t>(workers), pages);
  std::ranges::fill(field->buffer.values<float>(), 1.0F);
  return field;
}

struct Level {
  std::string name;
  std::size_t piece;  // bytes that one worker goes through
  std::size_t slice;
  std::size_t repeats;  // of a slice in one run
};

// Half of a cache, shared by those who work in it; memory is four times the last cache at least.
std::vector<Level> levels_of(const Cpu& cpu, int workers) {
  constexpr std::size_t unit = 16 * units::kibi;  // all that streams and vectors divide
  std::vector<Level> out;
  std::size_t last = 0;
  for (const CacheLevel& cache : cpu.caches) {
    const auto capacity = static_cast<std::size_t>(cache.capacity.value.value);
    const auto sharing = static_cast<std::size_t>(std::min(cache.cores, workers));
    const std::size_t piece = std::max(unit, capacity / 2 / sharing / unit * unit);
    constexpr std::size_t typical_rate = 40 * units::giga;
    const auto wanted = static_cast<std::size_t>(slice_seconds * typical_rate);
    out.push_back(
        {fmt::format("L{}", cache.level), piece, piece, std::max<std::size_t>(1, wanted / piece)});
    last = std::max(last, capacity);
  }
  const std::size_t least = 64 * units::mebi;
  const std::size_t memory = std::max(least, 4 * last) / static_cast<std::size_t>(workers);
  out.push_back({"DRAM", memory / unit * unit, 8 * units::mebi, 1});
  return out;
}

CeilingVariant read_variant(const Level& level, const std::shared_ptr<Field>& field, int workers,
                            int streams, std::size_t ahead, std::string_view pages) {
  const auto job = [field, level, streams, ahead](const Worker& w) {
    for (std::size_t r = 0; r < level.repeats; ++r) {
      const std::byte* from = field->buffer.data() + field->next(w.index);
      read_loop(reinterpret_cast<const float*>(from), level.slice / sizeof(float), streams, ahead);
    }
  };
  std::string name = fmt::format("{} stream{}", streams, streams > 1 ? "s" : "");
  if (ahead > 0) name += fmt::format(", prefetch {} B ahead", ahead);
  name += pages;
  return {name, {job, static_cast<double>(level.slice * level.repeats) * workers}};
}

std::vector<CeilingVariant> read_variants(const Level& level, int workers) {
  std::vector<CeilingVariant> variants;
  const auto field = make_field(level.piece, level.slice, workers);
  const bool memory = level.name == "DRAM";
  for (const int streams : {1, 2, 4, 8, 16}) {
    variants.push_back(read_variant(level, field, workers, streams, 0, ""));
    if (!memory) continue;
    for (const std::size_t lines : {8, 64}) {
      constexpr std::size_t line = 64;  // bytes
      variants.push_back(read_variant(level, field, workers, streams, lines * line, ""));
    }
  }
  if (memory) {
    const auto small = make_field(level.piece, level.slice, workers, Buffer::Pages::small);
    variants.push_back(read_variant(level, small, workers, 4, 0, ", small pages"));
  }
  return variants;
}

// Copy goes through two arrays and triad through three, each as long as the level allows.
using StoreLoop = void (*)(float* to, const float* from, const float* other, std::size_t floats,
                           Stores stores);
void do_copy(float* to, const float* from, const float*, std::size_t floats, Stores stores) {
  copy_loop(to, from, floats, stores);
}

CeilingVariant store_variant(const Level& level, const std::shared_ptr<Field>& field, int workers,
                             std::size_t arrays, Stores stores, StoreLoop loop) {
  constexpr std::size_t unit = 4 * units::kibi;
  const std::size_t part = level.slice / arrays / unit * unit;
  const auto job = [field, level, part, stores, loop](const Worker& w) {
    for (std::size_t r = 0; r < level.repeats; ++r) {
      std::byte* base = field->buffer.data() + field->next(w.index);
      const auto array = [&](std::size_t i) { return reinterpret_cast<float*>(base + i * part); };
      loop(array(0), array(1), array(2), part / sizeof(float), stores);
    }
  };
  const double moved = static_cast<double>(part * arrays * level.repeats) * workers;
  return {stores == Stores::cached ? "stores" : "streaming stores", {job, moved}};
}

// Every line is written where it was read, as a state is: nothing else has to be fetched for it.
CeilingVariant in_place_variant(const Level& level, const std::shared_ptr<Field>& field,
                                int workers) {
  const auto job = [field, level](const Worker& w) {
    for (std::size_t r = 0; r < level.repeats; ++r) {
      auto* at = reinterpret_cast<float*>(field->buffer.data() + field->next(w.index));
      copy_loop(at, at, level.slice / sizeof(float), Stores::cached);
    }
  };
  constexpr double ways = 2;  // read and written
  return {"in place", {job, ways * static_cast<double>(level.slice * level.repeats) * workers}};
}

std::vector<CeilingVariant> store_variants(const Level& level, int workers, std::size_t arrays,
                                           StoreLoop loop) {
  // Room for the pointer that a loop of two arrays does not use.
  const auto field = make_field(level.piece + 2 * level.slice, level.slice, workers);
  std::vector<CeilingVariant> variants = {
      store_variant(level, field, workers, arrays, Stores::cached, loop)};
  if (level.name == "DRAM") {
    variants.push_back(store_variant(level, field, workers, arrays, Stores::streaming, loop));
    if (arrays == 2) variants.push_back(in_place_variant(level, field, workers));
  }
  return variants;
}

// --- arithmetic ----------------------------------------------------------------------------------

// So many rounds that a slice is a slice; what a loop returns for one round is its work.
CeilingVariant math_variant(std::string name, int workers,
                            const std::function<double(std::size_t)>& loop, double typical_rate) {
  loop(1);
  const double of_one = loop(1);
  const auto rounds =
      std::max<std::size_t>(1, static_cast<std::size_t>(slice_seconds * typical_rate / of_one));
  const auto job = [loop, rounds](const Worker&) { loop(rounds); };
  return {std::move(name), {job, of_one * static_cast<double>(rounds) * workers}};
}

void add_arithmetic(std::vector<CeilingPlan>& plans, const CpuFeatures& f, int workers) {
  constexpr double vector_rate = 100.0 * units::giga, tile_rate = 2.0 * units::tera;
  const auto add = [&](CeilingName name, CeilingUnit unit,
                       const std::vector<CeilingVariant>& variants) {
    plans.push_back({name, "", unit, [variants] { return variants; }});
  };
  const auto one = [&](std::string name, auto loop, double rate) {
    return math_variant(std::move(name), workers, loop, rate);
  };
  const std::string target = loop_target();
  add(CeilingName::fma_fp32, CeilingUnit::flops,
      {one(fmt::format("12 chains, {}", target), fma_loop, vector_rate)});
  if (f.avx512_bf16)
    add(CeilingName::bf16_dot, CeilingUnit::flops,
        {one("16 chains, AVX512_BF16", bf16_dot_loop, 2 * vector_rate)});
  if (f.avx512_vnni)
    add(CeilingName::int8_dot, CeilingUnit::flops,
        {one("16 chains, AVX512_VNNI", int8_dot_loop, 4 * vector_rate)});
  const auto tiles = [&](CeilingName name, auto loop, TileLoads loads, const char* how) {
    add(name, CeilingUnit::flops,
        {one(
            how, [loop, loads](std::size_t rounds) { return loop(rounds, loads); }, tile_rate)});
  };
  if (f.amx_bf16) {
    tiles(CeilingName::amx_bf16, amx_bf16_loop, TileLoads::none, "4 tiles, products only");
    tiles(CeilingName::amx_bf16_loads, amx_bf16_loop, TileLoads::one_a_product,
          "4 tiles, a tile loaded from L1 for each product");
  }
  if (f.amx_int8) tiles(CeilingName::amx_int8, amx_int8_loop, TileLoads::none, "4 tiles");
  std::vector<CeilingVariant> exps;
  for (const int degree : {2, 3, 5}) {
    exps.push_back(one(
        fmt::format("polynomial of degree {}, {}", degree, target),
        [degree](std::size_t rounds) { return exp_loop(rounds, degree); }, vector_rate / 10));
  }
  add(CeilingName::exp, CeilingUnit::values, exps);
  add(CeilingName::convert, CeilingUnit::values,
      {one(fmt::format("bf16 and back, {}", target), convert_loop, vector_rate / 10)});
}

}  // namespace

std::vector<CeilingPlan> ceiling_plans(const Cpu& cpu, const CpuFeatures& features, int workers) {
  std::vector<CeilingPlan> plans;
  for (const Level& level : levels_of(cpu, workers)) {
    const auto add = [&](CeilingName name, auto variants) {
      plans.push_back({name, level.name, CeilingUnit::bytes, variants});
    };
    add(CeilingName::read, [=] { return read_variants(level, workers); });
    add(CeilingName::copy, [=] { return store_variants(level, workers, 2, do_copy); });
    add(CeilingName::triad, [=] { return store_variants(level, workers, 3, triad_loop); });
  }
  add_arithmetic(plans, features, workers);
  return plans;
}

bool is_roof(const CeilingPlan& plan) {
  switch (plan.name) {
    case CeilingName::read:
    case CeilingName::copy:
      return plan.level == "DRAM";
    case CeilingName::fma_fp32:
    case CeilingName::bf16_dot:
    case CeilingName::amx_bf16:
    case CeilingName::amx_bf16_loads:
      return true;
    default:
      return false;
  }
}

Ceiling measure_ceiling(Workers& workers, const CeilingPlan& plan, const RaceOptions& options) {
  std::vector<Contestant> contestants;
  const std::vector<CeilingVariant> variants = plan.variants();
  for (const CeilingVariant& variant : variants) contestants.push_back(variant.contestant);
  const Race times = race(workers, contestants, options);
  Ceiling best{
      .name = plan.name, .level = plan.level, .unit = plan.unit, .workers = workers.count()};
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    const Measured m = measured(times[i]);
    const double rate = contestants[i].work / m.seconds;
    if (rate <= best.rate) continue;
    best.rate = rate;
    best.spread = m.spread;
    best.kept = m.kept;
    best.discarded = m.discarded;
    best.variant = variants[i].name;
    best.contestant = contestants[i];
  }
  return best;
}

}  // namespace attncalc
