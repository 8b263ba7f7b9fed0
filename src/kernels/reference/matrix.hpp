// SPDX-License-Identifier: Apache-2.0
//
// Matrices for the reference kernels: doubles in rows, one row a token. They are read in formulas
// and never in a hurry, so nothing here is fast.
#pragma once

#include <cassert>
#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

namespace attncalc::reference {

using Vector = std::vector<double>;

class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols, double value = 0)
      : rows_(rows), cols_(cols), data_(rows * cols, value) {}

  std::size_t rows() const { return rows_; }
  std::size_t cols() const { return cols_; }
  double& operator()(std::size_t r, std::size_t c) { return data_[r * cols_ + c]; }
  double operator()(std::size_t r, std::size_t c) const { return data_[r * cols_ + c]; }
  std::span<double> row(std::size_t r) { return {data_.data() + r * cols_, cols_}; }
  std::span<const double> row(std::size_t r) const { return {data_.data() + r * cols_, cols_}; }
  std::span<double> values() { return data_; }
  std::span<const double> values() const { return data_; }

 private:
  std::size_t rows_ = 0, cols_ = 0;
  std::vector<double> data_;
};

inline double dot(std::span<const double> a, std::span<const double> b) {
  assert(a.size() == b.size());
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

// y += factor × x
inline void add_scaled(std::span<double> y, double factor, std::span<const double> x) {
  assert(x.size() == y.size());
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += factor * x[i];
}

inline void scale(std::span<double> y, double factor) {
  for (double& value : y) value *= factor;
}

// x M: a row times a matrix.
inline Vector times(std::span<const double> x, const Matrix& m) {
  assert(x.size() == m.rows());
  Vector y(m.cols(), 0);
  for (std::size_t r = 0; r < m.rows(); ++r) add_scaled(y, x[r], m.row(r));
  return y;
}

// M x: a matrix times a column.
inline Vector times(const Matrix& m, std::span<const double> x) {
  Vector y(m.rows());
  for (std::size_t r = 0; r < m.rows(); ++r) y[r] = dot(m.row(r), x);
  return y;
}

// M += factor × a bᵀ
inline void add_outer(Matrix& m, double factor, std::span<const double> a,
                      std::span<const double> b) {
  for (std::size_t r = 0; r < m.rows(); ++r) add_scaled(m.row(r), factor * a[r], b);
}

}  // namespace attncalc::reference
