// SPDX-License-Identifier: Apache-2.0
//
// Reading many inputs to the end, so that one run shows everything there is to mend: a bad one
// leaves its problems here and a harmless value behind.
#pragma once

#include <utility>

#include "base/result.hpp"

namespace attncalc {

class Gather {
 public:
  template <class T>
  T take(Result<T> result, T otherwise) {
    if (result) return *std::move(result);
    add(result.problems());
    return otherwise;
  }

  void add(const Problems& more) { problems_.insert(problems_.end(), more.begin(), more.end()); }
  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  bool failed() const { return !problems_.empty(); }
  Problems take_problems() { return std::move(problems_); }

 private:
  Problems problems_;
};

}  // namespace attncalc
