// SPDX-License-Identifier: Apache-2.0
//
// Patterns drawn and counted pair by pair, against their closed forms.
#include "attention/pattern.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace attncalc {
namespace {

Sparse local_and_stride() {
  Sparse s;
  s.local = Dim(3);
  s.stride = Dim(5);
  s.summaries = Dim(2);
  return s;
}

Sparse blocks_of_four() {
  Sparse s;
  s.block_size = 4;
  s.local = Dim(2);
  s.globals = 1;
  return s;
}

const std::vector<Pattern>& patterns() {
  static const std::vector<Pattern> all = {
      Mask::causal(),
      Mask::everything(),
      Mask::window(1),
      Mask::window(2),
      Mask::window(5),
      Mask::window(4, 3),
      Mask::window(1, 2),
      Mask::chunk(1),
      Mask::chunk(6),
      Mask::dilated(3, 2),
      Mask::dilated(4, 1),
      Mask::strided(1),
      Mask::strided(4),
      local_and_stride(),
      blocks_of_four(),
      Bands{.radius = 0},
      Bands{.radius = 1},
      Bands{.radius = 3},
      Bands{.radius = 2, .dilation = 3},
      Bands{.radius = 2, .globals = 1},
      Bands{.radius = 1, .dilation = 2, .globals = 2},
      Bands{.block = 4, .radius = 1},
      Bands{.block = 4, .radius = 1, .globals = 2},
      Bands{.block = 5, .radius = 2, .dilation = 2, .globals = 1},
      Bands{.radius = 1, .globals = 100},
  };
  return all;
}

}  // namespace

TEST_CASE("closed forms of all patterns equal the drawing, for every length") {
  for (std::size_t i = 0; i < patterns().size(); ++i) {
    for (std::int64_t tokens = 1; tokens < 50; ++tokens) {
      CAPTURE(i, tokens);
      const DrawnPattern drawn(patterns()[i], tokens);
      REQUIRE(pattern_pairs(patterns()[i], tokens) == drawn.pairs());
    }
  }
}

TEST_CASE("layers to span in closed form are those of the drawing") {
  int known = 0;
  for (std::size_t i = 0; i < patterns().size(); ++i) {
    for (std::int64_t tokens = 1; tokens < 40; ++tokens) {
      const LayerSpan span = layers_to_span(patterns()[i], tokens);
      if (!span.known) continue;
      ++known;
      CAPTURE(i, tokens);
      REQUIRE(span.layers == DrawnPattern(patterns()[i], tokens).layers_to_span());
    }
  }
  CHECK(known > 800);
}

TEST_CASE("blocks of a pattern in closed form are those of the drawing") {
  int known = 0;
  for (std::size_t i = 0; i < patterns().size(); ++i) {
    for (const std::int64_t block : {1, 2, 3, 4, 5}) {
      const auto blocks = over_blocks(patterns()[i], block);
      for (std::int64_t tokens = 1; blocks && tokens < 40; ++tokens) {
        ++known;
        CAPTURE(i, block, tokens);
        REQUIRE(pattern_pairs(*blocks, (tokens + block - 1) / block) ==
                DrawnPattern(patterns()[i], tokens).blocks(block));
      }
    }
  }
  CHECK(known > 2000);
}

TEST_CASE("what the last token sees is one run, or what the drawing says") {
  for (const Pattern& pattern : patterns()) {
    const auto* mask = std::get_if<Mask>(&pattern);
    if (mask == nullptr) continue;
    for (std::int64_t tokens = 1; tokens < 40; ++tokens) {
      const auto runs = last_runs(*mask, tokens);
      REQUIRE(runs);
      std::string ours, drawn;
      for (const Run& r : *runs)
        for (std::int64_t k = r.first; k <= r.last; ++k) ours += std::to_string(k) + " ";
      for (const Run& r : DrawnPattern(pattern, tokens).runs(tokens - 1))
        for (std::int64_t k = r.first; k <= r.last; ++k) drawn += std::to_string(k) + " ";
      REQUIRE(ours == drawn);
    }
  }
}

TEST_CASE("a window of radius w has (2w + 1) N - w (w + 1) pairs") {
  // Longformer (arXiv:2004.05150) says O(N × w); this is the count.
  for (const std::int64_t n : {64, 512, 1024}) {
    const double pairs = pattern_pairs(Bands{.radius = 3}, n);
    CHECK(pairs == static_cast<double>(7 * n - 12));
  }
}

TEST_CASE("random keys that are new to a row are as many for every seed") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Bands b{.radius = 3, .globals = 2, .random = 2, .seed = seed};
    CHECK(pattern_pairs(b, 512) == DrawnPattern(b, 512).pairs());
  }
}

TEST_CASE("random keys that may be seen already come out at their mean, and differ by seed") {
  Bands b{.block = 8, .radius = 1, .globals = 2, .random = 3, .draws = Bands::Draws::any};
  constexpr int seeds = 200;
  double sum = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    b.seed = static_cast<std::uint64_t>(seed);
    sum += DrawnPattern(b, 128).pairs();
  }
  CHECK(sum / seeds == Approx(pattern_pairs(b, 128)).epsilon(0.005));
  b.seed = 1;
  const double one = DrawnPattern(b, 128).pairs();
  b.seed = 2;
  CHECK(DrawnPattern(b, 128).pairs() != one);
  CHECK(DrawnPattern(b, 128).text() == DrawnPattern(b, 128).text());
}

TEST_CASE("two keys in one cache line are one line") {
  CHECK(gathered_lines({{0, 3}}, 16, 64) == 1);
  CHECK(gathered_lines({{0, 0}, {2, 2}}, 16, 64) == 1);
  CHECK(gathered_lines({{0, 0}, {4, 4}}, 16, 64) == 2);
  CHECK(gathered_lines({{1, 1}}, 96, 64) == 2);  // bytes 96 to 191: lines 1 and 2
  CHECK(gathered_lines({{1, 2}}, 96, 64) == 4);  // bytes 96 to 287: lines 1 to 4
  CHECK(gathered_lines({{0, 4095}}, 256, 64) == 4096 * 4);
}

TEST_CASE("rows anywhere take at most as many lines as they touch alone") {
  CHECK(scattered_lines(10, 256, 64) == 40);
  CHECK(scattered_lines(10, 32, 64) == 10);
  CHECK(scattered_lines(10, 96, 64) == 20);   // one that begins 32 bytes into a line ends with one
  CHECK(scattered_lines(10, 100, 64) == 30);  // one may begin 60 bytes into a line
}

TEST_CASE("an index has an entry a pair or block, one a row, and one") {
  CHECK(csr_bytes(10, 4) == Bytes(4 * (10 + 4 + 1)));
  CHECK(bsr_bytes(3, 10, 4) == Bytes(4 * (3 + 3 + 1)));
}

}  // namespace attncalc
