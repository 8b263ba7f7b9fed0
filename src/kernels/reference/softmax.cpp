// SPDX-License-Identifier: Apache-2.0
//
// One query at a time, with all of its scores in a row: what every faster kernel must agree with.
#include "kernels/reference/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace attncalc::reference {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Scored {
  std::size_t key;
  double score;
};

// std::max forgets a NaN that comes second.
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }

std::vector<Scored> scores(const Matrix& q, const Matrix& k, std::size_t i, const Sees& sees,
                           const SoftmaxOptions& options) {
  std::vector<Scored> out;
  const auto position = static_cast<std::int64_t>(options.cached + i);
  for (std::size_t j = 0; j < k.rows(); ++j) {
    if (!sees(position, static_cast<std::int64_t>(j))) continue;
    out.push_back({j, options.scale * dot(q.row(i), k.row(j))});
  }
  if (options.top_k && *options.top_k < out.size()) {
    std::ranges::stable_sort(out, std::greater<>(), &Scored::score);
    out.resize(*options.top_k);
  }
  return out;
}

double maximum(const std::vector<Scored>& scored, const SoftmaxOptions& options) {
  double best = options.sink_logit.value_or(-infinity);
  for (const Scored& s : scored) best = larger(s.score, best);
  return best;
}

}  // namespace

Matrix attention(const Matrix& q, const Matrix& k, const Matrix& v, const Sees& sees,
                 const SoftmaxOptions& options) {
  Matrix o(q.rows(), v.cols());
  for (std::size_t i = 0; i < q.rows(); ++i) {
    const std::vector<Scored> scored = scores(q, k, i, sees, options);
    const double best = maximum(scored, options);
    if (best == -infinity) continue;  // nothing is seen, or nothing has any weight
    double sum = options.sink_logit ? std::exp(*options.sink_logit - best) : 0;
    for (const Scored& s : scored) {
      const double weight = std::exp(s.score - best);
      sum += weight;
      add_scaled(o.row(i), weight, v.row(s.key));
    }
    scale(o.row(i), 1 / sum);
  }
  return o;
}

std::vector<Matrix> attention(const std::vector<Matrix>& q, const std::vector<Matrix>& k,
                              const std::vector<Matrix>& v, const Sees& sees,
                              const SoftmaxOptions& options) {
  std::vector<Matrix> o;
  for (std::size_t h = 0; h < q.size(); ++h) {
    const std::size_t kv = h * k.size() / q.size();
    o.push_back(attention(q[h], k[kv], v[kv], sees, options));
  }
  return o;
}

Matrix online_attention(const Matrix& q, const Matrix& k, const Matrix& v, const Sees& sees,
                        std::size_t block, const SoftmaxOptions& options) {
  Matrix o(q.rows(), v.cols());
  for (std::size_t i = 0; i < q.rows(); ++i) {
    const std::vector<Scored> scored = scores(q, k, i, sees, options);
    double m = options.sink_logit.value_or(-infinity);
    double l = options.sink_logit ? 1 : 0;
    for (std::size_t first = 0; first < scored.size(); first += block) {
      const std::size_t last = std::min(scored.size(), first + block);
      const double old = m;
      for (std::size_t n = first; n < last; ++n) m = larger(scored[n].score, m);
      if (m == -infinity) continue;
      l *= std::exp(old - m);
      scale(o.row(i), std::exp(old - m));
      for (std::size_t n = first; n < last; ++n) {
        const double weight = std::exp(scored[n].score - m);
        l += weight;
        add_scaled(o.row(i), weight, v.row(scored[n].key));
      }
    }
    if (m != -infinity) scale(o.row(i), 1 / l);
  }
  return o;
}

}  // namespace attncalc::reference
