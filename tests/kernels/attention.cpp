// SPDX-License-Identifier: Apache-2.0
//
// Every fast implementation of softmax attention against the reference, on what the cache holds
// after rounding to its storage: head widths from 1 to 576, seven heads on one, windows and chunks,
// ragged batches in pages of any size, queries that see nothing, and numbers that are none.
//
// Bounds, as the relative error of a row in the 2-norm. fp32: sums of a few thousand terms and an
// exponential of 1e-7. bf16: weights and answers are rounded to 8 bits, 2^-9 each at worst; the
// bound leaves room for both and the exponential's 7e-5. In a head of a few numbers the sum may be
// near zero by chance while its terms are not; there the answer to |v| is what errors are part of.
#include "kernels/attention.hpp"

#include <cstring>
#include <limits>

#include "kernels/cpu.hpp"
#include "kernels/random.hpp"
#include "kernels/reference/masks.hpp"
#include "kernels/reference/softmax.hpp"
#include "support/catch.hpp"

namespace attncalc {
namespace {

using reference::Matrix;
using test::Random;
using test::relative_error;

constexpr double fp32_bound = 5e-6, bf16_bound = 6e-3;

double bound_of(const AttentionKernel& kernel, const AttentionShape& shape) {
  const bool rounds = kernel.name == "avx512_bf16" || shape.storage == Storage::bf16;
  return rounds ? bf16_bound : fp32_bound;
}

// A row as its storage keeps it, and the values that are then there.
void put_row(Storage storage, std::span<double> row, std::byte* to) {
  if (storage == Storage::fp32) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto x = static_cast<float>(row[i]);
      row[i] = x;
      std::memcpy(to + 4 * i, &x, sizeof x);
    }
  } else if (storage == Storage::bf16) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::uint16_t x = bf16_bits(static_cast<float>(row[i]));
      row[i] = bf16_value(x);
      std::memcpy(to + 2 * i, &x, sizeof x);
    }
  } else {
    // q8_0 with a scale of 2^-5 (0x2800 in fp16) everywhere: ±4 fits in 8 bits.
    constexpr std::uint16_t scale_bits = 0x2800;
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::byte* block = to + i / 32 * 34;
      std::memcpy(block, &scale_bits, sizeof scale_bits);
      const auto x = static_cast<std::int8_t>(std::lround(std::clamp(row[i] * 32, -127.0, 127.0)));
      row[i] = x / 32.0;
      std::memcpy(block + 2 + i % 32, &x, 1);
    }
  }
}

struct Lengths {
  std::int64_t tokens, new_tokens;
};
struct Case {
  AttentionShape shape;
  std::vector<Lengths> sequences;
  std::int64_t page = 0;  // tokens; 0: contiguous
};

// One sequence's data, stored, and the matrices that the reference reads.
struct Stored {
  std::vector<Matrix> q, k, v;  // a head each
  std::vector<std::byte> q_bytes, o_bytes;
  std::vector<std::vector<std::byte>> k_pages, v_pages;
  std::vector<const std::byte*> k_table, v_table;
};

std::vector<Matrix> draw(Random& random, std::int64_t heads, std::int64_t rows, std::int64_t cols) {
  std::vector<Matrix> out;
  for (std::int64_t h = 0; h < heads; ++h) {
    out.push_back(random.matrix(static_cast<std::size_t>(rows), static_cast<std::size_t>(cols)));
  }
  return out;
}

// [page][head][token][element]
KvRows store_rows(Storage storage, std::vector<Matrix>& heads, std::int64_t width,
                  std::int64_t page_tokens, std::vector<std::vector<std::byte>>& pages,
                  std::vector<const std::byte*>& table) {
  const std::size_t row = stored_bytes(storage, static_cast<std::size_t>(width));
  const std::int64_t tokens = static_cast<std::int64_t>(heads[0].rows());
  const std::int64_t size = page_tokens > 0 ? page_tokens : std::max<std::int64_t>(1, tokens);
  KvRows out = {.page_tokens = size,
                .head_stride = row * static_cast<std::size_t>(size),
                .token_stride = row};
  for (std::int64_t t = 0; t < tokens; t += size) {
    pages.emplace_back(out.head_stride * heads.size());
  }
  for (const auto& page : pages) table.push_back(page.data());
  out.pages = table.data();
  for (std::size_t h = 0; h < heads.size(); ++h) {
    for (std::int64_t t = 0; t < tokens; ++t) {
      auto* to = const_cast<std::byte*>(out.row(static_cast<std::int64_t>(h), t));
      put_row(storage, heads[h].row(static_cast<std::size_t>(t)), to);
    }
  }
  return out;
}

struct Batch {
  Case c;
  std::vector<std::unique_ptr<Stored>> stored;
  std::vector<AttentionSequence> sequences;
};

void fill_queries(const AttentionShape& s, Stored& d) {
  const std::size_t row = stored_bytes(s.io(), static_cast<std::size_t>(s.key_dim));
  std::size_t at = 0;
  for (Matrix& head : d.q) {
    for (std::size_t i = 0; i < head.rows(); ++i, at += row) {
      put_row(s.io(), head.row(i), d.q_bytes.data() + at);
    }
  }
}

Batch make(const Case& c, const std::function<void(Stored&)>& change = {}) {
  Batch p{c, {}, {}};
  Random random(static_cast<std::uint64_t>(c.shape.key_dim + 7 * c.shape.heads));
  const AttentionShape& s = c.shape;
  for (const Lengths& n : c.sequences) {
    auto d = std::make_unique<Stored>();
    d->q = draw(random, s.heads, n.new_tokens, s.key_dim);
    d->k = draw(random, s.kv_heads, n.tokens, s.key_dim);
    d->v = draw(random, s.kv_heads, n.tokens, s.value_dim);
    if (change) change(*d);
    const auto rows = static_cast<std::size_t>(s.heads * n.new_tokens);
    d->q_bytes.resize(rows * stored_bytes(s.io(), static_cast<std::size_t>(s.key_dim)));
    d->o_bytes.resize(rows * stored_bytes(s.io(), static_cast<std::size_t>(s.value_dim)));
    fill_queries(s, *d);
    AttentionSequence sequence{.q = d->q_bytes.data(),
                               .o = d->o_bytes.data(),
                               .k = {},
                               .v = {},
                               .tokens = n.tokens,
                               .new_tokens = n.new_tokens};
    sequence.k = store_rows(s.storage, d->k, s.key_dim, c.page, d->k_pages, d->k_table);
    sequence.v = store_rows(s.storage, d->v, s.value_dim, c.page, d->v_pages, d->v_table);
    p.sequences.push_back(sequence);
    p.stored.push_back(std::move(d));
  }
  return p;
}

enum class Terms : bool { as_they_are, absolute };
std::vector<Matrix> expected(const Batch& p, std::size_t i, Terms terms = Terms::as_they_are) {
  const Stored& d = *p.stored[i];
  const Lengths n = p.c.sequences[i];
  std::vector<Matrix> v = d.v;
  if (terms == Terms::absolute) {
    for (Matrix& head : v) {
      for (double& value : head.values()) value = std::abs(value);
    }
  }
  return reference::attention(
      d.q, d.k, v, reference::sees(p.c.shape.mask),
      {.scale = p.c.shape.scale, .cached = static_cast<std::size_t>(n.tokens - n.new_tokens)});
}

double output_at(const AttentionShape& s, const Stored& d, std::size_t at) {
  if (s.io() == Storage::bf16) {
    return bf16_value(reinterpret_cast<const std::uint16_t*>(d.o_bytes.data())[at]);
  }
  return reinterpret_cast<const float*>(d.o_bytes.data())[at];
}

std::vector<Matrix> outputs(const Batch& p, std::size_t i) {
  const AttentionShape& s = p.c.shape;
  std::vector<Matrix> out;
  std::size_t at = 0;
  for (std::int64_t h = 0; h < s.heads; ++h) {
    Matrix m(static_cast<std::size_t>(p.c.sequences[i].new_tokens),
             static_cast<std::size_t>(s.value_dim));
    for (double& value : m.values()) value = output_at(s, *p.stored[i], at++);
    out.push_back(m);
  }
  return out;
}

void run(Batch& p, const AttentionKernel& kernel, int workers) {
  for (auto& d : p.stored) std::ranges::fill(d->o_bytes, std::byte{0xff});  // NaN
  Attention attention(p.c.shape, p.sequences, workers, &kernel);
  Workers team(std::vector<int>(static_cast<std::size_t>(workers), this_cpu().cores.front()));
  team.run([&](const Worker& w) { attention.run(w); });
  team.run([&](const Worker& w) { attention.run(w); });  // a plan may run again
}

double worst_error(const Batch& p) {
  double worst = 0;
  for (std::size_t i = 0; i < p.sequences.size(); ++i) {
    const auto want = expected(p, i), got = outputs(p, i);
    const auto scale = p.c.shape.key_dim < 16 ? expected(p, i, Terms::absolute) : want;
    for (std::size_t h = 0; h < want.size(); ++h) {
      for (std::size_t r = 0; r < want[h].rows(); ++r) {
        double error = relative_error(got[h].row(r), want[h].row(r));
        const auto whole = scale[h].row(r), own = want[h].row(r);
        if (error > 0) error *= std::sqrt(reference::dot(own, own) / reference::dot(whole, whole));
        worst = error <= worst ? worst : error;  // NaN becomes the worst
      }
    }
  }
  return worst;
}

void hold(const Case& c) {
  Batch p = make(c);
  for (const AttentionKernel& kernel : attention_kernels()) {
    if (!kernel.can(c.shape)) continue;
    for (const int workers : {1, 2, 3}) {
      run(p, kernel, workers);
      INFO(kernel.name << ", " << words(c.shape.storage)[static_cast<int>(c.shape.storage)] << ", "
                       << c.shape.heads << " heads on " << c.shape.kv_heads << ", widths "
                       << c.shape.key_dim << " and " << c.shape.value_dim << ", pages of " << c.page
                       << ", " << workers << " workers");
      CHECK(worst_error(p) < bound_of(kernel, c.shape));
    }
  }
}

AttentionShape shape(Storage storage, std::int64_t heads, std::int64_t kv_heads, std::int64_t width,
                     const Mask& mask = Mask::causal()) {
  return {.storage = storage,
          .heads = heads,
          .kv_heads = kv_heads,
          .key_dim = width,
          .value_dim = width,
          .scale = static_cast<float>(1 / std::sqrt(static_cast<double>(width))),
          .mask = mask};
}

constexpr Storage all_storages[] = {Storage::fp32, Storage::bf16, Storage::q8_0};

}  // namespace

TEST_CASE("decodes of every head sharing are the reference") {
  for (const Storage storage : all_storages) {
    for (const std::int64_t group : {1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 20}) {
      hold({shape(storage, 2 * group, 2, 64), {{100, 1}, {333, 1}}});
    }
  }
}

TEST_CASE("heads of every width are the reference, in decodes and prompts") {
  for (const Storage storage : all_storages) {
    for (const std::int64_t width : {1, 2, 3, 16, 31, 33, 64, 80, 96, 100, 128, 192, 256, 576}) {
      hold({shape(storage, 2, 1, width), {{70, 1}}});
      hold({shape(storage, 1, 1, width), {{150, 70}}});
    }
  }
}

TEST_CASE("ragged batches in pages are the reference, with lengths of one and none") {
  for (const Storage storage : all_storages) {
    for (const std::int64_t page : {0, 1, 5, 16, 64}) {
      hold({shape(storage, 4, 2, 64), {{1, 1}, {17, 1}, {0, 0}, {130, 1}, {64, 1}}, page});
      hold({shape(storage, 4, 2, 64), {{1, 1}, {0, 0}, {140, 100}, {33, 33}}, page});
    }
  }
}

TEST_CASE("windows, sink tokens and chunks are the reference") {
  for (const Storage storage : {Storage::fp32, Storage::bf16}) {
    for (const Mask& mask : {Mask::window(1), Mask::window(40), Mask::window(300, 4),
                             Mask::window(33, 3), Mask::chunk(50), Mask::everything()}) {
      hold({shape(storage, 4, 2, 32, mask), {{260, 1}, {20, 1}}});
      hold({shape(storage, 2, 1, 32, mask), {{400, 400}, {300, 7}}});
    }
  }
}

TEST_CASE("long prompts are the reference, rows and blocks of every remainder") {
  for (const std::int64_t tokens : {127, 128, 129, 192, 193, 391, 600}) {
    hold({shape(Storage::bf16, 3, 1, 128), {{tokens, tokens}}});
    hold({shape(Storage::fp32, 3, 1, 128), {{tokens, tokens}}});
  }
}

TEST_CASE("large logits move the maximum and stay within bounds") {
  for (const Storage storage : {Storage::fp32, Storage::bf16}) {
    AttentionShape s = shape(storage, 4, 2, 64);
    s.scale = 0.75F;  // logits of deviation 6
    Batch p = make({s, {{700, 1}, {300, 300}}});
    for (const AttentionKernel& kernel : attention_kernels()) {
      if (!kernel.can(s)) continue;
      run(p, kernel, 2);
      CHECK(worst_error(p) < 2 * bound_of(kernel, s));
    }
  }
}

TEST_CASE("absorbed MLA is one KV head whose values are the first columns of its keys") {
  const std::int64_t latent = 512, rope = 64;
  for (const Storage storage : {Storage::fp32, Storage::bf16}) {
    AttentionShape s = shape(storage, 128, 1, latent + rope);
    s.value_dim = latent;
    Batch p = make({s, {{300, 1}}});
    Stored& d = *p.stored[0];
    p.sequences[0].v = p.sequences[0].k;
    for (std::size_t t = 0; t < 300; ++t) {
      for (std::size_t c = 0; c < 512; ++c) d.v[0](t, c) = d.k[0](t, c);
    }
    for (const AttentionKernel& kernel : attention_kernels()) {
      if (!kernel.can(s)) continue;
      run(p, kernel, 2);
      CHECK(worst_error(p) < bound_of(kernel, s));
    }
  }
}

TEST_CASE("NaN and infinity go where the reference lets them") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  struct Place {
    bool in_value;
    double value;
  };
  for (const Place place : {Place{false, nan}, Place{false, infinity}, Place{false, -infinity},
                            Place{true, nan}, Place{true, infinity}, Place{true, -infinity}}) {
    for (const Storage storage : {Storage::fp32, Storage::bf16}) {
      for (const Lengths n : {Lengths{200, 1}, Lengths{200, 200}}) {
        Batch p = make({shape(storage, 2, 1, 48), {n}},
                       [&](Stored& d) { (place.in_value ? d.v : d.k)[0](150, 5) = place.value; });
        const auto want = expected(p, 0);
        for (const AttentionKernel& kernel : attention_kernels()) {
          if (!kernel.can(p.c.shape)) continue;
          run(p, kernel, 2);
          const auto got = outputs(p, 0);
          std::size_t differ = 0;
          for (std::size_t h = 0; h < want.size(); ++h) {
            for (std::size_t i = 0; i < want[h].values().size(); ++i) {
              differ += std::isfinite(want[h].values()[i]) != std::isfinite(got[h].values()[i]);
              differ += std::isnan(want[h].values()[i]) != std::isnan(got[h].values()[i]);
            }
          }
          INFO(kernel.name << (place.in_value ? " value " : " key ") << place.value << ", "
                           << n.new_tokens << " new");
          CHECK(differ == 0);
        }
      }
    }
  }
}

}  // namespace attncalc
