// SPDX-License-Identifier: Apache-2.0
//
// The experiments. Random numbers come from an own generator, since the distributions of the
// standard library differ between compilers and the page of the audit must not.
#include "seeds/experiments.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>

namespace attncalc::seeds {
namespace {

using Row = std::vector<double>;
using Matrix = std::vector<Row>;

// splitmix64 (Steele, Lea and Flood 2014) and Box-Muller.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;  // literal: splitmix64's own shifts
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  double uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * std::ldexp(1.0, -53); }
  double normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(bits() % n); }

 private:
  std::uint64_t state_;
};

Matrix normal_matrix(std::size_t rows, std::size_t cols, double scale, Random& random) {
  Matrix m(rows, Row(cols));
  for (Row& row : m)
    for (double& x : row) x = scale * random.normal();
  return m;
}

double dot(const Row& a, const Row& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// ‖a − b‖ / ‖b‖ over all elements.
double relative_error(const Matrix& a, const Matrix& b) {
  double off = 0, whole = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a[i].size(); ++j) {
      off += (a[i][j] - b[i][j]) * (a[i][j] - b[i][j]);
      whole += b[i][j] * b[i][j];
    }
  }
  return std::sqrt(off / whole);
}

struct Inputs {
  Matrix q, k, v;
};
Inputs draw_inputs(std::size_t tokens, std::size_t width, double scale) {
  Random random(1);
  Inputs in;
  in.q = normal_matrix(tokens, width, scale, random);
  in.k = normal_matrix(tokens, width, scale, random);
  in.v = normal_matrix(tokens, width, 1, random);
  return in;
}

double score(const Inputs& in, std::size_t i, std::size_t j) {
  return dot(in.q[i], in.k[j]) / std::sqrt(static_cast<double>(in.q[i].size()));
}

// The weights of one query over the keys that it keeps; the others have weight 0.
using Keeps = std::function<bool(std::size_t query, std::size_t key)>;
Row weights(const Inputs& in, std::size_t i, const Keeps& keeps) {
  Row w(in.k.size(), 0);
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < w.size(); ++j)
    if (keeps(i, j)) best = std::max(best, score(in, i, j));
  for (std::size_t j = 0; j < w.size(); ++j)
    if (keeps(i, j)) w[j] = std::exp(score(in, i, j) - best);
  const double sum = std::accumulate(w.begin(), w.end(), 0.0);
  for (double& x : w) x /= sum;
  return w;
}

Row mixed(const Row& weight, const Matrix& v) {
  Row out(v[0].size(), 0);
  for (std::size_t j = 0; j < weight.size(); ++j)
    for (std::size_t c = 0; c < out.size(); ++c) out[c] += weight[j] * v[j][c];
  return out;
}

Matrix attention(const Inputs& in, const Keeps& keeps) {
  Matrix out;
  for (std::size_t i = 0; i < in.q.size(); ++i) out.push_back(mixed(weights(in, i, keeps), in.v));
  return out;
}

bool keeps_all(std::size_t, std::size_t) { return true; }

// --- online softmax ------------------------------------------------------------------------------

// What the running output of a row is multiplied with when a block of keys arrives, and what the
// block's own sum of values is multiplied with. `sum` is the running denominator.
struct Update {
  double old_max, block_max, new_max, old_sum, new_sum;
};
struct OnlineForm {
  double (*keep)(const Update&);
  double (*add)(const Update&);
  bool divide_at_end;
};

// Document 4, line 93: both factors inverted, and no division by the sum.
constexpr OnlineForm as_printed = {
    [](const Update& u) { return 1 / std::exp(u.old_max - u.new_max); },
    [](const Update& u) { return 1 / std::exp(u.block_max - u.new_max); }, false};
constexpr OnlineForm repaired = {[](const Update& u) { return std::exp(u.old_max - u.new_max); },
                                 [](const Update& u) { return std::exp(u.block_max - u.new_max); },
                                 true};
// Document 4, line 138: the output is kept normalised.
constexpr OnlineForm normalised = {
    [](const Update& u) { return std::exp(u.old_max - u.new_max) * u.old_sum / u.new_sum; },
    [](const Update& u) { return std::exp(u.block_max - u.new_max) / u.new_sum; }, false};

struct Running {
  double best = -std::numeric_limits<double>::infinity(), sum = 0;
  Row out;
};

void take_block(const Inputs& in, std::size_t i, std::size_t begin, std::size_t end,
                const OnlineForm& form, Running& r) {
  Row p(in.k.size(), 0);
  double block_max = -std::numeric_limits<double>::infinity();
  for (std::size_t j = begin; j < end; ++j) block_max = std::max(block_max, score(in, i, j));
  for (std::size_t j = begin; j < end; ++j) p[j] = std::exp(score(in, i, j) - block_max);
  const double block_sum = std::accumulate(p.begin(), p.end(), 0.0);
  Update u{r.best, block_max, std::max(r.best, block_max), r.sum, 0};
  u.new_sum = std::exp(u.old_max - u.new_max) * r.sum + std::exp(block_max - u.new_max) * block_sum;
  const Row values = mixed(p, in.v);
  for (std::size_t c = 0; c < r.out.size(); ++c)
    r.out[c] = (begin == 0 ? 0 : form.keep(u) * r.out[c]) + form.add(u) * values[c];
  r.best = u.new_max;
  r.sum = u.new_sum;
}

Matrix online_attention(const Inputs& in, std::size_t block, const OnlineForm& form) {
  Matrix out;
  for (std::size_t i = 0; i < in.q.size(); ++i) {
    Running r;
    r.out.assign(in.v[0].size(), 0);
    for (std::size_t begin = 0; begin < in.k.size(); begin += block)
      take_block(in, i, begin, std::min(begin + block, in.k.size()), form, r);
    for (double& x : r.out) x /= form.divide_at_end ? r.sum : 1;
    out.push_back(r.out);
  }
  return out;
}

Experiment online_softmax() {
  constexpr std::size_t tokens = 128, width = 16, block = 32;
  const Inputs in = draw_inputs(tokens, width, 2);
  const Matrix full = attention(in, keeps_all);
  const auto error = [&](const OnlineForm& form) {
    return relative_error(online_attention(in, block, form), full);
  };
  // Rounding differs between compilers in its last bits: whether it is rounding is what is kept.
  const auto is_rounding = [&](const OnlineForm& form) { return error(form) < 1e-12 ? 1.0 : 0.0; };
  return {
      "Online softmax",
      "128 tokens of width 16, keys in blocks of 32; the relative error of the output against "
      "softmax over the whole row, for the update as the pseudo-code prints it, and whether the "
      "error is that of rounding (1: below 1e-12) for the same without the inversions and "
      "divided by the sum at the end, and for the normalised update of 13.1.4.",
      {{"online.as_printed", error(as_printed)},
       {"online.repaired_is_right", is_rounding(repaired)},
       {"online.normalised_is_right", is_rounding(normalised)}}};
}

// --- random features -----------------------------------------------------------------------------

// exp(w·x + sign ‖x‖²/2) / √m for each row w of the projections.
Row positive_features(const Row& x, const Matrix& projections, double sign) {
  Row features;
  for (const Row& w : projections) features.push_back(std::exp(dot(w, x) + sign * dot(x, x) / 2));
  for (double& f : features) f /= std::sqrt(static_cast<double>(projections.size()));
  return features;
}

Experiment performer_sign() {
  constexpr std::size_t width = 8, samples = 200'000;
  Random random(3);
  const Matrix x = normal_matrix(2, width, 0.5, random);
  const Matrix w = normal_matrix(samples, width, 1, random);
  const auto estimate = [&](double sign) {
    return dot(positive_features(x[0], w, sign), positive_features(x[1], w, sign));
  };
  const double truth = std::exp(dot(x[0], x[1]));
  return {"Performer's feature map",
          "Two vectors of width 8, 200,000 random features: exp(x·y), its estimate with the map as "
          "it is printed, exp(w·x + ‖x‖²/2), and as the paper has it, exp(w·x − ‖x‖²/2).",
          {{"favor.truth", truth},
           {"favor.as_printed", estimate(1)},
           {"favor.paper", estimate(-1)},
           {"favor.as_printed_over_truth", estimate(1) / truth},
           {"favor.paper_over_truth", estimate(-1) / truth}}};
}

Matrix performer_attention(const Inputs& in, std::size_t features, std::uint64_t seed) {
  Random random(seed);
  const std::size_t width = in.q[0].size();
  const double root = std::pow(static_cast<double>(width), -0.25);  // of 1/√d, half to each side
  const Matrix w = normal_matrix(features, width, 1, random);
  const auto map = [&](Row x) {
    for (double& e : x) e *= root;
    return positive_features(x, w, -1);
  };
  Matrix keys;
  for (const Row& k : in.k) keys.push_back(map(k));
  Matrix weight;
  for (const Row& q : in.q) {
    const Row mapped = map(q);
    Row row;
    for (const Row& k : keys) row.push_back(dot(mapped, k));
    weight.push_back(row);
  }
  return weight;
}

// The attention matrix before normalisation, Â and A of exercise 5.
Matrix kernel_matrix(const Inputs& in) {
  Matrix a;
  for (std::size_t i = 0; i < in.q.size(); ++i) {
    Row row;
    for (std::size_t j = 0; j < in.k.size(); ++j) row.push_back(std::exp(score(in, i, j)));
    a.push_back(row);
  }
  return a;
}

double mean_performer_error(std::size_t width, double scale, std::size_t features) {
  constexpr std::uint64_t draws = 16;
  const Inputs in = draw_inputs(64, width, scale);
  const Matrix truth = kernel_matrix(in);
  double sum = 0;
  for (std::uint64_t seed = 0; seed < draws; ++seed)
    sum += relative_error(performer_attention(in, features, 100 + seed), truth);
  return sum / static_cast<double>(draws);
}

Experiment performer_error() {
  std::vector<Figure> figures;
  for (const std::size_t m : {16, 64, 256, 1024})  // literal: a row of feature counts
    figures.push_back({"performer.error_m" + std::to_string(m), mean_performer_error(16, 0.5, m)});
  figures.push_back({"performer.gain_of_16_times_m", figures[1].value / figures[3].value});
  figures.push_back(
      {"performer.error_m256_inputs_twice_as_large", mean_performer_error(16, 1, 256)});
  return {"Performer's error against m",
          "64 queries and keys of width 16 and standard deviation 0.5: ‖Â − A‖ / ‖A‖ (Frobenius, "
          "the mean of 16 draws) with m features; how much 16 times the features bring (1/√m would "
          "bring 4); and with inputs twice as large, where the dimension is the same.",
          figures};
}

Experiment rfa_kernel() {
  constexpr std::size_t width = 8, samples = 200'000;
  Random random(5);
  const Matrix x = normal_matrix(2, width, 0.5, random);
  const Matrix w = normal_matrix(samples, width, 1, random);
  double sum = 0;  // sin·sin + cos·cos of the two projections
  for (const Row& p : w) sum += std::cos(dot(p, x[0]) - dot(p, x[1]));
  const double estimate = sum / static_cast<double>(samples);
  const double softmax_kernel = std::exp(dot(x[0], x[1]));
  const double norms = std::exp((dot(x[0], x[0]) + dot(x[1], x[1])) / 2);
  return {"Sines and cosines (RFA)",
          "Two vectors of width 8, 200,000 projections: the product of the maps as printed over "
          "exp(x·y), and the same with the factor exp((‖x‖² + ‖y‖²)/2) that the map leaves out.",
          {{"rfa.as_printed_over_truth", estimate / softmax_kernel},
           {"rfa.with_norms_over_truth", estimate * norms / softmax_kernel}}};
}

// --- leaving keys out ----------------------------------------------------------------------------

Keeps best_keys(const Inputs& in, std::size_t k) {
  Matrix least;  // the lowest score that is kept, a query
  for (std::size_t i = 0; i < in.q.size(); ++i) {
    Row scores;
    for (std::size_t j = 0; j < in.k.size(); ++j) scores.push_back(score(in, i, j));
    std::ranges::sort(scores, std::greater<>());
    least.push_back({scores[k - 1]});
  }
  return [&in, least](std::size_t i, std::size_t j) { return score(in, i, j) >= least[i][0]; };
}

Keeps window(std::size_t radius) {
  return [radius](std::size_t i, std::size_t j) { return (i > j ? i - j : j - i) <= radius; };
}

Experiment left_out() {
  const Inputs in = draw_inputs(256, 32, 2);
  const Matrix full = attention(in, keeps_all);
  std::vector<Figure> figures;
  for (const std::size_t k : {8, 16, 32, 64})
    figures.push_back({"topk.error_k" + std::to_string(k),
                       relative_error(attention(in, best_keys(in, k)), full)});
  for (const std::size_t r : {8, 16, 32, 64})
    figures.push_back({"window.error_radius" + std::to_string(r),
                       relative_error(attention(in, window(r)), full)});
  return {"Top-k and window against full attention",
          "256 tokens of width 32 with standard deviation 2 and no locality: the relative error of "
          "the output with the best k keys a query, and with the keys at most so far away.",
          figures};
}

// Document 4, line 505: scores are multiplied with the mask and then go through softmax.
Experiment multiplied_mask() {
  const Inputs in = draw_inputs(64, 16, 0.5);
  double hidden = 0;
  for (std::size_t i = 0; i < in.q.size(); ++i) {
    double kept = 0, lost = 0;
    for (std::size_t j = 0; j < in.k.size(); ++j)
      (j % 2 == 0 ? kept : lost) += j % 2 == 0 ? std::exp(score(in, i, j)) : std::exp(0.0);
    hidden += lost / (kept + lost) / static_cast<double>(in.q.size());
  }
  return {"A mask that multiplies scores",
          "64 tokens, every other key masked by multiplying its score with 0: the share of the "
          "weight that masked keys still get (it should be 0).",
          {{"mask.weight_of_masked_keys", hidden}}};
}

// --- who sees whom -------------------------------------------------------------------------------

// Layers until every position has reached every other, each layer passing on over `radius`.
double layers_to_connect(std::size_t tokens, std::size_t radius, std::size_t from) {
  std::size_t low = from, high = from;
  double layers = 0;
  for (; low > 0 || high + 1 < tokens; ++layers) {
    low -= std::min(low, radius);
    high = std::min(high + radius, tokens - 1);
  }
  return layers;
}

double pairs_within(std::size_t tokens, std::size_t radius) {
  double pairs = 0;
  for (std::size_t i = 0; i < tokens; ++i)
    for (std::size_t j = 0; j < tokens; ++j) pairs += window(radius)(i, j) ? 1 : 0;
  return pairs;
}

// Globals are the first tokens; random keys are drawn among those that a row does not see yet.
double bigbird_pairs(std::size_t tokens, std::size_t radius, std::size_t random_keys,
                     std::size_t globals, std::uint64_t seed) {
  Random random(seed);
  double pairs = 0;
  for (std::size_t i = 0; i < tokens; ++i) {
    std::set<std::size_t> seen;
    for (std::size_t j = 0; j < tokens; ++j)
      if (i < globals || j < globals || window(radius)(i, j)) seen.insert(j);
    const std::size_t wanted = std::min(tokens, seen.size() + random_keys);
    while (seen.size() < wanted) seen.insert(random.below(tokens));
    pairs += static_cast<double>(seen.size());
  }
  return pairs;
}

double strided_pairs(std::size_t tokens, std::size_t stride) {
  double pairs = 0;
  for (std::size_t i = 0; i < tokens; ++i)
    for (std::size_t j = 0; j < tokens; ++j) pairs += (i + tokens - j) % stride == 0 ? 1 : 0;
  return pairs;
}

Experiment masks() {
  constexpr std::size_t tokens = 1024, radius = 32;  // literal: exercise 7's own sizes
  constexpr std::size_t short_tokens = 512;
  return {
      "Masks, counted pair by pair",
      "Layers of a window of radius 32 until information from the first, and from the middle, "
      "of 1,024 tokens has reached all; pairs of a window of radius 3 and of BigBird (radius 3, "
      "2 random keys, 2 globals) over 512 tokens, for three seeds, and over 1,024; pairs of stride "
      "32 over "
      "1,024.",
      {{"reach.layers_from_the_end", layers_to_connect(tokens, radius, 0)},
       {"reach.layers_from_the_middle", layers_to_connect(tokens, radius, tokens / 2)},
       {"pairs.window", pairs_within(short_tokens, 3)},
       {"pairs.bigbird", bigbird_pairs(short_tokens, 3, 2, 2, 1)},
       {"pairs.bigbird_seed2", bigbird_pairs(short_tokens, 3, 2, 2, 2)},
       {"pairs.bigbird_seed3", bigbird_pairs(short_tokens, 3, 2, 2, 3)},
       {"pairs.bigbird_twice_as_long", bigbird_pairs(2 * short_tokens, 3, 2, 2, 1)},
       {"pairs.strided", strided_pairs(tokens, 32)}}};
}

}  // namespace

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all = {online_softmax(), performer_sign(), performer_error(),
                                              rfa_kernel(),     left_out(),       multiplied_mask(),
                                              masks()};
  return all;
}

double experiment_figure(const std::string& name) {
  for (const Experiment& experiment : experiments()) {
    for (const Figure& figure : experiment.figures)
      if (figure.name == name) return figure.value;
  }
  throw std::runtime_error("no experiment has a figure " + name);
}

}  // namespace attncalc::seeds
