// SPDX-License-Identifier: Apache-2.0
//
// Threads that stay, each on a core of its own, and run one job after another together. A kernel is
// given its Worker: which part is its own, and a barrier where parts meet. One worker is the whole
// and needs no threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace attncalc {

// All of `count` workers arrive before any goes on. They spin: parts meet within microseconds.
class Barrier {
 public:
  explicit Barrier(int count) : count_(count) {}
  void arrive_and_wait();

 private:
  int count_;
  std::atomic<int> arrived_ = 0;
  std::atomic<int> generation_ = 0;
};

struct Worker {
  int index = 0;
  int count = 1;
  Barrier* barrier = nullptr;

  void meet() const {
    if (barrier != nullptr) barrier->arrive_and_wait();
  }
};
using Job = std::function<void(const Worker&)>;

// How long a job took, from when the first worker began to when the last ended; and whether the
// operating system took a core away meanwhile, which makes the time say nothing about the job.
struct JobTime {
  double seconds = 0;
  bool disturbed = false;
};

class Workers {
 public:
  explicit Workers(std::vector<int> cores);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return static_cast<int>(threads_.size()); }
  JobTime run(const Job& job);

 private:
  struct Slot {
    double begin = 0, end = 0;
    bool disturbed = false;
  };
  void work(int index, int core);
  void do_job(int index);

  std::vector<Slot> slots_;
  Barrier start_, inside_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const Job* job_ = nullptr;
  int generation_ = 0, running_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace attncalc
