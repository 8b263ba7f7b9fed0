// SPDX-License-Identifier: Apache-2.0
//
// Feature maps of linear attention: φ(q) · φ(k) stands for exp(q · k), exactly (elu + 1 is another
// kernel altogether) or in expectation over random projections w ~ N(0, I), one a row.
//
//   elu + 1   φ(x)_i = x_i + 1 if x_i > 0, else exp(x_i)                  arXiv:2006.16236, eq. 7
//   FAVOR+    φ(x)_i = exp(w_i · x − ‖x‖² / 2) / √m                       arXiv:2009.14794, lemma 1
//   RFA       φ(x) = exp(‖x‖² / 2) × [sin(w_i · x) ; cos(w_i · x)] / √D   arXiv:2103.02143, §3.1
//
// RFA normalises queries and keys to length one and drops the factor before the bracket; with it
// the map stands for exp(q · k) itself. See docs/model.md, "Linear".
#pragma once

#include "kernels/reference/matrix.hpp"

namespace attncalc::reference {

Vector elu_plus_one(std::span<const double> x);
Vector favor(std::span<const double> x, const Matrix& projections);
Vector random_fourier(std::span<const double> x, const Matrix& projections);

// A map over the rows of a matrix.
Matrix features(const Matrix& rows, const std::function<Vector(std::span<const double>)>& map);

}  // namespace attncalc::reference
